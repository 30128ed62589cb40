"""Who comes for a delegation: reading a focal point's list, and saying what follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from orchestrator.domain.definitions.written import Address, Line
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.domain.problems import problems_of
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.needs import may_speak
from orchestrator.errors import InvalidInput, Problem
from orchestrator.services.people.contacts import Contact
from orchestrator.services.timelines.views import Consequence

MOST_MEMBERS = 30
"""How many people of one delegation a focal point can name."""
_SEATS = {Seat.HEAD: 0, Seat.MEMBER: 1, Seat.SUBSTITUTE: 2}
_LINE, _ADDRESS = TypeAdapter[str](Line), TypeAdapter[str](Address)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a delegation as a focal point names them; ``removed`` takes them out of the meeting."""

    name: str
    email: str
    seat: Seat | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Composition:
    """What naming a delegation does, or would do.

    ``dropped`` are removed before their invitation has left; ``changed`` says in words what else differs.
    """

    invited: tuple[Contact, ...] = ()
    withdrawn: tuple[Contact, ...] = ()
    dropped: tuple[Contact, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the list is as it was."""
        return not (self.invited or self.withdrawn or self.dropped or self.changed)


@dataclass(frozen=True, slots=True)
class Visit:
    """A valid link, followed: the meeting, and the attendee as the meeting knows them now."""

    meeting: Meeting
    attendee: Attendee
    person_id: int

    @property
    def delegation(self) -> tuple[Attendee, ...]:
        """The people of the attendee's delegation in the meeting, its head first."""
        own = [item for item in self.meeting.invited if item.delegation == self.attendee.delegation]
        return tuple(sorted(own, key=lambda item: (_SEATS[self.seat_of(item)], item.id)))

    @property
    def speaks(self) -> bool:
        """Whether the attendee may answer for the delegation: its focal points and its head may."""
        return may_speak(self.meeting, self.attendee)

    def seat_of(self, item: Attendee) -> Seat:
        """Return the seat of somebody in the delegation, also of those for whom nobody has named one."""
        if item.seat is not None:
            return item.seat
        head = self.meeting.head_of(item.delegation)
        return Seat.HEAD if head is not None and head.id == item.id else Seat.MEMBER

    def listed(self, people: Iterable[Attendee]) -> list[tuple[str, str, Seat]]:
        """Return what matters of a list of members, so that two lists can be compared."""
        return sorted((item.address, item.name, self.seat_of(item)) for item in people)

    @property
    def mark(self) -> str:
        """Stands for the members as they are now, so that a change by somebody else is noticed."""
        return hashlib.sha256(repr(self.listed(self.delegation)).encode()).hexdigest()[:16]

    def stays(self, item: Attendee) -> bool:
        """Whether somebody cannot be removed from this page."""
        return item.role is Role.FOCAL_POINT or item.address == self.attendee.address


def signature(attendee: Attendee) -> str:
    """Return how somebody is named in records."""
    return f"{attendee.name} <{attendee.email}>"


def wanted_members(visit: Visit, members: Sequence[Member], directory: Directory) -> tuple[Attendee, ...]:
    """Return the delegation as it should be; raises ``InvalidInput`` with all that is wrong."""
    problems = _problems(visit, members)
    if problems:
        raise InvalidInput(problems)
    group = _group_of_new(visit, directory)
    people = {item.address: item for item in visit.delegation}
    for member in members:
        address = member.email.strip().casefold()
        if member.removed:
            people.pop(address, None)
            continue
        known = people.get(address) or Attendee(
            name="",
            email=_ADDRESS.validate_python(member.email),
            delegation=visit.attendee.delegation,
            group=group,
            role=Role.SENIOR_OFFICIAL if member.seat is Seat.HEAD else Role.DELEGATE,
        )
        people[address] = replace(known, name=_LINE.validate_python(member.name), seat=member.seat)
    wanted = tuple(people.values())
    problems = _too_many(wanted, members)
    if problems:
        raise InvalidInput(problems)
    return wanted


def _group_of_new(visit: Visit, directory: Directory) -> str:
    """The circle in which a delegation's head is invited; else that of the other heads, if it may."""
    own = visit.attendee
    head = visit.meeting.head_of(own.delegation)
    delegation = directory.get(own.delegation)
    codes = dict.fromkeys(item.delegation for item in visit.meeting.invited)
    heads = [head, *(visit.meeting.head_of(code) for code in codes)]
    groups = [item.group for item in heads if item is not None]
    return next((code for code in groups if directory.group(code).admits(delegation)), own.group)


def _problems(visit: Visit, members: Sequence[Member]) -> list[Problem]:
    """Return all that is wrong with each of the members by itself, and with their being together."""
    found: list[Problem] = []
    first: dict[str, int] = {}
    for index, member in enumerate(members):
        where, address = f"members[{index}]", member.email.strip().casefold()
        if first.setdefault(address, index) != index:
            found.append(
                Problem(f"{where}.email", member.email, "is there twice", "Keep one of the two rows.")
            )
        elif member.removed:
            found += _removal_problems(visit, where, address)
        else:
            found += _member_problems(visit, where, member, address)
    return found


def _removal_problems(visit: Visit, where: str, address: str) -> list[Problem]:
    if not any(item.address == address and visit.stays(item) for item in visit.delegation):
        return []
    own = address == visit.attendee.address
    who = "cannot be taken out by yourself" if own else "is a focal point, who stays invited"
    return [Problem(f"{where}.seat", "", who, "Decline the invitation instead, or ask the coordinator.")]


def _member_problems(visit: Visit, where: str, member: Member, address: str) -> list[Problem]:
    found = _checked(_LINE, f"{where}.name", member.name, "Write the name as the invitation should have it.")
    wrong = _checked(_ADDRESS, f"{where}.email", member.email, "Write it like name@ministry.example.")
    if wrong:
        return found + wrong
    if _plain(address) == _plain((visit.meeting.organizer or "").casefold()):
        found.append(
            Problem(
                f"{where}.email",
                member.email,
                "is the address that invitations come from",
                "Write the person's own address.",
            )
        )
    own = visit.attendee.delegation
    if any(item.address == address and item.delegation != own for item in visit.meeting.invited):
        found.append(
            Problem(
                f"{where}.email",
                member.email,
                "is invited to this meeting already, for another delegation",
                "Ask the coordinator if that is wrong.",
            )
        )
    return found


def _checked(rule: TypeAdapter[str], field: str, value: str, remedy: str) -> list[Problem]:
    try:
        rule.validate_python(value)
    except ValidationError as error:
        return [Problem(field, item.value, item.message, remedy) for item in problems_of(error)]
    return []


def _plain(address: str) -> str:
    """An address without the tag behind a plus sign (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _too_many(wanted: Sequence[Attendee], members: Sequence[Member]) -> list[Problem]:
    found = []
    if len(wanted) > MOST_MEMBERS:
        found.append(
            Problem(
                "members",
                str(len(wanted)),
                "people are more than a delegation can have",
                f"Name at most {MOST_MEMBERS}.",
            )
        )
    heads = {item.address for item in wanted if item.seat is Seat.HEAD}
    if len(heads) > 1:
        last = [n for n, item in enumerate(members) if item.email.strip().casefold() in heads][-1]
        found.append(
            Problem(
                f"members[{last}].seat",
                members[last].name,
                "is head of delegation, and so is somebody else",
                "Let one lead the delegation.",
            )
        )
    return found


def summary(visit: Visit, wanted: Sequence[Attendee]) -> str:
    """The list in words, for the record: who comes as what, and who does not any more."""
    kept = {item.address for item in wanted}
    lines = [f"{signature(item)}, {visit.seat_of(item)}" for item in wanted]
    lines += [f"{signature(item)}, removed" for item in visit.delegation if item.address not in kept]
    return "; ".join(lines)


def composition_of(
    visit: Visit, wanted: Sequence[Attendee], consequences: Sequence[Consequence]
) -> Composition:
    """Return what a list does to its own delegation, from what it does to the whole meeting."""
    own = [item for item in consequences if item.delegation == visit.attendee.delegation]
    invited = _contacts(own, ActionKind.INVITE)
    withdrawn = _contacts(own, ActionKind.CANCEL)
    told = {item.email for item in withdrawn}
    kept, before = {item.address for item in wanted}, {item.address: item for item in visit.delegation}
    gone = (Contact(item.name, item.email) for item in visit.delegation if item.address not in kept)
    return Composition(
        invited=invited,
        withdrawn=withdrawn,
        dropped=tuple(item for item in gone if item.email not in told),
        changed=tuple(
            sentence
            for item in wanted
            if item.address in before
            for sentence in _differs(visit, before[item.address], item)
        ),
    )


def _contacts(consequences: Iterable[Consequence], kind: ActionKind) -> tuple[Contact, ...]:
    return tuple(
        Contact(item.recipient_name or "", item.recipient_email or "")
        for item in consequences
        if item.kind == kind and item.effect in ("new", "moved")
    )


def _differs(visit: Visit, old: Attendee, new: Attendee) -> Iterator[str]:
    if old.name != new.name:
        yield f"{old.name} is now called {new.name}"
    if visit.seat_of(old) is not visit.seat_of(new):
        yield f"{new.name} comes as {visit.seat_of(new)}, not as {visit.seat_of(old)}"
