"""Notes of coordinators stand first in one message, until it has left."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.errors import Conflict, InvalidInput, NotFound
from tests.callers import caller
from tests.integration.conftest import NHUNG, TAN, THIDA, World

REF = "SOM-2026"
BY = caller("coordinator")
NOTE = "Please bring the signed text.\n\nIt is at https://asean.example.org/som?x=1&y=2."
BOTH = {"en": NOTE, "vi": "Kính đề nghị mang theo văn bản đã ký."}


def plain(world: World, email: str, count: int = 1) -> str:
    body = world.mailer.to(email)[-count].message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def page(world: World, email: str) -> str:
    body = world.mailer.to(email)[-1].message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def retitled(world: World, title: str) -> None:
    change = MeetingUpdate.model_validate({"title": title})
    world.meetings.update(REF, change, caller=BY, version=world.reading.meeting(REF).version)


@pytest.mark.both_databases
def test_a_note_on_the_invitation_stands_first_in_it_and_in_nothing_else(world: World) -> None:
    world.create()
    world.notes.write(REF, "invitation", BOTH, caller=BY)
    world.meetings.publish(REF, caller=BY)
    world.run_conference()
    world.run()
    text = plain(world, TAN)
    assert "Please bring the signed text." in text.split("\n\n")[:2][-1]
    assert "https://asean.example.org/som?x=1&y=2" in text
    own = plain(world, NHUNG)
    assert own.index("Kính đề nghị mang theo") < own.index("Please bring the signed text.")
    html = page(world, TAN)
    assert '<a href="https://asean.example.org/som?x=1&amp;y=2"' in html
    assert html.index("Please bring the signed text.") < html.index("14:00")
    (note,) = world.notes.listed(REF)
    assert (note.message, note.mails, note.left, note.by) == ("invitation", 3, True, "coordinator")
    before = len(world.mailer.accepted)
    retitled(world, "Another title")
    world.run()
    assert len(world.mailer.accepted) == before + 3
    assert "signed text" not in plain(world, TAN)


def test_a_note_is_changed_and_removed_until_its_message_leaves(world: World) -> None:
    world.create()
    world.notes.write(REF, "invitation", "One", caller=BY)
    world.notes.write(REF, "invitation", "Two", caller=BY)
    assert [item.text for item in world.notes.listed(REF)] == [{"en": "Two"}]
    world.notes.remove(REF, "invitation", caller=BY)
    assert world.notes.listed(REF) == ()
    with pytest.raises(NotFound, match="no note"):
        world.notes.remove(REF, "invitation", caller=BY)
    world.notes.write(REF, "invitation", "Three", caller=BY)
    world.meetings.publish(REF, caller=BY)
    world.run_conference()
    world.run()
    for late in (
        lambda: world.notes.write(REF, "invitation", "Four", caller=BY),
        lambda: world.notes.remove(REF, "invitation", caller=BY),
    ):
        with pytest.raises(Conflict, match="3 mails have left with the note") as refused:
            late()
        assert refused.value.code == "note-has-left"
    history = [words.say(item.what) for item in world.reading.meeting(REF).history]
    assert history.count("note written on: Invitation") == 3
    assert history.count("note removed from: Invitation") == 1


@pytest.mark.both_databases
def test_a_note_on_the_next_update_is_said_of_one_change_only(world: World) -> None:
    world.invited()
    world.notes.write(REF, "update", "The order of the day is new.", caller=BY)
    retitled(world, "Another title")
    world.run()
    assert all("The order of the day is new." in plain(world, email) for email in (NHUNG, THIDA, TAN))
    retitled(world, "A third title")
    world.run()
    assert "The order of the day" not in plain(world, TAN)
    world.notes.write(REF, "update", "Now the title again.", caller=BY)
    retitled(world, "A fourth title")
    world.run()
    assert "Now the title again." in plain(world, TAN)


def test_a_note_on_a_step_goes_with_its_reminders(world: World) -> None:
    world.invited()
    names = [item.name for item in world.notes.messages(REF)]
    step = next(name for name in names if name.startswith("remind:"))
    world.notes.write(REF, step, "Bring your passport.", caller=BY)
    world.clock.at = world.reading.meeting(REF).starts_at
    world.clock.move(days=-1)
    world.run()
    carrying = [mail for mail in world.mailer.accepted if b"Bring your passport." in mail.content]
    assert {mail.recipient for mail in carrying} <= {NHUNG, THIDA, TAN}
    assert sum(item.mails for item in world.notes.listed(REF)) == len(carrying)


def test_a_note_written_while_the_mail_is_in_hand_is_in_it_or_comes_too_late(world: World) -> None:
    world.create()
    world.notes.write(REF, "invitation", "Old", caller=BY)
    world.meetings.publish(REF, caller=BY)
    world.run_conference()
    wanted: list[Any] = []

    def meanwhile(_: Any) -> None:
        if not wanted:
            wanted.append(True)
            with pytest.raises(Conflict, match="left with the note"):
                world.notes.write(REF, "invitation", "New", caller=BY)

    world.mailer.before = meanwhile
    world.run()
    assert wanted
    assert {b"Old" in mail.content for mail in world.mailer.accepted if mail.method == "REQUEST"} == {True}


@pytest.mark.parametrize(
    ("message", "text", "field", "wrong"),
    [
        ("nothing", "x", "message", "no message of this meeting"),
        ("invitation", " ", "text", "empty"),
        ("invitation", {"vi": "Chào"}, "text", "missing in English"),
        ("invitation", "x" * 1001, "text", "1001 characters"),
        ("invitation", "a\u202eb", "text", "invisible"),
        ("invitation", "a\x00b", "text", "line break"),
        ("invitation", "\ue000page\ue000", "text", "invisible"),
    ],
)
def test_a_note_that_cannot_be_is_refused(
    world: World, message: str, text: Any, field: str, wrong: str
) -> None:
    world.create()
    with pytest.raises(InvalidInput, match=wrong) as refused:
        world.notes.write(REF, message, text, caller=BY)
    assert [item.field for item in refused.value.problems] == [field]


def test_template_syntax_and_markup_are_text(world: World) -> None:
    world.create()
    wild = "{{ 7*7 }} {% raw %} <b>bold</b> %(x)s {name} javascript:alert(1)\r\nBcc: x@example.org"
    world.notes.write(REF, "invitation", wild, caller=BY)
    world.meetings.publish(REF, caller=BY)
    world.run_conference()
    world.run()
    assert "{{ 7*7 }} {% raw %} <b>bold</b> %(x)s {name}" in plain(world, TAN)
    html = page(world, TAN)
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert 'href="javascript' not in html
    assert world.mailer.to(TAN)[-1].message["Bcc"] is None


def test_two_coordinators_do_not_overwrite_each_other(world: World) -> None:
    world.create()
    world.notes.write(REF, "invitation", "One", caller=BY, version=1)
    with pytest.raises(Conflict) as refused:
        world.notes.write(REF, "invitation", "Two", caller=BY, version=1)
    assert refused.value.code == "version-conflict"
    assert [item.text["en"] for item in world.notes.listed(REF)] == ["One"]


def test_a_look_ahead_shows_the_note_of_what_would_leave(world: World) -> None:
    world.create()
    world.notes.write(REF, "invitation", "Bring the text.", caller=BY)
    world.notes.write(REF, "minutes", "Later.", caller=BY)
    seen = world.meetings.publish(REF, caller=BY, dry_run=True)
    assert [(item.message, item.text) for item in seen.notes] == [("invitation", "Bring the text.")]
