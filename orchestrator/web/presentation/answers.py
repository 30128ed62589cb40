"""What delegations and their people have answered, and what came back for a meeting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from orchestrator.domain.answers.reported import BEHIND, SENT_AGAIN, arrived, corrects_address
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.time.zones import LocalTime, local_time
from orchestrator.facts import Fact, Said
from orchestrator.services.meetings.views import (
    AttendeeView,
    DeliveryView,
    MeetingView,
    ResponseView,
)
from orchestrator.words import say


@dataclass(frozen=True, slots=True)
class DelegationAnswers:
    """A delegation in a meeting: its people, its answer, and when the meeting starts there."""

    code: str
    name: str
    answer: str
    starts: LocalTime
    days: int
    people: tuple[AttendeeView, ...]

    @property
    def answered(self) -> int:
        """How many of its people have answered."""
        return sum(item.participation != "no answer" for item in self.people)


def delegations_of(meeting: MeetingView, directory: Directory) -> list[DelegationAnswers]:
    """Return the delegations of a meeting in protocol order."""
    found = []
    for code, members in groupby(meeting.attendees, key=lambda item: item.delegation):
        people = tuple(members)
        starts = local_time(meeting.starts_at, directory.get(code).place)
        found.append(
            DelegationAnswers(
                code,
                people[0].delegation_name,
                _joint_answer(people),
                starts,
                starts.days_after(meeting.host_time),
                people,
            )
        )
    return found


def _joint_answer(people: Sequence[AttendeeView]) -> str:
    """One answer for a delegation: it comes when one of its people does, it declined when all did."""
    given = {item.participation for item in people}
    order = ("accepted", "tentative", "no answer", "delegated", "declined")
    return next(item for item in order if item in given)


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What stands beside an attendee's answer.

    ``given_by`` names who gave it, if that was another person. ``bounce`` is the mail to them that did not
    arrive, as long as nobody has sent it again since; ``behind`` says the same of an address behind theirs.
    ``written`` says that a mail has left, or may have. ``delegate`` is the address of the person they
    delegated to, as long as that person is not invited.
    """

    given_by: str | None
    bounce: Bounce | None
    behind: Fact | None
    written: bool
    delegate: str | None


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that did not arrive: what the server ``said``, what that means, and if the address is wrong."""

    said: Said
    meaning: Fact | None
    corrects: bool


def people_facts(meeting: MeetingView, deliveries: Iterable[DeliveryView]) -> dict[int, PersonFacts]:
    """Return for each attendee, by id, what stands beside the answer; ``deliveries`` newest first."""
    written: dict[str, list[DeliveryView]] = {}
    for item in deliveries:
        # What goes to the coordinator names nobody, even where the coordinator is an attendee as well.
        if item.recipient_name is not None:
            written.setdefault(compared(item.recipient), []).append(item)
    invited = {compared(item.email) for item in meeting.attendees}
    return {
        item.id: _facts(item, written.get(compared(item.email), []), meeting, invited)
        for item in meeting.attendees
    }


def _facts(
    person: AttendeeView, mails: Sequence[DeliveryView], meeting: MeetingView, invited: set[str]
) -> PersonFacts:
    delegate = person.delegated_to
    return PersonFacts(
        given_by=_given_by(person, meeting) if person.answered_at else None,
        bounce=_bounce(mails),
        behind=next((item.report for item in mails if item.report and item.report.key == BEHIND), None),
        written=any(item.state in ("sent", "sending") for item in mails),
        delegate=delegate if delegate and compared(delegate) not in invited else None,
    )


def _bounce(mails: Sequence[DeliveryView]) -> Bounce | None:
    """Return the newest mail that did not arrive, unless a person has sent it again since, or one arrived."""
    for item in mails:
        if item.state == "bounced":
            said = item.answer or "it could not be delivered"
            return Bounce(said, item.report, corrects_address(item.report))
        if item.state == "sent" and (item.purpose == SENT_AGAIN or arrived(item.report)):
            return None
    return None


def _given_by(person: AttendeeView, meeting: MeetingView) -> str | None:
    """Who gave the newest answer of an attendee, unless they did so themselves."""
    answers = (
        item
        for item in meeting.responses
        if item.kind == "answer" and (item.name, item.delegation) == (person.name, person.delegation)
    )
    newest = next(answers, None)
    return giver(newest, meeting) if newest else None


def giver(item: ResponseView, meeting: MeetingView) -> str | None:
    """Return who sent or entered something, unless that was the attendee; a channel of ours names nobody."""
    by = say(item.by)
    if item.name is None or not by or by == item.channel:
        return None
    own = (
        compared(person.email)
        for person in meeting.attendees
        if (person.name, person.delegation) == (item.name, item.delegation)
    )
    return None if any(address in by.casefold() for address in own) else by


@dataclass(frozen=True, slots=True)
class ProposedTime:
    """Another time for the meeting, and everybody who proposed it."""

    when: LocalTime
    proposals: tuple[ResponseView, ...]

    @property
    def past(self) -> bool:
        """Whether it is past, so that nobody can move the meeting to it."""
        return self.proposals[0].past

    @property
    def start(self) -> str:
        """The proposed wall time, as the form to move a meeting takes it."""
        return f"{self.when.day} {self.when.clock}"


@dataclass(frozen=True, slots=True)
class CameBack:
    """What came back for a meeting: what waits for a decision, and everything else, newest first."""

    times: tuple[ProposedTime, ...]
    delegators: tuple[AttendeeView, ...]
    bounced: tuple[AttendeeView, ...]
    behind: tuple[AttendeeView, ...]
    rest: tuple[ResponseView, ...]

    @property
    def any(self) -> bool:
        """Whether anything came back at all."""
        return bool(self.times or self.delegators or self.bounced or self.behind or self.rest)


def came_back(meeting: MeetingView, facts: dict[int, PersonFacts]) -> CameBack:
    """Sort what came back for a meeting.

    No proposal and no delegate waits any more once it is not published; a mail that did not arrive stays.
    """
    bounced = tuple(item for item in meeting.attendees if facts[item.id].bounce)
    behind = tuple(item for item in meeting.attendees if facts[item.id].behind)
    if meeting.status != "published":
        return CameBack((), (), bounced, behind, meeting.responses)
    waiting: dict[LocalTime, list[ResponseView]] = {}
    rest = []
    for item in meeting.responses:
        if item.state == "open" and item.proposed is not None:
            waiting.setdefault(item.proposed, []).append(item)
        else:
            rest.append(item)
    return CameBack(
        times=tuple(ProposedTime(when, tuple(items)) for when, items in waiting.items()),
        delegators=tuple(item for item in meeting.attendees if facts[item.id].delegate),
        bounced=bounced,
        behind=behind,
        rest=tuple(rest),
    )
