"""A session of an event through its life: planned by the policy and reconciled with what has been done."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.lifecycle import conclude, confirm
from orchestrator.domain.meetings.meeting import Meeting, MeetingStatus
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.timelines.actions import ActionState, StoredAction
from orchestrator.domain.timelines.alerting import LOOK_LINK
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.policy.context import Records
from orchestrator.domain.timelines.policy.grammar import EventTimeline
from orchestrator.domain.timelines.policy.whole import by_policy
from orchestrator.domain.timelines.reconciling import Insert, reconcile
from tests.unit.real import CALENDARS, people_of
from tests.unit.timelines.policy.events import HOUR, SOM_POLICY, answered, event_of, session

OWN = EventTimeline(SOM_POLICY, has_link=True, alert_after=timedelta(minutes=30), hour=HOUR, concludes=True)
PEOPLE = people_of("VN", "TH", "MM")
PUBLISHED = datetime(2027, 1, 4, 3, tzinfo=UTC)


def som(**fields: object) -> Meeting:
    whole: dict[str, object] = {"published_at": PUBLISHED, "tentative": True} | fields
    return session(2, datetime(2027, 4, 22, 14), PEOPLE, **whole)


def preparatory(**fields: object) -> Meeting:
    whole: dict[str, object] = {"published_at": PUBLISHED} | fields
    return session(1, datetime(2027, 4, 12, 14), PEOPLE, **whole)


def planned(meeting: Meeting, *others: Meeting, records: Records | None = None) -> list[Obligation]:
    event = event_of(meeting, *others, lead=2, records={meeting.id: records} if records else None)
    found = by_policy(meeting, OWN, event, CALENDARS)
    assert len({item.key for item in found}) == len(found)
    return found


def kinds(found: list[Obligation]) -> Counter[str]:
    return Counter(item.step for item in found if not item.left_out)


def test_what_is_only_announced_sends_the_save_the_date_and_confirms_itself_with_the_first_invitation() -> (
    None
):
    found = planned(som(), preparatory())
    assert kinds(found) == {"invite:save-the-date": len(PEOPLE), "confirm": 1}
    (confirmation,) = [item for item in found if item.kind is ActionKind.CONFIRM]
    assert confirmation.due is not None
    # Myanmar, where 22 March is a holiday, is invited first: on Friday 19 March.
    assert confirmation.due == datetime(2027, 3, 19, 3, tzinfo=UTC)


def test_the_save_the_date_of_a_person_who_is_not_in_the_lead_session_is_of_their_own() -> None:
    alone = [item for item in PEOPLE if item.delegation != "TH"]
    lead = session(2, datetime(2027, 4, 22, 14), alone, published_at=PUBLISHED, tentative=True)
    first = preparatory(tentative=True)
    told = [item for item in planned(first, lead) if item.step == "invite:save-the-date"]
    assert {first.attendee(item.attendee_id or 0).delegation for item in told} == {"TH"}


def test_confirmed_it_asks_for_the_link_and_invites_once_that_is_there() -> None:
    confirmed = confirm(som(conference=Conference("external")), datetime(2027, 3, 19, 3, tzinfo=UTC))
    found = planned(confirmed, preparatory())
    steps = kinds(found)
    assert (steps["conference"], steps[LOOK_LINK], steps["conclude"]) == (1, 1, 1)
    assert {item.waits_for for item in found if item.step == "invite"} == {"conference"}


def test_in_person_there_is_no_link_and_no_mail_of_the_last_hour() -> None:
    steps = kinds(planned(som(tentative=False, mode=Mode.IN_PERSON)))
    assert not {"conference", "remind:hour"} & set(steps)
    assert steps["remind:day"] == len(PEOPLE)


def test_over_it_still_owes_its_minutes_and_nothing_else() -> None:
    over = conclude(
        answered(som(tentative=False, minutes_version=1), "VN"), datetime(2027, 4, 22, 12, tzinfo=UTC)
    )
    assert over.status is MeetingStatus.CONCLUDED
    records = Records(draft_at=datetime(2027, 4, 26, 8, tzinfo=UTC))
    ahead = [
        item
        for item in planned(over, records=records)
        if not item.left_out and item.due is not None and item.due > over.ends_at
    ]
    assert kinds(ahead) == {"minutes:draft": len(PEOPLE)}


def test_who_is_nudged_is_asked_at_once() -> None:
    nudged = som(tentative=False)
    people = tuple(replace(item, nudges=1) for item in nudged.attendees)
    found = [item for item in planned(replace(nudged, attendees=people)) if item.step == "nudge"]
    assert len(found) == len(PEOPLE)
    assert {item.due for item in found} == {None}


def stored(insert: Insert, number: int, state: ActionState) -> StoredAction:
    wanted = insert.obligation
    return StoredAction(
        number,
        insert.key,
        wanted.key,
        wanted.kind,
        wanted.attendee_id,
        wanted.revision,
        state,
        wanted.due,
        wanted.expires,
        note=wanted.note,
    )


def carried_out(meeting: Meeting, *others: Meeting, now: datetime) -> list[StoredAction]:
    """The actions of a plan, those that were due by now done."""
    result = reconcile(meeting, planned(meeting, *others), [], PUBLISHED)
    return [
        stored(
            item,
            number,
            ActionState.SUCCEEDED if (item.obligation.due or now) <= now else ActionState.SCHEDULED,
        )
        for number, item in enumerate(result.inserts, 1)
    ]


def test_planning_twice_changes_nothing_and_the_second_plan_knows_what_was_done() -> None:
    meeting, first = som(tentative=False), preparatory()
    now = datetime(2027, 4, 6, 3, tzinfo=UTC)
    rows = carried_out(meeting, first, now=now)
    again = reconcile(meeting, planned(meeting, first), rows, now)
    assert again.changes_nothing


def test_who_gives_everything_is_chased_no_more_and_is_reminded_of_the_day() -> None:
    meeting, first = som(tentative=False), preparatory()
    now = datetime(2027, 4, 1, 3, tzinfo=UTC)
    rows = carried_out(meeting, first, now=now)
    given = planned(answered(meeting, "TH"), answered(first, "TH"))
    result = reconcile(answered(meeting, "TH"), given, rows, now)
    ids = {item.id for item in meeting.attendees if item.delegation == "TH"}
    cancelled = {
        row.obligation.partition(":")[0]
        for row in rows
        if row.id in {item.action_id for item in result.cancels}
    }
    assert cancelled <= {"chase/2", "chase/3", "remind"}
    gone = [row for row in rows if row.id in {item.action_id for item in result.cancels}]
    assert gone
    assert {row.attendee_id for row in gone} <= ids | {None}


def test_documents_that_a_chaser_has_told_are_not_told_again_when_that_is_answered() -> None:
    """Put up on 30 March, they wait for the chaser of 31 March; Thailand answers after it."""
    meeting = som(tentative=False)
    records = Records(documents_at=datetime(2027, 3, 29, 8, tzinfo=UTC))
    now = datetime(2027, 4, 1, 3, tzinfo=UTC)
    before = planned(meeting, preparatory(), records=records)
    documents = {item.key: item for item in before if item.step == "notice:documents"}
    chased = {item.attendee_id for item in before if item.step == "chase/1" and not item.left_out}
    assert chased
    assert all(documents[f"notice:documents:attendee-{number}"].left_out for number in chased)
    result = reconcile(meeting, before, [], PUBLISHED)
    rows = [stored(item, number, ActionState.SUCCEEDED) for number, item in enumerate(result.inserts, 1)]
    rows = [row for row in rows if row.planned_at is not None and row.planned_at <= now]
    after = reconcile(
        answered(meeting, "TH"),
        planned(answered(meeting, "TH"), answered(preparatory(), "TH"), records=records),
        rows,
        now,
    )
    told = {
        item.obligation.attendee_id for item in after.inserts if item.obligation.step == "notice:documents"
    }
    assert not told & chased
