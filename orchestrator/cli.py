"""The command line ``orchestrator``: the root command, and what its exit codes mean.

Exit codes: 0 done; 1 an unexpected error; 2 wrong use, input or settings; 3 no such thing;
4 not possible in this state, or changed meanwhile; 5 something outside does not work.
"""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import SQLAlchemyError

from orchestrator import __version__, bootstrap, terminal
from orchestrator.commands.spellings import SpellingGroup
from orchestrator.commands.tree import ROOMS
from orchestrator.errors import Conflict, DeliveryError, InvalidInput, NotFound, OrchestratorError
from orchestrator.supervisor import StartError

_EXIT_CODES: list[tuple[type[OrchestratorError], int]] = [
    (InvalidInput, 2),
    (NotFound, 3),
    (Conflict, 4),
    (DeliveryError, 5),
    (StartError, 5),
]


def main() -> None:
    """Run the command line and exit."""
    bootstrap.keep_private()
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        terminal.err.print("Nothing was done.")
        sys.exit(1)
    except OrchestratorError as error:
        for line in error.message.splitlines():
            terminal.err.print(f"Error: {line}")
        sys.exit(next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), 1))
    except SQLAlchemyError as error:
        terminal.err.print(f"Error: the database cannot be used ({type(error).__name__}).")
        terminal.err.print("Run 'orchestrator db upgrade'; if that does not help, 'orchestrator doctor'.")
        sys.exit(5)


@click.group(
    cls=SpellingGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__)
def cli() -> None:
    """Take online meetings from created once to minutes distributed."""


for command in ROOMS:
    cli.add_command(command)
