"""What letters to coordinators hold: sections of lines, each a fact, and the page on which to see to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.meetings.titles import short_title
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a city or a delegation, to be said in the reader's language."""

    name: str


@dataclass(frozen=True, slots=True)
class ShortTitles:
    """A meeting, to be called as the reader knows it."""

    en: str
    vi: str

    @classmethod
    def of(cls, meeting: Meeting) -> ShortTitles:
        """Return the short titles of a meeting."""
        return cls(short_title(meeting), short_title(meeting, "vi"))


@dataclass(frozen=True, slots=True)
class SubjectDay:
    """A day as subjects name it."""

    day: date


@dataclass(frozen=True, slots=True)
class ToldLine:
    """One thing that is told; ``path`` is where it is seen to, ``quoted`` what a person said."""

    said: Fact
    path: str | None = None
    quoted: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading; numbered where something is to be done about each."""

    heading: Fact
    lines: tuple[ToldLine, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class StatusReport:
    """A letter to a coordinator: its subject, what it is, its sections, and where everything is seen."""

    subject: Fact
    label: Fact
    sections: tuple[Section, ...]
    path: str


def named(code: str, directory: Directory) -> Named:
    """Return a delegation to be named."""
    return Named(directory.get(code).name)


def at_host(moment: datetime, meeting: Meeting, directory: Directory) -> LocalTime:
    """Return a moment as the clocks of the host show it, who is where the coordinator is."""
    return local_time(moment, host_place(meeting, directory, moment))


def page_of(meeting: Meeting, anchor: str = "") -> str:
    """Return the path of a meeting's page in the console, which asks who comes to sign in."""
    return f"/meetings/{meeting.reference}{anchor}"
