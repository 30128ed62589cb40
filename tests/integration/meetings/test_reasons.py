"""Why a meeting is moved or cancelled reaches those who are told of it, from every surface."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import Invite, MeetingUpdate, Remove
from orchestrator.domain.definitions.written import Invitee
from orchestrator.errors import InvalidInput
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World, definition
from tests.integration.meetings.telling import bodies, hidden
from tests.integration.serving import TestClient

REF = "SOM-2026"
WHY = "The chair is travelling & cannot be replaced"
BY = caller("coordinator")
LATER = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})


def told(world: World, email: str) -> set[bool]:
    """Whether the last mail to a person has the reason, in each of its two forms."""
    world.run()
    return {f"Reason: {WHY}" in text for text in bodies(world, email)}


# Cancelling.


@pytest.mark.both_databases
def test_the_reason_of_a_cancellation_is_told_and_kept(world: World) -> None:
    world.invited()
    world.meetings.cancel(REF, caller=BY, reason=f"  {WHY} ")
    assert told(world, NHUNG) == {True}
    assert told(world, THIDA) == {True}
    assert words.maybe(world.reading.meeting(REF).history[0].detail) is not None
    assert any(words.maybe(item.detail) == WHY for item in world.reading.meeting(REF).history)


def test_it_is_taken_by_the_api(world: World, api: TestClient) -> None:
    world.invited()
    assert api.post(f"/api/v1/meetings/{REF}/cancel", json={"reason": WHY}).status_code == 200
    assert told(world, TAN) == {True}


def test_it_is_taken_by_the_console(world: World, client: TestClient) -> None:
    world.invited()
    page = client.get(f"/meetings/{REF}/cancel")
    assert "Told to everybody who is notified" in page.text
    assert re.search(r'<input id="reason"[^>]* required', page.text)
    client.post(f"/meetings/{REF}/cancel", data={**hidden(page), "reason": WHY})
    assert told(world, TAN) == {True}


def test_it_is_taken_on_the_command_line(world: World, run: Any) -> None:
    world.invited()
    run("meeting", "cancel", REF, "--reason", WHY, "--yes")
    assert told(world, TAN) == {True}


# Moving.


@pytest.mark.both_databases
def test_the_reason_of_a_move_is_told(world: World) -> None:
    world.invited()
    world.meetings.update(REF, LATER, caller=BY, version=2, reason=WHY)
    assert told(world, NHUNG) == {True}
    assert "Giờ họp mới" in world.mailer.to(NHUNG)[-1].subject


def test_it_is_taken_by_the_api_when_moving(world: World, api: TestClient) -> None:
    world.invited()
    body = {"version": 2, "start": "2026-12-04 14:00", "reason": WHY}
    seen = api.patch(f"/api/v1/meetings/{REF}?preview=true", json=body)
    assert seen.status_code == 200
    assert api.patch(f"/api/v1/meetings/{REF}", json=body).status_code == 200
    assert told(world, TAN) == {True}


def test_it_is_taken_by_the_console_when_moving(world: World, client: TestClient) -> None:
    world.invited()
    form = client.get(f"/meetings/{REF}/change")
    assert 'name="reason"' in form.text
    typed = {"version": 2, "start": "2026-12-04 14:00", "zone": "Asia/Ho_Chi_Minh", "duration": "PT2H30M"}
    typed |= {"title_en": "Senior Officials Meeting", "title_vi": "Hội nghị quan chức cấp cao"}
    seen = client.post(f"/meetings/{REF}/change", data={**typed, "notify": "yes", "reason": WHY})
    assert html.escape(WHY) in seen.text
    client.post(f"/meetings/{REF}/change", data=hidden(seen))
    assert told(world, TAN) == {True}


def test_it_is_taken_on_the_command_line_when_moving(world: World, run: Any, tmp_path: Path) -> None:
    world.invited()
    run("meeting", "update", REF, "--start", "2026-12-04 14:00", "--reason", WHY, "--yes")
    assert told(world, TAN) == {True}


def test_who_is_told_of_two_moves_at_once_is_told_both_reasons(world: World) -> None:
    world.invited()
    world.meetings.update(REF, LATER, caller=BY, version=2, reason="The room is taken.")
    again = MeetingUpdate.model_validate({"start": "2026-12-08 14:00"})
    world.meetings.update(REF, again, caller=BY, version=3, reason="The minister is ill.")
    world.run()
    assert "Reason: The room is taken; The minister is ill." in bodies(world, TAN)[0]
    # The next change has nothing to do with them.
    third = MeetingUpdate.model_validate({"title": "SOM"})
    world.meetings.update(REF, third, caller=BY, version=4)
    world.run()
    assert "Reason" not in bodies(world, TAN)[0]


def test_who_is_invited_later_is_not_told_why_it_moved_before(world: World) -> None:
    world.invited()
    world.meetings.update(REF, LATER, caller=BY, version=2, reason=WHY)
    world.run()
    new = Invitee.model_validate(PEOPLE[TAN] | {"email": "new@sg.example.org", "name": "Lim"})
    world.meetings.edit(REF, Invite(new), caller=BY)
    assert told(world, "new@sg.example.org") == {False}


def test_a_reason_given_for_a_draft_is_told_to_nobody(world: World) -> None:
    world.create()
    world.meetings.update(REF, LATER, caller=BY, version=1, reason=WHY)
    world.meetings.publish(REF, caller=BY)
    world.run_conference()
    assert told(world, TAN) == {False}
    assert any(words.maybe(item.detail) == WHY for item in world.reading.meeting(REF).history)


# Removing, and reinstating.


def test_who_is_removed_is_told_why_and_nobody_else(world: World) -> None:
    world.invited()
    world.meetings.edit(REF, Remove(THIDA), caller=BY, reason=WHY)
    assert told(world, THIDA) == {True}
    world.meetings.update(REF, LATER, caller=BY, version=3, reason="The room is taken.")
    assert told(world, TAN) == {False}


def test_a_meeting_that_takes_place_after_all_is_not_explained_by_why_it_was_cancelled(world: World) -> None:
    world.invited()
    world.meetings.cancel(REF, caller=BY, reason="The chair is ill")
    world.run()
    world.meetings.reinstate(REF, caller=BY, reason=WHY)
    world.run_conference()
    assert told(world, TAN) == {True}
    assert "The chair is ill" not in bodies(world, TAN)[0]
    world.meetings.cancel(REF, caller=BY, reason="Ill again")
    world.run()
    assert "Reason: Ill again" in bodies(world, TAN)[0]
    assert WHY not in bodies(world, TAN)[0]


def test_a_meeting_that_moves_along_is_told_the_reason_too(world: World) -> None:
    prep = definition("PREP", kind="preparatory", start="2026-12-02 09:00", duration="PT2H", feeds=REF)
    world.meetings.create([prep, definition(fed_by=["PREP"])], caller=BY)
    for reference in ("PREP", REF):
        world.meetings.publish(reference, caller=BY)
    world.run()
    world.run()
    before = len(world.mailer.to(TAN))
    world.meetings.update(REF, LATER, caller=BY, version=2, linked="move", reason=WHY)
    world.run()
    moved = world.mailer.to(TAN)[before:]
    assert len(moved) == 2
    assert all(f"Reason: {WHY}" in bodies(world, TAN, count)[0] for count in (1, 2))


# What cannot be told.


@pytest.mark.parametrize(
    ("reason", "wrong"),
    [("x" * 501, "501 characters"), ("one\r\nBcc: x@example.org", "line break"), ("a\u202eb", "invisible")],
)
def test_a_reason_that_cannot_stand_in_a_line_is_refused(world: World, reason: str, wrong: str) -> None:
    world.invited()
    for refused in (
        lambda: world.meetings.cancel(REF, caller=BY, reason=reason),
        lambda: world.meetings.update(REF, LATER, caller=BY, version=2, reason=reason),
    ):
        with pytest.raises(InvalidInput, match=wrong) as error:
            refused()
        assert [item.field for item in error.value.problems] == ["reason"]
    assert world.reading.meeting(REF).version == 2


def test_the_console_keeps_what_was_typed_with_a_reason_that_is_too_long(
    world: World, client: TestClient
) -> None:
    world.invited()
    typed = {"version": 2, "start": "2026-12-04 14:00", "zone": "Asia/Ho_Chi_Minh", "duration": "PT2H30M"}
    typed |= {"title_en": "Senior Officials Meeting", "title_vi": "", "notify": "yes", "reason": "x" * 501}
    page = client.post(f"/meetings/{REF}/change", data=typed)
    assert page.status_code == 422
    assert 'id="reason-wrong"' in page.text
    assert "2026-12-04 14:00" in page.text
