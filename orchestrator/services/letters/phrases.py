"""What letters call the chair, the office that writes, a delegation and a meeting, in one language."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.domain.delegations.delegation import Delegation
from orchestrator.domain.letters.wording import Wording, marked
from orchestrator.domain.meetings.changes import Snapshot, What
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.time.zones import Place

_CHAIR_OF, _CHAIR = marked("the Chair of {programme}"), marked("the Chair")
_OFFICE = marked("the {agency} of {country}")
_DELEGATION = marked("the delegation of {country}")
_COORDINATOR = marked("Coordinator, {office}, for {chair}")
_NUMBERED = re.compile(r"(?P<name>.*\S) (?P<number>[1-9]\d{0,2})")
# Names of countries and bodies that have an article in running English.
_WITH_ARTICLE = ("Republic of", "Philippines", "Lao PDR", "ASEAN Secretariat", "People's Republic", "United ")
_THE = "the "
MODES = {
    Mode.ONLINE: marked("online"),
    Mode.IN_PERSON: marked("in person"),
    Mode.HYBRID: marked("in person and online"),
}
CHANGED = {
    What.TITLE: marked("Title"),
    What.TITLE_VI: marked("Title in Vietnamese"),
    What.MODE: marked("Form of the meeting"),
    What.VENUE: marked("Venue"),
    What.LINK: marked("Link"),
    What.AGENDA: marked("Agenda"),
    What.ARRIVALS: marked("How to get there"),
    What.EMERGENCY: marked("Emergency number"),
    What.COORDINATOR: marked("Contact"),
}
_NONE = marked("none")


@dataclass(frozen=True, slots=True)
class ChangedLine:
    """One changed thing as the reader reads it: its name, what it was and what it is."""

    label: str
    old: str
    new: str


def chair(programme: str | None, wording: Wording) -> str:
    """Return what letters call the chair of a programme; ``ACCSM 21`` is the 21st ACCSM in English."""
    if not programme:
        return wording.say(_CHAIR)
    found = _NUMBERED.fullmatch(programme)
    if found and wording.is_english:
        programme = f"the {_ordinal(int(found['number']))} {found['name']}"
    return wording.say(_CHAIR_OF, programme=programme)


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def office(host: Delegation, wording: Wording) -> str:
    """Return which office of the host writes; the host itself where its name is not known in the language."""
    agency = {"en": host.agency, "vi": host.agency_vi}.get(wording.code)
    if not agency:
        return country(host, wording)
    # Data may hold several offices; the first one is the one that stands for ACCSM.
    first = re.split(r"; | / ", agency)[0]
    return wording.say(_OFFICE, agency=first, country=country(host, wording))


def signature(host: Delegation, programme: str | None, wording: Wording) -> str:
    """Return the line below the coordinator's name."""
    own = office(host, wording).removeprefix(_THE)
    return wording.say(_COORDINATOR, office=own, chair=chair(programme, wording))


def country(delegation: Delegation, wording: Wording) -> str:
    """Return the name of a delegation in running text."""
    name = wording.name(delegation.name)
    return f"{_THE}{name}" if wording.is_english and name.startswith(_WITH_ARTICLE) else name


def delegation_of(delegation: Delegation, wording: Wording) -> str:
    """Return ``the delegation of Myanmar``."""
    return wording.say(_DELEGATION, country=country(delegation, wording))


def meeting_called(title: str, wording: Wording) -> str:
    """Return the title of a meeting in running text."""
    if not wording.is_english:
        return title
    return _THE + title.removeprefix("The ").removeprefix(_THE)


def changed_lines(
    old: Snapshot, new: Snapshot, found: frozenset[What], wording: Wording
) -> list[ChangedLine]:
    """Return what changed beside the time, in a language; texts of the meeting stay as they are."""
    return [
        ChangedLine(wording.say(label), *(_value(item, what, wording) for item in (old, new)))
        for what, label in CHANGED.items()
        if what in found
    ]


def _value(snapshot: Snapshot, what: What, wording: Wording) -> str:
    match what:
        case What.MODE:
            return wording.say(MODES[snapshot.where.mode])
        case What.AGENDA:
            items = "; ".join(f"{number}. {text}" for number, text in enumerate(snapshot.agenda, 1))
            return items or wording.say(_NONE)
    venue = snapshot.where.venue
    values = {
        What.TITLE: snapshot.title,
        What.TITLE_VI: snapshot.title_vi,
        What.VENUE: snapshot.where.line,
        What.LINK: snapshot.join_url,
        What.ARRIVALS: venue.arrivals if venue else None,
        What.EMERGENCY: venue.emergency if venue else None,
        What.COORDINATOR: snapshot.coordinator,
    }
    return values[what] or wording.say(_NONE)


def span(snapshot: Snapshot, place: Place, wording: Wording) -> str:
    """Return when a meeting was to be, as it was told to people at a place."""
    start, end = (snapshot.read_at(item, place) for item in (snapshot.starts_at, snapshot.ends_at))
    return wording.moment(start, end)


def capital(text: str) -> str:
    """Return a text as it begins a sentence."""
    return text[:1].upper() + text[1:]
