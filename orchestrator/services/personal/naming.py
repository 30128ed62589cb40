"""Naming who comes for a delegation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import Attendee, Contribution, ContributionState, Meeting, Need
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.personal.naming import NamingState
from orchestrator.domain.time.zones import Place
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.facts import Fact
from orchestrator.services.personal import limits
from orchestrator.services.personal.by_link import ByLink
from orchestrator.services.personal.delegation_list import (
    Composition,
    Member,
    composition_of,
    summary,
    wanted_members,
)
from orchestrator.services.personal.followed_link import FollowedLink, require_open
from orchestrator.services.timelines.changing import MeetingChange
from orchestrator.store.answers import responses
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.personal import named
from orchestrator.store.readiness import contributions


class DelegationLists:
    """The use case of the list of who comes for a delegation."""

    def __init__(self, by_link: ByLink, directory: Directory, own: OwnMailbox) -> None:
        """``own`` are the addresses of the service, under which nobody can be named."""
        self._own = own
        self._by_link = by_link
        self._directory = directory

    def compose(
        self, token: str, members: Sequence[Member], *, mark: str | None = None, dry_run: bool = False
    ) -> Composition:
        """Name who comes for the delegation; who is not among ``members`` stays as they are.

        Named members get their own invitation, removed ones a CANCEL. A new address that is outside of what
        is known of the delegation waits for the coordinator. With ``mark`` the list must still be the one
        that was looked at. Raises ``InvalidInput`` naming ``members[n].name``, ``.email`` or ``.seat``,
        ``Conflict`` for a person who may not, a meeting that has begun, or another change meanwhile,
        ``TooMany`` for more people than a link may name, and what ``ByLink.change`` raises.
        """
        found: list[tuple[FollowedLink, _AskedFor]] = []

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            require_open(link.meeting, now)
            asked = self._asked(session, link, members, mark)
            if asked is None:
                return None
            place = self._directory.place_of(link.attendee.delegation, now)
            _require_allowed(session, link, members, asked, place, now)
            found.append((link, asked))
            return _named(link, asked, place, now)

        outcome = self._by_link.change(token, command, dry_run=dry_run)
        if not found:
            return Composition()
        link, asked = found[-1]
        return composition_of(link, asked.comes, asked.waits, outcome.consequences)

    def withdraw(self, token: str, number: int) -> bool:
        """Take back the naming of a person who waits for the coordinator; false when nobody waits.

        Raises ``Conflict`` for a reader who may not, and what ``ByLink.change`` raises.
        """
        done: list[bool] = []

        def command(session: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            _require_speaks(link)
            row = named.get(session, link.meeting.id, number)
            if row is None or row.delegation != link.attendee.delegation:
                return None
            done.append(True)

            def write(session: Session, stored: Meeting, now: datetime) -> None:
                named.settle(session, [number], NamingState.WITHDRAWN, link.signature, now)

            what = Fact.of("personal.history.person-withdrawn")
            detail = Fact.of(
                "personal.named-person", delegation=row.delegation, name=row.name, email=row.email
            )
            return MeetingChange(link.meeting, what, detail, write=write, saves=False)

        self._by_link.change(token, command)
        return bool(done)

    def _asked(
        self, session: Session, link: FollowedLink, members: Sequence[Member], mark: str | None
    ) -> _AskedFor | None:
        """What is asked for; ``None`` where all of it is so already."""
        _require_speaks(link)
        wanted = wanted_members(link, members, self._directory, self._own)
        asked = _sorted_out(session, link, wanted)
        if not asked.waits and link.listed(asked.comes) == link.listed(link.delegation):
            return None
        if mark is not None and mark != link.mark:
            raise Conflict(Fact.of("personal.list-changed"), code="list-changed")
        return asked


@dataclass(frozen=True, slots=True)
class _AskedFor:
    """A list of a delegation: who comes, who is to wait for the coordinator, and who of these is new."""

    comes: tuple[Attendee, ...]
    waits: tuple[Attendee, ...] = ()
    new: tuple[Attendee, ...] = ()


def _sorted_out(session: Session, link: FollowedLink, wanted: Sequence[Attendee]) -> _AskedFor:
    """Tell those who come from those who wait; who waits already as named is left as it is."""
    there = {item.address for item in link.delegation}
    new = tuple(item for item in wanted if item.address not in there)
    if not new:
        return _AskedFor(tuple(wanted))
    code = link.attendee.delegation
    seen = named.seen(session, code)
    strangers = {item.address for item in new if not seen.knows(item.email)}
    waiting = {row.address: (row.name, row.seat) for row in named.waiting(session, link.meeting.id, code)}
    return _AskedFor(
        comes=tuple(item for item in wanted if item.address not in strangers),
        waits=tuple(
            item
            for item in new
            if item.address in strangers and waiting.get(item.address) != (item.name, item.seat)
        ),
        new=tuple(item for item in new if item.address not in waiting),
    )


def _require_speaks(link: FollowedLink) -> None:
    if not link.speaks:
        raise Conflict(Fact.of("personal.only-spokespeople-name"), code="not-allowed")


def _require_allowed(
    session: Session,
    link: FollowedLink,
    members: Sequence[Member],
    asked: _AskedFor,
    place: Place,
    now: datetime,
) -> None:
    """Refuse more than a link may name, and an address that the coordinator has refused, at its field."""
    at = {compared(member.email): f"members[{index}]." for index, member in enumerate(members)}
    refused = named.refused(session, link.meeting.id)
    problems = [
        Problem(
            "email",
            item.email,
            Fact.of("personal.named-refused"),
            Fact.of("personal.named-refused.remedy", name=link.meeting.coordinator_name),
        )
        for item in asked.waits
        if item.address in refused
    ]
    try:
        limits.require(session, link, [item.email for item in asked.new], place, now)
    except InvalidInput as error:
        problems += error.problems
    if problems:
        raise InvalidInput([replace(item, field=at[compared(item.value)] + item.field) for item in problems])


def _named(link: FollowedLink, asked: _AskedFor, place: Place, now: datetime) -> MeetingChange:
    """The list as any other change of attendees, and as what the delegation has given."""
    before, own, wanted = link.meeting, link.attendee, asked.comes
    others = tuple(item for item in before.invited if item.delegation != own.delegation)
    differs = link.listed(wanted) != link.listed(link.delegation)
    changed = lifecycle.revise(before, Change(attendees=(*others, *wanted)), now) if differs else before
    if lifecycle.deeds(before, changed):
        changed = lifecycle.because(before, changed, Fact.of("meetings.reason.delegation-list"))
    given = Contribution(own.delegation, Need.LIST, ContributionState.IN, link.signature, now)
    said = summary(link, wanted, asked.waits)

    def write(session: Session, stored: Meeting, now: datetime) -> None:
        row = NewResponse(
            meeting_id=stored.id,
            attendee_id=own.id,
            kind=ResponseKind.COMPOSITION,
            what=said,
            channel=link.caller.channel,
            by=link.signature,
            at=now,
        )
        limits.spend(session, link, [item.email for item in asked.new], place, now)
        named.ask(session, stored.id, asked.waits, link.signature, now)
        responses.add(session, [row])
        contributions.record(session, stored.id, given)

    key = (own.delegation, Need.LIST)
    known = (item for item in changed.contributions if (item.delegation, item.need) != key)
    return MeetingChange(
        replace(changed, contributions=(*known, given)),
        Fact.of("personal.history.delegation-named"),
        Fact.of("personal.named-detail", delegation=own.delegation, name=own.name, members=said),
        write=write,
        saves=differs,
    )
