"""The data files: delegations, timelines, notices, catalogues."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from config import DATA
from config.settings import Settings
from orchestrator import words
from orchestrator.bootstrap.settings import variable
from orchestrator.domain.definitions.events import SessionTexts
from orchestrator.domain.definitions.files import read_yaml
from orchestrator.domain.definitions.preparatory import PreparatoryTexts
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.public_holidays import holiday_problems
from orchestrator.domain.letters.notices import NoticeTexts, notice_texts
from orchestrator.domain.timelines.steps import former_names
from orchestrator.domain.timelines.timeline import Timeline, Timelines, checked
from orchestrator.errors import ConfigurationError, InvalidInput, Problem
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class DataFiles:
    """What the data files hold, each read and checked on first use.

    Every property raises ``ConfigurationError`` naming what is wrong in its file.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @cached_property
    def directory(self) -> Directory:
        """Delegations and groups; raises ``ConfigurationError`` when the holiday data lacks one."""
        found = _read_data(self.settings.delegations_file, Directory.of)
        problems = [problem for item in found.delegations for problem in holiday_problems(item)]
        if problems:
            raise ConfigurationError(problems)
        return found

    @cached_property
    def timelines(self) -> Timelines:
        """All timelines by name; raises ``ConfigurationError`` when there is none, or two of one name."""
        folder = self.settings.timelines_dir
        found: dict[str, Timeline] = {}
        for file in sorted(folder.glob("*.yaml")):
            item = _read_data(file, partial(self._timeline, file.name))
            if item.name in found:
                raise ConfigurationError.of(
                    f"{file.name}: name",
                    item.name,
                    "is the name of another file's timeline too",
                    "Give one of the two another name.",
                )
            found[item.name] = item
        if not found:
            raise ConfigurationError.of(
                variable("timelines_dir"),
                folder,
                "holds no timeline",
                "Name the folder with the *.yaml files.",
            )
        return found

    def _timeline(self, file: str, document: Any) -> Timeline:
        """Return the timeline of a file, and log how what it names in an old way is called now."""
        found = checked(document, directory=self.directory, texts=self.notices)
        for hint in former_names(document):
            _LOG.warning("%s: %s", file, words.say(hint))
        return found

    @cached_property
    def languages(self) -> Languages:
        """The languages that mails can be in, with their catalogues."""
        return Languages(read_wordings(DATA / "locales"), codes_of(self.settings.unreviewed_languages))

    @cached_property
    def notices(self) -> NoticeTexts:
        """The texts of notices by key."""
        return _read_data(self.settings.notices_file, notice_texts)

    @cached_property
    def preparatory_texts(self) -> PreparatoryTexts:
        """What preparatory meetings say that are made together with another meeting."""
        return _read_data(DATA / "preparatory.yaml", PreparatoryTexts.of)

    @cached_property
    def session_texts(self) -> SessionTexts:
        """How sessions of events are called that are given no title."""
        return _read_data(DATA / "sessions.yaml", SessionTexts.of)

    def read_data(self) -> None:
        """Read all data files; raises ``ConfigurationError`` naming what is wrong in one of them.

        For commands that start other processes or change the database, before any of the files is needed.
        """
        _ = self.timelines, self.languages, self.preparatory_texts, self.session_texts


def _read_data(file: Path, parse: Callable[[Any], T]) -> T:
    try:
        return parse(read_yaml(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError.of(
            str(file), None, f"cannot be read: {error}", "Restore the file."
        ) from error
    except InvalidInput as error:
        raise ConfigurationError(
            [
                Problem(f"{file.name}: {item.field}", item.value, item.message, item.remedy)
                for item in error.problems
            ]
        ) from error
