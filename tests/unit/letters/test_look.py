"""Every kind of mail can be read on a light and on a dark screen, whatever colours a mail program has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from orchestrator.services.letters.look import TONES, look
from tests.unit.letters.letters_made import LETTERS_BY_NAME, html_of

LIGHT, DARK = "light", "dark"
TEXT, BORDER = 4.5, 3.0
"""Least contrast of text (WCAG 2.1, 1.4.3) and of a border that is needed to see a control (1.4.11)."""
_VOID = {"meta", "br", "hr", "img", "link", "input"}
_RULE = re.compile(r"\.(\w+)\{([^{}]*)\}")
_DARK_SHEET = re.compile(r"@media \(prefers-color-scheme:dark\)\{(.*?)\n\}", re.DOTALL)


def declarations(style: str) -> dict[str, str]:
    pairs = (item.partition(":") for item in style.split(";") if item)
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}


@dataclass
class Element:
    """An element with its own style in one scheme."""

    tag: str
    style: dict[str, str]
    parent: Element | None = None

    def up(self) -> Iterator[Element]:
        """Return this element and those around it, from inside out."""
        found: Element | None = self
        while found is not None:
            yield found
            found = found.parent

    def said(self, name: str) -> str | None:
        """Return the value of the nearest element that sets a property."""
        return next((item.style[name] for item in self.up() if name in item.style), None)


@dataclass
class Shown:
    """What a scheme makes of a mail: its texts and its borders, each with the element it stands in."""

    texts: list[tuple[str, Element]] = field(default_factory=list)
    borders: list[Element] = field(default_factory=list)


class Screen(HTMLParser):
    """Shows a mail as a program does that knows style attributes, and in the dark also the style sheet."""

    def __init__(self, scheme: str, html: str) -> None:
        super().__init__()
        sheet = _DARK_SHEET.search(html)
        rules = _RULE.findall(sheet[1]) if sheet and scheme == DARK else []
        self._rules = {name: declarations(text) for name, text in rules}
        self._here: Element | None = None
        self.shown = Shown()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        style = declarations(given.get("style", ""))
        for name in given.get("class", "").split():
            style |= self._rules.get(name, {})
        self._here = Element(tag, style, self._here)
        if any(name in style for name in ("border", "border-top", "border-bottom")):
            self.shown.borders.append(self._here)

    def handle_endtag(self, tag: str) -> None:
        assert self._here is not None and self._here.tag == tag, f"</{tag}> closes what is not open"
        self._here = self._here.parent

    def handle_data(self, data: str) -> None:
        if data.strip() and self._here is not None and self._here.tag not in ("style", "title"):
            self.shown.texts.append((data.strip(), self._here))


def contrast(one: str | None, other: str | None) -> float:
    """Return the contrast ratio of two colours (WCAG 2.1, definition)."""
    assert one and other, "a colour is not set"
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#000000", "#ffffff", 21), ("#ffffff", "#ffffff", 1), ("#767676", "#ffffff", 4.54)],
)
def test_contrast_is_computed_as_defined(one: str, other: str, expected: float) -> None:
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == expected


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_every_text_can_be_read_on_its_background(name: str, scheme: str) -> None:
    shown = Screen(scheme, html_of(name)).shown
    assert len(shown.texts) > 5
    for text, element in shown.texts:
        found = contrast(element.said("color"), element.said("background-color"))
        assert found >= TEXT, f"{text!r}: {found:.2f}"


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_every_border_can_be_seen(name: str, scheme: str) -> None:
    shown = Screen(scheme, html_of(name)).shown
    assert shown.borders
    for element in shown.borders:
        assert element.parent is not None
        found = contrast(element.style.get("border-color"), element.parent.said("background-color"))
        assert found >= BORDER, f"{element.tag}: {found:.2f}"


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_nothing_is_left_to_the_colours_of_the_mail_program(name: str, scheme: str) -> None:
    """Text and background are set together, on the cell or link that holds a text.

    Programs drop the body's style, and by the rules of old pages a table takes over no colour from around it.
    """
    for text, element in Screen(scheme, html_of(name)).shown.texts:
        holder = next(item for item in element.up() if item.tag in ("td", "a", "body"))
        assert holder.tag != "body", f"{text!r} stands in no cell"
        for item in element.up():
            both = {"color", "background-color"} & set(item.style)
            assert len(both) in (0, 2), f"{text!r}: only {both} is set on {item.tag}"
        assert {"color", "background-color"} <= set(holder.style), f"{text!r} in {holder.tag}"


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_a_dark_screen_shows_other_colours_and_none_is_faded(name: str) -> None:
    html = html_of(name)
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "opacity" not in html
    seen = {
        scheme: {element.said("background-color") for _, element in Screen(scheme, html).shown.texts}
        for scheme in (LIGHT, DARK)
    }
    assert seen[LIGHT] == {"#ffffff"} and seen[DARK] == {"#12171e"}


def test_the_style_sheet_overrules_what_is_written_on_elements() -> None:
    sheet = _DARK_SHEET.search(html_of("invitation"))
    assert sheet is not None
    rules = dict(_RULE.findall(sheet[1]))
    assert set(rules) == set(TONES)
    assert all(item.endswith("!important") for rule in rules.values() for item in rule.split(";"))


def test_an_element_keeps_its_own_style_beside_the_colours() -> None:
    assert look("ink", "padding:0") == (
        'class="ink" style="padding:0;background-color:#ffffff;color:#1b2430"'
    )
