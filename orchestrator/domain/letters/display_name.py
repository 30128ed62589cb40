"""The name that an attendee shows in the meeting: ``VIET NAM – HoD – Nguyen Duy Thang``."""

from __future__ import annotations

import unicodedata

from orchestrator.domain.delegations.delegation import Directory, Kind, Role
from orchestrator.domain.meetings.meeting import Attendee, Meeting

LONGEST = 64
"""Characters of a display name. Conference programs cut what is longer, or hide it behind an ellipsis."""
_SEPARATOR = " – "
_HEAD, _DELEGATE = "HoD", "Delegate"
_ROLES = {Role.FOCAL_POINT: "FP", Role.OBSERVER: "Observer"}
# Letters with a stroke or a tail are letters of their own in Unicode, so taking marks off leaves them.
_PLAIN = str.maketrans(
    {
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "ħ": "h",
        "Ħ": "H",
        "ı": "i",
        "ł": "l",
        "Ł": "L",
        "ŧ": "t",
        "Ŧ": "T",
        "ø": "o",
        "Ø": "O",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "ß": "ss",
        "ẞ": "SS",
        "þ": "th",
        "Þ": "Th",
    }
)


def display_name(attendee: Attendee, meeting: Meeting, directory: Directory) -> str:
    """Return what ``attendee`` types as their name on joining, so that everybody sees who speaks for whom.

    It names the delegation in capitals, what the person is in it, and the person; people of the
    Secretariat are named without a role. It has at most ``LONGEST`` characters: a name that is longer
    loses whole words from its end, or, where its first word alone is too long, characters.
    """
    delegation = directory.get(attendee.delegation)
    parts = [plain_latin(delegation.name).upper()]
    if delegation.kind is not Kind.SECRETARIAT:
        parts.append(_role(attendee, meeting))
    before = _SEPARATOR.join([*parts, ""])
    return before + _fitting(plain_latin(attendee.name), LONGEST - len(before))


def _role(attendee: Attendee, meeting: Meeting) -> str:
    head = meeting.head_of(attendee.delegation)
    if head is not None and head.address == attendee.address:
        return _HEAD
    return _ROLES.get(attendee.role, _DELEGATE)


def plain_latin(text: str) -> str:
    """Return ``text`` on one line, its Latin letters without diacritics; other scripts stay as they are."""
    kept: list[str] = []
    latin = False
    for char in unicodedata.normalize("NFD", " ".join(text.split())):
        if unicodedata.category(char) == "Mn" and latin:
            continue
        if not unicodedata.combining(char):
            latin = unicodedata.name(char, "").startswith("LATIN ")
        kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept)).translate(_PLAIN)


def _fitting(name: str, room: int) -> str:
    """Return as much of a name as has room, cut between words if that is possible."""
    if len(name) <= room:
        return name
    words = name[: room + 1].rsplit(" ", 1)
    if len(words) == 2 and words[0]:
        return words[0].rstrip(" ,;")
    end = room
    # A mark or a vowel sign belongs to the letter before it, and a joiner to both its neighbours.
    while end > 1 and _leans_on_the_letter_before(name, end):
        end -= 1
    return name[:end]


def _leans_on_the_letter_before(name: str, at: int) -> bool:
    return unicodedata.category(name[at]) in ("Mn", "Mc", "Cf") or unicodedata.category(name[at - 1]) == "Cf"
