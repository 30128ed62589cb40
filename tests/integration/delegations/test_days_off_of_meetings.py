"""A day off that is declared, or comes with newer data, names the meetings on it; the warning comes once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner

from orchestrator import words
from orchestrator.cli import cli
from orchestrator.domain.definitions.edits import Invite, MeetingUpdate
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.delegations import working_calendar as workdays
from orchestrator.domain.delegations.public_holidays import Holiday, HolidayYear, holidays_of
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.facts import Fact
from orchestrator.services.delegations.views import CalendarChange
from orchestrator.services.timelines import planner as planner_module
from orchestrator.store.meetings import meetings as store
from tests.callers import caller
from tests.integration.conftest import TAN, World, definition
from tests.integration.delegations.calendar_changes import entered, history, invited, restarted
from tests.integration.serving import TestClient, application

REF = "SOM-2026"
BY = caller("coordinator")
COORDINATOR = "coordinator@vn.example.org"
DAY = "2026-12-03"
FOR_SINGAPORE = "takes place on a day off for Singapore: Thursday, 3 December 2026 (Declared)"
TOLD_OF_SINGAPORE = "now takes place on a day off for Singapore (Thu 3 December, Declared)"
TOLD_OF_VIET_NAM = "now takes place on a day off for Viet Nam (Thu 3 December, Declared)"
FOR_VIET_NAM = "takes place on a day off for Viet Nam: Thursday, 3 December 2026 (Declared)"


AFTER = (  # Friday, 4 December is a holiday in Myanmar.
    f"{REF}: nobody who is invited is off on Monday, 7 December 2026, 14:00 Ha Noi (UTC+07:00); "
    "to move there: "
    f"orchestrator meeting update {REF} --start '2026-12-07 14:00' --reason '…'"
)


def of_days(facts: Iterable[Fact]) -> list[str]:
    """What is said of days off, without the days on which nobody is."""
    return [words.say(item) for item in facts if item.key != "timelines.nobody-is-off"]


def named(change: CalendarChange) -> dict[str, list[str]]:
    return {item.reference: of_days(item.days_off) for item in change.meetings}


def warnings(world: World) -> list[str]:
    """The texts of the warnings that the coordinator has been sent."""
    world.run()
    world.run()
    found = []
    for mail in world.mailer.to(COORDINATOR):
        body = mail.message.get_body(("plain",))
        if mail.subject.startswith("Cần xử lý: ngày nghỉ mới của") and body is not None:
            found.append(" ".join(body.get_content().split()))
    return found


@pytest.mark.both_databases
def test_a_day_off_names_the_meeting_on_it_and_warns_its_coordinator_once(world: World) -> None:
    invited(world)
    seen = entered(world, "SG", "closed", DAY, dry_run=True)
    assert named(seen) == {REF: [FOR_SINGAPORE]}
    assert warnings(world) == []
    done = entered(world, "SG", "closed", DAY)
    assert named(done) == named(seen)
    (first,) = warnings(world)
    assert TOLD_OF_SINGAPORE in first
    assert "Nobody is off on: " in first
    assert AFTER in map(words.say, done.meetings[0].days_off)
    assert warnings(world) == [first], "once"
    # The next one is another warning, which does not repeat the first.
    assert named(entered(world, "VN", "closed", DAY)) == {REF: [FOR_VIET_NAM]}
    _, second = warnings(world)
    assert TOLD_OF_VIET_NAM in second and "Singapore:" not in second
    assert any(FOR_SINGAPORE in detail for _, detail in history(world, "calendar changed"))


def test_a_day_off_beside_the_meeting_names_nothing(world: World) -> None:
    invited(world)
    for day in ("2026-12-02", "2026-12-04"):
        assert all(not item.days_off for item in entered(world, "SG", "closed", day).meetings)
    assert warnings(world) == []


def test_what_the_coordinator_was_told_when_publishing_or_moving_is_no_news(world: World) -> None:
    entered(world, "SG", "closed", DAY)
    invited(world)
    assert named(entered(world, "SG", "closed", DAY, "2026-12-04")).get(REF, []) == []
    later = MeetingUpdate.model_validate({"start": "2026-12-04 14:00"})
    effect = world.meetings.update(REF, later, caller=BY, version=2, reason="The Chair is ill.")
    assert any("Singapore" in words.say(item) for item in effect.warnings)
    assert named(entered(world, "MM", "closed", "2027-01-20")).get(REF, []) == []
    assert warnings(world) == []


def test_a_day_off_that_is_withdrawn_before_the_warning_left_warns_nobody(world: World) -> None:
    invited(world)
    number = entered(world, "SG", "closed", DAY).override.id
    assert number is not None
    world.calendars.withdraw(number, caller=BY)
    assert warnings(world) == []
    entered(world, "SG", "closed", DAY)
    assert len(warnings(world)) == 1, "declared again, it is news again"


def test_whoever_does_not_come_and_what_is_not_published_or_over_are_not_named(world: World) -> None:
    invited(world)
    world.answers.answer(REF, TAN, Participation.DECLINED, caller=BY)
    assert named(entered(world, "SG", "closed", DAY)).get(REF, []) == []
    world.create(reference="DRAFT")
    assert "DRAFT" not in named(entered(world, "VN", "closed", DAY))


def test_a_save_the_date_and_a_meeting_over_midnight_are_named(world: World) -> None:
    world.create(reference="NIGHT", start="2026-12-03 23:00", duration="PT2H")
    world.meetings.publish("NIGHT", caller=BY, save_the_date=True)
    found = named(entered(world, "VN", "closed", "2026-12-04"))
    assert found == {"NIGHT": ["takes place on a day off for Viet Nam: Friday, 4 December 2026 (Declared)"]}


def test_newer_holiday_data_names_the_meeting_and_warns_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited(world)

    def newer(rule: Any, year: int) -> HolidayYear:
        found = holidays_of(rule, year)
        if (rule.country, year) != ("SG", 2026):
            return found
        return HolidayYear({**found.days, date(2026, 12, 3): Holiday("Polling Day", False)}, found.worked)

    monkeypatch.setattr(workdays, "holidays_of", newer)
    monkeypatch.setattr(planner_module, "holidays_version", lambda: "0.999")
    after = restarted(world)
    said = "takes place on a day off for Singapore: Thursday, 3 December 2026 (Polling Day)"
    (seen,) = after.recalculating.run(dry_run=True).meetings
    (found,) = after.recalculating.run().meetings
    assert of_days(seen.days_off) == of_days(found.days_off) == [said]
    assert after.recalculating.run().meetings == ()
    (mail,) = warnings(after)
    assert "now takes place on a day off for Singapore (Thu 3 December, Polling Day)" in mail
    assert said in history(after, "recalculated")[0][1]


def test_command_line_and_api_name_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    invited(world)
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)
    close = ["calendar", "close", "SG", DAY, "--name", "Declared", "--why", "Decree 12", "--preview"]
    shown = CliRunner().invoke(cli, close, catch_exceptions=False)
    assert f"! {FOR_SINGAPORE}" in " ".join(shown.stdout.split())
    answered = CliRunner().invoke(cli, [*close, "--json"], catch_exceptions=False)
    assert json.loads(answered.stdout)["meetings"][0]["days_off"][0] == FOR_SINGAPORE
    api = TestClient(application(world), base_url="http://localhost")
    api.headers["Authorization"] = f"Bearer {world.api_token}"
    body = {"kind": "closed", "first": DAY, "name": "Declared", "why": "Decree 12"}
    answer = api.post("/api/v1/calendars/SG/overrides", json=body).json()
    assert answer["meetings"][0]["days_off"][0] == FOR_SINGAPORE
    assert AFTER in answer["meetings"][0]["days_off"]
    assert answer["meetings"][0]["days_off_facts"][0]["key"] == "timelines.now-day-off"


def test_a_half_day_that_closes_offices_during_the_meeting_is_named(world: World) -> None:
    invited(world)
    entered(world, "SG", "hours", DAY, hours=["08:00-12:00"])
    (mail,) = warnings(world)
    assert "now takes place when offices of Singapore are closed (Thu 3 December, Declared)" in mail
    assert "Nobody is off on: " in mail


def test_the_host_is_named_also_where_none_of_its_people_is_invited(world: World) -> None:
    guests = [item for item in definition().attendees if item.delegation != "VN"]
    world.create(reference="HOSTED", attendees=[item.model_dump(exclude_none=True) for item in guests])
    world.meetings.publish("HOSTED", caller=BY)
    assert named(entered(world, "VN", "closed", DAY)) == {"HOSTED": [FOR_VIET_NAM]}


def test_a_day_off_is_settled_when_the_meeting_moves_to_a_day_that_was_named(world: World) -> None:
    invited(world)
    entered(world, "SG", "closed", DAY)
    assert len(warnings(world)) == 1
    later = MeetingUpdate.model_validate({"start": "2026-12-07 14:00"})
    effect = world.meetings.update(REF, later, caller=BY, version=2, reason="Not on a day off.")
    assert not any("day off" in words.say(item) or "is off" in words.say(item) for item in effect.warnings)
    with world.database.reading() as session:
        known = store.load(session, store.find_id(session, REF)).days_off
    assert known is not None and known.days == () and known.nearest == ()
    assert len(warnings(world)) == 1


def test_who_publishes_is_told_of_the_nearest_days_on_which_nobody_is_off(world: World) -> None:
    entered(world, "SG", "closed", DAY)
    world.create()
    seen = world.meetings.publish(REF, caller=BY, dry_run=True)
    assert AFTER in map(words.say, seen.warnings)


def test_who_adds_a_delegation_that_is_off_is_told(world: World) -> None:
    entered(world, "LA", "closed", DAY)
    invited(world)
    lao = {"name": "Khamla", "email": "khamla@la.example.org", "delegation": "LA", "group": "SOM"}
    effect = world.meetings.edit(REF, Invite(Invitee.model_validate(lao)), caller=BY)
    assert any("Lao PDR" in words.say(item) for item in effect.warnings)
    assert AFTER in map(words.say, effect.warnings)
    assert warnings(world) == []


def test_a_day_that_was_opened_and_is_closed_again_is_named(world: World) -> None:
    """2 September is the national day of Viet Nam, which a coordinator had entered as a working day."""
    opened = entered(world, "VN", "open", "2027-09-02").override.id
    assert opened is not None
    invited(world, start="2027-09-02 14:00")
    world.calendars.withdraw(opened, caller=BY)
    (mail,) = warnings(world)
    assert "now takes place on a day off for Viet Nam (Thu 2 September, National Day)" in mail


def test_the_console_links_to_the_change_that_moves_the_meeting_to_a_day_that_suits(world: World) -> None:
    entered(world, "SG", "closed", DAY)
    world.create()
    page = TestClient(application(world), base_url="http://localhost").get(f"/meetings/{REF}/publish").text
    assert f'href="/meetings/{REF}/change?start=2026-12-07%2014%3A00"' in page
    assert "orchestrator meeting update" not in page
