"""Reconciling: what becomes of stored actions, and what is looked at again before one is done.

This file is longer than others, because reconciling is one function, and these are its cases.
"""
# ruff: noqa: DTZ001 - wall times have no zone on purpose.

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.domain.meetings.lifecycle import Change, cancel, conclude, reinstate, revise
from orchestrator.domain.meetings.meeting import Attendee, MeetingStatus, Participation, Refusal
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.obligations import Obligation
from orchestrator.domain.timelines.reconciling import Reconciliation, reconcile
from tests.saying import said
from tests.unit.plans import (
    ENDS,
    LINK,
    MEETINGS,
    NO_LINK,
    NOW,
    STARTS,
    K,
    S,
    keys,
    person,
    planned,
    published,
    reconciled,
    removed,
    stored,
)

# What reconciling does about one obligation.

INVITE, REMIND = "invite:attendee-1", "remind:P7D:attendee-1"
WANTED = planned(published(conference=LINK))
MOVED = revise(published(conference=LINK), Change(wall_start=datetime(2026, 12, 10, 14)), NOW)


def test_what_is_not_planned_yet_is_added() -> None:
    found = reconciled(published(conference=LINK), only=INVITE)
    (insert,) = found.inserts
    assert (insert.key, insert.obligation, insert.blocked_by) == (INVITE, WANTED[INVITE], None)
    assert (found.moves, found.cancels, found.skips) == ((), (), ())


def test_invitations_without_a_link_are_added_blocked_by_the_action_that_makes_it() -> None:
    meeting = published()
    (insert,) = reconciled(meeting, only=INVITE).inserts
    assert insert.blocked_by == "conference"
    row = stored(WANTED["conference"], S.SCHEDULED, key="conference#3")
    (insert,) = reconciled(meeting, row, only=INVITE).inserts
    assert insert.blocked_by == "conference#3"


@pytest.mark.parametrize("state", [S.SCHEDULED, S.CLAIMED, S.RUNNING, S.SUCCEEDED, S.FAILED, S.MISSED])
def test_what_matches_is_left_alone(state: ActionState) -> None:
    found = reconciled(published(conference=LINK), stored(WANTED[INVITE], state), only=INVITE)
    assert found == Reconciliation()


def test_what_is_blocked_is_set_free_when_the_link_is_there_and_the_other_way_round() -> None:
    (move,) = reconciled(published(conference=LINK), stored(WANTED[INVITE], S.BLOCKED), only=INVITE).moves
    assert (move.action_id, move.blocked_by, move.at_once) == (1, None, True)
    (move,) = reconciled(published(), stored(WANTED[INVITE], S.SCHEDULED), only=INVITE).moves
    assert (move.action_id, move.blocked_by, move.at_once) == (1, "conference", True)


def test_what_is_pending_moves_with_the_meeting() -> None:
    found = reconciled(MOVED, stored(WANTED[REMIND], S.SCHEDULED, 7), only=REMIND)
    (move,) = found.moves
    assert (move.action_id, move.at_once, move.blocked_by) == (7, False, None)
    assert move.obligation.due == datetime(2026, 12, 3, 2, tzinfo=UTC)
    assert (found.inserts, found.cancels, found.skips) == ((), (), ())


@pytest.mark.parametrize("state", [S.SUCCEEDED, S.FAILED, S.MISSED, S.CLAIMED, S.RUNNING])
def test_what_was_done_for_an_older_revision_comes_again_under_a_key_of_its_own(state: ActionState) -> None:
    (insert,) = reconciled(MOVED, stored(WANTED[REMIND], state), only=REMIND).inserts
    assert (insert.key, insert.obligation.revision) == ("remind:P7D:attendee-1#2", 2)
    older = stored(WANTED[REMIND], S.SUCCEEDED, 1)
    newer = stored(WANTED[REMIND], state, 2, key="remind:P7D:attendee-1#2")
    (insert,) = reconciled(MOVED, newer, older, only=REMIND).inserts
    assert insert.key == "remind:P7D:attendee-1#3"


def test_nothing_is_planned_into_the_past() -> None:
    now = datetime(2026, 11, 26, 2, 0, 1, tzinfo=UTC)
    found = reconciled(published(conference=LINK), only=REMIND, now=now)
    assert found.inserts == ()
    assert [(item.obligation.key, said(item.reason)) for item in found.skips] == [
        (REMIND, "its time had already passed")
    ]
    assert keys(
        reconciled(published(conference=LINK), only=REMIND, now=now - timedelta(seconds=1)).inserts
    ) == [REMIND]


def test_nobody_is_invited_to_a_meeting_that_is_over() -> None:
    """Somebody added, or a link replaced, while it goes on is told."""
    assert reconciled(published(conference=LINK), only=INVITE, now=ENDS).inserts == ()
    assert keys(
        reconciled(published(conference=LINK), only=INVITE, now=ENDS - timedelta(seconds=1)).inserts
    ) == [INVITE]


def test_what_is_planned_and_overdue_stays_for_its_grace_to_decide() -> None:
    later = WANTED[REMIND].expires + timedelta(days=1)
    row = stored(WANTED[REMIND], S.SCHEDULED)
    found = reconciled(published(conference=LINK), row, only=REMIND, now=later)
    assert found.changes_nothing


def test_a_pending_reminder_whose_time_a_move_has_overtaken_is_cancelled_with_its_reason() -> None:
    sooner = revise(published(conference=LINK), Change(wall_start=datetime(2026, 11, 5, 14)), NOW)
    found = reconciled(sooner, stored(WANTED[REMIND], S.SCHEDULED), only=REMIND)
    (gone,) = found.cancels
    assert (gone.action_id, gone.code) == (1, CancelCode.TIME_PASSED)
    assert said(gone.reason) == "the meeting moved, and the time for this had already passed"


def test_a_cancelled_action_comes_back_when_it_is_wanted_again() -> None:
    row = stored(WANTED[REMIND], S.CANCELLED, cancel_code=CancelCode.DECLINED)
    (move,) = reconciled(published(conference=LINK), row, only=REMIND).moves
    assert (move.action_id, move.at_once) == (1, True)
    found = reconciled(published(conference=LINK), row, only=REMIND, now=WANTED[REMIND].expires)
    assert (found.moves, keys(item.obligation for item in found.skips)) == ((), [REMIND])


def test_what_ops_discarded_stays_discarded_until_a_newer_revision() -> None:
    row = stored(WANTED[REMIND], S.CANCELLED, cancel_code=CancelCode.DISCARDED)
    assert reconciled(published(conference=LINK), row, only=REMIND).changes_nothing
    (move,) = reconciled(MOVED, row, only=REMIND).moves
    assert move.obligation.revision == 2


@pytest.mark.parametrize(
    ("change", "kind", "number", "code", "reason"),
    [
        ("cancelled", K.INVITE, 1, CancelCode.MEETING_CANCELLED, "the meeting was cancelled"),
        ("removed", K.INVITE, 1, CancelCode.REMOVED, "Person 1 was removed from the meeting"),
        ("declined", K.REMIND, 1, CancelCode.DECLINED, "Person 1 has declined"),
        ("concluded", K.REMIND, 1, CancelCode.MEETING_OVER, "the meeting is over"),
        ("linked", K.LOOK, None, CancelCode.NOT_NEEDED, "it is done"),
        ("by hand", K.CONFERENCE, None, CancelCode.NOT_NEEDED, "the link is there"),
        ("published", K.REMIND, 1, CancelCode.NOT_NEEDED, "the plan no longer calls for it"),
    ],
)
def test_what_is_no_longer_wanted_is_cancelled_with_its_reason(
    change: str, kind: ActionKind, number: int | None, code: CancelCode, reason: str
) -> None:
    meeting = {
        "cancelled": cancel(published(), NOW),
        "removed": published(attendees=(person(1, removed_sequence=1), person(2))),
        "declined": published(attendees=(person(1, participation=Participation.DECLINED), person(2))),
        "concluded": conclude(published(), ENDS),
        "linked": published(conference=LINK),
        "by hand": published(conference=replace(LINK, by_hand=True)),
        "published": published(),
    }[change]
    row = StoredAction(9, "old-step", "old-step", kind, number, 1, S.SCHEDULED, STARTS, ENDS)
    found = reconcile(
        meeting, [], [row, replace(row, id=10, state=S.RUNNING), replace(row, id=11, state=S.FAILED)], NOW
    )
    # A failure stays until a person closes it.
    assert [item.action_id for item in found.cancels] == [9]
    assert {(item.code, said(item.reason)) for item in found.cancels} == {(code, reason)}


def test_what_failed_for_an_older_revision_stays_beside_the_newer_one() -> None:
    wanted = planned(published())["invite:attendee-1"]
    failed = stored(wanted, S.FAILED)
    changed = revise(published(), Change(title_en="New"), NOW)
    found = reconciled(changed, failed, only="invite:attendee-1")
    assert keys(found.inserts) == ["invite:attendee-1#2"]
    assert found.cancels == ()


def test_a_mail_of_a_date_poll_that_waits_goes_once_the_poll_is_over_and_one_that_failed_stays() -> None:
    waiting = replace(action(K.DATE_POLL), state=S.SCHEDULED)
    failed = replace(waiting, id=waiting.id + 1, key=f"{waiting.key}#2", state=S.FAILED)
    (found,) = reconcile(MEETINGS[MeetingStatus.DRAFT], [], [waiting, failed], NOW).cancels
    assert (found.action_id, found.code) == (waiting.id, CancelCode.NOT_NEEDED)
    assert said(found.reason) == "the date poll is over, or the delegation has voted"


def test_a_cancel_waits_for_the_invitation_that_somebody_has_in_hand() -> None:
    people = (removed(1, 1), person(2))
    meeting = published(attendees=people, conference=LINK)
    wanted = "cancel:attendee-1"
    for state in (S.CLAIMED, S.RUNNING):
        in_hand = stored(WANTED[INVITE], state, key="invite:attendee-1#2")
        (insert,) = reconciled(meeting, in_hand, only=wanted).inserts
        assert insert.blocked_by == "invite:attendee-1#2"
    other = stored(WANTED["invite:attendee-2"], S.RUNNING)
    done = stored(WANTED[INVITE], S.SUCCEEDED, 2)
    (insert,) = reconciled(meeting, other, done, only=wanted).inserts
    assert insert.blocked_by is None


def test_a_newer_invitation_waits_for_the_older_one_in_hand_and_is_freed_after_it() -> None:
    meeting = revise(published(conference=LINK), Change(title_en="New"), NOW)
    in_hand = stored(WANTED[INVITE], S.RUNNING)
    (insert,) = reconciled(meeting, in_hand, only=INVITE).inserts
    assert (insert.key, insert.blocked_by) == ("invite:attendee-1#2", "invite:attendee-1")
    waiting = stored(insert.obligation, S.BLOCKED, 2, key=insert.key, blocked_by=1)
    assert reconciled(meeting, in_hand, waiting, only=INVITE).changes_nothing
    (move,) = reconciled(meeting, replace(in_hand, state=S.SUCCEEDED), waiting, only=INVITE).moves
    assert (move.action_id, move.blocked_by, move.at_once) == (2, None, True)


def test_what_waits_for_an_action_that_has_ended_waits_for_the_one_that_is_still_in_hand() -> None:
    meeting = cancel(published(attendees=(person(1, notified=True, resends=1),), conference=LINK), NOW)
    wanted = planned(meeting)["cancel:attendee-1"]
    in_hand = stored(WANTED[INVITE], S.RUNNING)
    ended = replace(in_hand, id=2, key="x", obligation="x", kind=K.RESEND, state=S.CANCELLED)
    waiting = stored(wanted, S.BLOCKED, 3, blocked_by=2)
    (move,) = reconciled(meeting, in_hand, ended, waiting, only=wanted.key).moves
    assert (move.action_id, move.blocked_by, move.at_once) == (3, INVITE, False)
    waiting = replace(waiting, blocked_by=1)
    assert reconciled(meeting, in_hand, ended, waiting, only=wanted.key).changes_nothing


def test_somebody_invited_again_waits_for_the_cancel_that_is_in_hand_because_the_address_counts() -> None:
    gone = published(attendees=(removed(1, 1), person(2)), conference=LINK)
    in_hand = stored(planned(gone)["cancel:attendee-1"], S.RUNNING)
    again = person(3, email="PERSON1@example.org", joined_sequence=2, joined_at=NOW)
    meeting = replace(gone, attendees=(*gone.attendees, again))
    (insert,) = reconciled(meeting, in_hand, only="invite:attendee-3").inserts
    assert insert.blocked_by == "cancel:attendee-1"
    (insert,) = reconciled(meeting, in_hand, only="invite:attendee-2").inserts
    assert insert.blocked_by is None


@pytest.mark.parametrize("kind", [K.RESEND, K.REFUSAL])
def test_every_mail_with_a_calendar_waits_for_the_one_in_hand(kind: ActionKind) -> None:
    people = (person(1, notified=True, resends=1),)
    meeting = published(attendees=people, refusals=(Refusal(7, 1),), conference=LINK)
    key = {K.RESEND: "resend:attendee-1", K.REFUSAL: "refusal:response-7"}[kind]
    (insert,) = reconciled(meeting, stored(WANTED[INVITE], S.CLAIMED), only=key).inserts
    assert insert.blocked_by == INVITE
    newer = revise(meeting, Change(title_en="New"), NOW)
    (insert,) = reconciled(newer, stored(planned(meeting)[key], S.RUNNING), only=INVITE).inserts
    assert insert.blocked_by == key


def test_reminders_wait_for_no_mail_in_hand() -> None:
    in_hand = stored(WANTED[INVITE], S.RUNNING)
    (insert,) = reconciled(published(conference=LINK), in_hand, only=REMIND).inserts
    assert insert.blocked_by is None


def test_the_provider_is_asked_one_thing_at_a_time_however_often_one_replans() -> None:
    meeting = revise(published(conference=LINK), Change(title_en="New"), NOW)
    in_hand = stored(WANTED["conference"], S.RUNNING)
    (insert,) = reconciled(meeting, in_hand, only="conference").inserts
    assert (insert.key, insert.blocked_by) == ("conference#2", "conference")
    waiting = stored(insert.obligation, S.BLOCKED, 2, key=insert.key, blocked_by=1)
    assert reconciled(meeting, in_hand, waiting, only="conference").changes_nothing


def test_taking_the_link_down_waits_for_making_it() -> None:
    meeting = cancel(published(conference=replace(NO_LINK, attempted=True)), NOW)
    in_hand = stored(WANTED["conference"], S.RUNNING)
    (insert,) = reconciled(meeting, in_hand, only="conference-delete").inserts
    assert insert.blocked_by == "conference"


def test_an_older_action_put_back_for_a_retry_gives_way_to_the_newer_one() -> None:
    meeting = revise(published(conference=LINK), Change(title_en="New"), NOW)
    retried = stored(WANTED[INVITE], S.SCHEDULED, 1)
    newer = stored(planned(meeting)[INVITE], S.SCHEDULED, 2, key=f"{INVITE}#2")
    found = reconciled(meeting, retried, newer, only=INVITE)
    assert [(item.action_id, item.code) for item in found.cancels] == [(1, CancelCode.SUPERSEDED)]
    assert (found.inserts, found.moves) == ((), ())


# Looking again just before doing it.


def action(kind: ActionKind, **fields: Any) -> StoredAction:
    whole: dict[str, Any] = {
        "id": 1,
        "key": "x",
        "obligation": "x",
        "kind": kind,
        "attendee_id": 1,
        "revision": 1,
        "state": S.RUNNING,
        "planned_at": None,
        "expires": ENDS,
    }
    return StoredAction(**(whole | fields))


ALLOWED = {
    K.INVITE: {MeetingStatus.PUBLISHED},
    K.REMIND: {MeetingStatus.PUBLISHED},
    # Thanks are said when it is over.
    K.NOTICE: {MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED},
    K.CHASE: {MeetingStatus.PUBLISHED},
    K.CONNECTION_TEST: {MeetingStatus.PUBLISHED},
    K.DATE_POLL: {MeetingStatus.DRAFT},
    K.CONFIRM: {MeetingStatus.PUBLISHED},
    K.LETTER: {MeetingStatus.PUBLISHED, MeetingStatus.CONCLUDED, MeetingStatus.CANCELLED},
    K.LOOK: set(MeetingStatus),
    K.CONFERENCE: {MeetingStatus.PUBLISHED},
    K.CONCLUDE: {MeetingStatus.PUBLISHED},
    K.MINUTES: {MeetingStatus.CONCLUDED},
    K.CONFERENCE_DELETE: {MeetingStatus.CANCELLED},
    K.CANCEL: set(MeetingStatus),
    K.RESEND: {MeetingStatus.PUBLISHED},
    K.REFUSAL: {MeetingStatus.PUBLISHED},
    K.ANSWERED_FOR: {MeetingStatus.PUBLISHED},
    K.DIGEST: set(MeetingStatus),
    K.ALERT: set(MeetingStatus),
}


# Reading the mailbox belongs to no meeting.
@pytest.mark.parametrize("kind", [kind for kind in ActionKind if kind is not K.READ_MAILBOX])
@pytest.mark.parametrize("status", list(MeetingStatus))
def test_each_kind_is_done_only_while_the_meeting_calls_for_it(
    kind: ActionKind, status: MeetingStatus
) -> None:
    attendee = removed(1, 9) if kind is K.CANCEL else person(1)
    meeting = replace(MEETINGS[status], attendees=(attendee, person(2)), tentative=kind is K.CONFIRM)
    found = objection(action(kind, revision=9), meeting, attendee, NOW)
    if status in ALLOWED[kind]:
        assert found is None
    else:
        assert found is not None
        assert found.state is S.CANCELLED
        expected = {MeetingStatus.CANCELLED: CancelCode.MEETING_CANCELLED}.get(
            status, CancelCode.MEETING_OVER
        )
        # The video meeting of a published meeting goes where that takes place in person, and only there.
        in_use = kind is K.CONFERENCE_DELETE and status is MeetingStatus.PUBLISHED
        assert found.code is (CancelCode.NOT_NEEDED if in_use else expected)


@pytest.mark.parametrize("kind", list(ActionKind))
def test_past_its_time_everything_is_missed(kind: ActionKind) -> None:
    found = objection(action(kind, expires=NOW), MEETINGS[MeetingStatus.PUBLISHED], person(1), NOW)
    assert found is not None
    assert (found.state, found.code) == (S.MISSED, None)
    assert said(found.reason) == "it could not be done in time, and doing it late would mislead"


@pytest.mark.parametrize(
    ("attendee", "code", "reason"),
    [
        (person(1, removed_sequence=1), CancelCode.REMOVED, "Person 1 was removed from the meeting"),
        (person(1, participation=Participation.DECLINED), CancelCode.DECLINED, "Person 1 has declined"),
    ],
)
def test_who_is_removed_or_declined_is_not_written_to(
    attendee: Attendee, code: CancelCode, reason: str
) -> None:
    for kind in (K.INVITE, K.REMIND):
        found = objection(action(kind), published(), attendee, NOW)
        assert found is not None
        assert (found.state, found.code, said(found.reason)) == (S.CANCELLED, code, reason)


def test_who_has_declined_is_still_sent_what_was_asked_for() -> None:
    declined = person(1, participation=Participation.DECLINED)
    for kind in (K.RESEND, K.REFUSAL):
        assert objection(action(kind), published(attendees=(declined,)), declined, NOW) is None
        gone = objection(action(kind), published(), person(1, removed_sequence=1), NOW)
        assert gone is not None
        assert gone.code is CancelCode.REMOVED


def test_nobody_is_sent_a_cancel_who_is_in_the_meeting_again() -> None:
    again = person(5, email="PERSON1@example.org", joined_sequence=2, joined_at=NOW)
    meeting = published(attendees=(removed(1, 1), again))
    found = objection(action(K.CANCEL), meeting, meeting.attendees[0], NOW)
    assert found is not None
    assert (found.state, found.code) == (S.CANCELLED, CancelCode.SUPERSEDED)
    assert said(found.reason) == "Person 1 is in the meeting again"
    over = cancel(meeting, NOW)
    assert objection(action(K.CANCEL, attendee_id=5), over, over.attendees[1], NOW) is None


def test_nobody_is_sent_a_cancel_whose_invitation_turned_out_not_to_have_left() -> None:
    gone = published(attendees=(removed(1, 1, notified=False), person(2)))
    over = cancel(published(attendees=(person(1), person(2))), NOW)
    for meeting in (gone, over):
        found = objection(action(K.CANCEL), meeting, meeting.attendees[0], NOW)
        assert found is not None
        assert (found.state, found.code) == (S.CANCELLED, CancelCode.NOT_NEEDED)
        assert said(found.reason) == "Person 1 has no invitation that could be taken back"


def test_a_reinstated_meeting_takes_back_the_cancel_that_is_in_hand() -> None:
    over = cancel(published(attendees=(person(1, notified=True),)), NOW)
    in_hand = action(K.CANCEL, revision=over.sequence)
    assert objection(in_hand, over, over.attendees[0], NOW) is None
    found = objection(in_hand, reinstate(over, NOW), over.attendees[0], NOW)
    assert found is not None
    assert said(found.reason) == "Person 1 is in the meeting again"


def test_of_two_cancels_only_the_newer_is_sent() -> None:
    over = cancel(published(attendees=(person(1, notified=True),)), NOW)
    again = cancel(reinstate(over, NOW), NOW)
    newer = removed(5, 3, email="PERSON1@example.org", notified=False)
    twice = published(attendees=(removed(1, 1), newer), sequence=3)
    for meeting, revision in ((again, over.sequence), (twice, 1)):
        found = objection(action(K.CANCEL, revision=revision), meeting, meeting.attendees[0], NOW)
        assert found is not None
        assert (found.code, said(found.reason)) == (
            CancelCode.SUPERSEDED,
            "a newer cancellation takes its place",
        )
    assert objection(action(K.CANCEL, revision=again.sequence), again, again.attendees[0], NOW) is None
    assert objection(action(K.CANCEL, revision=3, attendee_id=5), twice, newer, NOW) is None


@pytest.mark.parametrize(
    ("kind", "change", "superseded"),
    [
        (K.INVITE, Change(title_en="New"), True),
        (K.REMIND, Change(title_en="New"), False),
        (K.NOTICE, Change(title_en="New"), False),
        (K.CHASE, Change(title_en="New"), False),
        (K.CONNECTION_TEST, Change(title_en="New"), False),
        (K.CONFIRM, Change(title_en="New"), False),
        (K.CONCLUDE, Change(title_en="New"), False),
        (K.INVITE, Change(duration=timedelta(hours=1)), True),
        (K.REMIND, Change(duration=timedelta(hours=1)), True),
        (K.NOTICE, Change(duration=timedelta(hours=1)), True),
        (K.CHASE, Change(duration=timedelta(hours=1)), True),
        (K.CONNECTION_TEST, Change(duration=timedelta(hours=1)), True),
        (K.CONFIRM, Change(duration=timedelta(hours=1)), True),
        (K.CONCLUDE, Change(duration=timedelta(hours=1)), True),
        (K.CONFERENCE, Change(duration=timedelta(hours=1)), False),
        (K.RESEND, Change(duration=timedelta(hours=1)), False),
        (K.REFUSAL, Change(duration=timedelta(hours=1)), False),
        (K.DIGEST, Change(duration=timedelta(hours=1)), False),
    ],
)
def test_what_was_in_hand_while_the_meeting_changed_is_superseded(
    kind: ActionKind, change: Change, superseded: bool
) -> None:
    changed = revise(published(tentative=kind is K.CONFIRM), change, NOW)
    found = objection(action(kind), changed, person(1), NOW)
    assert (found is not None) is superseded
    assert (found and found.code) is (CancelCode.SUPERSEDED if superseded else None)


def test_minutes_of_an_older_version_are_superseded() -> None:
    meeting = replace(conclude(published(), ENDS), minutes_version=2, minutes_at=ENDS)
    found = objection(action(K.MINUTES, expires=ENDS + timedelta(days=7)), meeting, person(1), ENDS)
    assert found is not None
    assert found.code is CancelCode.SUPERSEDED
    assert objection(action(K.MINUTES, revision=2), meeting, person(1), NOW) is None


@pytest.mark.parametrize(("later", "repeated"), [(timedelta(days=4), True), (timedelta(hours=95), False)])
def test_a_rung_goes_out_again_for_a_new_time_from_four_days_after_it_went_out(
    later: timedelta, repeated: bool
) -> None:
    meeting = published(conference=LINK)
    first = Obligation("chase:x/1:attendee-1", K.CHASE, "chase:x/1", 1, 1, NOW, STARTS)
    again = replace(first, revision=2, due=NOW + later)
    row = replace(stored(first, S.SUCCEEDED), planned_at=NOW)
    found = reconcile(meeting, [again], [row], NOW + timedelta(hours=1))
    assert (len(found.inserts), len(found.skips)) == ((1, 0) if repeated else (0, 1))


def test_what_would_be_due_when_it_expires_is_passed_over() -> None:
    meeting = published(conference=LINK)
    wanted = Obligation("remind:x:attendee-1", K.REMIND, "remind:x", 1, 1, STARTS, STARTS)
    assert reconcile(meeting, [wanted], [], NOW).inserts == ()
    sooner = replace(wanted, due=STARTS - timedelta(seconds=1))
    assert keys(reconcile(meeting, [sooner], [], NOW).inserts) == [wanted.key]


@pytest.mark.parametrize(("told", "due"), [(2, NOW + timedelta(days=9)), (1, None)])
def test_who_knows_only_the_announced_date_waits_for_the_invitation_unless_it_has_moved(
    told: int, due: datetime | None
) -> None:
    meeting = replace(published(conference=LINK), revision=2, time_revision=2)
    wanted = replace(WANTED[INVITE], revision=2, due=NOW + timedelta(days=9))
    announced = stored(WANTED[INVITE], S.SUCCEEDED, key="announced", obligation="announced", revision=told)
    (insert,) = reconcile(meeting, [wanted], [announced], NOW).inserts
    assert insert.obligation.due == due


@pytest.mark.parametrize("moved", [True, False])
def test_what_lands_in_the_past_goes_out_late_for_a_new_day_off_and_not_for_a_new_time(moved: bool) -> None:
    now = NOW + timedelta(hours=2)
    row = stored(WANTED[REMIND], S.SCHEDULED, planned_at=NOW + timedelta(days=1))
    due, expires = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    wanted = replace(WANTED[REMIND], due=due, expires=expires, revision=row.revision + moved)
    found = reconcile(published(conference=LINK), [wanted], [row], now)
    assert [item.code for item in found.cancels] == ([CancelCode.TIME_PASSED] if moved else [])
    assert len(found.moves) == (not moved)
