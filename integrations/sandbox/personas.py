"""Who of the simulated attendees answers what, when and with which software.

That depends on the address alone, so that a demo goes the same way each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from integrations.sandbox.writing import Says, Software


class Occasion(StrEnum):
    """What makes a person answer. To be asked again means: for the time that was asked for before."""

    ASKED = "asked"
    ASKED_AGAIN = "asked again"
    REMINDED = "reminded"
    ANY_MAIL = "any mail"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that a person does, ``after`` a while.

    ``from_alias`` answers from another address than the invited one. ``for_delegation`` presses the button
    for the whole delegation, and leaves the ticks of the page that asks as they are: the answer is then for
    all who have not answered otherwise.
    """

    says: Says
    through: Software
    on: Occasion = Occasion.ASKED
    after: timedelta = timedelta()
    comment: str = ""
    delegate: str | None = None
    from_alias: bool = False
    for_delegation: bool = False


Persona = tuple[Move, ...]
_SILENT: Persona = ()
_YES = {each: (Move(Says.ACCEPTED, each),) for each in Software if each is not Software.SERVER}
_MAYBE = {each: (Move(Says.TENTATIVE, each),) for each in Software if each is not Software.SERVER}
_PROPOSES: Persona = (
    Move(Says.PROPOSED, Software.GMAIL, comment="We have our own council that day."),
    Move(Says.ACCEPTED, Software.GMAIL, on=Occasion.ASKED_AGAIN),
)
_THINKS_AGAIN: Persona = (
    Move(Says.DECLINED, Software.OUTLOOK, comment="I am travelling."),
    Move(Says.ACCEPTED, Software.OUTLOOK, after=timedelta(days=1), comment="My journey is put off."),
)
_DROPS_OUT: Persona = (
    Move(Says.ACCEPTED, Software.OUTLOOK),
    Move(Says.DECLINED, Software.PAGE, on=Occasion.REMINDED, comment="A sitting of Parliament."),
)
_AWAY: Persona = (
    Move(Says.ABSENT, Software.OUTLOOK, comment="I am out of the office and read my mail again next week."),
)
_UNKNOWN: Persona = (
    Move(
        Says.BOUNCED,
        Software.SERVER,
        on=Occasion.ANY_MAIL,
        comment="550 5.1.1 User unknown in virtual mailbox table",
    ),
)
CAST: Mapping[str, Persona] = {
    "focal.point@bn.example.org": _YES[Software.OUTLOOK],
    "senior.official@bn.example.org": _YES[Software.APPLE],
    "focal.point@kh.example.org": (
        Move(Says.ACCEPTED, Software.PAGE, comment="We shall be four in the room."),
    ),
    "senior.official@kh.example.org": _MAYBE[Software.OUTLOOK],
    "focal.point@id.example.org": _YES[Software.GMAIL],
    "senior.official@id.example.org": _AWAY,
    "focal.point@la.example.org": (Move(Says.ACCEPTED, Software.PAGE, for_delegation=True),),
    "senior.official@la.example.org": _SILENT,
    "focal.point@my.example.org": _THINKS_AGAIN,
    "senior.official@my.example.org": _YES[Software.OUTLOOK],
    "focal.point@mm.example.org": _SILENT,
    "senior.official@mm.example.org": _MAYBE[Software.GMAIL],
    "focal.point@ph.example.org": _UNKNOWN,
    "senior.official@ph.example.org": _YES[Software.GMAIL],
    "focal.point@sg.example.org": _PROPOSES,
    "senior.official@sg.example.org": _DROPS_OUT,
    "focal.point@th.example.org": (
        Move(Says.DECLINED, Software.APPLE, comment="Ngày đó tôi không dự được; ขอโทษครับ, truly sorry."),
    ),
    "senior.official@th.example.org": (
        Move(Says.DELEGATED, Software.OUTLOOK, delegate="deputy.secretary@th.example.org"),
    ),
    "focal.point@tl.example.org": _YES[Software.PAGE],
    "senior.official@tl.example.org": _SILENT,
    "focal.point@vn.example.org": _YES[Software.PAGE],
    "senior.official@vn.example.org": _YES[Software.OUTLOOK],
    "accsm.desk@asean.example.org": (Move(Says.ACCEPTED, Software.OUTLOOK, from_alias=True),),
}
"""The people of the example, in which everything happens that a coordinator has to live with."""
_OTHERS: Sequence[Persona] = (
    _YES[Software.OUTLOOK],
    _YES[Software.GMAIL],
    _YES[Software.APPLE],
    _YES[Software.PAGE],
    _MAYBE[Software.OUTLOOK],
    _MAYBE[Software.PAGE],
    (Move(Says.DECLINED, Software.GMAIL),),
    _THINKS_AGAIN,
    _PROPOSES,
    _AWAY,
    _SILENT,
)


def persona_of(address: str) -> Persona:
    """Return what the owner of an address does; always the same for the same address."""
    known = CAST.get(address.casefold())
    if known is not None:
        return known
    return _OTHERS[hashlib.sha256(address.casefold().encode()).digest()[0] % len(_OTHERS)]


def alias_of(address: str) -> str:
    """Return the other address of a person, which is not the invited one."""
    local, _, domain = address.rpartition("@")
    return f"{local}@mail.{domain}"
