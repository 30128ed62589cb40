"""Whole lives of meetings: everybody ends with what is so.

This file and its class are longer than others, because the model of a life is one thing: what it does in a
step, what it sends and what it remembers of both.
"""
# ruff: noqa: DTZ001 - wall times have no zone on purpose; tests are named after their cases.

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.itip import Method
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation, Refusal
from orchestrator.domain.meetings.revision import (
    RevisionMessage,
    cancel_to,
    messages_of_change,
    request_to,
)
from orchestrator.domain.timelines.actions import ActionState, CancelCode, StoredAction
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.domain.timelines.objections import objection
from orchestrator.domain.timelines.planning import plan
from orchestrator.domain.timelines.reconciling import reconcile
from orchestrator.domain.timelines.timeline import Timeline
from orchestrator.errors import Conflict
from orchestrator.facts import plain
from tests.effort import examples
from tests.unit.meetings.revising import (
    ACCEPTED,
    CANCEL,
    DECLINED,
    LINK,
    NOW,
    ONE,
    REQUEST,
    THREE,
    TWO,
    K,
    S,
    also,
    draft,
    listed,
    person,
    publish,
)

# Whole lives of meetings, with everything that the plan calls for being sent, or not, in between.

TIMELINE = Timeline.of(
    {
        "name": "standard",
        "title": "Online meeting",
        "steps": [
            {"do": "conference", "at": "immediately"},
            {"do": "invite", "at": "immediately"},
        ],
    }
)
CALENDARS = Calendars(
    Directory.of(
        {
            "delegations": [
                {
                    "code": "VN",
                    "kind": "member",
                    "order": 1,
                    "name": "Viet Nam",
                    "zone": "Asia/Ho_Chi_Minh",
                    "city": "Ha Noi",
                }
            ],
            "groups": [],
        }
    )
)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Mail:
    """A message as it left, or may have: its numbers and all it says."""

    action: int
    kind: ActionKind
    attendee_id: int
    address: str
    method: Method
    sequence: int
    stamp: datetime
    facts: tuple[object, ...]
    text: tuple[object, ...]
    revision: int

    @property
    def order(self) -> tuple[int, datetime]:
        """What a calendar compares; DTSTAMP counts whole seconds."""
        return self.sequence, self.stamp.replace(microsecond=0)

    @property
    def content(self) -> tuple[object, ...]:
        return self.method, self.facts, self.text


def facts_of(meeting: Meeting) -> tuple[object, ...]:
    """What is never changed without telling."""
    over = meeting.status is MeetingStatus.CANCELLED
    state = "cancelled" if over else "tentative" if meeting.tentative else "confirmed"
    # The link of a cancelled meeting is taken down whenever that succeeds.
    link = None if over else meeting.conference.join_url
    return state, meeting.starts_at, meeting.ends_at, meeting.organizer, link


def text_of(meeting: Meeting) -> tuple[object, ...]:
    return meeting.title_en, meeting.coordinator_name


@dataclass
class Attempt:
    """One try to send: in hand, left for certain, perhaps left, or certainly not."""

    mail: Mail
    state: str = "in hand"


class Life:
    """A meeting with its actions and mails, which one step after another changes."""

    def __init__(self, *, provider: bool) -> None:
        conference = Conference("external-1") if provider else replace(LINK, by_hand=True)
        self.meeting = draft(conference=conference, attendees=(ONE, TWO, THREE))
        self.now = NOW
        self.rows: dict[int, StoredAction] = {}
        self.attempts: list[Attempt] = []
        self.mails: list[Mail] = []
        self.texts: dict[int, set[tuple[object, ...]]] = defaultdict(set)

    # What the services do.

    def replan(self) -> None:
        last = max(item.id for item in self.meeting.attendees)
        people = []
        for item in self.meeting.attendees:
            last += item.id == 0
            people.append(item if item.id else replace(item, id=last))
        self.meeting = replace(self.meeting, attendees=tuple(self._told(item) for item in people))
        self.texts[self.meeting.revision].add(text_of(self.meeting))
        wanted = plan(self.meeting, TIMELINE, CALENDARS)
        result = reconcile(self.meeting, wanted, self.rows.values(), self.now)
        assert result.skips == ()
        for gone in result.cancels:
            self._set(gone.action_id, S.CANCELLED, code=gone.code)
        for insert in result.inserts:
            due = insert.obligation
            number = len(self.rows) + 1
            self.rows[number] = StoredAction(
                id=number,
                key=insert.key,
                obligation=due.key,
                kind=due.kind,
                attendee_id=due.attendee_id,
                revision=due.revision,
                state=S.SCHEDULED,
                planned_at=due.due,
                expires=due.expires,
            )
        ids = {row.key: row.id for row in self.rows.values()}
        for insert in result.inserts:
            self._wait(ids[insert.key], insert.blocked_by, ids)
        for move in result.moves:
            row = self.rows[move.action_id]
            self.rows[row.id] = replace(
                row, revision=move.obligation.revision, expires=move.obligation.expires
            )
            self._wait(row.id, move.blocked_by, ids)

    def _wait(self, number: int, blocker: str | None, ids: dict[str, int]) -> None:
        state = S.BLOCKED if blocker else S.SCHEDULED
        blocked_by = ids[blocker] if blocker else None
        self.rows[number] = replace(self.rows[number], state=state, blocked_by=blocked_by, cancel_code=None)

    def _set(self, number: int, state: ActionState, code: CancelCode | None = None) -> None:
        self.rows[number] = replace(self.rows[number], state=state, cancel_code=code)

    def _told(self, attendee: Attendee) -> Attendee:
        """What is known to have left for somebody: the newest REQUEST that may, and CANCEL that has."""
        requests, cancels = (
            [
                number
                for number, item in enumerate(self.attempts)
                if item.mail.attendee_id == attendee.id
                and item.mail.method is method
                and item.state in states
            ]
            for method, states in ((REQUEST, ("in hand", "left", "unknown")), (CANCEL, ("left",)))
        )
        request, cancel = max(requests, default=-1), max(cancels, default=-1)
        return replace(attendee, notified=request >= 0, withdrawn=cancel > request)

    def claim(self, number: int) -> None:
        """Take what is due."""
        due = [row for row in self.rows.values() if row.state is S.SCHEDULED]
        if due:
            self._set(due[number % len(due)].id, S.CLAIMED)

    def begin(self, number: int) -> None:
        """Take an action that is claimed, look at it again, and write its mail."""
        claimed = [row for row in self.rows.values() if row.state is S.CLAIMED]
        if not claimed:
            return
        row = claimed[number % len(claimed)]
        attendee = self.meeting.attendee(row.attendee_id) if row.attendee_id else None
        against = objection(row, self.meeting, attendee, self.now)
        if against is not None:
            self._set(row.id, against.state, against.code)
            self._release(row.id)
            return
        self._set(row.id, S.RUNNING)
        if attendee is not None:
            self.attempts.append(Attempt(self._mail(row, attendee)))
            self.refresh()

    def refresh(self) -> None:
        """Read the meeting again, as whoever loads it next does."""
        people = tuple(self._told(item) for item in self.meeting.attendees)
        self.meeting = replace(self.meeting, attendees=people)

    def _mail(self, row: StoredAction, attendee: Attendee) -> Mail:
        build = cancel_to if row.kind is K.CANCEL else request_to
        notice = build(self.meeting, attendee)
        stamp = notice.stamp
        if row.kind in (K.RESEND, K.REFUSAL):
            # It is asked for and sent in moments of its own.
            self.now += SECOND
            stamp = max(stamp, self.now)
            self.now += SECOND
        # What a cancelled entry says of the meeting does not matter.
        told = notice.method is REQUEST
        return Mail(
            row.id,
            row.kind,
            attendee.id,
            attendee.address,
            notice.method,
            notice.sequence,
            stamp,
            facts_of(self.meeting) if told else (),
            text_of(self.meeting) if told else (),
            self.meeting.revision,
        )

    def end(self, number: int) -> None:
        """What is in hand leaves; or is refused for now; or its worker dies before or after that."""
        running = [row for row in self.rows.values() if row.state is S.RUNNING]
        if not running:
            return
        row = running[number % len(running)]
        outcome = ("left", "left", "left", "not", "unknown", "unknown and left")[number % 6]
        if row.attendee_id is None:
            self._confer(row, outcome)
            return
        attempt = next(
            item for item in self.attempts if item.mail.action == row.id and item.state == "in hand"
        )
        attempt.state = outcome.partition(" ")[0]
        if "left" in outcome:
            self.mails.append(attempt.mail)
        self._set(row.id, S.SUCCEEDED if outcome == "left" else S.SCHEDULED)
        self.refresh()
        if outcome == "left":
            self._release(row.id)

    def _release(self, ended: int) -> None:
        """Nothing is replanned when a mail has left: what waited for it is due."""
        for row in self.rows.values():
            if row.blocked_by == ended and row.state is S.BLOCKED:
                self.rows[row.id] = replace(row, state=S.SCHEDULED, blocked_by=None)

    def _confer(self, row: StoredAction, outcome: str) -> None:
        if outcome != "left":
            self._set(row.id, S.SCHEDULED)
            return
        self._set(row.id, S.SUCCEEDED)
        known = self.meeting.conference
        url = None if row.kind is K.CONFERENCE_DELETE else f"https://meet.example.org/{row.id}"
        if row.kind is K.CONFERENCE and known.provider_id:
            url = known.join_url
        provided = replace(known, provider_id=url and "provider-1", join_url=url, attempted=True)
        if not known.by_hand:
            self.meeting = lifecycle.with_link(self.meeting, provided, self.now)
        self.replan()

    def settle(self) -> None:
        """Do all that is to be done, until nothing is left."""
        self.replan()
        for _ in range(300):
            self.claim(0)
            self.begin(0)
            self.end(0)
            if not any(row.state.is_pending or row.state.is_in_flight for row in self.rows.values()):
                return
        raise AssertionError([row for row in self.rows.values() if row.state.is_pending])

    # Edits. Each takes a number with which it chooses.

    def save_the_date(self, _: int) -> Meeting:
        return publish(self.meeting, save_the_date=True, now=self.now)

    def publish(self, _: int) -> Meeting:
        return publish(self.meeting, now=self.now)

    def move(self, number: int) -> Meeting:
        wall = datetime(2026, 12, 1, 14) + timedelta(days=number % 3)
        return lifecycle.revise(self.meeting, Change(wall_start=wall), self.now)

    def shorten(self, number: int) -> Meeting:
        return lifecycle.revise(self.meeting, Change(duration=timedelta(hours=1 + number % 3)), self.now)

    def rename(self, number: int) -> Meeting:
        return lifecycle.revise(self.meeting, Change(title_en=f"Title {number % 3}"), self.now)

    def rename_silently(self, number: int) -> Meeting:
        change = Change(coordinator_name=f"K {number % 3}")
        return lifecycle.revise(self.meeting, change, self.now, notify=False)

    def link(self, number: int) -> Meeting:
        lifecycle.require_status(self.meeting, plain("given a link"), MeetingStatus.PUBLISHED)
        url = f"https://meet.example.org/hand-{number % 3}"
        by_hand = replace(self.meeting.conference, join_url=url, by_hand=True)
        return lifecycle.with_link(self.meeting, by_hand, self.now)

    def mailbox(self, number: int) -> Meeting:
        return lifecycle.with_organizer(self.meeting, f"meetings{number % 2}@accsm.example", self.now)

    def add(self, number: int) -> Meeting:
        """Somebody new, or somebody who was in the meeting before."""
        addresses = {item.address for item in self.meeting.invited}
        news = [item for item in map(person, range(1, 5)) if item.address not in addresses]
        if not news:
            return self.meeting
        new = news[number % len(news)]
        return lifecycle.revise(self.meeting, listed(*self.meeting.invited, new), self.now)

    def remove(self, number: int) -> Meeting:
        people = list(self.meeting.invited)
        if people:
            people.pop(number % len(people))
        return lifecycle.revise(self.meeting, listed(*people), self.now)

    def replace_and_move(self, number: int) -> Meeting:
        """Everything in one edit."""
        addresses = {item.address for item in self.meeting.invited}
        news = [item for item in map(person, range(1, 5)) if item.address not in addresses][:1]
        change = also(
            listed(*self.meeting.invited[1:], *news),
            duration=timedelta(hours=1 + number % 3),
            title_en=f"Title {number % 3}",
        )
        return lifecycle.revise(self.meeting, change, self.now)

    def answer(self, number: int) -> Meeting:
        lifecycle.require_status(self.meeting, plain("answered"), MeetingStatus.PUBLISHED)
        people = list(self.meeting.attendees)
        at = number % len(people)
        if people[at].invited:
            answer = (ACCEPTED, DECLINED, Participation.TENTATIVE, DECLINED)[number % 4]
            people[at] = replace(people[at], participation=answer, answer_stamp=self.now)
        return replace(self.meeting, attendees=tuple(people))

    def cancel(self, _: int) -> Meeting:
        return lifecycle.cancel(self.meeting, self.now)

    def reinstate(self, _: int) -> Meeting:
        return lifecycle.reinstate(self.meeting, self.now)

    def ask_again(self, number: int) -> Meeting:
        people = list(self.meeting.attendees)
        at = number % len(people)
        people[at] = replace(people[at], resends=people[at].resends + 1)
        return replace(self.meeting, attendees=tuple(people))

    def refuse(self, number: int) -> Meeting:
        invited = [item for item in self.meeting.invited if item.notified]
        if not invited:
            return self.meeting
        refusal = Refusal(1 + len(self.meeting.refusals), invited[number % len(invited)].id)
        return replace(self.meeting, refusals=(*self.meeting.refusals, refusal))

    def wait(self, number: int) -> Meeting:
        self.now += timedelta(seconds=number)
        return self.meeting

    def work(self, _: int) -> Meeting:
        """Let the workers finish what there is to do."""
        self.settle()
        return self.meeting

    def step(self, name: str, number: int) -> None:
        if name in ("claim", "begin", "end"):
            getattr(self, name)(number)
            return
        try:
            self.meeting = getattr(self, name)(number)
        except Conflict:
            return
        self.replan()

    # What has to be so.

    def sent_to(self, address: str) -> list[Mail]:
        return [mail for mail in self.mails if mail.address == address]

    def check_order(self) -> None:
        """Numbers never fall, tell different contents apart, and rise over every change of method."""
        for address in {mail.address for mail in self.mails}:
            mails = self.sent_to(address)
            for earlier, later in pairwise(mails):
                assert later.sequence >= earlier.sequence, (earlier, later)
                if later.method is not earlier.method:
                    assert later.sequence > earlier.sequence, (earlier, later)
                if later.content != earlier.content:
                    assert later.order > earlier.order, (earlier, later)

    def check_nothing_twice(self) -> None:
        """Only what was asked for again, or whose fate nobody knew, is sent again."""
        seen: dict[tuple[object, ...], int] = {}
        for mail in self.mails:
            if mail.kind in (K.INVITE, K.CANCEL):
                key = (mail.address, mail.method, mail.sequence, mail.stamp)
                assert seen.setdefault(key, mail.action) == mail.action, mail

    def check_end(self) -> None:
        rows: dict[str, list[Attendee]] = defaultdict(list)
        for item in self.meeting.attendees:
            rows[item.address].append(item)
        for address, own in rows.items():
            mails = self.sent_to(address)
            wanted = self.meeting.status is MeetingStatus.PUBLISHED and own[-1].invited
            if not wanted:
                self._check_gone(address, mails)
            elif not own[-1].declined:
                self._check_there(own[-1], mails)

    def _check_there(self, attendee: Attendee, mails: list[Mail]) -> None:
        for shown in (newest(mails), in_order(mails)):
            assert shown is not None, attendee
            assert (shown.method, shown.facts) == (REQUEST, facts_of(self.meeting)), attendee
            assert shown.text in self.texts[self.meeting.revision], attendee
            assert shown.sequence == request_to(self.meeting, attendee).sequence, attendee

    def _check_gone(self, address: str, mails: list[Mail]) -> None:
        written = any(
            item.mail.address == address and item.mail.method is REQUEST and item.state != "not"
            for item in self.attempts
        )
        assert bool(mails) <= written, address
        if written:
            last = newest(mails)
            assert last is not None, address
            assert last.method is CANCEL, last
        shown = in_order(mails)
        assert shown is None or shown.method is CANCEL, shown


def newest(mails: list[Mail]) -> Mail | None:
    """What a calendar shows that has got the mails in whatever order: the highest number, then the latest."""
    return max(mails, key=lambda mail: mail.order, default=None)


def in_order(mails: list[Mail]) -> Mail | None:
    """What a calendar shows that has got them as they left and ignores a CANCEL of what it does not know."""
    shown: Mail | None = None
    for mail in mails:
        if (shown is None and mail.method is REQUEST) or (shown is not None and mail.order >= shown.order):
            shown = mail
    return shown


EDITS = [
    "publish",
    "move",
    "shorten",
    "rename",
    "rename_silently",
    "link",
    "mailbox",
    "add",
    "remove",
    "replace_and_move",
    "answer",
    "cancel",
    "reinstate",
    "wait",
]
STEPS = [*EDITS, "add", "remove", "ask_again", "refuse", *["work", "claim", "begin", "end"] * 5]
LIVES = settings(deadline=None, max_examples=examples(400), suppress_health_check=[HealthCheck.too_slow])


@LIVES
@given(
    st.booleans(),
    st.sampled_from(["publish", "save_the_date"]),
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 60)), max_size=40),
)
def test_however_a_meeting_lives_everybody_ends_with_what_is_so(
    provider: bool, first: str, steps: list[tuple[str, int]]
) -> None:
    life = Life(provider=provider)
    life.step(first, 0)
    for name, number in steps:
        life.step(name, number)
        life.check_order()
    life.settle()
    for mail in life.mails:
        note(str(mail))
    life.check_order()
    life.check_nothing_twice()
    life.check_end()


@LIVES
@given(
    st.sampled_from(["publish", "save_the_date"]),
    st.lists(st.tuples(st.sampled_from(EDITS), st.integers(0, 60)), max_size=20),
)
def test_when_all_leaves_at_once_exactly_the_notices_of_each_edit_are_sent(
    first: str, steps: list[tuple[str, int]]
) -> None:
    life = Life(provider=False)
    for name, number in [(first, 0), *steps]:
        before, sent = life.meeting, len(life.mails)
        life.step(name, number)
        expected = [*messages_of_change(before, life.meeting, life.now), *caught_up(before, life)]
        life.settle()
        assert sorted(
            (mail.address, mail.method, mail.sequence, mail.stamp) for mail in life.mails[sent:]
        ) == sorted((item.attendee.address, item.method, item.sequence, item.stamp) for item in expected)
    life.check_order()
    life.check_end()


def caught_up(before: Meeting, life: Life) -> list[RevisionMessage]:
    """Who had declined and comes after all is told what was missed in between."""
    if before.revision != life.meeting.revision:
        return []
    known = {mail.attendee_id: mail.revision for mail in life.mails if mail.method is REQUEST}
    declined = {item.id for item in before.attendees if item.declined}
    return [
        request_to(life.meeting, item)
        for item in life.meeting.invited
        if item.id in declined and not item.declined and known.get(item.id) != life.meeting.revision
    ]
