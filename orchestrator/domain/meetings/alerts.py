"""What the coordinator of a meeting must know at once: one table of facts, each of them told once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    """What has happened."""

    HEAD_DECLINED = "head-declined"
    NO_LINK = "no-link"
    LINK_OLD = "link-old"
    BOUNCED = "bounced"
    BOUNCED_BEHIND = "bounced-behind"
    DAY_OFF = "day-off"
    TEST_MOVED = "test-moved"
    LETTERS_DROPPED = "letters-dropped"
    LETTER_FAILED = "letter-failed"
    LAST_CHASER = "last-chaser"
    NEW_TIME = "new-time"
    POLL_CLOSED = "poll-closed"


@dataclass(frozen=True, slots=True)
class Alert:
    """A fact that a coordinator is told of.

    ``key`` is what makes it the same fact when it is met again, which is then not told again. ``since`` is
    when it came to be so. ``params`` are its particulars: codes of delegations, ids, names and what people
    wrote, all of them text.
    """

    id: int
    kind: AlertKind
    key: str
    since: datetime
    params: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """Return one of its particulars; nothing where it has none of that name."""
        return dict(self.params).get(name, "")


@dataclass(frozen=True, slots=True)
class NewAlert:
    """A fact that was met in a meeting, and is told unless it is known already."""

    meeting_id: int
    kind: AlertKind
    key: str
    since: datetime
    params: tuple[tuple[str, str], ...] = ()
