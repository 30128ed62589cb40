"""The title of a meeting where there is little room: in subjects, lists and programmes."""

from __future__ import annotations

from typing import Protocol

MOST_OF_SHORT = 40
"""The most characters of a short title."""
_CUT = "…"
_LOOSE_END = " ,;:–-(/"


class Titled(Protocol):
    """A meeting, or a view of one, as far as its titles go."""

    @property
    def title_en(self) -> str:
        """The title in English."""

    @property
    def title_vi(self) -> str | None:
        """The title in Vietnamese."""

    @property
    def short(self) -> str | None:
        """The short title that its coordinator gave."""

    @property
    def short_vi(self) -> str | None:
        """The short title in Vietnamese."""


def short_title(meeting: Titled, language: str = "en") -> str:
    """Return the short title of a meeting, as readers of ``language`` (``en``, ``vi``) know it.

    It is the one that its coordinator gave, else its title, cut at a word where it is longer.
    """
    if language == "vi":
        return meeting.short_vi or meeting.short or cut(meeting.title_vi or meeting.title_en)
    return meeting.short or cut(meeting.title_en)


def cut(title: str, most: int = MOST_OF_SHORT) -> str:
    """Return ``title`` with at most that many characters, cut at a word, and marked where it was cut."""
    if len(title) <= most:
        return title
    room = title[: most - len(_CUT) + 1]
    words = room.rpartition(" ")[0].rstrip(_LOOSE_END)
    # One word that is longer than all the room is cut within.
    return (words or title[: most - len(_CUT)]) + _CUT
