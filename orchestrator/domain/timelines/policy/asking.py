"""What an event asks of its delegations, who speaks for each, and what is still awaited from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Need
from orchestrator.domain.timelines.audience import Audience, admitted
from orchestrator.domain.timelines.needs import is_missing, spokespeople
from orchestrator.domain.timelines.policy.context import AskingReach, EventContext
from orchestrator.domain.timelines.policy.rules import Item

_ASKED = {
    AskingReach.FULL: frozenset(Item),
    AskingReach.WITHOUT_PAPERS: frozenset({Item.ANSWER, Item.LIST, Item.TEST, Item.TRAVEL}),
    AskingReach.SHORT: frozenset({Item.ANSWER, Item.LIST, Item.TRAVEL}),
    AskingReach.INVITATION_ALONE: frozenset({Item.ANSWER}),
}
"""What can be asked, by how much time is left (rule 7)."""
_CHASED = frozenset({Need.ANSWER, Need.LIST, Need.PAPER})
"""What a chaser awaits; a connection test has a time of its own, and is not due by the deadline."""


class EventAsking:
    """What one event asks, as it stands."""

    def __init__(self, event: EventContext, directory: Directory, reach: AskingReach) -> None:
        self.event = event
        self.reach = reach
        self._directory = directory
        self._speakers: dict[int, frozenset[int]] = {}

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """What is asked of each delegation that is asked; what cannot be met is not."""
        ask = self.event.policy.ask
        return () if ask is None else tuple(item for item in ask.items if item in _ASKED[self.reach])

    @cached_property
    def audiences(self) -> tuple[Audience, ...]:
        """Who speaks for the delegations that are asked."""
        return () if self.event.policy.ask is None else self.event.policy.ask.to

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The delegations that are asked, in protocol order.

        They are those with somebody in the audience; a member that should have a focal point and sends none
        owes the same.
        """
        found: set[str] = set()
        for meeting in self.event.sessions:
            people = admitted(self.audiences, meeting, self._directory)
            found |= {item.delegation for item in people}
            if self.audiences:
                found |= {code for code in meeting.delegations if self._directory.has_focal_points(code)}
        return tuple(sorted(found, key=self._directory.rank))

    def speaks(self, meeting: Meeting, attendee: Attendee) -> bool:
        """Whether an attendee of a session is who is asked for the delegation there."""
        return attendee.delegation in self.codes and attendee.id in self._speaking(meeting)

    def _speaking(self, meeting: Meeting) -> frozenset[int]:
        found = self._speakers.get(meeting.id)
        if found is None:
            own: dict[str, list[Attendee]] = {}
            for item in admitted(self.audiences, meeting, self._directory):
                if not item.declined:
                    own.setdefault(item.delegation, []).append(item)
            people = (own.get(code) or spokespeople(meeting, code) for code in meeting.delegations)
            found = self._speakers[meeting.id] = frozenset(item.id for some in people for item in some)
        return found

    def missing(self, code: str) -> tuple[Need, ...]:
        """Return what is awaited from a delegation by the deadline, in the order of ``Need``."""
        asked = {item.need for item in self.items} & _CHASED
        return tuple(need for need in Need if need in asked and self.lacks(code, need))

    def lacks(self, code: str, need: Need) -> bool:
        """Whether a delegation has not given something: an answer to each session, the rest once."""
        own = [item for item in self.event.sessions if code in item.delegations]
        if need is Need.ANSWER:
            return any(is_missing(item, code, need) for item in _coming(own))
        home = next((item for item in own if item.id == self.event.lead.id), own[0] if own else None)
        return home is not None and is_missing(home, code, need)

    def silent(self) -> tuple[str, ...]:
        """Return the delegations from which something is awaited, in protocol order."""
        return tuple(code for code in self.codes if self.missing(code))

    def answered(self, people: Iterable[tuple[Meeting, Attendee]]) -> bool:
        """Whether a person has answered for every session that is still to come."""
        return all(item.answered for meeting, item in people if meeting.status is MeetingStatus.PUBLISHED)


def _coming(meetings: Sequence[Meeting]) -> Sequence[Meeting]:
    return [item for item in meetings if item.status is MeetingStatus.PUBLISHED]
