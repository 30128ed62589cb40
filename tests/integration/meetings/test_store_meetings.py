"""Meetings in the store: what goes in comes out, and nobody overwrites what somebody else changed.

This file is longer than others, because all of it holds one round trip, what goes in comes out.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert, select

from orchestrator import words
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.fields import Seat
from orchestrator.domain.meetings.lifecycle import publish
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, MeetingStatus, Participation
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import tzdata_version
from orchestrator.errors import Conflict, NotFound
from orchestrator.facts import Fact, plain
from orchestrator.services.answers.recording import GivenAnswer, record
from orchestrator.store.engine import Database
from orchestrator.store.meetings import attendees, history, revisions, saving
from orchestrator.store.meetings import linked as linked_store
from orchestrator.store.meetings import meetings as store
from orchestrator.store.minutes import minutes as minutes_store
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.meetings import AgendaRow, AttendeeRow, MeetingRow, RevisionRow
from orchestrator.store.rows.minutes import DocumentRow
from orchestrator.store.rows.people import PersonRow
from orchestrator.store.rows.timelines import ActionRow
from tests.callers import caller
from tests.integration.conftest import NHUNG, NOW, STARTS, THIDA, action_values

pytestmark = pytest.mark.both_databases

LATER = NOW + timedelta(hours=1)
LINK = "https://teams.example.org/join/1"


def person(email: str = NHUNG, **changes: Any) -> Attendee:
    whole: dict[str, Any] = {
        "name": "Lê Thị Hồng Nhung",
        "email": email,
        "delegation": "VN",
        "group": "SOM",
        "role": Role.SENIOR_OFFICIAL,
    }
    return Attendee(**(whole | changes))


def draft(**changes: Any) -> Meeting:
    whole: dict[str, Any] = {
        "id": 0,
        "reference": "SOM-2026",
        "programme": "ACCSM 21",
        "kind": "som",
        "title_en": "Senior Officials Meeting",
        "title_vi": "Hội nghị quan chức cấp cao",
        "host": "VN",
        "coordinator_name": "Trần Minh Khôi",
        "coordinator_email": "khoi@vn.example.org",
        "wall_start": datetime(2026, 12, 3, 14),  # noqa: DTZ001 - a wall time.
        "zone": "Asia/Ho_Chi_Minh",
        "duration": timedelta(hours=2, minutes=30),
        "timeline": "standard",
        "conference": Conference("external-1"),
        "agenda": (
            AgendaEntry("Opening", "Khai mạc", "VN", number=1),
            AgendaEntry("Other matters", number=2),
        ),
        "attendees": (person(), person("Thida@MM.example.org", name="Thida Aye", delegation="MM")),
    }
    return Meeting(**(whole | changes))


def added(database: Database, meeting: Meeting | None = None, **changes: Any) -> Meeting:
    with database.transaction() as session:
        number = saving.add(session, meeting or draft(**changes), [], NOW)
        return store.load(session, number)


def saved(database: Database, meeting: Meeting, **how: bool) -> Meeting:
    with database.transaction() as session:
        return saving.save(session, meeting, LATER, **how)


def loaded(database: Database, number: int) -> Meeting:
    with database.reading() as session:
        return store.load(session, number)


def test_a_draft_comes_back_as_it_was_stored(database: Database) -> None:
    written = draft()
    read = added(database, written)
    assert read.id > 0
    assert [item.id > 0 for item in read.attendees] == [True, True]
    bare = tuple(replace(item, id=0) for item in read.attendees)
    assert replace(read, id=0, event_id=0, attendees=bare) == written
    assert (read.starts_at, read.status, read.version) == (STARTS, MeetingStatus.DRAFT, 1)


def test_every_field_that_may_change_comes_back_as_it_was_saved(database: Database) -> None:
    before = added(database)
    wanted = replace(
        publish(before, "uid-1", NOW, organizer="meetings@accsm.example"),
        title_en="SOM+3",
        title_vi=None,
        wall_start=datetime(2026, 12, 4, 9, 30),  # noqa: DTZ001
        zone="Asia/Dili",
        duration=timedelta(hours=1),
        tentative=True,
        organizer="other@accsm.example",
        sequence=3,
        revised_sequence=2,
        reset_sequence=1,
        revision=4,
        time_revision=2,
        revised_at=LATER,
        published_at=NOW,
        conference=Conference("external-1", "provider-1", LINK, by_hand=True),
        agenda=(AgendaEntry("Report", None, "all", number=1),),
        attendees=(
            replace(
                before.attendees[0],
                participation=Participation.DELEGATED,
                role=Role.OBSERVER,
                seat=Seat.HEAD,
                answer_stamp=NOW,
                comment="My deputy comes.",
                delegated_to="d@vn.example.org",
            ),
            replace(before.attendees[1], removed_sequence=3, removed_at=LATER),
            person("thida@mm.example.org", delegation="MM", joined_sequence=3, joined_at=LATER),
        ),
    )
    after = saved(database, wanted)
    newcomer = replace(wanted.attendees[2], id=after.attendees[2].id)
    assert newcomer.id > before.attendees[1].id
    assert after == replace(wanted, version=2, attendees=(*wanted.attendees[:2], newcomer))
    assert loaded(database, before.id) == after


def test_the_zone_data_behind_the_instants_is_recorded(database: Database) -> None:
    number = added(database).id
    with database.reading() as session:
        row = session.get_one(MeetingRow, number)
    assert (row.starts_at, row.ends_at - row.starts_at) == (STARTS, timedelta(hours=2, minutes=30))
    assert row.tzdata == tzdata_version()


def test_a_meeting_is_found_by_reference_or_number(database: Database) -> None:
    meeting = added(database)
    with database.reading() as session:
        assert store.find_id(session, "SOM-2026") == meeting.id
        assert store.find_id(session, str(meeting.id)) == meeting.id
        for unknown in ("SOM-2027", "999", "²", ""):
            with pytest.raises(NotFound):
                store.find_id(session, unknown)


def test_a_reference_is_given_once(database: Database) -> None:
    added(database)
    with pytest.raises(Conflict, match="There is a meeting SOM-2026 already"):
        added(database, conference=Conference("external-2"))


def test_who_saves_a_version_that_is_not_the_newest_is_told(database: Database) -> None:
    read = added(database)
    first = saved(database, replace(read, title_en="Mine"))
    assert first.version == 2
    with pytest.raises(Conflict, match="SOM-2026 was changed by somebody else meanwhile") as caught:
        saved(database, replace(read, title_en="Yours"))
    assert caught.value.code == "version-conflict"
    assert loaded(database, read.id).title_en == "Mine"
    assert saved(database, replace(first, title_en="Yours")).version == 3


def test_what_the_service_saves_is_no_new_version_to_people(database: Database) -> None:
    read = added(database)
    by_service = saved(
        database, replace(read, conference=Conference("external-1", "p", LINK)), by_person=False
    )
    assert by_service.version == read.version
    assert saved(database, replace(read, title_en="Mine")).version == 2
    with database.transaction() as session:
        assert store.saves(session, read.id) == 2, "but workers see that it was saved"


def test_two_who_save_the_same_version_at_once_do_not_both_succeed(database: Database) -> None:
    read = added(database)
    barrier = Barrier(2)

    def save(title: str) -> str:
        barrier.wait(10)
        try:
            return saved(database, replace(read, title_en=title)).title_en
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(save, ("A", "B")))
    winner = loaded(database, read.id).title_en
    assert sorted(results) == sorted([winner, "version-conflict"])


def people(database: Database) -> dict[str, tuple[str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(PersonRow))
        return {row.email: (row.name, row.delegation, row.role) for row in rows}


def test_the_directory_keeps_each_person_once_as_last_given(database: Database) -> None:
    added(database)
    assert people(database) == {
        NHUNG: ("Lê Thị Hồng Nhung", "VN", "senior official"),
        THIDA: ("Thida Aye", "MM", "senior official"),
    }
    newer = person("NHUNG@vn.example.org", name="Dr Nhung", role=Role.HEAD_OF_CIVIL_SERVICE)
    second = added(database, reference="SOM-2027", conference=Conference("external-2"), attendees=(newer,))
    assert people(database)[NHUNG] == ("Dr Nhung", "VN", "head of civil service")
    assert second.attendees[0].email == "NHUNG@vn.example.org", "an address stays as it was written"


def test_saving_an_older_meeting_says_nothing_new_about_its_people(database: Database) -> None:
    first = added(database)
    newer = person(name="Dr Nhung")
    added(database, reference="SOM-2027", conference=Conference("external-2"), attendees=(newer,))
    other = replace(first.attendees[1], name="Daw Thida Aye")
    again = saved(database, replace(first, attendees=(first.attendees[0], other)))
    assert (people(database)[NHUNG][0], people(database)[THIDA][0]) == ("Dr Nhung", "Daw Thida Aye")
    assert again.attendees[0].name == "Lê Thị Hồng Nhung", "a meeting keeps whom it invited, as invited"
    saved(database, replace(again, attendees=(replace(again.attendees[0], name="Prof Nhung"),)))
    assert people(database)[NHUNG][0] == "Prof Nhung"


def snapshot(database: Database, number: int, revision: int) -> tuple[Any, ...]:
    with database.reading() as session:
        found = revisions.snapshot(session, number, revision)
    return (found.title, found.join_url, found.agenda, found.starts_at) if found else ()


def test_a_revision_is_kept_as_told_from_the_moment_somebody_was_told(database: Database) -> None:
    published = saved(database, publish(added(database), "uid-1", NOW, organizer="meetings@accsm.example"))
    items = ("Opening (VN)", "Other matters")
    assert snapshot(database, published.id, 1) == ("Senior Officials Meeting", None, items, STARTS)
    first = saved(database, replace(published, conference=Conference("external-1", "p", "https://first")))
    assert snapshot(database, published.id, 1) == ("Senior Officials Meeting", "https://first", items, STARTS)
    linked = saved(database, replace(first, conference=Conference("external-1", "p", LINK)))
    assert snapshot(database, published.id, 1) == ("Senior Officials Meeting", LINK, items, STARTS)
    told = tuple(replace(item, notified=True) for item in linked.attendees)
    changes = {"title_en": "Changed without telling anybody", "agenda": (), "attendees": told}
    quiet = saved(database, replace(linked, **changes))
    assert snapshot(database, published.id, 1) == ("Senior Officials Meeting", LINK, items, STARTS)
    saved(database, replace(quiet, revision=2, sequence=3, revised_sequence=1))
    assert snapshot(database, published.id, 1) == ("Senior Officials Meeting", LINK, items, STARTS)
    assert snapshot(database, published.id, 2) == ("Changed without telling anybody", LINK, (), STARTS)
    assert snapshot(database, published.id, 3) == ()
    with database.reading() as session:
        rows = [(row.revision, row.sequence) for row in session.scalars(select(RevisionRow))]
        assert rows == [(1, 0), (2, 1)], "a number that a removal used up belongs to no revision"


def test_a_draft_has_no_revision(database: Database) -> None:
    assert snapshot(database, saved(database, added(database)).id, 0) == ()


def test_feeds_are_by_reference_and_need_no_order(database: Database) -> None:
    with database.transaction() as session:
        feeds = [("PREP", "SOM-2026"), ("SOM-2026", "HEADS")]
        saving.add(session, draft(), feeds, NOW)
        saving.add(session, draft(reference="PREP", conference=Conference("e-2")), feeds[:1], NOW)
    with database.reading() as session:
        assert linked_store.feeds(session, "SOM-2026") == ("HEADS", ("PREP",))
        assert linked_store.feeds(session, "PREP") == ("SOM-2026", ())
        assert linked_store.feeds(session, "HEADS") == (None, ("SOM-2026",))
        assert linked_store.feeds(session, "NONE") == (None, ())


@pytest.mark.parametrize(
    ("state", "repeated", "purpose", "notified"),
    [
        ("sent", False, "invitation", True),
        ("sending", False, "invitation", True),
        ("sent", False, "update", True),
        ("sent", False, "save-the-date", True),
        ("sent", False, "again", True),
        ("sent", False, "refusal", True),
        ("bounced", False, "invitation", True),
        ("bounced", True, "invitation", True),
        ("deferred", False, "invitation", False),
        ("failed", False, "invitation", False),
        ("failed", True, "invitation", True),
        ("deferred", True, "invitation", True),
        ("sent", False, "minutes", False),
    ],
)
def test_notified_is_whom_an_invitation_may_have_reached(
    database: Database, state: str, repeated: bool, purpose: str, notified: bool
) -> None:
    meeting = added(database)
    first = meeting.attendees[0].id
    with database.transaction() as session:
        session.execute(insert(ActionRow), [action_values(1, meeting_id=meeting.id, attendee_id=first)])
        session.add(
            DeliveryRow(
                action_id=1,
                meeting_id=meeting.id,
                attendee_id=first,
                recipient=NHUNG,
                channel="smtp",
                purpose=purpose,
                state=state,
                repeated=repeated,
                message_id="<1@x>",
                subject="S",
                sequence=0,
                revision=1,
                local_time=plain("now"),
                started_at=NOW,
            )
        )
    assert [item.notified for item in loaded(database, meeting.id).attendees] == [notified, False]


def test_a_conference_counts_as_attempted_once_a_worker_was_sent_for_it(database: Database) -> None:
    number = added(database).id
    with database.transaction() as session:
        session.add(ActionRow(**action_values(1, meeting_id=number, kind="conference")))
    assert not loaded(database, number).conference.attempted
    with database.transaction() as session:
        session.get_one(ActionRow, 1).attempt = 1
    assert loaded(database, number).conference.attempted


def test_an_answer_keeps_when_and_how_it_came(database: Database) -> None:
    meeting = added(database)
    first, second = (item.id for item in meeting.attendees)
    with database.transaction() as session:
        given = GivenAnswer(
            first, Participation.DECLINED, caller("ops"), by="ops", stamp=NOW, comment=" Ill. "
        )
        recorded = record(session, store.load(session, meeting.id, lock=True), [given], LATER)
    with database.reading() as session:
        assert attendees.answers(session, meeting.id) == {first: (LATER, "console"), second: (None, None)}
    after = loaded(database, meeting.id)
    assert [item.declined for item in after.attendees] == [True, False]
    assert (after.attendees[0].answer_stamp, after.attendees[0].comment) == (NOW, "Ill.")
    assert after.attendees == recorded.attendees, "what is returned is what was stored"
    assert after.version == meeting.version


def test_minutes_are_numbered_and_the_newest_counts(database: Database) -> None:
    number = added(database).id
    versions = []
    for size, moment in ((1, NOW), (2, LATER)):
        with database.transaction() as session:
            document = DocumentRow(
                digest="0" * 64, filename=f"{size}.md", media_type="text/markdown", size=size
            )
            versions.append(minutes_store.add(session, number, document, moment))
    assert versions == [1, 2]
    after = loaded(database, number)
    assert (after.minutes_version, after.minutes_at) == (2, LATER)
    with database.reading() as session:
        assert [row.document.filename for row in minutes_store.of_meeting(session, number)] == [
            "1.md",
            "2.md",
        ]
        assert minutes_store.document_of(session, number, 1).size == 1
        with pytest.raises(NotFound, match="no minutes of version 3"):
            minutes_store.document_of(session, number, 3)


def test_history_is_read_newest_first(database: Database) -> None:
    number = added(database).id
    with database.transaction() as session:
        history.note(session, number, caller("coordinator"), Fact.of("meetings.history.created"), NOW)
        history.note(session, number, SERVICE, Fact.of("delivery.history.link-ready"), LATER, LINK)
        numbered = Fact.of("meetings.history.decision-changed", number=3)
        history.notes(session, number, numbered, LATER, [(SERVICE, Fact.of("text", text="is: B"))])
    with database.reading() as session:
        found = [
            (row.at, row.actor, words.say(row.said), words.maybe(row.detail))
            for row in history.of_meeting(session, number)
        ]
    assert found == [
        (LATER, "service", "decision 3 changed", "is: B"),
        (LATER, "service", "link ready", LINK),
        (NOW, "coordinator", "created", None),
    ]


def test_what_was_not_committed_leaves_no_trace(database: Database) -> None:
    def fail_at_the_end() -> None:
        with database.transaction() as session:
            saving.add(session, draft(), [("PREP", "SOM-2026")], NOW)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_at_the_end()
    with database.reading() as session:
        for table in (MeetingRow, AttendeeRow, AgendaRow, PersonRow):
            assert session.scalars(select(table)).all() == []
