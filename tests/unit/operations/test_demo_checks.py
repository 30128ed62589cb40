"""The checks of a demo: that they expect what is right, and let nothing else pass."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from config import DATA
from integrations.sandbox.attendees import Reply
from integrations.sandbox.writing import Says, Software
from orchestrator.demo.checks import (
    Case,
    Expected,
    expected_mails,
    wrong_answers,
    wrong_mails,
    wrong_quarantine,
    wrong_status,
)
from orchestrator.demo.outbox import CaughtLine
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.services.letters.languages import Languages
from orchestrator.services.meetings.views import AttendeeView, MeetingView

STARTS = datetime(2026, 12, 10, 7, tzinfo=UTC)
PUBLISHED = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
DAY = timedelta(days=1)
HEAD, FOCAL = "head@sg.example.org", "focal@sg.example.org"
COORDINATOR = "coordinator@vn.example.org"
DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
STEPS = Timeline.of(yaml.safe_load((DATA / "timelines" / "standard.yaml").read_text("utf-8"))).steps


def view(kind: type[Any], **given: Any) -> Any:
    return kind(**{item.name: given.get(item.name) for item in fields(kind)})


def case(*replies: Reply, **recorded: str) -> Case:
    """A meeting of two people in Singapore; what is recorded of them is what they said unless given."""
    people = tuple(
        view(AttendeeView, id=number, name=email, email=email, delegation="SG", role=role)
        for number, email, role in ((1, HEAD, "senior official"), (2, FOCAL, "focal point"))
    )
    meeting = view(
        MeetingView,
        reference="SOM",
        title_en="SOM",
        title_vi=None,
        starts_at=STARTS,
        ends_at=STARTS + timedelta(hours=3),
        host="SG",
        coordinator_email=COORDINATOR,
        attendees=people,
        responses=(),
    )
    made = Case(meeting, STEPS, Calendars(DIRECTORY), Languages(), PUBLISHED, replies)
    named = {"head": HEAD, "focal": FOCAL}
    known = {named[name]: words.replace("_", " ") for name, words in recorded.items()}
    as_recorded = tuple(
        replace(item, participation=known.get(item.email, made.last_said(item.email))) for item in people
    )
    return replace(made, meeting=replace(meeting, attendees=as_recorded))


def reply(says: Says, at: datetime, email: str = HEAD, **changes: Any) -> Reply:
    made = Reply(
        f"{email} {at}", at, email, email, says, Software.OUTLOOK, email, uid="uid", summary="SOM", comment=""
    )
    return replace(made, **changes)


def counted(found: Case, what: str, email: str) -> list[Expected]:
    return [item for item in expected_mails(found) if item.what.startswith(what) and item.recipient == email]


def arrived(found: Case) -> list[CaughtLine]:
    """The mails exactly as they should come."""
    wanted = list(expected_mails(found))
    return [
        CaughtLine(
            str(number), item.at or PUBLISHED, item.recipient, f"{item.subject}Thu 3 Dec – {item.title}"
        )
        for number, item in enumerate(wanted)
    ]


def test_without_answers_everybody_gets_everything_and_the_coordinator_nothing() -> None:
    found = case()
    for email in (HEAD, FOCAL):
        assert len(counted(found, "Invitation", email)) == len(counted(found, "Minutes", email)) == 1
        assert [item.at for item in counted(found, "Reminder", email)] == [
            datetime(2026, 12, 3, 1, tzinfo=UTC),
            datetime(2026, 12, 9, 1, tzinfo=UTC),
            datetime(2026, 12, 10, 6, tzinfo=UTC),
        ]
    assert not any(item.recipient == COORDINATOR for item in expected_mails(found))


def test_who_declined_is_spared_until_they_accept_again() -> None:
    declined = reply(Says.DECLINED, PUBLISHED)
    assert counted(case(declined), "Reminder", HEAD) == []
    assert len(counted(case(declined), "Reminder", FOCAL)) == 3
    again = case(declined, reply(Says.ACCEPTED, STARTS - 2 * DAY))
    assert [item.what for item in counted(again, "Reminder", HEAD)] == ["Reminder P1D", "Reminder PT1H"]
    assert len(counted(case(declined), "Minutes", HEAD)) == 1


def status(subject: str, at: datetime) -> CaughtLine:
    return CaughtLine("x", at, COORDINATOR, f"{subject} – SOM")


DAY_OF = status("Hôm nay 10/12: dự kiến 2/2 đoàn", STARTS - timedelta(hours=5))


def test_the_coordinator_is_told_how_it_stands_once_a_day_and_on_the_day_itself() -> None:
    found = case()
    first = status("Tình hình 7/12: 1/2 đoàn đã xác nhận", STARTS - 3 * DAY)
    assert list(wrong_status(found, [first, DAY_OF])) == []
    assert len(list(wrong_status(found, [first, first, DAY_OF]))) == 1
    assert len(list(wrong_status(found, [first]))) == 1
    assert list(wrong_mails([], [first, DAY_OF])) == []


@pytest.mark.parametrize(
    ("email", "at", "alerts"),
    [(HEAD, STARTS - DAY, 1), (HEAD, STARTS - 3 * DAY, 0), (FOCAL, STARTS - DAY, 0)],
)
def test_only_a_late_decline_of_a_head_has_to_be_told_at_once(email: str, at: datetime, alerts: int) -> None:
    found = case(reply(Says.DECLINED, at, email))
    assert len(list(wrong_status(found, [DAY_OF]))) == alerts
    told = status("Cần xử lý: Trưởng đoàn báo vắng", at + timedelta(seconds=30))
    assert list(wrong_status(found, [DAY_OF, told])) == []


def test_an_answer_for_the_delegation_is_everybody_s() -> None:
    found = case(reply(Says.DECLINED, PUBLISHED, FOCAL, also=(1,)))
    assert counted(found, "Reminder", HEAD) == counted(found, "Reminder", FOCAL) == []
    assert list(wrong_answers(found)) == []


def test_what_should_come_and_nothing_else_is_right() -> None:
    found = case(reply(Says.DECLINED, STARTS - DAY), reply(Says.PROPOSED, PUBLISHED, FOCAL))
    wanted, mails = list(expected_mails(found)), arrived(found)
    assert list(wrong_mails(wanted, mails)) == []
    for number, mail in enumerate(mails):
        assert list(wrong_mails(wanted, mails[:number] + mails[number + 1 :])), f"{mail} is not missed"
        assert list(wrong_mails(wanted, [*mails, mail])), f"{mail} may come twice"
    stranger = CaughtLine("x", STARTS, HEAD, "Cancelled: SOM")
    assert list(wrong_mails(wanted, [*mails, stranger])) == [
        f"“Cancelled: SOM” came to {HEAD}, and nothing called for it"
    ]


def test_an_answer_without_effect_is_found() -> None:
    accepted = reply(Says.ACCEPTED, PUBLISHED)
    assert list(wrong_answers(case(accepted))) == []
    (sentence,) = wrong_answers(case(accepted, head="no_answer"))
    assert "“accepted”" in sentence
    assert "“no answer”" in sentence
    assert list(wrong_answers(case(focal="accepted"))) != []
    assert list(wrong_answers(case(reply(Says.PROPOSED, PUBLISHED)))) == [
        "SOM: 1 × another time proposed, and 0 recorded"
    ]
    refused = reply(Says.ACCEPTED, PUBLISHED, problem="the page refused the answer (410)")
    assert list(wrong_answers(case(refused))) == [f"{HEAD}: the page refused the answer (410)"]


def test_the_quarantine_holds_the_strangers_mails_and_no_others() -> None:
    stranger = reply(Says.ACCEPTED, PUBLISHED, by="other@sg.example.org")
    assert list(wrong_quarantine([stranger], ["other@sg.example.org"])) == []
    assert list(wrong_quarantine([stranger], [])) != []
    assert list(wrong_quarantine([], ["other@sg.example.org"])) != []
