"""Every golden mail, held against the RFCs, against other parsers and against iTIP."""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from tests.conformance.mime import defects_of, read
from tests.conformance.readers import Component, Libical, Reader, event_of
from tests.conformance.rules import (
    CALENDAR_RULES,
    INVITATION_RULES,
    MAIL_RULES,
    PARAMETERS,
    PROPERTIES,
    calendar_of,
    content_lines,
    unescaped,
)

TEXTS = {"UID", "SUMMARY", "DESCRIPTION", "LOCATION", "CONTACT", "PRODID"}


@pytest.mark.parametrize("rule", MAIL_RULES, ids=lambda rule: rule.__name__)
def test_a_mail_keeps_to(rule: Callable[[bytes], None], golden: bytes) -> None:
    rule(golden)


@pytest.mark.parametrize("rule", INVITATION_RULES, ids=lambda rule: rule.__name__)
def test_an_invitation_keeps_to(rule: Callable[[bytes], None], invitation: bytes) -> None:
    rule(invitation)


@pytest.mark.parametrize("rule", CALENDAR_RULES, ids=lambda rule: rule.__name__)
def test_a_calendar_keeps_to(rule: Callable[[bytes], None], invitation: bytes) -> None:
    rule(calendar_of(invitation))


def test_the_standard_library_finds_the_same_parts_and_no_defects(golden: bytes) -> None:
    message = message_from_bytes(golden, policy=policy.default)
    for part in message.walk():
        assert part.defects == []
        assert [defects_of(name, value) for name, value in part.items()] == [[]] * len(part)
    assert [(part.get_content_type(), leaf(part)) for part in message.walk()] == [
        (part.content_type, None if part.parts else part.content()) for part in read(golden).walk()
    ]


def leaf(part: EmailMessage) -> bytes | None:
    decoded = part.get_payload(decode=True)
    assert decoded is None or isinstance(decoded, bytes)
    return decoded


def test_each_parser_reads_what_stands_there(reader: Reader, invitation: bytes) -> None:
    content = calendar_of(invitation)
    found = reader.read(content)
    expected = sorted(
        (line.component, line.name, unescaped(line.value) if line.name in TEXTS else line.value, line.params)
        for line in content_lines(content)
    )
    assert sorted(everything(found)) == expected


def everything(found: Component) -> list[tuple[str, str, str, dict[str, str]]]:
    own = [(found.name, line.name, line.value, line.params) for line in found.lines]
    return own + [item for component in found.components for item in everything(component)]


def test_each_parser_finds_only_expected_names(reader: Reader, invitation: bytes) -> None:
    calendar = reader.read(calendar_of(invitation))
    assert {line.name for line in calendar.lines} <= PROPERTIES["VCALENDAR"]
    event = event_of(calendar)
    assert {line.name for line in event.lines} <= PROPERTIES["VEVENT"]
    for line in event.lines:
        assert set(line.params) <= PARAMETERS.get(line.name, set())


def test_libical_finds_that_the_method_has_what_itip_demands(libical: Libical, invitation: bytes) -> None:
    assert libical.complaints(calendar_of(invitation)) == []
