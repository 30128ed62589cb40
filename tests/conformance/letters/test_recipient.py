"""What stands in a recipient's calendar after our mails, in whichever order they come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.itip import Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.meetings.revision import messages_of_change
from tests.conformance.building import (
    DRAFT,
    FACTS,
    LAN,
    LINK,
    ORGANIZER,
    PEOPLE,
    answered,
    calendar,
    cancelled,
    mail_of,
)
from tests.conformance.conftest import MAILS
from tests.conformance.readers import Reader, Vobject, event_of
from tests.conformance.recipient import Calendar, Entry
from tests.conformance.rules import CALENDAR_RULES, INVITATION_RULES, MAIL_RULES, calendar_of, values
from tests.effort import examples

GOLDEN_ADDRESS = "quynh@vn.example.org"
LATER = FACTS.stamp + timedelta(hours=1)
NEXT_DAY = {"starts_at": FACTS.starts_at + timedelta(days=1), "ends_at": FACTS.ends_at + timedelta(days=1)}


@pytest.fixture
def inbox(reader: Reader) -> Calendar:
    return Calendar(LAN.email, reader)


def entry(inbox: Calendar) -> Entry:
    (found,) = inbox.entries.values()
    return found


def state(inbox: Calendar) -> tuple[int, str, str, str]:
    found = entry(inbox)
    return found.sequence, found.status, found.starts, found.answer


# --- golden mails


def golden(name: str) -> bytes:
    return calendar_of(MAILS[name])


def test_the_golden_mails_move_the_meeting_and_take_it_out(reader: Reader) -> None:
    inbox = Calendar(GOLDEN_ADDRESS, reader)
    inbox.receive(golden("invitation"))
    assert state(inbox) == (0, "CONFIRMED", "20261210T070000Z", "NEEDS-ACTION")
    inbox.answer(*inbox.entries, "ACCEPTED")
    inbox.receive(golden("update-new-time"))
    assert state(inbox) == (1, "CONFIRMED", "20261211T023000Z", "NEEDS-ACTION")
    assert inbox.asked == 2
    inbox.receive(golden("invitation"))
    assert state(inbox) == (1, "CONFIRMED", "20261211T023000Z", "NEEDS-ACTION"), "the old one came again"


@pytest.mark.parametrize("name", ["cancellation", "cancellation-removed"])
def test_a_golden_cancellation_takes_out_the_invitation(reader: Reader, name: str) -> None:
    inbox = Calendar(GOLDEN_ADDRESS, reader)
    inbox.receive(golden("invitation"))
    inbox.receive(golden(name))
    assert state(inbox)[:3] == (1, "CANCELLED", "20261210T070000Z")
    inbox.receive(golden("invitation"))
    assert entry(inbox).cancelled, "an older REQUEST brings nothing back"


def test_a_golden_cancellation_of_something_unknown_adds_nothing(reader: Reader) -> None:
    inbox = Calendar(GOLDEN_ADDRESS, reader)
    inbox.receive(golden("cancellation"))
    assert inbox.entries == {}


# --- single rules


def test_of_the_same_sequence_the_later_stamp_counts(inbox: Calendar) -> None:
    inbox.receive(calendar(summary="New", stamp=LATER))
    inbox.receive(calendar(summary="Old"))
    assert entry(inbox).summary == "New"


def test_a_new_text_keeps_the_answer_that_was_given(inbox: Calendar) -> None:
    inbox.receive(calendar())
    inbox.answer(FACTS.uid, "ACCEPTED")
    inbox.receive(calendar(summary="New", stamp=LATER))
    assert (entry(inbox).answer, inbox.asked) == ("ACCEPTED", 1)
    inbox.receive(calendar(answered("ACCEPTED"), stamp=LATER + timedelta(hours=1)))
    assert (entry(inbox).answer, inbox.asked) == ("ACCEPTED", 1)


def test_a_new_time_asks_again(inbox: Calendar) -> None:
    inbox.receive(calendar())
    inbox.answer(FACTS.uid, "ACCEPTED")
    inbox.receive(calendar(**NEXT_DAY, sequence=1, stamp=LATER))
    assert (entry(inbox).answer, inbox.asked) == ("NEEDS-ACTION", 2)


def test_a_cancelled_meeting_stays_and_an_update_that_comes_late_does_not_bring_it_back(
    inbox: Calendar,
) -> None:
    inbox.receive(calendar())
    inbox.receive(cancelled(sequence=2, stamp=LATER))
    inbox.receive(calendar(**NEXT_DAY, sequence=1, stamp=LATER))
    assert entry(inbox).cancelled


def test_what_is_only_published_is_not_taken_for_an_invitation(inbox: Calendar) -> None:
    inbox.receive(calendar().replace(b"METHOD:REQUEST", b"METHOD:PUBLISH"))
    assert inbox.entries == {}


def test_a_mail_that_is_passed_on_names_the_one_who_was_asked(reader: Reader) -> None:
    inbox = Calendar("colleague@vn.example.org", reader)
    inbox.receive(calendar())
    assert (entry(inbox).status, entry(inbox).answer) == ("CONFIRMED", "")


# --- a whole life


@dataclass
class Life:
    """A meeting that is edited, and the mails that its edits send, by recipient."""

    pause: timedelta
    meeting: Meeting = DRAFT
    now: datetime = FACTS.stamp
    mails: dict[str, list[bytes]] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def edit(self, change: Callable[[Meeting, datetime], Meeting]) -> None:
        """Apply an edit and send exactly the messages that it calls for."""
        self.now += self.pause
        before, self.meeting = self.meeting, numbered(change(self.meeting, self.now))
        told = messages_of_change(before, self.meeting, self.now)
        for notice in told:
            address = notice.attendee.address
            sent, raw = mail_of(self.meeting, notice, self.now, self.first.get(address))
            self.first.setdefault(address, sent)
            self.mails.setdefault(address, []).append(raw)
        told_by_address = {item.attendee.address: item.method for item in told}
        self.meeting = replace(
            self.meeting, attendees=tuple(delivered(item, told_by_address) for item in self.meeting.attendees)
        )

    def holds(self, address: str) -> bool:
        """Whether the meeting takes place with that person."""
        invited = {item.address for item in self.meeting.invited}
        return self.meeting.status is MeetingStatus.PUBLISHED and address in invited


def delivered(attendee: Attendee, told: dict[str, Method]) -> Attendee:
    """Note, as delivering does, what has left for an attendee."""
    method = told.get(attendee.address)
    if method is None:
        return attendee
    return replace(attendee, notified=True, withdrawn=method is Method.CANCEL)


def numbered(meeting: Meeting) -> Meeting:
    """Give new attendees their ids, as storing does."""
    return replace(
        meeting,
        attendees=tuple(replace(item, id=7 + index) for index, item in enumerate(meeting.attendees)),
    )


def revise(**fields: object) -> Callable[[Meeting, datetime], Meeting]:
    return lambda meeting, now: lifecycle.revise(meeting, lifecycle.Change(**fields), now)  # type: ignore[arg-type]


def publish(meeting: Meeting, now: datetime, *, save_the_date: bool = False) -> Meeting:
    return lifecycle.publish(meeting, FACTS.uid, now, organizer=ORGANIZER, save_the_date=save_the_date)


def announce(meeting: Meeting, now: datetime) -> Meeting:
    return publish(meeting, now, save_the_date=True)


def other_link(meeting: Meeting, now: datetime) -> Meeting:
    url = f"{LINK}&again={meeting.sequence}"
    return lifecycle.with_link(meeting, replace(meeting.conference, join_url=url, by_hand=True), now)


def retitle(meeting: Meeting, now: datetime) -> Meeting:
    return revise(title_en=f"Meeting after {meeting.revision} revisions")(meeting, now)


def move(meeting: Meeting, now: datetime) -> Meeting:
    return revise(wall_start=meeting.wall_start + timedelta(hours=1))(meeting, now)


def accept(meeting: Meeting, now: datetime) -> Meeting:
    lan, *others = meeting.attendees
    return replace(meeting, attendees=(replace(lan, participation=Participation.ACCEPTED), *others))


EDITS = {
    "accept": accept,
    "retitle": retitle,
    "move": move,
    "other link": other_link,
    "remove": revise(attendees=PEOPLE[:1]),
    "invite again": revise(attendees=PEOPLE),
}
ENDS = {"cancel": lifecycle.cancel, "reinstate": lifecycle.reinstate}


def live(edits: list[str], announced: bool, pause: timedelta) -> Life:
    life = Life(pause)
    if announced:
        life.edit(announce)
    life.edit(publish)
    for name in edits:
        over = life.meeting.status is MeetingStatus.CANCELLED
        if name in ENDS and (name == "reinstate") is over:
            life.edit(ENDS[name])
        elif name in EDITS and not over:
            life.edit(EDITS[name])
    return life


LIVES = st.builds(
    live,
    edits=st.lists(st.sampled_from([*EDITS, *ENDS]), max_size=7),
    announced=st.booleans(),
    # DTSTAMP counts seconds, and two edits may come within one.
    pause=st.sampled_from([timedelta(0), timedelta(minutes=1)]),
)


@settings(max_examples=examples(60))
@given(life=LIVES, random=st.randoms(use_true_random=False))
def test_every_calendar_ends_as_the_meeting_stands_in_whichever_order_the_mails_come(
    life: Life, random: object
) -> None:
    for address, mails in life.mails.items():
        # Only the first mail must come first: a CANCEL of something unknown is lost.
        late = [*mails[1:], *mails[1:]]
        random.shuffle(late)  # type: ignore[attr-defined]
        inbox = Calendar(address, Vobject())
        for raw in (mails[0], *late):
            inbox.receive(calendar_of(raw))
        found = entry(inbox)
        assert found.cancelled is not life.holds(address)
        if life.holds(address):
            announced = "Save the date: " if life.meeting.tentative else ""
            assert found.summary == f"{announced}{life.meeting.title_en}"
            assert found.starts == f"{life.meeting.starts_at:%Y%m%dT%H%M%SZ}"
            assert found.place == life.meeting.conference.join_url
            assert found.status == ("TENTATIVE" if life.meeting.tentative else "CONFIRMED")


@settings(max_examples=examples(60))
@given(life=LIVES)
def test_every_mail_of_any_life_keeps_every_rule(life: Life) -> None:
    for raw in (raw for mails in life.mails.values() for raw in mails):
        for rule in (*MAIL_RULES, *INVITATION_RULES):
            rule(raw)
        for rule in CALENDAR_RULES:
            rule(calendar_of(raw))


@settings(max_examples=examples(60))
@given(life=LIVES)
def test_to_one_person_numbers_only_rise_and_the_address_to_answer_to_stays(
    life: Life,
) -> None:
    for mails in life.mails.values():
        found = [event_of(Vobject().read(calendar_of(raw))) for raw in mails]
        numbers = [(int(item.one("SEQUENCE").value), item.one("DTSTAMP").value) for item in found]
        assert numbers == sorted(set(numbers))
        assert len({item.one("ORGANIZER").value for item in found}) == 1
        assert {item.one("UID").value for item in found} == {FACTS.uid}
    organizers = {values(calendar_of(mails[0]), "ORGANIZER")[0] for mails in life.mails.values()}
    assert len(organizers) == len(life.mails)
