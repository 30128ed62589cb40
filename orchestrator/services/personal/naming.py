"""Naming who comes for a delegation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import Attendee, Contribution, ContributionState, Meeting, Need
from orchestrator.domain.people.addresses import OwnMailbox
from orchestrator.errors import Conflict
from orchestrator.facts import Fact
from orchestrator.services.answers.recording import cut
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
from orchestrator.store.readiness import contributions


class DelegationLists:
    """The use case of the list of who comes for a delegation."""

    def __init__(self, by_link: ByLink, directory: Directory, own: OwnMailbox) -> None:
        """``own`` are the addresses of the service, under which nobody can be named."""
        self._own = own
        self._by_link = by_link
        self._directory = directory

    def compose(
        self, token: str, members: Sequence[Member], *, mark: str | None = None, preview: bool = False
    ) -> Composition:
        """Name who comes for the delegation; who is not among ``members`` stays as they are.

        Named members get their own invitation, removed ones a CANCEL. With ``mark`` the list must still be
        the one that was looked at. Raises ``InvalidInput`` naming ``members[n].name``, ``.email`` or
        ``.seat``, ``Conflict`` for a person who may not, a meeting that has begun, or another change
        meanwhile, and what ``ByLink.change`` raises.
        """
        found: list[tuple[FollowedLink, tuple[Attendee, ...]]] = []

        def command(_: Session, link: FollowedLink, now: datetime) -> MeetingChange | None:
            require_open(link.meeting, now)
            wanted = self._wanted(link, members, mark)
            if wanted is None:
                return None
            found.append((link, wanted))
            return _named(link, wanted, now)

        effect = self._by_link.change(token, command, dry_run=preview)
        return composition_of(*found[-1], effect.consequences) if found else Composition()

    def _wanted(
        self, link: FollowedLink, members: Sequence[Member], mark: str | None
    ) -> tuple[Attendee, ...] | None:
        """The delegation as it is to be; ``None`` where it is so already."""
        if not link.speaks:
            raise Conflict(Fact.of("personal.only-spokespeople-name"), code="not-allowed")
        wanted = wanted_members(link, members, self._directory, self._own)
        if link.listed(wanted) == link.listed(link.delegation):
            return None
        if mark is not None and mark != link.mark:
            raise Conflict(Fact.of("personal.list-changed"), code="list-changed")
        return wanted


def _named(link: FollowedLink, wanted: Sequence[Attendee], now: datetime) -> MeetingChange:
    """The list as any other change of attendees, and as what the delegation has given."""
    before, own = link.meeting, link.attendee
    others = tuple(item for item in before.invited if item.delegation != own.delegation)
    changed = lifecycle.revise(before, Change(attendees=(*others, *wanted)), now)
    given = Contribution(own.delegation, Need.LIST, ContributionState.IN, link.signature, now)
    said = summary(link, wanted)

    def write(session: Session, stored: Meeting, now: datetime) -> None:
        row = NewResponse(
            meeting_id=stored.id,
            attendee_id=own.id,
            kind=ResponseKind.COMPOSITION,
            comment=cut(said),
            channel=link.caller.channel,
            by=link.signature,
            at=now,
        )
        responses.add(session, [row])
        contributions.record(session, stored.id, given)

    key = (own.delegation, Need.LIST)
    known = (item for item in changed.contributions if (item.delegation, item.need) != key)
    return MeetingChange(
        replace(changed, contributions=(*known, given)),
        Fact.of("personal.history.delegation-named"),
        Fact.of("personal.named-detail", delegation=own.delegation, name=own.name, members=said),
        write=write,
    )
