"""The colours of mails: text, background and borders, for a light and for a dark screen.

Mail programs put a mail on a background of their own. A mail that sets neither text nor background, or only
one of them, is shown white on white by a dark theme. So every cell and every link gets both: written on it,
because many programs drop style sheets, and once more in a style sheet for programs that know dark screens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from orchestrator.domain.letters.wording import Wording

_PAPER = {"background-color": ("#ffffff", "#12171e")}
_ACCENT = ("#12437a", "#8db9ec")
_INK = {**_PAPER, "color": ("#1b2430", "#e6eaf0")}
_LINK = {**_PAPER, "color": _ACCENT}
TONES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "ink": _INK,
    "soft": {**_PAPER, "color": ("#55606f", "#a6b1bf")},
    "link": _LINK,
    "button": {**_LINK, "border-color": _ACCENT},
    "bar": {**_INK, "border-color": _ACCENT},
    "rule": {**_INK, "border-color": ("#76828f", "#7b8897")},
}
"""By tone, each property with its value on a light and on a dark screen."""


def look(tone: str, more: str = "") -> Markup:
    """Return the attributes of an element in a tone; ``more`` is further style, without colours."""
    colours = [f"{name}:{light}" for name, (light, _) in TONES[tone].items()]
    return Markup('class="{}" style="{}"').format(tone, ";".join([more, *colours] if more else colours))


def _rule(tone: str) -> str:
    # What is written on an element goes before a style sheet, unless that insists.
    colours = ";".join(f"{name}:{dark}!important" for name, (_, dark) in TONES[tone].items())
    return f".{tone}{{{colours}}}"


DARK_STYLE = Markup(
    ":root{{color-scheme:light dark;supported-color-schemes:light dark}}\n"
    "@media (prefers-color-scheme:dark){{\n{}\n}}"
).format(Markup("\n".join(_rule(tone) for tone in TONES)))  # noqa: S704
"""The style sheet of a mail, for programs that read it."""


# Mail programs know no web fonts; these are what Windows and Linux have for the scripts of the region.
_FONTS = Markup(
    "'Leelawadee UI','Myanmar Text','Noto Sans Thai','Noto Sans Khmer','Noto Sans Lao','Noto Sans Myanmar',"
)


def script(wording: Wording) -> dict[str, Any]:
    """Return how the letters of a language are set."""
    language = wording.language
    return {
        "lang": language.code,
        "english": wording.is_english,
        "line_height": "1.8" if language.tall else "1.5",
        "fonts": "" if wording.is_english else _FONTS,
    }
