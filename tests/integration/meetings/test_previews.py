"""What command line and console show before anybody is told: everything that goes out, and why then."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from click.testing import CliRunner

from orchestrator import cli
from orchestrator.domain.timelines.kinds import ActionKind
from tests.callers import caller
from tests.integration.conftest import NHUNG, PEOPLE, TAN, THIDA, World, contents
from tests.integration.serving import TestClient, application
from tests.saying import said

STAFF = [
    PEOPLE[NHUNG],
    {"group": "ACCSM_FP", "delegation": "VN", "name": "Phạm Thu Lan", "email": "lan@vn.example.org"},
    PEOPLE[THIDA],
    PEOPLE[TAN],
]


@pytest.fixture
def draft(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A SOM on 24 June 2027, not published yet."""
    monkeypatch.setattr("orchestrator.bootstrap.container", lambda: world)
    world.create(timeline="som", attendees=STAFF, start="2027-06-24 14:00")
    return world


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    done = CliRunner().invoke(cli.cli, [*arguments], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.output + capsys.readouterr().out


def test_a_save_the_date_shows_before_publishing_what_follows_when_it_is_confirmed(draft: World) -> None:
    before = contents(draft.database)
    found = draft.meetings.publish("SOM-2026", caller=caller("test"), dry_run=True)
    assert contents(draft.database) == before, "it is only a look"
    assert found.tentative
    assert {said(item.what) for item in found.consequences} == {"Save-the-date", "Confirm the date"}
    later = Counter(said(item.what) for item in found.later)
    assert {word for word in later if "nvitation" in word} == {"Updated invitation"}, "the date was told"
    assert later["Chaser: delegation list"] == 10, (
        "three rungs for three delegations, and a head at the third"
    )
    assert any("offices are open 09:30-16:30" in said(item.reason) for item in found.later)


def test_what_was_shown_is_what_follows(draft: World) -> None:
    shown_before = draft.meetings.publish("SOM-2026", caller=caller("test"), dry_run=True).later
    draft.meetings.publish("SOM-2026", caller=caller("test"))
    confirms = next(row for row in draft.rows() if row.kind == "confirm")
    for moment in (max(row.due_at for row in draft.rows(ActionKind.INVITE)), confirms.due_at):
        draft.clock.at = moment
        draft.run()
    wanted = {(item.what, item.recipient_email, str(item.when)) for item in shown_before if item.when}
    plan = draft.reading.plan("SOM-2026")
    found = {(item.what, item.recipient_email, str(item.planned)) for item in plan}
    assert len(wanted) > 50
    assert wanted <= found


def test_nothing_follows_later_where_everybody_is_invited_at_once(draft: World) -> None:
    assert not draft.meetings.publish("SOM-2026", caller=caller("t"), dry_run=True, save_the_date=False).later
    done = draft.meetings.publish("SOM-2026", caller=caller("test"))
    assert not done.later, "only a look shows it"


def test_every_line_is_shown_with_its_reason(draft: World, capsys: pytest.CaptureFixture[str]) -> None:
    found = draft.meetings.publish("SOM-2026", caller=caller("test"), dry_run=True, save_the_date=False)
    text = shown(capsys, "meeting", "publish", "SOM-2026", "--invite", "--preview")
    assert len(found.consequences) > 60
    for item in found.consequences:
        assert said(item.what) in text
        assert (item.recipient_name or "") in text
        assert said(item.reason) in text
        assert item.when is None or f"{item.when.date}, {item.when.clock}" in text
    assert "more;" not in text


def test_people_of_several_places_with_one_local_hour_share_a_line(
    draft: World, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, "meeting", "publish", "SOM-2026", "--preview")
    assert "Monday, 10 May 2027, 09:00 where they are\n" in text
    assert "Tan Hui Shan (SG); Lê Thị Hồng Nhung, Phạm Thu Lan (VN)" in text
    assert "Monday, 10 May 2027, 09:30 Nay Pyi Taw (UTC+06:30)" in text
    assert "Later, when the announced date is confirmed by itself" in text


def test_the_plan_says_why_something_was_put_off(draft: World, capsys: pytest.CaptureFixture[str]) -> None:
    draft.meetings.publish("SOM-2026", caller=caller("test"))
    text = shown(capsys, "meeting", "plan", "SOM-2026")
    assert "offices are open 09:30-16:30" in " ".join(text.split())
    whole = shown(capsys, "meeting", "plan", "SOM-2026", "--all")
    assert "offices are open 09:30-16:30" in " ".join(whole.split())


def test_the_plan_is_one_line_a_step_and_all_of_it_names_each_recipient(
    draft: World, capsys: pytest.CaptureFixture[str]
) -> None:
    draft.meetings.publish("SOM-2026", caller=caller("test"), save_the_date=False)
    folded, whole = (shown(capsys, "meeting", "plan", "SOM-2026", *more) for more in ((), ("--all",)))
    steps = {(item.kind, item.what, item.why) for item in draft.reading.plan("SOM-2026")}
    lines = folded[: folded.index("\n\n")].splitlines()[1:]
    assert len(lines) == len(steps)
    rows = re.findall(r"^\d+ ", whole, re.MULTILINE)
    assert len(rows) == len(draft.reading.plan("SOM-2026")) > len(steps)
    (invitation,) = (line for line in lines if " Invitation " in line)
    assert f"{len(STAFF)} people" in invitation
    assert "Tan Hui Shan (SG)" not in folded
    assert "Tan Hui Shan (SG)" in whole


def test_what_goes_to_the_coordinator_is_not_said_to_be_for_the_service(
    draft: World, capsys: pytest.CaptureFixture[str]
) -> None:
    draft.meetings.publish("SOM-2026", caller=caller("test"), save_the_date=False)
    rows = shown(capsys, "meeting", "plan", "SOM-2026").splitlines()
    assert any("Status report" in row and " coordinator " in row for row in rows)


def test_a_reminder_that_another_stands_for_is_not_said_to_be_too_late(
    draft: World, capsys: pytest.CaptureFixture[str]
) -> None:
    draft.create(reference="TET", timeline="standard", attendees=STAFF, start="2027-02-11 14:00")
    text = shown(capsys, "meeting", "publish", "TET", "--preview")
    left_out = text[text.rindex("Reminder, 7 days before: left out") :].splitlines()
    assert left_out[1].strip() == "Wednesday, 3 February 2027, 09:00 Ha Noi (UTC+07:00)"
    assert left_out[3].strip() == "another reminder falls on the same moment"
    assert "too late" not in text


ONCE_CONFIRMED = "Later, when the announced date is confirmed by itself"


def asked_in_the_console(world: World, reference: str) -> str:
    """The text of the page that asks whether to publish, as it is read."""
    with TestClient(application(world), base_url="http://localhost") as client:
        page = client.get(f"/meetings/{reference}/publish").text
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_console_shows_before_announcing_what_follows_and_why_then(draft: World) -> None:
    """38 days before Tuesday, 29 June 2027 are a Saturday; offices in Nay Pyi Taw open at 09:30."""
    draft.create(reference="LATER", timeline="som", attendees=STAFF, start="2027-06-29 14:00")
    announced, later = asked_in_the_console(draft, "LATER").split(ONCE_CONFIRMED)
    # What the service does by itself says why it is another day, too.
    assert "Saturday, 22 May 2027 is a weekend day in Viet Nam, so it goes out on Friday, 21 May" in announced
    assert "Reminder, 7 days before" not in announced
    for step in ("Reminder, 7 days before", "Chaser: delegation list", "Notice: paper", "Connectivity test"):
        assert step in later
    assert "ffices are open 09:30-16:30" in later


def test_the_console_shows_nothing_later_where_everybody_is_invited_at_once(draft: World) -> None:
    draft.create(reference="NOW", timeline="standard", attendees=STAFF, start="2027-06-29 14:00")
    assert ONCE_CONFIRMED not in asked_in_the_console(draft, "NOW")
