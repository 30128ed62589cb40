"""Nothing is done to people without a reason that they read; what is for coordinators stays inside."""

from __future__ import annotations

import html
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import Correct, Invite, MeetingUpdate, Remove
from orchestrator.domain.definitions.written import Invitee
from orchestrator.errors import InvalidInput
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World
from tests.integration.meetings.telling import bodies, hidden
from tests.integration.serving import TestClient

REF = "SOM-2026"
WHY = "The chair is travelling & cannot be replaced"
BY = caller("coordinator")
NEW_TIME = {"start": "2026-12-04 14:00"}
LATER = MeetingUpdate.model_validate(NEW_TIME)
FORM = {"version": "2", "zone": "Asia/Ho_Chi_Minh", "duration": "PT2H30M", "notify": "yes"}
FORM |= {"title_en": "Senior Officials Meeting", "title_vi": "Hội nghị quan chức cấp cao"} | NEW_TIME
DEEDS: dict[str, Any] = {
    "the meeting is moved": lambda world, **more: world.meetings.update(
        REF, LATER, caller=BY, version=2, **more
    ),
    "a person is removed": lambda world, **more: world.meetings.edit(REF, Remove(THIDA), caller=BY, **more),
    "the meeting is cancelled": lambda world, **more: world.meetings.cancel(REF, caller=BY, **more),
    "takes place after all": lambda world, **more: world.meetings.reinstate(REF, caller=BY, **more),
}


@pytest.mark.parametrize("given", [None, "  ", {"en": "", "vi": None}])
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_done_to_people_without_a_reason(world: World, deed: str, given: Any) -> None:
    world.invited()
    if "after all" in deed:
        world.meetings.cancel(REF, caller=BY, reason="The chair is ill")
    before = world.reading.meeting(REF)
    with pytest.raises(InvalidInput) as refused:
        DEEDS[deed](world, reason=given)
    (problem,) = refused.value.problems
    assert problem.field == "reason"
    assert deed in problem.message
    assert "--reason" in problem.remedy
    assert world.reading.meeting(REF) == before


@pytest.mark.parametrize("deed", [item for item in DEEDS if "after all" not in item])
def test_a_look_without_a_reason_shows_what_follows_and_that_one_is_needed(world: World, deed: str) -> None:
    world.invited()
    effect = DEEDS[deed](world, dry_run=True)
    assert effect.consequences
    assert [item for item in map(words.say, effect.warnings) if "A reason has to be given" in item]
    explained = DEEDS[deed](world, dry_run=True, reason=WHY)
    assert not [item for item in map(words.say, explained.warnings) if "A reason has to be given" in item]


def test_a_draft_is_changed_without_a_reason(world: World) -> None:
    world.create()
    world.meetings.update(REF, LATER, caller=BY, version=1)
    world.meetings.edit(REF, Remove(THIDA), caller=BY)
    world.meetings.cancel(REF, caller=BY)
    world.meetings.reinstate(REF, caller=BY)
    assert world.reading.meeting(REF).status == "draft"


def test_a_new_text_a_new_person_and_a_corrected_address_need_no_reason(world: World) -> None:
    world.invited()
    world.meetings.update(REF, MeetingUpdate.model_validate({"title": "SOM"}), caller=BY, version=2)
    new = Invitee.model_validate(PEOPLE[TAN] | {"email": "new@sg.example.org", "name": "Lim"})
    world.meetings.edit(REF, Invite(new), caller=BY)
    world.meetings.edit(REF, Correct(THIDA, {"email": "thida.aye@mm.example.org"}), caller=BY)
    assert "thida.aye@mm.example.org" in {item.email for item in world.reading.meeting(REF).attendees}


def test_an_update_that_repeats_time_and_list_is_no_move_and_no_removal(world: World) -> None:
    world.invited()
    same = {"start": "2026-12-03 14:00", "attendees": list(PEOPLE.values())}
    world.meetings.update(REF, MeetingUpdate.model_validate(same), caller=BY, version=2)
    fewer = MeetingUpdate.model_validate({"attendees": [PEOPLE[NHUNG], PEOPLE[TAN]]})
    with pytest.raises(InvalidInput, match="a person is removed from it"):
        world.meetings.update(REF, fewer, caller=BY, version=world.reading.meeting(REF).version)


def test_the_api_refuses_naming_field_and_remedy(world: World, api: TestClient) -> None:
    world.invited()
    at = f"/api/v1/meetings/{REF}"
    for refused in (
        api.post(f"{at}/cancel"),
        api.patch(at, json={"version": 2} | NEW_TIME),
        api.patch(at, json={"version": 2, "attendees": [PEOPLE[TAN]]}),
    ):
        assert refused.status_code == 422
        (problem,) = refused.json()["problems"]
        assert problem["field"] == "reason"
        assert "is missing" in problem["message"]
        assert "one sentence" in problem["remedy"]
    seen = api.post(f"{at}/cancel?preview=true")
    assert seen.status_code == 200
    assert "A reason has to be given" in seen.text
    assert world.reading.meeting(REF).version == 2


@pytest.mark.parametrize(
    "given",
    [("cancel", REF), ("cancel", REF, "--yes"), ("update", REF, "--start", "2026-12-04 14:00")],
)
def test_the_command_line_refuses_before_it_asks_or_shows(
    world: World, run: Any, given: tuple[str, ...]
) -> None:
    world.invited()
    with pytest.raises(InvalidInput, match="--reason"):
        run("meeting", *given)
    assert "A reason has to be given" in run("meeting", "cancel", REF, "--preview")
    assert world.reading.meeting(REF).version == 2


def test_the_console_asks_again_and_keeps_what_was_typed(world: World, client: TestClient) -> None:
    world.invited()
    typed = {"version": "2", "reason": " ", "reason_vi": "Chủ tọa ốm.", "remark": "Ask Hanoi <first>"}
    page = client.post(f"/meetings/{REF}/cancel", data=typed)
    assert page.status_code == 422
    assert 'id="reason-wrong"' in page.text
    assert "missing in English" in page.text
    assert "Chủ tọa ốm." in page.text
    assert "Ask Hanoi &lt;first&gt;" in page.text
    assert world.reading.meeting(REF).status == "published"


def test_the_console_keeps_the_reason_when_another_coordinator_was_faster(
    world: World, client: TestClient
) -> None:
    world.invited()
    world.meetings.update(REF, MeetingUpdate.model_validate({"title": "SOM"}), caller=BY, version=2)
    page = client.post(f"/meetings/{REF}/cancel", data={"version": "2", "reason": WHY})
    assert page.status_code == 409
    assert html.escape(WHY) in page.text
    client.post(f"/meetings/{REF}/cancel", data={**hidden(page), "reason": WHY})
    assert world.reading.meeting(REF).status == "cancelled"


def test_the_console_asks_for_a_reason_before_it_shows_a_move(world: World, client: TestClient) -> None:
    world.invited()
    page = client.post(f"/meetings/{REF}/change", data=FORM)
    assert page.status_code == 422
    assert 'id="reason-wrong"' in page.text
    assert "2026-12-04 14:00" in page.text
    only_title = FORM | {"start": "2026-12-03 14:00", "title_en": "SOM"}
    assert client.post(f"/meetings/{REF}/change", data=only_title).status_code == 200


# In the recipient's language.

BOTH = {"en": "The Chair is ill.", "vi": "Chủ tọa ốm."}


@pytest.mark.both_databases
def test_each_reads_the_reason_in_their_language_where_it_was_given(world: World) -> None:
    world.invited()
    world.meetings.cancel(REF, caller=BY, reason=BOTH | {"th": "ประธานป่วย"})
    world.run()
    assert all("Chủ tọa ốm." in text for text in bodies(world, NHUNG))
    for text in bodies(world, TAN):
        assert "Reason: The Chair is ill." in text
        assert "Chủ tọa ốm." not in text
        assert "ประธานป่วย" not in text
    (line,) = [item for item in world.reading.meeting(REF).history if words.say(item.what) == "cancelled"]
    assert words.maybe(line.detail) == "The Chair is ill. (th: ประธานป่วย) (vi: Chủ tọa ốm.)"


def test_reasons_by_language_come_through_every_door(
    world: World, api: TestClient, client: TestClient, run: Any
) -> None:
    world.invited()
    assert api.post(f"/api/v1/meetings/{REF}/cancel", json={"reason": BOTH}).status_code == 200
    run("meeting", "reinstate", REF, "--reason", "It goes on", "--reason-vi", "Vẫn họp", "--yes")
    page = client.get(f"/meetings/{REF}/cancel")
    assert 'name="reason_vi"' in page.text
    client.post(f"/meetings/{REF}/cancel", data={**hidden(page), "reason": "Again", "reason_vi": "Lần nữa"})
    run("meeting", "reinstate", REF, "--reason", "Yes", "--reason-in", "my", "ဟုတ်ကဲ့", "--yes")
    assert [words.maybe(item.detail) for item in world.reading.meeting(REF).history[:4]] == [
        "Yes (my: ဟုတ်ကဲ့)",
        "Again (vi: Lần nữa)",
        "It goes on (vi: Vẫn họp)",
        "The Chair is ill. (vi: Chủ tọa ốm.)",
    ]


def test_a_move_in_the_console_carries_every_language_to_the_end(world: World, client: TestClient) -> None:
    world.invited()
    typed = FORM | {"reason": WHY, "reason_vi": "Bận", "remark": "one\ntwo"}
    seen = client.post(f"/meetings/{REF}/change", data=typed)
    client.post(f"/meetings/{REF}/change", data=hidden(seen))
    newest = world.reading.meeting(REF).history[0]
    assert words.maybe(newest.detail) == f"{WHY} (vi: Bận)"
    assert newest.remark == "one\ntwo"


@pytest.mark.parametrize(
    ("given", "field", "wrong"),
    [
        ({"vi": "Chủ tọa ốm."}, "reason", "missing in English"),
        ({"en": "Ill", "tlh": "Qapla"}, "reason.tlh", "no language of the people"),
        ({"en": "Ill", "vi": "x" * 501}, "reason.vi", "501 characters"),
        ({"en": "Ill", "vi": "a\u202eb"}, "reason.vi", "invisible"),
        ({"en": 3}, "reason", "is no text"),
        ({"en": "Ill", "": "Bệnh"}, "reason.", "no language of the people"),
        (["Ill"], "reason", "is no text"),
    ],
)
def test_a_reason_by_language_is_held_against_the_same_rules(
    world: World, given: Any, field: str, wrong: str
) -> None:
    world.invited()
    with pytest.raises(InvalidInput) as refused:
        world.meetings.cancel(REF, caller=BY, reason=given)
    (problem,) = refused.value.problems
    assert problem.field == field
    assert wrong in problem.message


# Remarks.


@pytest.mark.both_databases
def test_a_remark_stays_in_the_history_and_leaves_in_nothing(world: World) -> None:
    world.invited()
    before = len(world.mailer.accepted)
    remark = "The minister’s operation is not public.\nDo not tell anybody."
    world.meetings.update(REF, LATER, caller=BY, version=2, reason=WHY, remark=remark)
    world.run()
    world.meetings.cancel(REF, caller=BY, reason=WHY, remark=remark)
    world.run()
    sent = world.mailer.accepted[before:]
    assert len(sent) >= 6
    assert not [mail for mail in sent if b"minister" in mail.content or b"operation" in mail.content]
    assert [item.remark for item in world.reading.meeting(REF).history if item.remark] == [remark] * 2


def test_coordinators_read_a_remark_in_console_and_api_and_nobody_on_a_personal_page(
    world: World, api: TestClient, client: TestClient, run: Any
) -> None:
    world.invited()
    page = f"/a/{world.personal_links.link_of(REF, THIDA).rpartition('/')[2]}"
    run("meeting", "cancel", REF, "--reason", WHY, "--remark", "Only for us", "--yes")
    assert "Only for us" in client.get(f"/meetings/{REF}").text
    assert "Only for us" in [item["remark"] for item in api.get(f"/api/v1/meetings/{REF}").json()["history"]]
    own = client.get(page)
    assert own.status_code == 200
    assert "Only for us" not in own.text


# Removing one person, and inviting them again.


@pytest.mark.both_databases
def test_a_person_is_removed_with_a_reason_in_the_console_and_invited_again(
    world: World, client: TestClient
) -> None:
    world.invited()
    number = next(item.id for item in world.reading.meeting(REF).attendees if item.email == THIDA)
    page = client.get(f"/meetings/{REF}/attendees/{number}/remove")
    assert "Remove Thida Aye and tell them" in page.text
    address = f"/meetings/{REF}/attendees/{number}/remove"
    refused = client.post(address, data=hidden(page) | {"reason": "", "remark": "Keep <this>"})
    assert refused.status_code == 422
    assert "Keep &lt;this&gt;" in refused.text
    done = client.post(address, data=hidden(page) | {"reason": WHY})
    assert "Removed. They are told now." in done.text
    world.run()
    cancelled = world.mailer.to(THIDA)[-1]
    assert cancelled.method == "CANCEL"
    assert all(f"Reason: {WHY}" in text for text in bodies(world, THIDA))
    world.meetings.invite_again(REF, THIDA, caller=BY)
    world.run()
    again = world.mailer.to(THIDA)[-1]
    assert again.method == "REQUEST"
    assert "SEQUENCE:2" in again.calendar
    assert "PARTSTAT=NEEDS-ACTION" in again.calendar


def test_removing_and_inviting_again_through_api_and_command_line(
    world: World, api: TestClient, run: Any
) -> None:
    world.invited()
    at = f"/api/v1/meetings/{REF}/attendees/{THIDA}"
    assert api.post(f"{at}/remove").json()["problems"][0]["field"] == "reason"
    assert api.post(f"{at}/remove", json={"reason": WHY}).status_code == 200
    assert api.post(f"{at}/remove", json={"reason": WHY}).status_code == 404
    assert api.post(f"{at}/invite-again").status_code == 200
    assert api.post(f"{at}/invite-again").status_code == 409
    run("meeting", "attendee", "remove", REF, TAN, "--reason", WHY, "--yes")
    run("meeting", "attendee", "invite-again", REF, TAN, "--yes")
    assert {item.email for item in world.reading.meeting(REF).attendees} == {NHUNG, THIDA, TAN}
