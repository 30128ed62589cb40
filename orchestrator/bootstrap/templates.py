"""What the templates of mails need: where they lie, and how their text is laid out."""

from __future__ import annotations

import re
from textwrap import wrap

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from config import DATA
from orchestrator import words
from orchestrator.domain.letters.invitation import mailto
from orchestrator.domain.letters.message import TEXT_WIDTH
from orchestrator.facts import Fact, Said
from orchestrator.services.letters.look import DARK_STYLE, look

_BLANK_LINES = re.compile(r"\n\s*\n")


def mail_templates() -> Environment:
    """Return the environment of the mail templates: HTML escaped, plain text wrapped at 72 columns."""
    environment = Environment(
        loader=FileSystemLoader(DATA / "templates" / "mail"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        # A mail says facts wherever it prints them.
        finalize=_said,
        # Looking at the files for every mail costs more than rendering it.
        auto_reload=False,
    )
    environment.globals["look"] = look
    environment.globals["dark_style"] = DARK_STYLE
    environment.filters["mailto"] = mailto
    environment.filters["said"] = _said
    environment.filters["paragraphs"] = _paragraphs
    environment.filters["wrapped"] = _wrapped
    environment.filters["quoted"] = _quoted
    return environment


def _said(value: object) -> object:
    return words.say(value) if isinstance(value, Fact) else value


def _wrapped(text: str, indent: int = 0) -> str:
    lines = wrap(
        text, TEXT_WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def _paragraphs(text: str) -> str:
    """Keep one blank line between paragraphs, and none before the first and after the last."""
    return _BLANK_LINES.sub("\n\n", text).strip("\n")


def _quoted(text: Said, indent: int = 0) -> str:
    """Lay out what a person wrote: its line breaks stay, its lines end at 72 columns all the same."""
    lines = [line for part in words.say(text).splitlines() for line in wrap(part, TEXT_WIDTH - indent)]
    return f"\n{' ' * indent}".join(lines)
