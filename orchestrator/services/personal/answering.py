"""Answering on the personal page: for oneself and, for those who may, for others of the delegation."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Attendee, Meeting, Participation
from orchestrator.domain.text import shown
from orchestrator.domain.time.zones import local_time
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.answers.recording import LONGEST_COMMENT, GivenAnswer, cut, record
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.followed_link import FollowedLink, require_open
from orchestrator.services.timelines.changing import MeetingChange

ANSWERS = (Participation.ACCEPTED, Participation.TENTATIVE, Participation.DECLINED)


@dataclass(frozen=True, slots=True)
class Answered:
    """Whose answers were recorded; nobody's when all had been given already."""

    participation: Participation
    names: tuple[str, ...]


class PersonalAnswers:
    """The use case of the form on the personal page."""

    def __init__(self, by_link: ByLink, directory: Directory) -> None:
        self._by_link = by_link
        self._directory = directory

    def answer(
        self,
        token: str,
        participation: Participation,
        comment: str | None = None,
        for_also: Iterable[int] = (),
        *,
        myself: bool = True,
        revision: int | None = None,
    ) -> Answered:
        """Record an answer for oneself and, if one may, for others of the delegation, by attendee id.

        The comment goes with one's own answer, or with those of the others when there is none. What stands
        already is not recorded again, so that a double click counts once. The meeting's version stays.
        ``revision`` is the one that the form was shown for. Raises ``InvalidInput`` for what cannot be
        recorded, ``Conflict`` once the meeting has begun, and where its time was set after that revision,
        and what ``ByLink.change`` raises.
        """
        names: list[str] = []
        text, also = _comment(comment), set(for_also)
        _require_answer(participation)

        def command(_: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            self._require_present(link, revision, now)
            given = _given(link, participation, text, _others(link, also), now, myself=myself)
            by_id = {item.id: item.name for item in link.delegation}
            names.extend(by_id[item.attendee_id] for item in given)
            return _recorded(link.meeting, given) if given else None

        self._by_link.change(token, command)
        return Answered(participation, tuple(names))

    def require_answerable(self, token: str, participation: Participation, revision: int) -> None:
        """Raise what ``answer`` for others would raise for a form that was shown for ``revision``."""
        _require_answer(participation)

        def command(_: Session, link: FollowedLink, now: datetime) -> None:
            self._require_present(link, revision, now)
            if not link.speaks:
                raise _only_for_oneself()

        self._by_link.change(token, command, dry_run=True)

    def _require_present(self, link: FollowedLink, revision: int | None, now: datetime) -> None:
        """Refuse an answer to a meeting that takes none, or to a time that is not its own any more."""
        require_open(link.meeting, now)
        if revision is not None and revision < link.meeting.time_revision:
            place = self._directory.place_of(link.attendee.delegation, link.meeting.starts_at)
            when = local_time(link.meeting.starts_at, place)
            raise Conflict(Fact.of("personal.time-changed", when=when), code="time-changed")


def _require_answer(participation: Participation) -> None:
    if participation not in ANSWERS:
        wrong, advice = Fact.of("personal.no-answer"), Fact.of("personal.no-answer.remedy")
        raise InvalidInput.of("answer", participation, wrong, advice)


def _recorded(meeting: Meeting, given: Sequence[GivenAnswer]) -> MeetingChange:
    def write(session: Session, stored: Meeting, now: datetime) -> None:
        record(session, stored, given, now)

    # Recording writes the history of answers itself, a line for each.
    return MeetingChange(meeting, write=write, saves=False)


def _comment(text: str | None) -> str | None:
    """Return a comment fit to be kept; raises ``InvalidInput`` for one that is too long."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    kept = shown(unicodedata.normalize("NFC", lines))
    length = len(kept.strip())
    if length > LONGEST_COMMENT:
        wrong = Fact.of("personal.comment-too-long", length=length)
        raise InvalidInput.of(
            "comment", None, wrong, Fact.of("personal.comment-too-long.remedy", most=LONGEST_COMMENT)
        )
    return cut(kept)


def _others(link: FollowedLink, ids: set[int]) -> tuple[Attendee, ...]:
    """Return those of the delegation with these ids; raises ``InvalidInput`` for others."""
    others = ids - {link.attendee.id}
    found = tuple(item for item in link.delegation if item.id in others)
    if others and not link.speaks:
        raise _only_for_oneself()
    if len(found) != len(others):
        wrong, advice = Fact.of("personal.also-unknown"), Fact.of("personal.also-unknown.remedy")
        raise InvalidInput.of("for_also", None, wrong, advice)
    return found


def _only_for_oneself() -> InvalidInput:
    wrong, advice = Fact.of("personal.also-not-allowed"), Fact.of("personal.also-not-allowed.remedy")
    return InvalidInput.of("for_also", None, wrong, advice)


def _given(
    link: FollowedLink,
    participation: Participation,
    comment: str | None,
    others: Sequence[Attendee],
    now: datetime,
    *,
    myself: bool,
) -> list[GivenAnswer]:
    """Return the answers that are not there yet; raises ``InvalidInput`` when they are for nobody."""
    if not myself and not others:
        wrong, advice = Fact.of("personal.also-nobody"), Fact.of("personal.also-nobody.remedy")
        raise InvalidInput.of("for_also", None, wrong, advice)
    own, said = link.attendee, None if myself else comment
    new = [(item, said) for item in others if not _stands(item, participation, said or item.comment)]
    if myself and not _stands(own, participation, comment):
        new.insert(0, (own, comment))
    return [
        GivenAnswer(item.id, participation, caller=link.caller, by=link.signature, stamp=now, comment=text)
        for item, text in new
    ]


def _stands(attendee: Attendee, participation: Participation, comment: str | None) -> bool:
    return (attendee.participation, attendee.comment) == (participation, comment)
