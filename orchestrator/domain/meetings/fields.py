"""What a coordinator says of an attendee and of an agenda item: the fields of both, written down once.

Whatever carries these fields takes them from here. ``Attendee``, ``AgendaEntry`` and their views are these
classes with something more. ``values`` reads the fields off anything that has them under the same names: an
entry of a meeting file (``domain.definitions`` says what may be written in it), a row of a table, a view.
``docs/how-to-add.md`` lists what a new field touches.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from orchestrator.domain.delegations.delegation import Role

WRITTEN_AS = "written as"
"""Key of a field's metadata: the name that files, the API and ``--json`` have for it."""

COMMON_FORMS = ("Mr", "Ms", "Dr", "Prof", "Dato'", "Datuk", "Haji", "U", "Daw", "Ông", "Bà", "Ngài")
"""Forms of address that are offered to choose from; any other may be written."""


class Seat(StrEnum):
    """What a person is in their delegation at one meeting."""

    HEAD = "head of delegation"
    MEMBER = "member"
    SUBSTITUTE = "substitute"


@dataclass(frozen=True, slots=True)
class AttendeeFields:
    """What is said of a person who is invited; ``language`` is a locale, where not the delegation's.

    ``form`` is how letters address the person before the name: Ms, Dato', Bà. Files and answers call it
    ``address``; the address here is that of the person's mail. ``position`` is the office held, as a
    minister's letters name it.
    """

    name: str
    email: str
    delegation: str
    group: str
    role: Role
    seat: Seat | None = None
    language: str | None = None
    form: str | None = field(default=None, metadata={WRITTEN_AS: "address"})
    position: str | None = None


@dataclass(frozen=True, slots=True)
class AgendaFields:
    """What is said of an item of an agenda.

    ``lead`` is a delegation's code or ``all``, ``input_from`` the reference of the meeting whose decisions
    it reports.
    """

    en: str
    vi: str | None = None
    lead: str | None = None
    input_from: str | None = None


def values(of: type[AttendeeFields | AgendaFields], source: object) -> dict[str, Any]:
    """Return the fields of one of these classes as ``source`` has them, by name."""
    return {item.name: getattr(source, item.name) for item in fields(of)}
