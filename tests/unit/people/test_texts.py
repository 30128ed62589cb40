"""Names and titles that strangers may have written: no character that hides, and no link."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from orchestrator.domain.definitions.definition import MeetingDefinition
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations.delegation import Delegation
from orchestrator.domain.text import Name, Title, shown
from orchestrator.errors import InvalidInput
from tests.unit.definitions.documents import document, person

NAME, TITLE = TypeAdapter[str](Name), TypeAdapter[str](Title)
HIDDEN = {
    "right-to-left override": "Thi\u202eda",
    "left-to-right isolate": "Thi\u2066da\u2069",
    "right-to-left mark": "Thida\u200f x",
    "Arabic letter mark": "Thi\u061cda",
    "zero-width space": "Thi\u200bda",
    "zero-width joiner between Latin letters": "Thi\u200dda",
    "joiner after an emoji before a letter": "Thi \U0001f469\u200dda",
    "joiner before an emoji after a letter": "Thi\u200d\U0001f4bb",
    "joiner at the end": "\U0001f469\u200d",
    "two joiners between emoji": "\U0001f469\u200d\u200d\U0001f4bb",
    "zero-width non-joiner between Latin letters": "Thi\u200cda",
    "word joiner": "Thi\u2060da",
    "byte order mark": "Thi\ufeffda",
    "soft hyphen": "Thi\u00adda",
    "Mongolian vowel separator": "Thi\u180eda",
    "invisible times": "Thi\u2062da",
    "tag letters": "Thi\U000e0041\U000e007fda",
    "Hangul filler": "Thi\u3164da",
    "half-width Hangul filler": "Thi\uffa0da",
    "combining grapheme joiner": "Thi\u034fda",
    "Khmer inherent vowel": "Thi\u17b4da",
    "blank of Braille": "Thi\u2800da",
    "selector without a sign before it": "Thi\ufe0fda",
    "selectors in a row": "\u845b\U000e0100\U000e0101",
    "interlinear annotation": "Thi\ufff9da",
    "line separator": "Thi\u2028da",
    "control character": "Thi\x07da",
    "half a character": "Thi\ud800da",
    "no character": "Thi\ufffeda",
}
LINKS = [
    "Win https://evil.example/pay",
    "HTTP://EVIL.EXAMPLE",
    "https:/evil.example",
    "hTTps\uff1a//evil.example",
    "ftp://files",
    "see www.evil",
    "Pay at evil.example/now",
    "bit.ly/3xYz",
    "Bit.Ly/3xYz",
    "evil.example:8080",
    "evil.example?x=1",
    "Visit evil.com",
    "Visit Evil.Com today",
    "BIT.LY/X",
    "EVIL.RU",
    "evil\uff0ecom",
    "evil\u3002com",
    "xn--e1afmkfd.xn--p1ai",
    "b\u00fccher.de",
    "mailto:pay@evil",
    "javascript:alert(1)",
    "data:text/html,x",
    "tel:+900123",
    "Ask pay@evil.example",
    "http://192.0.2.7/pay",
    "192.0.2.7/pay",
    "//evil.local",
    "pay@intranet.local",
    "evil.example",
    "go.evil.ly",
]
FINE = [
    "Dr.Nguyen Van A",
    "Nguy\u1ec5n V\u0103n A.",
    "H.E. Mr. Aung San (MOHA/PMO)",
    "M.Sc. Li; Ph.D. Do, B.A.",
    "Prof.Dr.Somchai",
    "Ms.Li",
    "O'Neill-Smith, J.P.",
    "Tan Sri Dato\u2019 Sri Zainal bin Seman",
    "\u0e27\u0e34\u0e0a\u0e31\u0e22 \u0e28\u0e23\u0e35\u0e2a\u0e38\u0e02",
    "\u1780\u17d2\u1793\u17bb\u1784",
    "\u1021\u1031\u102c\u1004\u103a",
    "\u0dc1\u0dca\u200d\u0dbb\u0dd3 Lanka",
    "\u0d15\u0d4d\u200c\u0d37",
    "\u845b\U000e0100\u57ce",
    "\u7530\u4e2d",
    "24th SOM: what next? 3.5/10 of the plan",
    "ASEAN 2025/26 (No.12/QD-BNV)",
    "Data: a view",
    "Q&A 14:00",
    "Session 1.2.3",
    "focal.point",
    "U.Win Maung",
    "DR.WIN MAUNG",
    "Mr.Men Sophal",
    "nguyen.van.minh",
    "Report.docx",
    "Agenda vs.outcome",
]


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("rule", [NAME, TITLE], ids=["name", "title"])
def test_what_hides_in_a_text_is_refused(rule: TypeAdapter[str], text: str) -> None:
    with pytest.raises(ValidationError):
        rule.validate_python(text)


@pytest.mark.parametrize("text", LINKS)
@pytest.mark.parametrize("rule", [NAME, TITLE], ids=["name", "title"])
def test_what_mail_programs_show_as_a_link_is_refused(rule: TypeAdapter[str], text: str) -> None:
    with pytest.raises(ValidationError):
        rule.validate_python(text)


@pytest.mark.parametrize("text", FINE)
@pytest.mark.parametrize("rule", [NAME, TITLE], ids=["name", "title"])
def test_names_and_titles_as_people_write_them_are_taken(rule: TypeAdapter[str], text: str) -> None:
    assert rule.validate_python(text) == text


def test_a_name_is_no_letter() -> None:
    with pytest.raises(ValidationError):
        NAME.validate_python("A" * 121)


@pytest.mark.parametrize("text", ["A https://evil.example", "A\u202eB", "A\u200bB"])
@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("title.en", lambda text: {"title": text}),
        ("title.vi", lambda text: {"title": {"en": "SOM", "vi": text}}),
        ("coordinator.name", lambda text: {"coordinator": {"name": text, "email": "a@vn.example.org"}}),
        ("attendees[0].name", lambda text: {"attendees": [person(name=text)]}),
    ],
)
def test_a_meeting_file_and_an_update_take_no_such_name_or_title(field: str, written: Any, text: str) -> None:
    fields = written(text)
    with pytest.raises(InvalidInput) as caught:
        MeetingDefinition.of(document(**fields))
    assert [item.field for item in caught.value.problems] == [field]
    assert all(item.message and item.remedy for item in caught.value.problems)
    with pytest.raises(ValidationError):
        MeetingUpdate.model_validate(fields)


def test_the_programme_is_a_title_and_the_agenda_hides_nothing() -> None:
    with pytest.raises(InvalidInput):
        MeetingDefinition.of(document(programme="See evil.com/x"))
    with pytest.raises(InvalidInput):
        MeetingDefinition.of(document(agenda=["Other\u202ematters"]))
    # An item may name where its paper lies: only coordinators write agendas.
    MeetingDefinition.of(document(agenda=["Draft report (https://docs.example.org/7)"]))


def test_what_others_wrote_is_shown_without_what_hides() -> None:
    assert shown("a\u202eb\u2066c\x07d\ud800\u3164e\U000e0041") == "abcde"
    assert (
        shown("\u1781\u200b\u1793 \U0001f468\u200d\U0001f469")
        == "\u1781\u200b\u1793 \U0001f468\u200d\U0001f469"
    )
    assert shown("two\nlines\tand a tab") == "two\nlines\tand a tab"


@pytest.mark.parametrize("field", ["name", "name_vi", "city", "agency"])
def test_the_file_of_delegations_holds_no_such_name(field: str) -> None:
    whole: dict[str, Any] = {
        "code": "VN",
        "kind": "member",
        "order": 1,
        "name": "Viet Nam",
        "zone": "Asia/Ho_Chi_Minh",
        "city": "Ha Noi",
    }
    Delegation.model_validate(whole)
    for text in ("A\u202eB", "A\u200bB", "evil.com/x"):
        with pytest.raises(ValidationError):
            Delegation.model_validate(whole | {field: text})


@pytest.mark.parametrize(
    "emoji",
    ["\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f3fd\u200d\U0001f4bb", "\u2764\ufe0f\u200d\U0001f525"],
)
def test_emoji_that_are_joined_stay_one(emoji: str) -> None:
    assert TITLE.validate_python(f"Atelier {emoji} on records") == f"Atelier {emoji} on records"
