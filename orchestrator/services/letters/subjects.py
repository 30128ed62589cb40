"""The subjects of mails: what it is and when, before the title, so that a phone shows it.

What stands before the title has at most ``LONGEST_BEFORE`` characters. Where it is longer, the weekday goes,
then the city. The title is the short one.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from orchestrator.domain.letters.wording import Wording, marked
from orchestrator.domain.meetings.changes import REINSTATED, What
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.time.zones import LocalTime
from orchestrator.services.letters.content import LetterContent

LONGEST_BEFORE = 60
_TITLE = "\ue000title\ue000"


class Occasion(StrEnum):
    """What an update is to its reader; the gravest change decides."""

    INVITATION = "invitation"
    HELD = "held after all"
    TIME = "new time"
    VENUE = "new venue"
    LINK = "new link"
    AGENDA = "updated agenda"
    TITLE = "updated title"
    OTHER = "updated"


_GRAVEST = {
    What.STATUS: Occasion.INVITATION,
    What.TIME: Occasion.TIME,
    What.MODE: Occasion.VENUE,
    What.VENUE: Occasion.VENUE,
    What.LINK: Occasion.LINK,
    What.TITLE: Occasion.TITLE,
    What.TITLE_VI: Occasion.TITLE,
    What.AGENDA: Occasion.AGENDA,
}


def occasion_of(content: LetterContent, mode: Mode) -> Occasion:
    """Return what an update is of a meeting in a mode.

    The first confirmed request after a save-the-date is the invitation. Who came to a venue and now takes
    part online has a new link, and no new venue.
    """
    if REINSTATED in content.differences:
        return Occasion.HELD
    found = {item.what for item in content.differences}
    gravest = next((occasion for what, occasion in _GRAVEST.items() if what in found), Occasion.OTHER)
    return Occasion.LINK if gravest is Occasion.VENUE and not mode.has_venue else gravest


SUBJECTS = {
    "invitation": marked("Invitation: {when} – {title}"),
    "save-the-date": marked("Save the date: {when} – {title}"),
    "update": marked("Updated: {when} – {title}"),
    "again": marked("Invitation: {when} – {title}"),
    "refusal": marked("Time unchanged: {when} – {title}"),
    "answered-for": marked("Answered for you: {when} – {title}"),
    "reminder": marked("Reminder: {when} – {title}"),
    "notice": marked("{notice}: {when} – {title}"),
    "chaser": marked("Reminder, by {by}: {items} – {title}"),
    "connection-test": marked("Connectivity test: {when} – {title}"),
    "date-poll": marked("Choice of a date: {title}"),
    "cancellation": marked("Cancelled: {when} – {title}"),
    "letter": "{title}",
    "minutes": "Minutes: {title}",
}
UPDATES = {
    Occasion.INVITATION: SUBJECTS["invitation"],
    Occasion.HELD: marked("Held after all: {when} – {title}"),
    Occasion.TIME: marked("New time: {when} – {title} (was {was})"),
    Occasion.VENUE: marked("New venue: {when} – {title}"),
    Occasion.LINK: marked("New link: {when} – {title}"),
    Occasion.AGENDA: marked("Updated agenda: {when} – {title}"),
    Occasion.TITLE: marked("Updated title: {when} – {title}"),
    Occasion.OTHER: SUBJECTS["update"],
}
REMOVAL = marked("Change of participants: {when} – {title}")
OVERDUE = marked("Awaited since {by}: {items} – {title}")
AWAITED = marked("Awaited: {items} – {title}")
_WITHOUT_CLOCK = frozenset(
    {
        SUBJECTS["save-the-date"],
        SUBJECTS["update"],
        SUBJECTS["answered-for"],
        SUBJECTS["notice"],
        UPDATES[Occasion.AGENDA],
        UPDATES[Occasion.TITLE],
        REMOVAL,
    }
)


def written(pattern: str, wording: Wording, title: str, at: LocalTime, **more: str) -> str:
    """Return a subject in a language: ``pattern`` with the moment ``at`` on the reader's clock."""
    whens = _whens(wording, at, with_clock=pattern not in _WITHOUT_CLOCK)
    fitting = (wording.say(pattern, when=when, title=_TITLE, **more) for when in whens)
    return _shortest_needed(fitting).replace(_TITLE, title)


def asking(
    wording: Wording, title: str, items: str, deadline: LocalTime | None, *, overdue: bool = False
) -> str:
    """Return the subject of a letter that asks again for ``items``, by a deadline or none."""
    forms = []
    if deadline is not None:
        pattern = OVERDUE if overdue else SUBJECTS["chaser"]
        weekdays = (False,) if wording.code == "vi" else (True, False)
        days = [wording.short_date(deadline.day, weekday=item, year=False) for item in weekdays]
        forms = [wording.say(pattern, by=day, items=items, title=_TITLE) for day in days]
    forms.append(wording.say(AWAITED, items=items, title=_TITLE))
    return _shortest_needed(forms).replace(_TITLE, title)


def before_title(subject_with_mark: str) -> str:
    """Return what stands before the title."""
    return subject_with_mark.partition(_TITLE)[0]


def was(wording: Wording, old: LocalTime, new: LocalTime) -> str:
    """Return the time before a change, as short as it still tells: the date, or the clock of the same day."""
    if old.day == new.day:
        return old.clock if old.clock != new.clock else f"{old.clock} {old.offset}"
    return wording.short_date(old.day, weekday=False, year=old.day.year != new.day.year)


def _whens(wording: Wording, at: LocalTime, *, with_clock: bool) -> Iterable[str]:
    own = wording.local(at)
    clock = f", {own.clock}" if with_clock else ""
    city = f" {own.city}" if with_clock else ""
    yield f"{wording.short_date(at.day)}{clock}{city}"
    yield f"{wording.short_date(at.day, weekday=False)}{clock}{city}"
    yield f"{wording.short_date(at.day, weekday=False)}{clock}"


def _shortest_needed(forms: Iterable[str]) -> str:
    last = ""
    for form in forms:
        last = form
        if len(before_title(form)) <= LONGEST_BEFORE:
            break
    return last
