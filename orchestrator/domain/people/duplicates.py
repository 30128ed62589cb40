"""Which entries of the directory may be one person, and which only look alike."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import idna

from orchestrator.domain.people.addresses import compared
from orchestrator.domain.people.person import Person

_LOOKS_LIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u051b\u051d\u04bb"
    "\u03b1\u03bf\u03c1\u03bd\u03b9\u0131\u0261",
    "aeopcyxijsdqwhaopviig",
)
"""Small Cyrillic, Greek and other letters by the Latin one they are taken for (an extract of UTS 39's
confusables: letters that are the same or nearly so in common typefaces)."""

_CAPITALS_LOOK_LIKE = str.maketrans(
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0406\u0408\u0405"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7",
    "ABEKMHOPCTYXIJSABEZHIKMNOPTYX",
)
"""Capitals of these scripts by the Latin ones; many look like another letter than their small form."""


class Alike(StrEnum):
    """Why two entries may be one person, the surest first."""

    SAME_ADDRESS = "same address"
    LOOKALIKE_ADDRESS = "lookalike address"
    SAME_NAME = "same name"
    LOOKALIKE_NAME = "lookalike name"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two entries, by id, the smaller first, and the surest reason to take them for one person."""

    first: int
    second: int
    why: Alike


def folded(name: str) -> str:
    """Return a name as it is compared: case, width, kind and number of spaces do not count, marks do."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def bare(text: str) -> str:
    """Return a text without what the eye may miss: marks over letters, and letters of another script.

    Two texts with the same bare form may be taken for each other: Nguyễn and Nguyen, or a Latin and a
    Cyrillic a. Marks of other scripts than Latin are vowels, and stay.
    """
    latin = folded(text).translate(_LOOKS_LIKE).replace("đ", "d")
    parts = unicodedata.normalize("NFD", latin)
    return "".join(sign for sign in parts if not "\u0300" <= sign <= "\u036f")


def bare_address(address: str) -> str:
    """Return an address in its bare form; a domain of A-labels is read as its letters first."""
    local, _, domain = compared(address).rpartition("@")
    try:
        shown = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        shown = domain
    return f"{bare(local)}@{bare(shown)}"


def _forms(text: str) -> frozenset[str]:
    """Return the bare forms of a name: read as it is written, and with its capitals taken for Latin ones."""
    return frozenset({bare(text), bare(text.translate(_CAPITALS_LOOK_LIKE))})


def _address_forms(address: str) -> frozenset[str]:
    return frozenset({bare_address(address), bare_address(address.translate(_CAPITALS_LOOK_LIKE))})


def _all_address_forms(person: Person) -> frozenset[str]:
    return frozenset[str]().union(*map(_address_forms, person.addresses))


def duplicates(people: Iterable[Person]) -> tuple[Duplicate, ...]:
    """Return each pair that may be one person, once, by ids.

    Addresses are compared across delegations, names within one: two ministries may each have a Nguyễn
    Văn An. Entries that were merged are left out.
    """
    groups: dict[tuple[str, str], dict[int, Person]] = defaultdict(dict)
    for person in people:
        if person.merged_into is None:
            for form in _all_address_forms(person):
                groups["address", form][person.id] = person
            for form in _forms(person.name):
                groups[person.delegation, f"name {form}"][person.id] = person
    pairs: set[tuple[int, int]] = set()
    found = []
    for group in groups.values():
        for one, other in combinations(sorted(group.values(), key=lambda each: each.id), 2):
            if (one.id, other.id) not in pairs:
                pairs.add((one.id, other.id))
                found.append(Duplicate(one.id, other.id, _why(one, other)))
    return tuple(sorted(found, key=lambda each: (each.first, each.second)))


def _why(one: Person, other: Person) -> Alike:
    """Return the surest reason to take two entries, of which some form is the same, for one person."""
    if {compared(each) for each in one.addresses} & {compared(each) for each in other.addresses}:
        return Alike.SAME_ADDRESS
    if _all_address_forms(one) & _all_address_forms(other):
        return Alike.LOOKALIKE_ADDRESS
    return Alike.SAME_NAME if folded(one.name) == folded(other.name) else Alike.LOOKALIKE_NAME
