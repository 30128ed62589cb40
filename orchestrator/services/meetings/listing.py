"""What lists say of meetings, and what of them needs the coordinator."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.meetings.linking import Linking
from orchestrator.services.meetings.views import MeetingPage, MeetingSummary
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.meetings import summaries
from orchestrator.store.meetings.summaries import Ending, Line, Position

MOST_ADDRESSES = 50
"""How many failed addresses of a meeting are named in lists; its page names all."""
_ENDED_TO = {ActionState.FAILED: "meetings.address-failed", ActionState.MISSED: "meetings.address-missed"}
_ENDED = {ActionState.FAILED: "meetings.some-failed", ActionState.MISSED: "meetings.some-missed"}


class Listing:
    """Lines of lists, inside a look at the database; hundreds take no more statements than one."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._linking = Linking(planner)

    def page(self, session: Session, now: datetime, limit: int | None, after: str | None) -> MeetingPage:
        """Return the next ``limit`` meetings behind where ``after`` says that the page before ended.

        Raises ``InvalidInput`` when no page said so.
        """
        begin = _position(after) if after else None
        # One more than is shown tells whether there is another page.
        found = summaries.lines(session, now, limit + 1 if limit else None, begin)
        shown = found[:limit]
        following = _token(summaries.position(shown[-1], now)) if len(found) > len(shown) else None
        return MeetingPage(tuple(self._summaries(session, shown, now)), following)

    def one(self, session: Session, meeting_id: int, now: datetime) -> MeetingSummary:
        """Return the line of one meeting."""
        return self._summaries(session, [summaries.line(session, meeting_id)], now)[0]

    def _summaries(self, session: Session, lines: Sequence[Line], now: datetime) -> list[MeetingSummary]:
        linked = self._linking.attention(session, lines, now)
        return [self._summary(item, linked.get(item.reference, ()), now) for item in lines]

    def _summary(self, line: Line, linked: Sequence[Fact], now: datetime) -> MeetingSummary:
        place = host_place(line, self._planner.directory, line.starts_at)
        return MeetingSummary(
            id=line.id,
            reference=line.reference,
            kind=line.kind,
            title_en=line.title_en,
            title_vi=line.title_vi,
            status=line.status.value,
            tentative=line.tentative,
            starts_at=line.starts_at,
            ends_at=line.ends_at,
            host_time=local_time(line.starts_at, place),
            host_end=local_time(line.ends_at, place),
            invited=sum(line.answers.values()),
            answers={answer.words: count for answer, count in line.answers.items()},
            next_action=line.following.value if line.following else None,
            next_due_at=line.following_at,
            next_due=local_time(line.following_at, place) if line.following_at else None,
            attention=tuple(self._attention(line, linked, now)),
            mode=line.where.mode,
            venue=line.where.venue,
            room=line.where.room,
            short=line.short,
            short_vi=line.short_vi,
        )

    def _attention(self, line: Line, linked: Sequence[Fact], now: datetime) -> Iterator[Fact]:
        """What needs the coordinator; nothing when all is well."""
        if self._misses_link(line, now):
            yield Fact.of("meetings.no-join-link")
        if line.poll_closes_at is not None and now >= line.poll_closes_at:
            yield Fact.of("meetings.date-poll-closed")
        yield from _ended_badly(line.ended_badly)
        yield from linked
        if line.status is MeetingStatus.PUBLISHED:
            yield from _open_questions(line)
        # A mail that did not arrive is not undone by the meeting's end or cancellation.
        told = {(item.address or "").casefold() for item in line.ended_badly}
        for address in (item for item in line.bouncing if item.casefold() not in told):
            yield Fact.of("meetings.mail-bounced", address=address)

    def _misses_link(self, line: Line, now: datetime) -> bool:
        """Whether invitations wait for a join link for longer than the timeline puts up with."""
        if line.status is not MeetingStatus.PUBLISHED or line.join_url or line.tentative:
            return False
        if not line.where.mode.has_link:
            return False
        timeline = self._planner.known_timeline(line.timeline, line.own_timeline)
        step = timeline.step(ActionKind.CONFERENCE) if timeline else None
        if step is None or step.alert_after is None or line.published_at is None:
            return False
        return now >= line.published_at + step.alert_after


def _ended_badly(endings: Sequence[Ending]) -> Iterator[Fact]:
    """What failed or was missed: one line for each address, and for each kind of what is for none."""
    addressed = [item for item in endings if item.address is not None]
    for item in endings:
        if item.address is None:
            yield Fact.of(
                _ENDED[item.state], count=item.count, what=item.kind.rules.words, reason=item.reason
            )
    for item in addressed[:MOST_ADDRESSES]:
        what = item.kind.rules.words
        if item.count > 1:
            what = Fact.of("meetings.and-more", what=what, count=item.count - 1)
        yield Fact.of(_ENDED_TO[item.state], what=what, address=item.address, reason=item.reason)
    if len(addressed) > MOST_ADDRESSES:
        yield Fact.of("meetings.more-addresses", count=len(addressed) - MOST_ADDRESSES)


def _open_questions(line: Line) -> Iterator[Fact]:
    """What came back and waits for the coordinator to decide."""
    if line.open_proposals:
        yield Fact.of("meetings.times-proposed", count=line.open_proposals)
    if line.waiting:
        yield Fact.of("meetings.people-wait", count=line.waiting)
    for name, address in line.delegated:
        yield Fact.of("meetings.delegate-not-invited", name=name, address=address)


_OVER, _COMING = "over", "coming"


def _token(position: Position) -> str:
    word = _OVER if position.over else _COMING
    return f"{word}-{int(position.starts_at.timestamp())}-{position.id}"


def _position(token: str) -> Position:
    """Return the position that a token tells; raises ``InvalidInput`` for text that is none."""
    word, _, rest = token.partition("-")
    seconds, _, number = rest.partition("-")
    try:
        if word not in (_OVER, _COMING) or int(number) >= 2**31:
            raise ValueError(word)
        return Position(word == _OVER, datetime.fromtimestamp(int(seconds), UTC), int(number))
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInput.of(
            "after", token, Fact.of("meetings.no-position"), Fact.of("meetings.no-position.remedy")
        ) from error
