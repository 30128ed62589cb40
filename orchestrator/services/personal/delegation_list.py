"""Who comes for a delegation: reading a focal point's list, and saying what follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from orchestrator.domain.definitions.checking import own_mailbox_problem
from orchestrator.domain.definitions.written import Address
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.domain.people.addresses import OwnMailbox, compared
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import FormOfAddress, Name, Position, shown
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import InvalidInput, Problem
from orchestrator.facts import Fact, chained
from orchestrator.services.people.contacts import Contact
from orchestrator.services.personal.followed_link import FollowedLink, signature
from orchestrator.services.timelines.views import Consequence

MOST_MEMBERS = 30
"""How many people of one delegation a focal point can name."""
_NAME, _ADDRESS = TypeAdapter[str](Name), TypeAdapter[str](Address)
_FORM, _POSITION = TypeAdapter[str](FormOfAddress), TypeAdapter[str](Position)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a delegation as a focal point names them; ``removed`` takes them out of the meeting.

    ``form`` and ``position`` are how letters address them; ``None`` leaves that as it is known.
    """

    name: str
    email: str
    seat: Seat | None = None
    removed: bool = False
    form: str | None = None
    position: str | None = None


@dataclass(frozen=True, slots=True)
class Composition:
    """What naming a delegation does, or would do.

    ``dropped`` are removed before their invitation has left; ``changed`` says what else differs. ``waiting``
    are invited once the coordinator has said yes.
    """

    invited: tuple[Contact, ...] = ()
    waiting: tuple[Contact, ...] = ()
    withdrawn: tuple[Contact, ...] = ()
    dropped: tuple[Contact, ...] = ()
    changed: tuple[Fact, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the list is as it was."""
        return not (self.invited or self.waiting or self.withdrawn or self.dropped or self.changed)


def wanted_members(
    link: FollowedLink, members: Sequence[Member], directory: Directory, own: OwnMailbox
) -> tuple[Attendee, ...]:
    """Return the delegation as it should be; raises ``InvalidInput`` with all that is wrong.

    Nobody can be named under an address of the service's ``own`` mailbox.
    """
    problems = _problems(link, members, own.also(link.meeting.organizer))
    if problems:
        raise InvalidInput(problems)
    group = _group_of_new(link, directory)
    people = {item.address: item for item in link.delegation}
    for member in members:
        address = compared(member.email)
        if member.removed:
            people.pop(address, None)
            continue
        known = people.get(address) or Attendee(
            name="",
            email=_ADDRESS.validate_python(member.email),
            delegation=link.attendee.delegation,
            group=group,
            role=Role.SENIOR_OFFICIAL if member.seat is Seat.HEAD else Role.DELEGATE,
        )
        people[address] = replace(
            known,
            name=_NAME.validate_python(member.name),
            seat=member.seat,
            form=known.form if member.form is None else _optional(_FORM, member.form),
            position=known.position if member.position is None else _optional(_POSITION, member.position),
        )
    wanted = tuple(people.values())
    problems = _too_many(wanted, members)
    if problems:
        raise InvalidInput(problems)
    return wanted


def _group_of_new(link: FollowedLink, directory: Directory) -> str:
    """The circle in which a delegation's head is invited; else that of the other heads, if it may."""
    own = link.attendee
    head = link.meeting.head_of(own.delegation)
    delegation = directory.get(own.delegation)
    codes = dict.fromkeys(item.delegation for item in link.meeting.invited)
    heads = [head, *(link.meeting.head_of(code) for code in codes)]
    groups = [item.group for item in heads if item is not None]
    return next((code for code in groups if directory.group(code).admits(delegation)), own.group)


def _problems(link: FollowedLink, members: Sequence[Member], own: OwnMailbox) -> list[Problem]:
    """Return all that is wrong with each of the members by itself, and with their being together."""
    found: list[Problem] = []
    first: dict[str, int] = {}
    for index, member in enumerate(members):
        where, address = f"members[{index}]", compared(member.email)
        if first.setdefault(address, index) != index:
            found.append(
                Problem(
                    f"{where}.email",
                    member.email,
                    Fact.of("personal.member-twice"),
                    Fact.of("personal.member-twice.remedy"),
                )
            )
        elif member.removed:
            found += _removal_problems(link, where, address)
        else:
            found += _member_problems(link, where, member, address, own)
    return found


def _removal_problems(link: FollowedLink, where: str, address: str) -> list[Problem]:
    if not any(item.address == address and link.stays(item) for item in link.delegation):
        return []
    own = address == link.attendee.address
    wrong = Fact.of("personal.member-is-you") if own else Fact.of("personal.member-is-focal-point")
    return [Problem(f"{where}.seat", "", wrong, Fact.of("personal.member-stays.remedy"))]


def _member_problems(
    link: FollowedLink, where: str, member: Member, address: str, own: OwnMailbox
) -> list[Problem]:
    found = _checked(_NAME, f"{where}.name", member.name, Fact.of("personal.write-name"))
    for rule, name, value, remedy in (
        (_FORM, "address", member.form, "personal.write-address-of-person"),
        (_POSITION, "position", member.position, "personal.write-position-of-person"),
    ):
        if value and value.strip():
            found += _checked(rule, f"{where}.{name}", value, Fact.of(remedy))
    wrong = _checked(_ADDRESS, f"{where}.email", member.email, Fact.of("personal.write-address"))
    if wrong:
        return found + wrong
    if own.holds(address):
        found.append(own_mailbox_problem(f"{where}.email", member.email))
    theirs = link.attendee.delegation
    if any(item.address == address and item.delegation != theirs for item in link.meeting.invited):
        found.append(
            Problem(
                f"{where}.email",
                member.email,
                Fact.of("personal.member-of-others"),
                Fact.of("personal.member-of-others.remedy"),
            )
        )
    return found


def _optional(rule: TypeAdapter[str], value: str) -> str | None:
    return rule.validate_python(value) if value.strip() else None


def _checked(rule: TypeAdapter[str], field: str, value: str, remedy: Fact) -> list[Problem]:
    try:
        rule.validate_python(value)
    except ValidationError as error:
        return [Problem(field, item.value, item.wrong, remedy) for item in problems_of(error)]
    return []


def _too_many(wanted: Sequence[Attendee], members: Sequence[Member]) -> list[Problem]:
    found = []
    if len(wanted) > MOST_MEMBERS:
        found.append(
            Problem(
                "members",
                str(len(wanted)),
                Fact.of("personal.too-many"),
                Fact.of("personal.too-many.remedy", most=MOST_MEMBERS),
            )
        )
    heads = {item.address for item in wanted if item.seat is Seat.HEAD}
    if len(heads) > 1:
        last = [n for n, item in enumerate(members) if compared(item.email) in heads][-1]
        found.append(
            Problem(
                f"members[{last}].seat",
                members[last].name,
                Fact.of("personal.two-heads"),
                Fact.of("personal.two-heads.remedy"),
            )
        )
    return found


_SEATS = {
    Seat.HEAD: "personal.seat.head",
    Seat.MEMBER: "personal.seat.member",
    Seat.SUBSTITUTE: "personal.seat.substitute",
}


def summary(link: FollowedLink, wanted: Sequence[Attendee], waits: Sequence[Attendee] = ()) -> Fact | None:
    """Return the list for the record: who comes as what, who waits for a yes, who comes no more.

    ``None`` for a list on which nobody stands and from which nobody goes.
    """
    kept = {item.address for item in wanted}
    gone = (item for item in link.delegation if item.address not in kept)
    lines = [
        *(
            _recorded("personal.list.comes", item, seat=Fact.of(_SEATS[link.seat_of(item)]))
            for item in wanted
        ),
        *(_recorded("personal.list.waits", item) for item in waits),
        *(_recorded("personal.list.removed", item) for item in gone),
    ]
    return chained(lines) if lines else None


def _recorded(key: str, item: Attendee, **more: Fact) -> Fact:
    """Return a line of the record, in which nothing hides, for it is mailed."""
    return Fact.of(key, who=shown(signature(item)), **more)


def composition_of(
    link: FollowedLink,
    wanted: Sequence[Attendee],
    waits: Sequence[Attendee],
    consequences: Sequence[Consequence],
) -> Composition:
    """Return what a list does to its own delegation, from what it does to the whole meeting.

    ``waits`` are those of it who wait for the coordinator.
    """
    own = [item for item in consequences if item.delegation == link.attendee.delegation]
    invited = _contacts(own, ActionKind.INVITE)
    withdrawn = _contacts(own, ActionKind.CANCEL)
    told = {item.email for item in withdrawn}
    kept, before = {item.address for item in wanted}, {item.address: item for item in link.delegation}
    gone = (Contact(item.name, item.email) for item in link.delegation if item.address not in kept)
    return Composition(
        invited=invited,
        waiting=tuple(Contact(item.name, item.email) for item in waits),
        withdrawn=withdrawn,
        dropped=tuple(item for item in gone if item.email not in told),
        changed=tuple(
            fact
            for item in wanted
            if item.address in before
            for fact in _differs(link, before[item.address], item)
        ),
    )


def _contacts(consequences: Iterable[Consequence], kind: ActionKind) -> tuple[Contact, ...]:
    return tuple(
        Contact(item.recipient_name or "", item.recipient_email or "")
        for item in consequences
        if item.kind == kind and item.effect in ("new", "moved")
    )


def _differs(link: FollowedLink, old: Attendee, new: Attendee) -> Iterator[Fact]:
    if old.name != new.name:
        yield Fact.of("personal.renamed", old=old.name, new=new.name)
    if (old.form, old.position) != (new.form, new.position):
        yield Fact.of("personal.other-address", name=new.name)
    if link.seat_of(old) is not link.seat_of(new):
        seats = {"seat": link.seat_of(new).value, "before": link.seat_of(old).value}
        yield Fact.of("personal.other-seat", name=new.name, **seats)
