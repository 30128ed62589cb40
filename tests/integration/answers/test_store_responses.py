"""What came back from attendees, in the store: read as it was written, told once, found by any key.

This file is longer than others, because its builders of rows serve all of it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from orchestrator import words
from orchestrator.domain.answers.responses import Fate
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.alerts import AlertKind
from orchestrator.domain.meetings.meeting import AnswerByOther, Attendee, Participation, Refusal
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import NotFound
from orchestrator.facts import plain
from orchestrator.store.answers import incoming, responses
from orchestrator.store.answers.incoming import MailQuery, NewMail
from orchestrator.store.answers.responses import NewResponse
from orchestrator.store.engine import Database
from orchestrator.store.meetings import attendees
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.events import EventRow
from orchestrator.store.rows.meetings import AttendeeRow, ConferenceRow, MeetingRow
from orchestrator.store.rows.people import PersonRow
from orchestrator.store.rows.timelines import ActionRow
from tests.integration.conftest import (
    ENDS,
    NHUNG,
    NOW,
    STARTS,
    TAN,
    action_values,
    event_values,
    meeting_values,
)

pytestmark = pytest.mark.both_databases

LATER = NOW + timedelta(hours=1)


def attendee_values(number: int, email: str, meeting_id: int = 1) -> dict[str, Any]:
    return {
        "id": number,
        "meeting_id": meeting_id,
        "person_id": 1 if email == TAN else 2,
        "name": email,
        "email": email,
        "address": email,
        "delegation": "SG",
        "group": "SOM",
        "role": Role.DELEGATE,
    }


@pytest.fixture
def filled(database: Database) -> Database:
    """Two meetings of the same two people."""
    with database.transaction() as session:
        people = [
            {"email": email, "name": email, "delegation": "SG", "role": "delegate"} for email in (TAN, NHUNG)
        ]
        session.execute(insert(PersonRow), people)
        session.execute(insert(EventRow), [event_values(1), event_values(2)])
        session.execute(insert(MeetingRow), [meeting_values(1), meeting_values(2)])
        session.execute(insert(ConferenceRow), [{"meeting_id": n, "external_id": f"x{n}"} for n in (1, 2)])
        rows = [attendee_values(1, TAN), attendee_values(2, NHUNG), attendee_values(3, TAN, 2)]
        session.execute(insert(AttendeeRow), rows)
    return database


def response(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "meeting_id": 1,
        "attendee_id": 1,
        "kind": "answer",
        "participation": "ACCEPTED",
        "channel": "mail",
        "by": TAN,
        "at": NOW,
        **changes,
    }


def proposal(number: int, **changes: Any) -> dict[str, Any]:
    whole = {"kind": "proposal", "participation": None, "state": "open", "starts_at": STARTS, "ends_at": ENDS}
    return response(number, **(whole | changes))


def mail(number: int, **changes: Any) -> NewMail:
    values: dict[str, Any] = {
        "digest": f"{number:064d}",
        "mailbox": "m",
        "size": 1,
        "received_at": NOW,
        "read_at": NOW,
        "sort": "answer",
        "method": "REPLY",
        "sender": TAN,
        "subject": "S",
        "message_id": None,
        "uid": None,
        "participation": None,
        "text": "",
        "meeting_id": None,
        "attendee_id": None,
        "named": None,
        "named_as": None,
        "body_kept": False,
        "fate": Fate.APPLIED,
        "reason": plain("why"),
        **changes,
    }
    return NewMail(**values)


def add(database: Database, *rows: dict[str, Any]) -> None:
    with database.transaction() as session:
        values = [{name: value for name, value in row.items() if name != "id"} for row in rows]
        responses.add(session, [NewResponse(**row) for row in values])


def news(database: Database, number: int = 1) -> tuple[int, datetime | None, datetime | None]:
    with database.reading() as session:
        found = store.load(session, number).news
    return found.latest, found.told_until, found.first_at


# --- answers


def test_an_answer_comes_back_as_it_was_written(filled: Database) -> None:
    with filled.transaction() as session:
        first, _ = store.load(session, 1).attendees
        given = Attendee(
            name=first.name,
            email=first.email,
            delegation="SG",
            group="SOM",
            role=first.role,
            id=first.id,
            participation=Participation.DELEGATED,
            answer_stamp=LATER,
            comment="Mời anh Lâm",
            delegated_to="lim@sg.example.org",
        )
        responses.write_answers(session, [given], "mail", NOW)
        responses.write_answers(session, [], "mail", NOW)
    with filled.reading() as session:
        first, second = store.load(session, 1).attendees
        assert attendees.answers(session, 1) == {1: (NOW, "mail"), 2: (None, None)}
    assert (first.participation, first.answer_stamp, first.comment, first.delegated_to) == (
        Participation.DELEGATED,
        LATER,
        "Mời anh Lâm",
        "lim@sg.example.org",
    )
    assert second.participation is Participation.NEEDS_ACTION


def test_responses_of_different_kinds_are_written_together(filled: Database) -> None:
    add(filled, response(1, comment="Yes"), proposal(2), response(3, kind="letter", participation=None))
    add(filled)
    with filled.reading() as session:
        found = responses.of_meeting(session, 1)
        assert [(row.id, row.kind, row.state, row.comment) for row in found] == [
            (3, "letter", None, None),
            (2, "proposal", "open", None),
            (1, "answer", None, "Yes"),
        ]
        assert responses.of_meeting(session, 2) == []
        assert responses.get(session, 2).starts_at == STARTS
        with pytest.raises(NotFound):
            responses.get(session, 99)


# --- what is news


def test_news_are_what_came_by_itself_since_the_last_digest(filled: Database) -> None:
    assert news(filled) == (0, None, None)
    add(filled, response(1, channel="telephone"))
    assert news(filled) == (0, None, None), "a coordinator knows what a coordinator entered"
    add(filled, response(2, at=LATER), response(3, at=LATER + timedelta(hours=1), channel="web"))
    assert news(filled) == (3, None, LATER)
    assert news(filled, 2) == (0, None, None)


@pytest.mark.parametrize("state", ["succeeded", "claimed", "running", "scheduled", "failed", "missed"])
def test_a_digest_in_hand_counts_as_told_and_one_that_failed_does_not(filled: Database, state: str) -> None:
    later = LATER + timedelta(hours=1)
    add(filled, response(1), response(2, at=LATER), response(3, at=later))
    lease = LATER if state in ("claimed", "running") else None
    at = LATER + timedelta(minutes=1)
    with filled.transaction() as session:
        row = action_values(
            1, kind=ActionKind.DIGEST, revision=2, state=state, lease_until=lease, planned_at=at
        )
        session.execute(insert(ActionRow), [row])
        digest_at = store.load(session, 1).news.digest_at
    told = state in ("succeeded", "claimed", "running")
    assert news(filled) == (3, at if told else None, later if told else NOW)
    assert digest_at == (None if state == "scheduled" else at)


def test_a_digest_holds_what_came_since_the_last_one_each_once(filled: Database) -> None:
    middle = LATER + timedelta(minutes=1)
    add(
        filled,
        response(1),
        response(2, at=LATER),
        response(3, channel="cli"),
        response(4, at=middle),
        response(5, meeting_id=2, attendee_id=3),
    )
    with filled.reading() as session:
        first = [row.id for row in responses.between(session, 1, None, middle)]
        second = [row.id for row in responses.between(session, 1, middle, middle + timedelta(days=1))]
    assert (first, second) == ([1, 2], [4])


def test_what_must_not_wait_is_noted_once(filled: Database) -> None:
    twice = [proposal(1), proposal(2)]
    add(filled, response(3, urgent=True, participation=Participation.DECLINED), *twice)
    with filled.reading() as session:
        found = store.load(session, 1).alerts
    assert [item.kind for item in found] == [AlertKind.HEAD_DECLINED, AlertKind.NEW_TIME]


# --- proposals


def test_only_an_open_proposal_is_refused_or_settled(filled: Database) -> None:
    add(filled, proposal(1), proposal(2), response(3), proposal(4, meeting_id=2, attendee_id=3))
    with filled.transaction() as session:
        assert responses.refuse(session, 1, "Not possible")
        assert not responses.refuse(session, 1, "Again")
        assert not responses.refuse(session, 3, None)
        assert not responses.refuse(session, 99, None)
        responses.settle_proposals(session, 1)
    with filled.reading() as session:
        found = {row.id: (row.state, row.reply) for row in responses.of_meeting(session, 1)}
        assert responses.of_meeting(session, 2)[0].state == "open"
        refused = store.load(session, 1).refusals
    assert found == {1: ("refused", "Not possible"), 2: ("settled", None), 3: (None, None)}
    assert [(item.response_id, item.attendee_id) for item in refused] == [(1, 1)]


def test_who_is_told_of_refusals_and_of_answers_by_others_is_read_together(filled: Database) -> None:
    """Nobody is told of an answer by another person after they have answered themselves."""
    add(
        filled,
        response(1, by_other=True),
        proposal(2, state="refused"),
        response(3, attendee_id=2, by_other=True),
        response(4),
        response(5, meeting_id=2, attendee_id=3, by_other=True),
    )
    with filled.reading() as session:
        found = store.load_many(session, [1, 2])
        assert [item.refusals for item in found] == [(Refusal(2, 1),), ()]
        assert [item.answers_by_others for item in found] == [(AnswerByOther(3, 2),), (AnswerByOther(5, 3),)]


def test_open_proposals_are_known_by_whom_and_when(filled: Database) -> None:
    add(
        filled,
        proposal(1),
        proposal(2, attendee_id=2, ends_at=None),
        proposal(3, state="refused"),
        response(4),
    )
    with filled.reading() as session:
        assert responses.open_proposals(session, 1) == {(1, STARTS, ENDS), (2, STARTS, None)}
        assert responses.open_proposals(session, 2) == set()


def test_asking_again_counts_and_remembers_when(filled: Database) -> None:
    with filled.transaction() as session:
        assert responses.last_asked(session, 1) == {}
        responses.ask_again(session, 1, NOW)
        responses.ask_again(session, 1, LATER)
        responses.ask_again(session, 3, NOW)
    with filled.reading() as session:
        assert responses.last_asked(session, 1) == {1: LATER}
        assert [item.resends for item in store.load(session, 1).attendees] == [2, 0]


# --- mails that came in


def test_a_mail_is_known_by_its_digest_and_what_became_of_it(filled: Database) -> None:
    with filled.transaction() as session:
        numbers = incoming.add(
            session,
            [mail(1), mail(2, fate=Fate.QUARANTINED), mail(3, meeting_id=1, attendee_id=1)],
        )
        assert incoming.add(session, []) == {}
    digests = [f"{number:064d}" for number in range(1, 5)]
    assert [*numbers] == digests[:3]
    with filled.reading() as session:
        assert incoming.known(session, digests) == {
            digests[0]: Fate.APPLIED,
            digests[1]: Fate.QUARANTINED,
            digests[2]: Fate.APPLIED,
        }
        assert incoming.known(session, []) == {}
        assert incoming.quarantined(session) == 1
        listed = [found.row.digest for found in incoming.listed(session, MailQuery())]
        kept = [found.row.id for found in incoming.listed(session, MailQuery(Fate.QUARANTINED))]
        assert incoming.get(session, numbers[digests[2]]).attendee_id == 1
        with pytest.raises(NotFound, match="no incoming mail 99"):
            incoming.get(session, 99)
    assert (listed, kept) == (digests[2::-1], [numbers[digests[1]]])


def test_the_same_mail_is_not_recorded_twice(filled: Database) -> None:
    with filled.transaction() as session:
        incoming.add(session, [mail(1)])
    with pytest.raises(IntegrityError), filled.transaction() as session:
        incoming.add(session, [mail(2), mail(1)])
    with filled.reading() as session:
        assert len(incoming.listed(session, MailQuery())) == 1


# --- whom a mail belongs to


def delivery(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "action_id": 1,
        "meeting_id": 1,
        "attendee_id": 1,
        "recipient": TAN,
        "channel": "smtp",
        "purpose": f"purpose {number}",
        "state": "sent",
        "message_id": f"<{number}@x>",
        "subject": "S",
        "sequence": 0,
        "revision": 1,
        "local_time": plain("then"),
        "started_at": NOW,
        **changes,
    }


@pytest.fixture
def delivered(filled: Database) -> Database:
    """Mails to one person about two meetings."""
    with filled.transaction() as session:
        session.execute(insert(ActionRow), [action_values(1), action_values(2, meeting_id=2)])
        session.execute(
            insert(DeliveryRow),
            [
                delivery(1, recipient="Tan@SG.example.org"),
                delivery(2),
                delivery(3, state="failed"),
                delivery(4, action_id=2, meeting_id=2, attendee_id=3),
                delivery(5, recipient=NHUNG),
            ],
        )
    return filled


def test_meetings_are_found_by_uid_and_by_attendee(filled: Database) -> None:
    with filled.reading() as session:
        assert incoming.meetings_by_uid(session, ["uid-1", "uid-2", "UID-1", "", "other"]) == {
            "uid-1": 1,
            "uid-2": 2,
        }
        assert incoming.meetings_of_attendees(session, [1, 3, 99]) == {1: 1, 3: 2}
        assert incoming.meetings_by_uid(session, []) == incoming.meetings_of_attendees(session, []) == {}


def test_deliveries_are_found_by_message_id_and_the_newest_by_attendee(delivered: Database) -> None:
    with delivered.reading() as session:
        found = incoming.deliveries_by_message_id(session, ["<1@x>", "<4@x>", "<99@x>"])
        assert {name: row.id for name, row in found.items()} == {"<1@x>": 1, "<4@x>": 4}

        def newest(attendee_id: int) -> int | None:
            row = incoming.latest_delivery_to(session, attendee_id)
            return row.id if row else None

        assert (newest(3), newest(99)) == (4, None)


def test_deliveries_are_found_by_how_their_message_id_begins(delivered: Database) -> None:
    with delivered.transaction() as session:
        for number, beginning in ((1, "0f"), (2, "0e"), (4, "0ff")):
            row = session.get_one(DeliveryRow, number)
            row.message_id = f"<{beginning}aa@accsm.example>"
    with delivered.reading() as session:
        ids = [row.id for row in incoming.deliveries_of_envelope(session, "<0fa")]
        assert ids == [1]
        assert incoming.deliveries_of_envelope(session, "<0d") == []


def test_a_bounce_says_what_the_other_server_said(delivered: Database) -> None:
    with delivered.transaction() as session:
        row = session.get(DeliveryRow, 2)
        assert row is not None
        incoming.bounced(session, row, "5.1.1 " + "x" * 5000, LATER)
    with delivered.reading() as session:
        found = session.get_one(DeliveryRow, 2)
    assert (found.state, len(words.maybe(found.answer) or ""), found.ended_at) == ("bounced", 2000, LATER)
