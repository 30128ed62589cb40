"""How ready each delegation of a meeting is: what has come in, what is missing, who has the link."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.meetings.meeting import (
    Attendee,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.meetings.needs import NEEDS, RECORDED
from orchestrator.domain.timelines.needs import has_answered, stays_away
from orchestrator.facts import Fact, Said, plain

MISSING, NOT_ASKED, NOT_YET, DECLINED = "missing", "not asked for", "not yet", "declined"
"""States of a cell beside those of a contribution and the answers: in, waived, failed, accepted, …"""


ANSWERED, LINK, JOINED = NEEDS[Need.ANSWER].column, "link", "joined"
COLUMNS = (*(rules.column for rules in NEEDS.values()), LINK, JOINED)
"""What the readiness board shows of a delegation, in the order of its columns."""


@dataclass(frozen=True, slots=True)
class Joined:
    """When a delegation was first seen in a meeting, and who says so."""

    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """When and by whom an attendee's present answer was given."""

    at: datetime | None
    by: Said | None


@dataclass(frozen=True, slots=True)
class LinkMail:
    """A mail that was to carry the join link to an attendee.

    ``is_request`` tells invitations and updates from reminders. ``arrived`` says that a server has taken
    it, ``returned`` that it was refused or came back; neither is known while it is under way. ``at`` is
    when it left.
    """

    attendee_id: int
    purpose: str
    is_request: bool
    revision: int
    at: datetime
    arrived: bool
    returned: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the board rests on beside the meeting; answers by attendee, joins by delegation.

    ``mails`` are in the order in which they left; ``now`` is aware UTC.
    """

    now: datetime
    given: Mapping[int, LastAnswer]
    mails: Sequence[LinkMail]
    joined: Mapping[str, Joined]


@dataclass(frozen=True, slots=True)
class Cell:
    """How one thing stands for one delegation.

    ``settled`` is ``None`` where it does not count, because it is not asked for, or not yet. ``details``
    say more, such as who has not answered.
    """

    state: str
    settled: bool | None
    since: datetime | None = None
    by: Said | None = None
    details: tuple[Fact, ...] = ()


def cells(meeting: Meeting, delegation: str, owed: Collection[Need], evidence: Evidence) -> dict[str, Cell]:
    """Return how everything stands for a delegation that owes ``owed``."""
    return {
        ANSWERED: _answer(meeting, delegation, evidence),
        **{NEEDS[need].column: _contribution(meeting, delegation, need, owed) for need in RECORDED.values()},
        LINK: _link(meeting, delegation, evidence),
        JOINED: _joined(meeting, delegation, evidence),
    }


def tally(rows: Iterable[Mapping[str, Cell]]) -> dict[str, tuple[int, int]]:
    """Return of how many delegations each thing is settled, and of how many it counts."""
    found = dict.fromkeys(COLUMNS, (0, 0))
    for row in rows:
        for column, cell in row.items():
            if cell.settled is not None:
                done, of = found[column]
                found[column] = (done + cell.settled, of + 1)
    return found


def is_ready(tallied: Mapping[str, tuple[int, int]]) -> bool:
    """Whether every delegation has answered, and all of them that may come have their invitation.

    An invitation that is on its way, was refused or came back is not there; nor is the one before a change.
    """
    (answered, delegations), (reached, coming) = tallied[ANSWERED], tallied[LINK]
    return 0 < delegations == answered and reached == coming


_BEST_FIRST = (
    Participation.ACCEPTED,
    Participation.TENTATIVE,
    Participation.DELEGATED,
    Participation.DECLINED,
)


def _answer(meeting: Meeting, delegation: str, evidence: Evidence) -> Cell:
    """The answer of the person who leads the delegation, else the best of its people's."""
    own, head = meeting.people_of(delegation), meeting.head_of(delegation)
    silent = [item.name for item in own if not item.answered]
    details = (Fact.of("readiness.no-answer", names=silent),) if silent else ()
    if not has_answered(meeting, delegation):
        return Cell(MISSING, settled=False, details=details)
    given = [head] if head else [item for item in own if item.answered]
    best = min(given, key=lambda item: _BEST_FIRST.index(item.participation))
    how = evidence.given.get(best.id, LastAnswer(None, None))
    return Cell(best.participation.words, settled=True, since=how.at, by=how.by, details=details)


def _contribution(meeting: Meeting, delegation: str, need: Need, owed: Collection[Need]) -> Cell:
    found = meeting.contribution(delegation, need)
    is_done = found is not None and found.state is not ContributionState.FAILED
    if not is_done and stays_away(meeting, delegation):
        return Cell(DECLINED, settled=None)
    if found is None:
        return Cell(MISSING, settled=False) if need in owed else Cell(NOT_ASKED, settled=None)
    return Cell(
        found.state.value,
        settled=is_done,
        since=found.at,
        by=found.by,
        details=(plain(found.note),) if found.note else (),
    )


def _link(meeting: Meeting, delegation: str, evidence: Evidence) -> Cell:
    """Whether all who may come have been sent the link as it is now."""
    if meeting.status is MeetingStatus.DRAFT or meeting.tentative:
        return Cell(NOT_YET, settled=None)
    coming = [item for item in meeting.people_of(delegation) if not item.declined]
    if not coming:
        return Cell(DECLINED, settled=None)
    if meeting.mode.has_link and not meeting.join_url:
        return Cell(MISSING, settled=False, details=(Fact.of("readiness.no-link-yet"),))
    mails: dict[int, list[LinkMail]] = {}
    for item in carrying(meeting, evidence.mails):
        mails.setdefault(item.attendee_id, []).append(item)
    reached = {item.id: first for item in coming if (first := _first_arrived(mails.get(item.id, ())))}
    returned = [
        item for item in coming if item.id not in reached and any(m.returned for m in mails.get(item.id, ()))
    ]
    waiting = [item for item in coming if item.id not in reached and item not in returned]
    details = (
        *_named("readiness.did-not-arrive", returned),
        *_named("readiness.link-not-yet", waiting),
        *([Fact.of("readiness.link-with", mails=_together(_purposes(reached.values())))] if reached else []),
    )
    if returned or waiting:
        return Cell("failed" if returned else MISSING, settled=False, details=details)
    return Cell("in", settled=True, since=max(item.at for item in reached.values()), details=details)


def carrying(meeting: Meeting, mails: Sequence[LinkMail]) -> list[LinkMail]:
    """Return those of ``mails`` that carry the current revision with its join link.

    Invitations wait for the link, so a reminder that left after the first of them had it too.
    """
    requests = [item for item in mails if item.is_request and item.revision == meeting.revision]
    first = min((item.at for item in requests if item.arrived), default=None)
    reminders = [item for item in mails if not item.is_request and first is not None and item.at >= first]
    return [*requests, *reminders]


def _first_arrived(mails: Sequence[LinkMail]) -> LinkMail | None:
    return next((item for item in mails if item.arrived), None)


def _purposes(mails: Iterable[LinkMail]) -> list[str]:
    return list(dict.fromkeys(item.purpose for item in mails))


def _together(purposes: Sequence[str]) -> Fact:
    first, *others = purposes
    return Fact.of("readiness.and-the", first=first, others=_together(others)) if others else plain(first)


def _named(key: str, people: Sequence[Attendee]) -> list[Fact]:
    return [Fact.of(key, names=[item.name for item in people])] if people else []


def _joined(meeting: Meeting, delegation: str, evidence: Evidence) -> Cell:
    found = evidence.joined.get(delegation)
    if found is not None:
        return Cell("in", settled=True, since=found.at, by=found.by)
    if stays_away(meeting, delegation):
        return Cell(DECLINED, settled=None)
    if not meeting.mode.has_link:
        return Cell(NOT_ASKED, settled=None)
    if meeting.status is MeetingStatus.DRAFT or meeting.tentative or evidence.now < meeting.starts_at:
        return Cell(NOT_YET, settled=None)
    return Cell(MISSING, settled=False)
