"""What would be too early or too late, and steps that count from others."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.delegations.working_calendar import Calendars, Override, OverrideKind
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.meeting import (
    MeetingStatus,
)
from orchestrator.domain.timelines.actions import CancelCode
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from tests.saying import said
from tests.unit.real import (
    DIRECTORY,
    SHIPPED,
    local,
    meeting_of,
    people_of,
    person,
    planned,
    utc,
)
from tests.unit.timelines.rungs import (
    FRIDAY,
    HEAD,
    LIST,
    SMALL,
    VN_HEAD,
    VN_POINT,
    chase,
    small,
    stored,
    timeline_of,
)

# Bounds, and steps that count from others.


def test_what_would_be_too_early_is_put_off_to_the_first_day_that_is_allowed_and_says_so() -> None:
    # The sixth of December is a Sunday; ten working days before the SOM is 27 November in Viet Nam.
    timeline = timeline_of({"do": "remind", "at": "-10WD at 10:00 local", "not_before": "-P5D"})
    found = planned(small(VN_HEAD), timeline)["remind:attendee-1"]
    assert local(found.due, "VN") == "2026-12-07 10:00"
    assert said(found.note) == (
        "it is not to go out earlier, so it goes out on Monday, 7 December 2026, 10:00 Ha Noi (UTC+07:00)"
    )
    inside = timeline_of({"do": "remind", "at": "-P3D", "not_before": "-P5D", "not_after": "-P2D"})
    assert said(planned(small(VN_HEAD), inside)["remind:attendee-1"].note) == ""


def test_what_would_be_too_late_is_left_out_and_says_so() -> None:
    late = {"do": "remind", "at": "+P21D", "from": "invite"}
    invite = {"do": "invite", "at": "-P28D"}
    found = planned(small(VN_HEAD), timeline_of(invite, late | {"not_after": "-P7D"}))["remind:attendee-1"]
    assert (local(found.due, "VN"), said(found.left_out)) == ("2026-12-04 09:00", "")
    # Brunei's office hours of that Friday are none, so it would come on Saturday.
    brunei = person("BN", HEAD, 9)
    found = planned(small(brunei), timeline_of(invite, late | {"not_after": "-P8D"}))["remind:attendee-9"]
    assert local(found.due, "BN") == "2026-12-03 09:00"
    found = planned(small(VN_HEAD), timeline_of(invite, late | {"not_after": "-P8D"}))["remind:attendee-1"]
    assert said(found.left_out) == "it would come later than the timeline allows"


def test_a_bound_in_hours_is_exact_and_what_counts_days_still_waits_for_working_hours() -> None:
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P4D", "not_before": "-PT50H"}))
    # Fifty hours before is Wednesday at noon, when offices in Ha Noi close until half past one.
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 12:00"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P4D", "not_before": "-PT49H"}))
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 13:30"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-PT96H", "not_before": "-PT49H"}))
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-09 13:00"
    found = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-PT3H", "not_after": "-PT4H"}))
    assert said(found["remind:attendee-1"].left_out) == "it would come later than the timeline allows"


def test_a_reminder_at_the_very_start_is_left_out_and_a_minute_earlier_it_is_not() -> None:
    at_start = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P0D at 14:00 local"}))
    (found,) = [item for item in at_start.values() if item.kind == "remind"]
    assert (found.due, said(found.left_out)) == (small(VN_HEAD).starts_at, "it would come after the start")
    before = planned(small(VN_HEAD), timeline_of({"do": "remind", "at": "-P0D at 13:59 local"}))
    assert [said(item.left_out) for item in before.values() if item.kind == "remind"] == [""]


def test_a_step_counts_from_another_step_of_the_same_person() -> None:
    timeline = timeline_of(
        {"do": "notice", "id": "call", "about": "papers", "to": "members", "at": "-P14D"},
        chase(**{"from": "notice:call", "at": ["+3WD", "+5WD"]}),
    )
    found = planned(small(), timeline)
    assert local(found["notice:call:attendee-2"].due, "VN") == "2026-11-27 09:00"
    assert local(found["chase:x/1:attendee-2"].due, "VN") == "2026-12-02 09:00"
    # Two December is a holiday in Lao PDR.
    assert local(found["chase:x/1:attendee-4"].due, "LA") == "2026-12-03 09:00"
    late = timeline_of(
        {"do": "notice", "id": "call", "about": "papers", "to": "members", "at": "-P2D"},
        chase(**{"from": "notice:call", "at": ["+3WD"]}),
    )
    assert said(planned(small(), late)["chase:x/1:attendee-2"].left_out) == "it would come after the start"


def test_what_counts_from_the_invitation_counts_from_when_somebody_was_really_invited() -> None:
    timeline = timeline_of({"do": "invite", "at": "-P28D"}, {"do": "remind", "from": "invite", "at": "+2WD"})
    late = small(
        VN_HEAD, replace(VN_POINT, joined_at=utc(2026, 12, 3, 8)), published_at=utc(2026, 11, 27, 15)
    )
    found = planned(late, timeline)
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-30 09:00"
    assert local(found["remind:attendee-1"].due, "VN") == "2026-12-02 09:00"
    assert local(found["remind:attendee-2"].due, "VN") == "2026-12-07 09:00"


def test_what_counts_from_a_step_after_the_meeting_is_after_it_too() -> None:
    thanks = {"do": "notice", "id": "thanks", "about": "thank-you", "to": "members", "at": "+1WD"}
    timeline = timeline_of(
        thanks,
        thanks | {"id": "again", "from": "notice:thanks", "at": "+2WD"},
        thanks | {"id": "earlier", "from": "notice:thanks", "at": "-PT1H"},
    )
    running = small()
    concluded = replace(running, status=MeetingStatus.CONCLUDED)
    for meeting in (running, concluded):
        found = planned(meeting, timeline)["notice:again:attendee-1"]
        assert (local(found.due, "VN"), said(found.left_out)) == ("2026-12-16 09:00", "")
        assert found.due is not None
        assert found.expires == found.due + timedelta(days=7)
        earlier = planned(meeting, timeline)["notice:earlier:attendee-1"]
        assert (local(earlier.due, "VN"), said(earlier.left_out)) == ("2026-12-14 08:00", "")
        assert earlier.expires == utc(2026, 12, 21, 1)


# Reminders.


def test_two_reminders_that_land_at_one_moment_are_one_mail_and_the_plan_says_so() -> None:
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 12, 2), date(2026, 12, 10), "a flood")
    found = planned(small(), calendars=Calendars(DIRECTORY, [closed]))
    first, second = found["remind:P7D:attendee-1"], found["remind:P1D:attendee-1"]
    assert first.due == second.due == utc(2026, 12, 1, 2)
    assert (said(first.left_out), said(second.left_out)) == ("another reminder falls on the same moment", "")
    assert "declared day off (a flood)" in said(second.note)
    assert not said(found["remind:P7D:attendee-3"].left_out)


def test_what_the_plan_leaves_out_once_it_was_planned_is_cancelled_with_that_reason() -> None:
    meeting = small()
    rows = stored(item for item in planned(meeting).values() if item.key == "remind:P7D:attendee-1")
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 12, 2), date(2026, 12, 10), "a flood")
    wanted = plan(meeting, SHIPPED["som"], Calendars(DIRECTORY, [closed]))
    (gone,) = reconcile(meeting, wanted, rows, utc(2026, 11, 20)).cancels
    assert (gone.code, said(gone.reason)) == (
        CancelCode.NOT_NEEDED,
        "another reminder falls on the same moment",
    )


@pytest.mark.parametrize(
    ("code", "start", "utc_hours"),
    [
        # Clocks went forward on 4 October, on 27 September, and back on 1 November.
        ("AU", datetime(2026, 10, 7, 14), (23, 22)),
        ("NZ", datetime(2026, 10, 1, 14), (21, 20)),
        ("CA", datetime(2026, 11, 4, 14), (13, 14)),
    ],
)
def test_the_local_hour_stays_nine_over_a_change_of_clocks(
    code: str, start: datetime, utc_hours: tuple[int, int]
) -> None:
    guest = people_of(code)
    found = planned(meeting_of(start, attendees=guest))
    dues = [found[f"remind:{name}:attendee-1"].due for name in ("P7D", "P1D")]
    assert [local(item, code)[-5:] for item in dues] == ["09:00", "09:00"]
    assert tuple(item.hour for item in dues if item) == utc_hours


def test_where_offices_are_closed_for_months_it_goes_out_all_the_same_and_says_so() -> None:
    closed = Override(1, "VN", OverrideKind.CLOSED, date(2026, 1, 1), date(2027, 12, 31), "dissolved")
    found = planned(small(VN_HEAD), calendars=Calendars(DIRECTORY, [closed]))
    due = found["remind:P7D:attendee-1"]
    assert local(due.due, "VN") == "2026-12-04 09:00"
    assert "Viet Nam has no working day within 120 days of" in said(due.note)
    late = small(VN_HEAD, published_at=utc(2026, 12, 1))
    assert planned(late, calendars=Calendars(DIRECTORY, [closed]))["invite:attendee-1"].due is None


# Invitations: announced, confirmed, late.


def test_a_date_is_announced_then_confirmed_by_itself_then_invited_to() -> None:
    now = utc(2026, 10, 1, 2)
    draft = replace(
        meeting_of(FRIDAY, attendees=SMALL), status=MeetingStatus.DRAFT, uid=None, published_at=None
    )
    announced = lifecycle.publish(draft, "uid", now, organizer="m@example.org", save_the_date=True)
    found = planned(announced)
    assert {item.step for item in found.values()} == {"invite:save-the-date", "confirm", "digest"}
    assert local(found["invite:save-the-date:attendee-1"].due, "VN") == "2026-10-27 09:00"
    assert local(found["confirm"].due, "VN") == "2026-11-03 09:00"
    assert found["confirm"].attendee_id is None
    confirmed = lifecycle.confirm(announced, utc(2026, 11, 3, 2))
    found = planned(confirmed)
    assert "invite:save-the-date:attendee-1" not in found
    assert "confirm" not in found
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-13 09:00"
    assert {"remind:P7D:attendee-1", f"{LIST}/1:attendee-2"} <= found.keys()


@pytest.mark.parametrize("timeline", ["som", "som-plus-three", "workshop", "heads"])
@pytest.mark.parametrize(
    "start", [datetime(2027, 1, 28, 9), datetime(2027, 5, 20, 14), datetime(2027, 9, 9, 9)]
)
def test_the_date_is_confirmed_before_the_first_mail_that_follows_whatever_the_holidays(
    timeline: str, start: datetime
) -> None:
    # Around New Year and Labour Day, 28 days or 20 working days before lie more than 29 days back.
    confirmed = meeting_of(start, timeline=timeline)
    found = planned(confirmed).values()
    other = [item for item in found if not item.step.startswith(("invite:save-the-date", "digest"))]
    first = min(item.due for item in other if item.due)
    assert planned(replace(confirmed, tentative=True))["confirm"].due < first


def test_an_invitation_that_is_overdue_waits_for_the_recipient_s_next_working_hours() -> None:
    # Saturday evening in Ha Noi, and Saturday morning in Ottawa.
    late = small(VN_HEAD, person("CA", Role.OBSERVER, 9), published_at=utc(2026, 11, 28, 13))
    found = planned(late)
    assert local(found["invite:attendee-1"].due, "VN") == "2026-11-30 09:00"
    assert local(found["invite:attendee-9"].due, "CA") == "2026-11-30 09:00"
    assert "goes out in the next working hours" in said(found["invite:attendee-1"].note)
    # In working hours it is at once; and where none are left before the start, at once as well.
    at_ten = small(VN_HEAD, published_at=utc(2026, 11, 30, 3))
    assert planned(at_ten)["invite:attendee-1"].due == at_ten.published_at
    last_minute = small(VN_HEAD, published_at=utc(2026, 12, 11, 6, 45))
    assert planned(last_minute)["invite:attendee-1"].due == last_minute.published_at
    at_night = replace(
        meeting_of(datetime(2026, 12, 11, 6), attendees=[VN_HEAD]), published_at=utc(2026, 12, 10, 20)
    )
    assert planned(at_night)["invite:attendee-1"].due is None


def test_who_joined_while_the_date_was_announced_waits_like_everybody_when_it_is_confirmed_late() -> None:
    early = replace(VN_HEAD, joined_at=utc(2026, 10, 1))
    confirmed = small(early, VN_POINT, published_at=utc(2026, 11, 28, 13))
    found = planned(confirmed)
    assert found["invite:attendee-1"].due == found["invite:attendee-2"].due == utc(2026, 11, 30, 2)


def test_what_is_asked_for_is_asked_late_and_what_only_informs_is_let_go() -> None:
    late = small(published_at=utc(2026, 11, 28, 13))
    found = planned(late)
    assert local(found["notice:delegation-list:attendee-2"].due, "VN") == "2026-11-30 09:00"
    assert local(found["notice:agenda-comments:attendee-2"].due, "VN") == "2026-11-19 09:00"
    passed = {
        item.obligation.key for item in reconcile(late, [*found.values()], [], utc(2026, 11, 28, 13)).skips
    }
    assert "notice:delegation-list:attendee-2" not in passed
    assert {"notice:agenda-comments:attendee-2", f"{LIST}/2:attendee-2"} <= passed
