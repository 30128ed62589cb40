"""Planning: rule by rule, then as properties over whole lives of meetings."""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.meetings.lifecycle import (
    Change,
    cancel,
    conclude,
    publish,
    reinstate,
    revise,
    with_link,
    with_organizer,
)
from orchestrator.domain.meetings.meeting import Conference, MeetingStatus, News, Participation, Refusal
from orchestrator.domain.time.zones import zone
from orchestrator.domain.timelines.actions import TRANSITIONS, ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import Reconciliation, reconcile
from orchestrator.errors import Conflict
from tests.effort import examples
from tests.saying import said
from tests.unit.plans import (
    CALENDARS,
    ENDS,
    LINK,
    MEETINGS,
    NO_LINK,
    NOW,
    ORGANIZER,
    STARTS,
    TIMELINE,
    ZONES,
    K,
    S,
    draft,
    person,
    planned,
    published,
    reconciled,
    removed,
    stored,
)

# What each status calls for.


def test_a_draft_calls_for_nothing() -> None:
    assert plan(draft(), TIMELINE, CALENDARS) == []


def test_a_published_meeting_calls_for_link_invitations_reminders_and_its_end() -> None:
    found = planned(published())
    assert {key: (item.revision, item.due, item.expires, item.waits_for) for key, item in found.items()} == {
        "conference": (1, None, ENDS, None),
        "link-alert": (1, NOW + timedelta(minutes=30), ENDS, None),
        "invite:attendee-1": (1, None, ENDS, "conference"),
        "invite:attendee-2": (1, None, ENDS, "conference"),
        "remind:P7D:attendee-1": (
            1,
            datetime(2026, 11, 26, 2, tzinfo=UTC),
            datetime(2026, 11, 26, 9, tzinfo=UTC),
            None,
        ),
        "remind:P7D:attendee-2": (
            1,
            datetime(2026, 11, 26, 2, 30, tzinfo=UTC),
            datetime(2026, 11, 26, 9, 30, tzinfo=UTC),
            None,
        ),
        # The grace would last beyond the start; nobody is reminded of a meeting that has begun.
        "remind:PT1H:attendee-1": (1, STARTS - timedelta(hours=1), STARTS, None),
        "remind:PT1H:attendee-2": (1, STARTS - timedelta(hours=1), STARTS, None),
        "conclude": (1, ENDS, ENDS + timedelta(days=365), None),
    }


def test_once_the_link_is_there_nothing_waits_and_no_alert_is_due() -> None:
    found = planned(published(conference=LINK))
    assert "link-alert" not in found
    assert found["invite:attendee-1"].waits_for is None
    assert found["conference"].revision == 1


def test_a_link_given_by_hand_needs_no_provider() -> None:
    found = planned(published(conference=replace(LINK, by_hand=True, provider_id=None)))
    assert not {"conference", "link-alert"} & set(found)
    assert found["invite:attendee-1"].waits_for is None


def test_who_has_declined_is_neither_invited_nor_reminded() -> None:
    meeting = published(attendees=(person(1), person(2, participation=Participation.DECLINED)))
    assert not [key for key in planned(meeting) if key.endswith("attendee-2")]
    assert [key for key in planned(meeting) if key.endswith("attendee-1")]


def test_a_text_change_calls_for_new_invitations_but_no_new_reminders() -> None:
    found = planned(revise(published(), Change(title_en="New"), NOW))
    assert (found["invite:attendee-1"].revision, found["conference"].revision) == (2, 2)
    assert (found["remind:P7D:attendee-1"].revision, found["conclude"].revision) == (1, 1)


def test_a_new_time_calls_for_all_of_them_again() -> None:
    found = planned(revise(published(), Change(wall_start=datetime(2026, 12, 10, 14)), NOW))
    assert {key: item.revision for key, item in found.items() if key != "link-alert"} == dict.fromkeys(
        set(found) - {"link-alert"}, 2
    )
    assert found["remind:P7D:attendee-1"].due == datetime(2026, 12, 3, 2, tzinfo=UTC)


def test_whoever_was_removed_after_an_invitation_left_is_sent_a_cancel_and_nothing_else() -> None:
    people = (
        person(1),
        removed(2, 4),
        removed(3, 5, notified=False),
        removed(4, 5, withdrawn=True),
    )
    found = planned(published(attendees=people, conference=LINK))
    assert [key for key in found if key.endswith(("-2", "-3", "-4"))] == ["cancel:attendee-2"]
    wanted = found["cancel:attendee-2"]
    assert (wanted.kind, wanted.revision, wanted.due, wanted.expires) == (
        K.CANCEL,
        4,
        None,
        ENDS + timedelta(days=1),
    )


def test_whoever_is_in_the_meeting_again_is_due_an_invitation_and_no_cancel() -> None:
    again = person(5, email="PERSON2@example.org", joined_sequence=5, joined_at=NOW)
    found = planned(published(attendees=(person(1), removed(2, 4), again), conference=LINK))
    assert [key for key in found if "attendee-2" in key] == []
    assert found["invite:attendee-5"].revision == 1


def test_one_address_is_due_one_cancel_whatever_rows_it_stands_in() -> None:
    again = removed(5, 6, email="PERSON2@example.org", notified=False)
    found = planned(published(attendees=(person(1), removed(2, 4), again), conference=LINK))
    assert {key: item.revision for key, item in found.items() if key.startswith("cancel")} == {
        "cancel:attendee-5": 6
    }


def test_a_removal_after_the_end_is_told_to_nobody() -> None:
    in_time, late = (removed(2, 4, removed_at=ENDS + timedelta(seconds=seconds)) for seconds in (-1, 0))
    assert "cancel:attendee-2" in planned(published(attendees=(person(1), in_time)))
    assert "cancel:attendee-2" not in planned(published(attendees=(person(1), late)))


def test_a_save_the_date_calls_for_nothing_but_the_date_and_waits_for_no_link() -> None:
    found = planned(published(tentative=True))
    assert {key: item.waits_for for key, item in found.items()} == {
        "invite:attendee-1": None,
        "invite:attendee-2": None,
    }


def test_a_confirmed_save_the_date_calls_for_all_that_a_meeting_does() -> None:
    meeting = publish(published(tentative=True), "uid-1", NOW, organizer=ORGANIZER)
    found = planned(meeting)
    assert set(found) == set(planned(published()))
    assert (found["invite:attendee-1"].revision, found["invite:attendee-1"].waits_for) == (2, "conference")
    assert found["remind:P7D:attendee-1"].revision == 1


# What was asked for, and what is told to the coordinator.


def test_who_asked_for_the_invitation_again_is_sent_it_once_for_every_time_of_asking() -> None:
    people = (
        person(1, notified=True, resends=2),
        person(2, resends=1),
        removed(3, 1, resends=1),
        person(4, notified=True, resends=1, participation=Participation.DECLINED),
        person(5, notified=True),
    )
    found = planned(published(attendees=people, conference=LINK))
    again = {key: item for key, item in found.items() if item.kind is K.RESEND}
    assert {key: item.revision for key, item in again.items()} == {
        "resend:attendee-1": 2,
        # Perhaps what she was sent came back.
        "resend:attendee-2": 1,
        "resend:attendee-4": 1,
    }
    wanted = again["resend:attendee-1"]
    assert (wanted.due, wanted.expires, wanted.waits_for) == (None, ENDS, None)
    done = stored(wanted, S.SUCCEEDED, revision=1)
    (insert,) = reconcile(published(attendees=people), [wanted], [done], NOW).inserts
    assert insert.key == "resend:attendee-1#2"


def test_who_proposed_a_time_that_is_refused_is_told_once() -> None:
    people = (person(1, notified=True), removed(2, 1))
    refusals = (Refusal(7, 1), Refusal(8, 2), Refusal(9, 1))
    found = planned(published(attendees=people, refusals=refusals, conference=LINK))
    told = {key: item for key, item in found.items() if item.kind is K.REFUSAL}
    assert {key: (item.attendee_id, item.revision) for key, item in told.items()} == {
        "refusal:response-7": (1, 7),
        "refusal:response-9": (1, 9),
    }
    assert told["refusal:response-7"].expires == ENDS


def test_what_was_asked_for_waits_for_the_link_as_invitations_do() -> None:
    found = planned(published(attendees=(person(1, notified=True, resends=1),), refusals=(Refusal(7, 1),)))
    assert found["resend:attendee-1"].waits_for == found["refusal:response-7"].waits_for == "conference"


def test_answers_are_told_an_hour_after_the_first_that_is_not_told_yet_and_late_if_need_be() -> None:
    meeting = published(news=News(latest=9, reported=4, first_at=NOW))
    wanted = planned(meeting)["digest"]
    assert (wanted.kind, wanted.attendee_id, wanted.revision, wanted.late) == (K.DIGEST, None, 9, True)
    assert (wanted.due, wanted.expires) == (NOW + timedelta(hours=1), ENDS + timedelta(days=7))
    much_later = NOW + timedelta(days=3)
    (insert,) = reconcile(meeting, [wanted], [], much_later).inserts
    assert insert.obligation.due == NOW + timedelta(hours=1)
    assert reconcile(meeting, [wanted], [], wanted.expires).inserts == ()


def test_a_digest_takes_along_what_comes_while_it_waits_and_its_time_stays() -> None:
    wanted = planned(published(news=News(latest=9, first_at=NOW)))["digest"]
    more = published(news=News(latest=12, first_at=NOW))
    (move,) = reconciled(more, stored(wanted, S.SCHEDULED), only="digest").moves
    assert (move.obligation.revision, move.obligation.due, move.at_once) == (12, wanted.due, False)


def test_what_comes_after_a_digest_has_one_of_its_own_an_hour_later_at_the_earliest() -> None:
    sent = stored(planned(published(news=News(latest=9, first_at=NOW)))["digest"], S.SUCCEEDED)
    assert reconciled(published(news=News(latest=9, reported=9)), sent, only="digest") == Reconciliation()
    later = NOW + timedelta(hours=3)
    meeting = published(news=News(latest=10, reported=9, first_at=later))
    (insert,) = reconciled(meeting, sent, only="digest", now=later).inserts
    assert (insert.key, insert.obligation.due) == ("digest#2", later + timedelta(hours=1))


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (MeetingStatus.DRAFT, set()),
        (MeetingStatus.PUBLISHED, {"digest", "decline-alert"}),
        (MeetingStatus.CANCELLED, {"digest"}),
        (MeetingStatus.CONCLUDED, {"digest"}),
    ],
)
def test_a_digest_comes_whatever_becomes_of_the_meeting_but_an_alert_only_while_it_goes_on(
    status: MeetingStatus, told: set[str]
) -> None:
    found = planned(replace(MEETINGS[status], news=News(latest=9, first_at=NOW, urgent=8)))
    assert set(found) & {"digest", "decline-alert"} == told


def test_a_late_decline_of_a_head_is_told_at_once_and_each_only_once() -> None:
    meeting = published(news=News(latest=9, urgent=8))
    wanted = planned(meeting)["decline-alert"]
    assert (wanted.revision, wanted.due, wanted.expires) == (8, None, STARTS)
    assert (wanted.attendee_id, wanted.waits_for) == (None, None)
    assert reconciled(meeting, stored(wanted, S.SUCCEEDED), only="decline-alert").changes_nothing
    again = published(news=News(latest=10, urgent=10))
    (insert,) = reconciled(again, stored(wanted, S.SUCCEEDED), only="decline-alert").inserts
    assert insert.key == "decline-alert#2"


def test_a_cancelled_meeting_tells_whom_it_told_and_takes_the_link_down() -> None:
    people = (
        person(1, notified=True),
        person(2),
        person(3, notified=True, participation=Participation.DECLINED),
        person(4, notified=True, withdrawn=True),
    )
    meeting = cancel(published(attendees=people, conference=LINK), NOW)
    found = planned(meeting)
    assert set(found) == {"cancel:attendee-1", "cancel:attendee-3", "conference-delete"}
    assert found["cancel:attendee-1"].revision == meeting.sequence == 1
    assert found["conference-delete"].expires == ENDS + timedelta(days=7)


@pytest.mark.parametrize(
    ("conference", "deleted"),
    [
        (NO_LINK, False),
        (replace(NO_LINK, attempted=True), True),
        (replace(NO_LINK, provider_id="p"), True),
        (replace(LINK, by_hand=True), True),
        (replace(LINK, by_hand=True, provider_id=None), False),
        (replace(LINK, by_hand=True, provider_id=None, attempted=True), False),
    ],
)
def test_only_what_may_exist_at_the_provider_is_deleted(conference: Conference, deleted: bool) -> None:
    assert ("conference-delete" in planned(cancel(published(conference=conference), NOW))) is deleted


def test_a_cancelled_draft_tells_nobody() -> None:
    assert plan(cancel(draft(), NOW), TIMELINE, CALENDARS) == []


def test_a_concluded_meeting_calls_for_minutes_once_there_are_some() -> None:
    meeting = conclude(published(), ENDS)
    assert planned(meeting) == {}
    declined = person(3, participation=Participation.DECLINED)
    gone = person(4, removed_sequence=1)
    people = (*meeting.attendees, declined, gone)
    found = planned(replace(meeting, minutes_version=2, minutes_at=ENDS, attendees=people))
    assert set(found) == {f"minutes:attendee-{number}" for number in (1, 2, 3)}
    wanted = found["minutes:attendee-3"]
    assert (wanted.revision, wanted.due, wanted.expires) == (2, None, ENDS + timedelta(days=7))


def test_planning_is_a_pure_function_of_its_arguments() -> None:
    assert plan(published(), TIMELINE, CALENDARS) == plan(published(), TIMELINE, CALENDARS)


# Whole lives of meetings, against a small store in memory.


class World:
    """A meeting with its stored actions, which a step after another changes."""

    def __init__(self, now: datetime = NOW) -> None:
        people = [person(number, code) for number, code in enumerate(ZONES, 1)]
        self.meeting = draft(attendees=tuple(people))
        self.responses = 0
        self.rows: dict[int, StoredAction] = {}
        self.now = now
        self.links = 1

    def replan(self) -> None:
        self._store_attendees()
        wanted = plan(self.meeting, TIMELINE, CALENDARS)
        self._apply(reconcile(self.meeting, wanted, self.rows.values(), self.now))
        again = reconcile(self.meeting, wanted, self.rows.values(), self.now)
        assert again.changes_nothing, again
        self._check(wanted)

    def _store_attendees(self) -> None:
        last = max(item.id for item in self.meeting.attendees)
        people = []
        for item in self.meeting.attendees:
            last += item.id == 0
            people.append(item if item.id else replace(item, id=last))
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def _apply(self, found: Reconciliation) -> None:
        for insert in found.inserts:
            due = insert.obligation.due
            assert due is None or due >= self.now or insert.obligation.late
            assert insert.obligation.expires > self.now
            assert insert.key not in {row.key for row in self.rows.values()}
            number = len(self.rows) + 1
            state = S.BLOCKED if insert.blocked_by else S.SCHEDULED
            self.rows[number] = stored(insert.obligation, state, number, key=insert.key)
        ids: dict[str | None, int] = {row.key: row.id for row in self.rows.values()}
        for insert in found.inserts:
            number = ids[insert.key]
            self.rows[number] = replace(self.rows[number], blocked_by=ids.get(insert.blocked_by))
        for move in found.moves:
            row, wanted = self.rows[move.action_id], move.obligation
            state = S.BLOCKED if move.blocked_by else S.SCHEDULED
            assert move.at_once == (state != row.state)
            assert state == row.state or state in TRANSITIONS[row.state]
            self.rows[row.id] = replace(
                row,
                state=state,
                revision=wanted.revision,
                planned_at=wanted.due,
                expires=wanted.expires,
                blocked_by=ids.get(move.blocked_by),
                cancel_code=None,
            )
        for gone in found.cancels:
            assert said(gone.reason)
            self._end(gone.action_id, S.CANCELLED, gone.code)

    def _end(self, number: int, state: ActionState, code: CancelCode | None = None) -> None:
        row = self.rows[number]
        assert state in TRANSITIONS[row.state], (row, state)
        self.rows[number] = replace(row, state=state, cancel_code=code)

    def _check(self, wanted: list[Obligation]) -> None:
        """The pending actions are what the plan calls for and nobody has seen to yet."""
        pending = [row for row in self.rows.values() if row.state.is_pending]
        count = Counter(row.obligation for row in pending)
        assert all(number == 1 for number in count.values()), count
        assert set(count) <= {item.key for item in wanted}
        by_obligation = {row.obligation: row for row in pending}
        queues: set[str] = set()
        for item in wanted:
            seen_to = any(
                row.revision >= item.revision
                and (
                    row.state in (S.SUCCEEDED, S.FAILED, S.MISSED, S.CLAIMED, S.RUNNING)
                    or row.cancel_code is CancelCode.DISCARDED
                )
                for row in self.rows.values()
                if row.obligation == item.key
            )
            overdue = item.due is not None and item.due < self.now and not item.late
            passed = overdue or item.expires <= self.now
            found = by_obligation.get(item.key)
            if seen_to:
                assert found is None, item
            elif found is None:
                assert passed, item
            else:
                assert (found.revision, found.planned_at, found.expires) == (
                    item.revision,
                    item.due,
                    item.expires,
                )
                queue = self._queue_of(item)
                waits = item.waits_for is not None or self._in_hand(item) or queue in queues
                assert (found.state is S.BLOCKED) is waits, item
                assert (found.blocked_by is not None) is waits, item
                if waits and item.waits_for is None:
                    before = self.rows[found.blocked_by or 0]
                    assert before.state.is_in_flight or (before.state.is_pending and queue in queues), item
                queues |= {queue} - {""}

    def _queue_of(self, item: Obligation) -> str:
        """The address whose calendar messages leave one after the other; nothing for other work."""
        ordered = item.kind.carries_calendar and item.attendee_id is not None
        return self.meeting.attendee(item.attendee_id or 0).address if ordered else ""

    def _in_hand(self, item: Obligation) -> bool:
        provider = (K.CONFERENCE, K.CONFERENCE_DELETE)
        return any(
            (
                item.kind.carries_calendar
                and row.kind.carries_calendar
                and self._address(item.attendee_id) == self._address(row.attendee_id)
            )
            or (item.kind in provider and row.kind in provider)
            for row in self.rows.values()
            if row.state.is_in_flight
        )

    def _address(self, attendee_id: int | None) -> str:
        assert attendee_id is not None
        return self.meeting.attendee(attendee_id).address

    # Steps. Each takes a number with which it chooses.

    def publish(self, number: int) -> None:
        self.meeting = publish(
            self.meeting, "uid", self.now, organizer=ORGANIZER, save_the_date=number % 2 > 0
        )

    def confirm(self, _: int) -> None:
        self.meeting = publish(self.meeting, "uid", self.now, organizer=ORGANIZER)

    def reinstate(self, _: int) -> None:
        self.meeting = reinstate(self.meeting, self.now)

    def mailbox(self, number: int) -> None:
        self.meeting = with_organizer(self.meeting, f"meetings{number % 2}@accsm.example", self.now)

    def ask_again(self, number: int) -> None:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], resends=people[at].resends + 1)
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def refuse(self, number: int) -> None:
        people = self.meeting.invited
        refusal = Refusal(len(self.meeting.refusals) + 1, people[number % len(people)].id)
        self.meeting = replace(self.meeting, refusals=(*self.meeting.refusals, refusal))

    def move(self, number: int) -> None:
        wall = datetime(2026, 11, 3, 14) + timedelta(days=number % 40, hours=number % 3)
        self.meeting = revise(self.meeting, Change(wall_start=wall), self.now)

    def retitle(self, number: int) -> None:
        self.meeting = revise(
            self.meeting, Change(title_en=f"Title {number}"), self.now, notify=number % 4 > 0
        )

    def answer(self, number: int) -> None:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], participation=list(Participation)[number % 5])
        self.responses += 1
        self.meeting = replace(self.meeting, attendees=tuple(people), news=self._news(urgent=number % 7 == 0))

    def _news(self, *, urgent: bool) -> News:
        """As the store has it: a digest in hand counts as sent."""
        known = self.meeting.news
        told = (S.CLAIMED, S.RUNNING, S.SUCCEEDED)
        digests = (row.revision for row in self.rows.values() if row.kind is K.DIGEST and row.state in told)
        reported = max(digests, default=0)
        first_at = known.first_at if known.first_at and known.latest > reported else self.now
        return News(self.responses, reported, first_at, self.responses if urgent else known.urgent)

    def remove(self, number: int) -> None:
        people = list(self.meeting.invited)
        if len(people) > 1:
            people.pop(number % len(people))
            self.meeting = revise(self.meeting, Change(attendees=tuple(people)), self.now)

    def add(self, number: int) -> None:
        code = list(ZONES)[number % len(ZONES)]
        new = person(1 + number % 9, code, id=0)
        if new.email not in {item.email for item in self.meeting.invited}:
            self.meeting = revise(self.meeting, Change(attendees=(*self.meeting.invited, new)), self.now)

    def link_by_hand(self, number: int) -> None:
        url = f"https://meet.example.org/hand-{number % 3}"
        self.meeting = with_link(
            self.meeting, replace(self.meeting.conference, join_url=url, by_hand=True), self.now
        )

    def cancel(self, number: int) -> None:
        if number % 3 == 0:
            self.meeting = cancel(self.meeting, self.now)

    def minutes(self, _: int) -> None:
        if self.meeting.status is MeetingStatus.CONCLUDED:
            version = self.meeting.minutes_version + 1
            self.meeting = replace(self.meeting, minutes_version=version, minutes_at=self.now)

    def claim(self, number: int) -> None:
        """Claim one due action."""
        due = [
            row
            for row in self.rows.values()
            if row.state is S.SCHEDULED and (row.planned_at is None or row.planned_at <= self.now)
        ]
        if due:
            self._end(due[number % len(due)].id, S.CLAIMED)

    def start(self, number: int) -> None:
        """Look at a claimed action again and begin it; from then on an invitation may have left."""
        claimed = [row for row in self.rows.values() if row.state is S.CLAIMED]
        if not claimed:
            return
        row = claimed[number % len(claimed)]
        self._end(row.id, S.RUNNING)
        attendee = self.meeting.attendee(row.attendee_id) if row.attendee_id else None
        no = objection(row, self.meeting, attendee, self.now)
        if no is not None:
            self._end(row.id, no.state, no.code)
        elif row.kind.carries_calendar and row.kind is not K.CANCEL:
            self._note(row, notified=True, withdrawn=False)

    def _note(self, row: StoredAction, **fields: Any) -> None:
        people = (
            replace(item, **fields) if item.id == row.attendee_id else item for item in self.meeting.attendees
        )
        self.meeting = replace(self.meeting, attendees=tuple(people))

    def finish(self, number: int) -> None:
        """End what runs: it succeeds, fails, or is put back for a retry."""
        running = [row for row in self.rows.values() if row.state is S.RUNNING]
        if not running:
            return
        row = running[number % len(running)]
        if number % 5 == 0:
            self._end(row.id, S.SCHEDULED)
        elif number % 5 == 1:
            self._end(row.id, S.FAILED)
        else:
            self._end(row.id, S.SUCCEEDED)
            self._done(row)

    def _done(self, row: StoredAction) -> None:
        if row.kind is K.CONFERENCE and not self.meeting.conference.by_hand:
            self.meeting = with_link(self.meeting, LINK, self.now)
        elif row.kind is K.CONFERENCE_DELETE:
            self.meeting = with_link(self.meeting, replace(NO_LINK, attempted=True), self.now)
        elif row.kind is K.CANCEL:
            self._note(row, withdrawn=True)
        elif row.kind is K.DIGEST and row.revision == self.meeting.news.latest:
            self.meeting = replace(self.meeting, news=replace(self.meeting.news, first_at=None))
        elif row.kind is K.CONCLUDE and self.meeting.status is MeetingStatus.PUBLISHED:
            self.meeting = conclude(self.meeting, self.now)

    def retry(self, number: int) -> None:
        self._by_ops(number, (S.FAILED, S.MISSED), S.SCHEDULED)

    def discard(self, number: int) -> None:
        self._by_ops(number, (S.FAILED, S.MISSED, S.SCHEDULED, S.BLOCKED), S.CANCELLED)

    def _by_ops(self, number: int, sources: tuple[ActionState, ...], target: ActionState) -> None:
        rows = [row for row in self.rows.values() if row.state in sources]
        if rows:
            code = CancelCode.DISCARDED if target is S.CANCELLED else None
            self._end(rows[number % len(rows)].id, target, code)

    def wait(self, number: int) -> None:
        """Let time pass; what is pending beyond its grace is missed, as beat does it."""
        self.now += timedelta(hours=number)
        for row in list(self.rows.values()):
            if row.state.is_pending and row.expires <= self.now:
                self._end(row.id, S.MISSED)

    def work(self, _: int) -> None:
        """Do everything that is due, until nothing is."""
        for _round in range(200):
            self.claim(0)
            self.start(0)
            self.finish(4)
            self.replan()
            due = (
                row.state is S.SCHEDULED and (row.planned_at is None or row.planned_at <= self.now)
                for row in self.rows.values()
            )
            if not any(row.state.is_in_flight for row in self.rows.values()) and not any(due):
                return
        raise AssertionError("there is always more to do")


STEPS = [
    "move",
    "retitle",
    "answer",
    "remove",
    "add",
    "link_by_hand",
    "ask_again",
    "refuse",
    "mailbox",
    "cancel",
    "confirm",
    "reinstate",
    "minutes",
    "retry",
    "discard",
    "wait",
    "work",
    # More often than the others, so that much is in hand while things change.
    *["claim", "start", "finish"] * 3,
    "retitle",
    "move",
]


@settings(deadline=None, max_examples=examples(300), suppress_health_check=[HealthCheck.too_slow])
@given(st.booleans(), st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 200)), max_size=30))
def test_whatever_happens_the_pending_actions_are_what_the_plan_calls_for(
    save_the_date: bool, steps: list[tuple[str, int]]
) -> None:
    world = World()
    world.replan()
    assert world.rows == {}
    world.publish(save_the_date)
    world.replan()
    for step, number in steps:
        try:
            getattr(world, step)(number)
        except Conflict:
            continue
        world.replan()


@settings(deadline=None, max_examples=examples(40))
@given(st.lists(st.tuples(st.sampled_from(STEPS[:6]), st.integers(0, 200)), max_size=8))
def test_a_meeting_left_alone_reaches_its_end_with_nothing_pending(steps: list[tuple[str, int]]) -> None:
    world = World()
    world.publish(0)
    world.replan()
    for step, number in steps:
        try:
            getattr(world, step)(number)
        except Conflict:
            continue
        world.replan()
    for _ in range(60):
        world.wait(24)
        world.replan()
        world.work(0)
    assert world.meeting.status is MeetingStatus.CONCLUDED
    assert not [row for row in world.rows.values() if row.state.is_pending or row.state.is_in_flight]


@settings(deadline=None)
@given(
    # Around the changes of clocks: Toronto 8 March and 1 November, Sydney 5 April and 4 October,
    # Auckland 5 April and 27 September, all of 2026.
    st.sampled_from(
        [datetime(2026, month, day) for month, day in ((3, 8), (4, 5), (9, 27), (10, 4), (11, 1))]
    ),
    st.integers(-8 * 48, 16 * 48),
    st.lists(st.integers(-14 * 48, 14 * 48), max_size=3),
)
def test_across_changes_of_clocks_every_reminder_is_at_nine_there_and_only_once(
    change_of_clocks: datetime, half_hours: int, moves: list[int]
) -> None:
    world = World(now=datetime(2026, 1, 1, tzinfo=UTC))
    start = change_of_clocks + timedelta(minutes=30 * half_hours)
    world.meeting = replace(world.meeting, wall_start=start)
    world.publish(0)
    world.replan()
    for move in moves:
        world.meeting = revise(
            world.meeting, Change(wall_start=start + timedelta(minutes=30 * move)), world.now
        )
        world.replan()
    reminders = [row for row in world.rows.values() if row.obligation.startswith("remind:P7D:")]
    assert sorted(row.attendee_id or 0 for row in reminders) == [1, 2, 3, 4, 5, 6]
    for row in reminders:
        there = zone(ZONES[world.meeting.attendee(row.attendee_id or 0).delegation])
        assert row.planned_at is not None
        local, starts = row.planned_at.astimezone(there), world.meeting.starts_at.astimezone(there)
        assert (local.hour, local.minute, local.fold) == (9, 0, 0)
        assert starts.date() - local.date() == timedelta(days=7)
