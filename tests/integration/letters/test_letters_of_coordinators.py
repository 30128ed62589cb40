"""A coordinator writes to chosen people of a meeting: seen before, sent once, recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import Remove
from orchestrator.domain.meetings.meeting import Need, Participation
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.services.letters.one_off import LetterDraft, RecipientChoice
from tests.callers import caller
from tests.integration.conftest import NHUNG, TAN, THIDA, World

REF = "SOM-2026"
BY = caller("coordinator")
SUBJECT = {"en": "Parking", "vi": "Chỗ đỗ xe"}
TEXT = {"en": "Please use gate 3.\n\nThe map: https://map.example.org/g3", "vi": "Xin vào cổng số 3."}
LETTER = LetterDraft(SUBJECT, TEXT, at_once=True)


def to(**chosen: Any) -> LetterDraft:
    return LetterDraft(SUBJECT, TEXT, RecipientChoice(**chosen), at_once=True)


def sent(world: World) -> list[str]:
    before = len(world.mailer.accepted)
    world.run()
    return sorted(mail.recipient for mail in world.mailer.accepted[before:])


@pytest.mark.both_databases
def test_what_was_shown_is_sent_word_for_word_once_and_recorded(world: World) -> None:
    world.invited()
    seen = world.coordinator_letters.send(REF, LETTER, caller=BY, dry_run=True)
    assert {item.email for item in seen.recipients} == {NHUNG, THIDA, TAN}
    assert sent(world) == []
    shown = {email: world.coordinator_letters.read(REF, LETTER, email) for email in (NHUNG, TAN)}
    done = world.coordinator_letters.send(REF, LETTER, caller=BY)
    assert done.recipients == seen.recipients
    assert done.effect.count("letter") == 3
    assert sent(world) == sorted([NHUNG, THIDA, TAN])
    assert sent(world) == []
    for email, expected in shown.items():
        mail = world.mailer.to(email)[-1]
        assert mail.subject == expected.subject
        for kind, text in (("plain", expected.text), ("html", expected.html)):
            body = mail.message.get_body((kind,))
            assert body is not None
            assert body.get_content() == text
        assert mail.method == "no calendar"
    assert shown[NHUNG].subject.startswith("Chỗ đỗ xe – ")
    assert shown[NHUNG].text.index("Xin vào cổng") < shown[NHUNG].text.index("Please use gate 3.")
    assert shown[TAN].subject.startswith("Parking – ")
    assert "Xin vào" not in shown[TAN].text
    assert 'href="https://map.example.org/g3"' in shown[TAN].html
    (letter,) = world.coordinator_letters.listed(REF)
    assert {item.state for item in letter.recipients} == {"succeeded"}
    purposes = [item.purpose for item in world.reading.deliveries(REF)]
    assert purposes.count("letter") == 3
    (line,) = [item for item in world.reading.meeting(REF).history if "letter to 3" in words.say(item.what)]
    assert words.maybe(line.detail) == "Parking"


def test_the_next_working_morning_is_that_of_each(world: World) -> None:
    world.invited()
    world.clock.at = datetime(2026, 11, 6, 9, 30, tzinfo=UTC)  # A Friday, 16:30 in Ha Noi.
    draft = LetterDraft(SUBJECT, TEXT)
    done = world.coordinator_letters.send(REF, draft, caller=BY)
    when = {item.recipient_email: str(item.when) for item in done.effect.consequences}
    assert when[NHUNG].startswith("Monday, 9 November 2026, 09:00 Ha Noi")
    assert sent(world) == []
    world.clock.at = datetime(2026, 11, 10, 3, tzinfo=UTC)
    assert {NHUNG, THIDA, TAN} <= set(sent(world))


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"delegations": ("SG",)}, {TAN}),
        ({"circles": ("SOM",)}, {NHUNG, THIDA}),
        ({"roles": ("focal point",)}, {TAN}),
        ({"people": (THIDA.upper(),)}, {THIDA}),
        ({"delegations": ("SG",), "people": (NHUNG,)}, {NHUNG, TAN}),
        ({"unanswered": True}, {THIDA, TAN}),
        ({"circles": ("SOM",), "unanswered": True}, {THIDA}),
        ({"lacking": (Need.LIST,)}, {NHUNG, THIDA, TAN}),
    ],
)
def test_it_goes_to_whom_the_choice_means(world: World, chosen: Any, expected: set[str]) -> None:
    world.invited()
    world.answers.answer(REF, NHUNG, Participation.ACCEPTED, caller=BY)
    seen = world.coordinator_letters.send(REF, to(**chosen), caller=BY, dry_run=True)
    assert {item.email for item in seen.recipients} == expected


def test_recipients_are_those_who_were_shown_and_who_is_removed_gets_nothing(world: World) -> None:
    world.invited()
    seen = world.coordinator_letters.send(REF, LETTER, caller=BY, dry_run=True)
    world.meetings.edit(REF, Remove(THIDA), caller=BY, reason="She has retired.")
    world.run()
    only = [item.id for item in seen.recipients]
    done = world.coordinator_letters.send(REF, LetterDraft(SUBJECT, TEXT), caller=BY, only=only)
    assert {item.email for item in done.recipients} == {NHUNG, TAN}
    assert [words.say(item) for item in done.effect.warnings] == [
        "Thida Aye is not invited any more and gets nothing."
    ]
    world.meetings.edit(REF, Remove(TAN), caller=BY, reason="He has retired.")
    world.clock.move(days=4)
    assert sent(world) == sorted([NHUNG, TAN]), "a cancellation to Tan, the letter to Nhung"
    (letter,) = world.coordinator_letters.listed(REF)
    states = {item.recipient.email: (item.state, words.maybe(item.why)) for item in letter.recipients}
    assert states[NHUNG][0] == "succeeded"
    assert states[TAN][0] == "cancelled"
    assert "Tan Hui Shan" in str(states[TAN][1])


def test_thanks_go_out_afterwards_and_apologies_after_a_cancellation(world: World) -> None:
    world.invited()
    world.clock.at = datetime(2026, 12, 3, 10, tzinfo=UTC)
    world.run()
    assert world.reading.meeting(REF).status == "concluded"
    world.coordinator_letters.send(REF, LETTER, caller=BY)
    assert sorted([NHUNG, THIDA, TAN]) == sent(world)


def test_a_letter_of_before_a_cancellation_is_not_sent_after_it(world: World) -> None:
    world.invited()
    world.coordinator_letters.send(REF, LetterDraft(SUBJECT, TEXT), caller=BY)
    world.meetings.cancel(REF, caller=BY, reason="The Chair is ill.")
    sorry = LetterDraft("Sorry", "We are sorry.")
    world.coordinator_letters.send(REF, sorry, caller=BY)
    world.clock.move(days=3)
    world.run()
    told = [item.purpose for item in world.reading.deliveries(REF)]
    assert told.count("letter") == 3
    second, first = world.coordinator_letters.listed(REF)
    assert {item.state for item in first.recipients} == {"cancelled"}
    assert {item.state for item in second.recipients} == {"succeeded"}


def test_a_draft_is_refused_with_the_reason(world: World) -> None:
    world.create()
    with pytest.raises(Conflict, match="draft"):
        world.coordinator_letters.send(REF, LETTER, caller=BY)
    assert world.rows(ActionKind.LETTER) == []


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (LetterDraft("", ""), ["subject", "text"]),
        (LetterDraft("One\r\nBcc: x@example.org", "Text"), ["subject"]),
        (LetterDraft("x" * 121, "x" * 10_001), ["subject", "text"]),
        (LetterDraft({"vi": "Chào"}, {"en": "x", "xx": "y"}), ["subject", "text.xx"]),
        (LetterDraft("One", "a\u202eb"), ["text"]),
        (to(delegations=("SG", "FR")), ["to.delegations[1]"]),
        (to(people=("nobody@example.org",), roles=("king",)), ["to.roles[0]", "to.people[0]"]),
    ],
)
def test_what_cannot_be_sent_is_refused_field_by_field(
    world: World, draft: LetterDraft, fields: list[str]
) -> None:
    world.invited()
    with pytest.raises(InvalidInput) as refused:
        world.coordinator_letters.send(REF, draft, caller=BY)
    assert [item.field for item in refused.value.problems] == fields
    assert world.coordinator_letters.listed(REF) == ()


def test_a_letter_to_nobody_and_a_reader_who_does_not_get_it_are_refused(world: World) -> None:
    world.invited()
    for email in (NHUNG, THIDA, TAN):
        world.answers.answer(REF, email, Participation.ACCEPTED, caller=BY)
    with pytest.raises(Conflict, match="nobody to write to"):
        world.coordinator_letters.send(REF, to(unanswered=True), caller=BY)
    with pytest.raises(NotFound, match="not among the recipients"):
        world.coordinator_letters.read(REF, to(delegations=("SG",)), NHUNG)


def test_markup_and_template_syntax_are_text(world: World) -> None:
    world.invited()
    wild = LetterDraft("{{ 7*7 }} <b>", "<script>alert(1)</script> {{ config }} {name} %s", at_once=True)
    world.coordinator_letters.send(REF, wild, caller=BY)
    world.run()
    mail = world.mailer.to(TAN)[-1]
    assert mail.subject.startswith("{{ 7*7 }} <b> – ")
    body = mail.message.get_body(("html",))
    assert body is not None
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ config }} {name} %s" in body.get_content()
