"""How a meeting is changed: new values of its fields, and intents about its people and its agenda.

An intent says one thing that is to be done; everything it does not name stays as it is. So nobody who
changes one field has to hand over all the others, and none of them can get lost on the way. ``MeetingUpdate``
may hold whole lists, as the API and files have them; ``intents_of`` translates them, by comparing addresses
and texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field, ValidationError

from orchestrator.domain.definitions.written import (
    Agenda,
    AgendaItem,
    Coordinator,
    Invitee,
    Invitees,
    MeetingLength,
    MeetingTitle,
    Short,
    WallTime,
    Written,
    WrittenVenue,
)
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.people.addresses import compared
from orchestrator.domain.problems import problems_of
from orchestrator.domain.text import Name
from orchestrator.errors import InvalidInput, NotFound
from orchestrator.facts import Fact

W = TypeVar("W", bound=Written)


class MeetingUpdate(Written):
    """The fields an update may set; what is left out stays as it is.

    A venue is given as a whole, for the address of one house must not stay with another. Who makes a
    meeting one over the internet takes venue and room out with that.
    """

    title: MeetingTitle | None = None
    coordinator: Coordinator | None = None
    start: WallTime | None = None
    zone: Short | None = None
    duration: MeetingLength | None = None
    end: WallTime | None = None
    agenda: Agenda | None = None
    attendees: Invitees | None = None
    mode: Mode | None = None
    venue: WrittenVenue | None = None
    room: Name | None = Field(None, description="null takes it out.")


@dataclass(frozen=True, slots=True)
class Invite:
    """Invite one more person."""

    person: Invitee


@dataclass(frozen=True, slots=True)
class Correct:
    """Set some fields of the person with the address ``email``; a new address makes another recipient."""

    email: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Remove:
    """Take the person with the address ``email`` out of the meeting."""

    email: str


@dataclass(frozen=True, slots=True)
class AddItem:
    """Put one more item at the end of the agenda."""

    item: AgendaItem


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """Set some fields of an item of the agenda."""

    number: int
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RemoveItem:
    """Take an item out of the agenda; those after it move up."""

    number: int


@dataclass(frozen=True, slots=True)
class Reorder:
    """Put the items of the agenda in another order: ``numbers`` are their present ones."""

    numbers: tuple[int, ...]


AboutPeople = Invite | Correct | Remove
AboutAgenda = AddItem | ChangeItem | RemoveItem | Reorder
Intent = AboutPeople | AboutAgenda
"""Each is taken as those before it have left the meeting: numbers are those of the agenda at that point."""


def edited_people(people: Sequence[Invitee], intents: Iterable[Intent]) -> tuple[Invitee, ...]:
    """Return the people after all intents about people; those that an intent names come last, in its order.

    Raises ``NotFound`` for an address that nobody has, and ``InvalidInput`` for an unfit value.
    """
    found = list(people)
    for intent in intents:
        match intent:
            case Invite(person):
                found.append(person)
            case Correct(email, fields):
                found.append(_corrected(found.pop(_place_of(email, found)), fields))
            case Remove(email):
                del found[_place_of(email, found)]
    return tuple(found)


def edited_agenda(items: Sequence[AgendaItem], intents: Iterable[Intent]) -> tuple[AgendaItem, ...]:
    """Return the agenda after all intents about the agenda.

    Raises ``NotFound`` for a number that no item has, and ``InvalidInput`` for an unfit value or order.
    """
    found = list(items)
    for intent in intents:
        match intent:
            case AddItem(item):
                found.append(item)
            case ChangeItem(number, fields):
                place = _index_of(number, found)
                found[place] = _with(found[place], fields)
            case RemoveItem(number):
                del found[_index_of(number, found)]
            case Reorder(numbers):
                found = _reordered(found, numbers)
    return tuple(found)


def intents_of(
    update: MeetingUpdate, people: Sequence[Invitee], agenda: Sequence[AgendaItem]
) -> tuple[Intent, ...]:
    """Return what the whole lists of an update want of the ``people`` and the ``agenda`` that are there.

    The person with an address of the list is corrected in what the list says of them, and an item of the same
    English text is changed likewise: what an entry leaves out stays. ``edited_people`` and ``edited_agenda``
    then give the order of the lists.
    """
    return (
        *(() if update.attendees is None else _about_people(people, update.attendees)),
        *(() if update.agenda is None else _about_agenda(agenda, update.agenda)),
    )


def _about_people(people: Sequence[Invitee], wanted: Sequence[Invitee]) -> list[Intent]:
    there = {compared(item.email) for item in people}
    listed = {compared(item.email) for item in wanted}
    intents: list[Intent] = [Remove(item.email) for item in people if compared(item.email) not in listed]
    for item in wanted:
        address = compared(item.email)
        if address in there:
            # A second entry of the same address is an invitation, which the check finds to be one too many.
            there.remove(address)
            intents.append(Correct(item.email, item.model_dump(exclude_unset=True)))
        else:
            intents.append(Invite(item))
    return intents


def _about_agenda(items: Sequence[AgendaItem], wanted: Sequence[AgendaItem]) -> list[Intent]:
    matched = _matched(items, wanted)
    kept = sorted(number for number in matched if number is not None)
    gone = [number for number in range(len(items), 0, -1) if number not in kept]
    intents: list[Intent] = [RemoveItem(number) for number in gone]
    order: list[int] = []
    added = len(kept)
    for item, number in zip(wanted, matched, strict=True):
        if number is None:
            intents.append(AddItem(item))
            added += 1
            order.append(added)
        else:
            place = kept.index(number) + 1
            intents.append(ChangeItem(place, item.model_dump(exclude_unset=True)))
            order.append(place)
    return [*intents, Reorder(tuple(order))]


def _matched(items: Sequence[AgendaItem], wanted: Sequence[AgendaItem]) -> list[int | None]:
    """Return for each wanted item the number of the one with the same English text, each used once."""
    free: dict[str, list[int]] = {}
    for number, item in enumerate(items, 1):
        free.setdefault(item.en, []).append(number)
    return [free[item.en].pop(0) if free.get(item.en) else None for item in wanted]


def _place_of(email: str, people: Sequence[Invitee]) -> int:
    address = compared(email)
    for place, item in enumerate(people):
        if compared(item.email) == address:
            return place
    raise NotFound(Fact.of("definitions.not-invited", email=email))


def _index_of(number: int, items: Sequence[AgendaItem]) -> int:
    if not 1 <= number <= len(items):
        raise NotFound(Fact.of("definitions.no-such-item", number=number, count=len(items)))
    return number - 1


def _reordered(items: Sequence[AgendaItem], numbers: Sequence[int]) -> list[AgendaItem]:
    if sorted(numbers) != list(range(1, len(items) + 1)):
        raise InvalidInput.of(
            "agenda",
            ", ".join(map(str, numbers)),
            Fact.of("definitions.not-each-item-once"),
            Fact.of("definitions.not-each-item-once.remedy", count=len(items)),
        )
    return [items[number - 1] for number in numbers]


def _corrected(person: Invitee, fields: Mapping[str, object]) -> Invitee:
    # In another group one has its role, unless another role is given with it.
    role = {"role": None} if fields.get("group", person.group) != person.group else {}
    return _with(person, role | dict(fields))


def _with(entry: W, fields: Mapping[str, object]) -> W:
    try:
        return entry.model_validate(entry.model_dump() | dict(fields))
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error
