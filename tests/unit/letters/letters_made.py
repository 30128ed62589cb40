"""One letter of each kind. This file is longer than others, because each letter stands in it once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy

import yaml

from config import DATA
from orchestrator.bootstrap import mail_templates
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.message import Attachment, Letter, NamedAddress, assemble
from orchestrator.domain.letters.notices import notice_texts
from orchestrator.domain.meetings.alerts import Alert, AlertKind
from orchestrator.domain.meetings.changes import REINSTATED, Snapshot, differences
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.known_days_off import About, DayOff, DaysOff
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    ConnectionTest,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.meetings.place import Mode, Venue
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact, plain
from orchestrator.services.letters.alerts import alert_report
from orchestrator.services.letters.content import LetterContent, OtherSession
from orchestrator.services.letters.digests import SessionNews, digest_report
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings
from orchestrator.services.letters.letters import Letters
from orchestrator.services.letters.status import StatusReport
from orchestrator.services.people.links import Links
from orchestrator.store.meetings.digests import Chased, Upcoming
from orchestrator.store.rows.answers import ResponseRow

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FIRST = "<first@accsm.example>"
DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
MAILBOX = NamedAddress("ACCSM Meetings", "meetings@accsm.example")
LINKS = Links("a key", "https://meetings.accsm.example", MAILBOX.address, subaddress=False)
WORDINGS = read_wordings(DATA / "locales")
LETTERS = Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS, languages=Languages(WORDINGS, codes_of("all")))
NOTICES = notice_texts(yaml.safe_load((DATA / "notices.yaml").read_text("utf-8")))
SUBADDRESSED = Letters(
    mail_templates(),
    DIRECTORY,
    MAILBOX,
    Links("a key", "https://meetings.accsm.example", MAILBOX.address, subaddress=True),
    counter=False,
    languages=Languages(WORDINGS),
)
MEETING = Meeting(
    id=1,
    reference="ACCSM21-SOM-2021-04",
    programme="ACCSM 21",
    kind="som",
    title_en="Senior Officials Meeting (SOM) on the 21st ACCSM",
    title_vi="Hội nghị trực tuyến quan chức cấp cao (SOM)",
    short="SOM on the 21st ACCSM",
    short_vi="SOM ACCSM 21",
    host="VN",
    coordinator_name="Trần Minh Khôi",
    coordinator_email="coordinator@vn.example.org",
    wall_start=datetime(2026, 12, 10, 14, 0),  # noqa: DTZ001 - a wall time.
    zone="Asia/Ho_Chi_Minh",
    duration=timedelta(hours=3),
    timeline="standard",
    conference=Conference("external", "provider", "https://teams.example/l/meetup-join/abc"),
    status=MeetingStatus.PUBLISHED,
    uid="b7f34505-21f8-418e-a74d-4f04e364b786@accsm-meetings",
    organizer="meetings@accsm.example",
    sequence=0,
    revision=1,
    time_revision=1,
    revised_at=NOW,
    agenda=(
        AgendaEntry(
            "Update on the ASEAN Network of Public Service Training Institutes (PSTI)",
            vi="Cập nhật về mạng lưới các cơ sở đào tạo công vụ ASEAN",
            number=1,
        ),
        AgendaEntry("Sharing of information on the new normal", lead="all", number=2),
        AgendaEntry("Closing remarks by the Chair", lead="VN", number=3),
    ),
)
VIETNAMESE = Attendee("Lê Ngọc Diễm Quỳnh", "quynh@vn.example.org", "VN", "SOM", Role.SENIOR_OFFICIAL, id=1)
THAI = Attendee("อนุชา พรหมศิริ", "anucha@th.example.org", "TH", "SOM", Role.SENIOR_OFFICIAL, id=3)
KHMER = Attendee("Sok Chanthavy", "chanthavy@kh.example.org", "KH", "ACCSM_FP", Role.FOCAL_POINT, id=4)
BURMESE = Attendee("Khin Thandar Hlaing", "khin@mm.example.org", "MM", "ACCSM_FP", Role.FOCAL_POINT, id=5)
LAO = Attendee("Khamla Souvannaphong", "khamla@la.example.org", "LA", "ACCSM_FP", Role.FOCAL_POINT, id=6)
SECRETARIAT = Attendee("Ratih Lestari", "ratih@asean.example.org", "ASEC", "ASEC", Role.SECRETARIAT, id=7)
TIMORESE = Attendee(
    "Filomena da Conceição Ximenes", "filomena@tl.example.org", "TL", "ACCSM_FP", Role.FOCAL_POINT, id=8
)
SINGAPOREAN = Attendee("Tan Hui Shan", "tan@sg.example.org", "SG", "ACCSM_FP", Role.FOCAL_POINT, id=9)
CANADIAN = Attendee("Zoë Tremblay", "zoe@ca.example.org", "CA", "DP4", Role.OBSERVER, id=2)
MOVED = replace(
    MEETING,
    wall_start=datetime(2026, 12, 11, 9, 30),  # noqa: DTZ001 - a wall time.
    sequence=1,
    revised_sequence=1,
    reset_sequence=1,
    revision=2,
    time_revision=2,
    revised_at=NOW + timedelta(hours=1),
)
LINKLESS = replace(MEETING, conference=Conference("external"))
ANNOUNCED_AND_MOVED = replace(MOVED, tentative=True, conference=LINKLESS.conference)
RENAMED = replace(
    MEETING,
    title_en="Senior Officials Meeting (SOM) on the 22nd ACCSM",
    agenda=MEETING.agenda[:2],
    revision=2,
)


def occasion(kind: ActionKind, step: str, **more: object) -> LetterContent:
    return LetterContent(kind=kind, step=step, number=1, sequence=0, **more)  # type: ignore[arg-type]


def update(attendee: Attendee, old: Meeting = MEETING, new: Meeting = MOVED) -> LetterContent:
    place = DIRECTORY.get(attendee.delegation).place
    before, after = Snapshot.of(old), Snapshot.of(new)
    return LetterContent(
        kind=ActionKind.INVITE,
        step="invite",
        number=new.revision,
        sequence=new.revised_sequence,
        first_message_id=FIRST,
        differences=tuple(differences(before, after, place)),
        before=before,
    )


REINSTATEMENT = LetterContent(
    ActionKind.INVITE, "invite", 3, 2, FIRST, (REINSTATED,), before=Snapshot.of(MEETING)
)
PROPOSED = datetime(2026, 12, 11, 13, tzinfo=UTC)
REASON = OwnWords(
    "A typhoon has closed public offices in Ha Noi, and the Chair is needed there on that day.",
    (("vi", "Các cơ quan tại Hà Nội đóng cửa do bão và Chủ tọa phải có mặt tại đó trong ngày này."),),
)
ANOTHER = OwnWords("The delegation has named another person.", (("vi", "Đoàn đã cử người khác tham dự."),))
ACCEPTED = replace(VIETNAMESE, participation=Participation.ACCEPTED)
DEADLINE = datetime(2026, 11, 26, 9, tzinfo=UTC)
SILENT = (
    ("Brunei Darussalam", (Need.ANSWER, Need.LIST, Need.PAPER)),
    ("Lao PDR", (Need.PAPER,)),
    ("Republic of Korea", (Need.ANSWER, Need.TEST)),
)
CHASE = occasion(
    ActionKind.CHASE, "chase:list", missing=(Need.ANSWER, Need.LIST, Need.PAPER), deadline=DEADLINE
)
SLOT_FROM = datetime(2026, 12, 9, 7, 15, tzinfo=UTC)
POLL = occasion(
    ActionKind.DATE_POLL,
    "date-poll",
    options=tuple(datetime(2026, 12, day, hour, tzinfo=UTC) for day, hour in ((10, 7), (11, 2), (14, 22))),
    deadline=DEADLINE,
)


def rehearsal(delegation: str) -> LetterContent:
    slot = ConnectionTest(delegation, SLOT_FROM, SLOT_FROM + timedelta(minutes=15))
    return occasion(ActionKind.CONNECTION_TEST, "connection-test", slot=slot)


def notice(key: str, **more: object) -> LetterContent:
    return occasion(ActionKind.NOTICE, f"notice:{key}", notice=NOTICES[key], **more)


MINUTES = Attachment("Biên bản.md", "text/markdown; charset=utf-8", "# Biên bản\n".encode())
REMIND = occasion(ActionKind.REMIND, "remind:P7D", first_message_id=FIRST)
OVERSEEN = occasion(ActionKind.CHASE, "chase:list", silent=SILENT)
# What people get in their own language: to whom (the coordinator is nobody's attendee), and why.
ASKED: dict[str, tuple[Attendee | None, LetterContent]] = {
    "reminder": (ACCEPTED, REMIND),
    "reminder-unanswered": (VIETNAMESE, REMIND),
    "reminder-english": (CANADIAN, replace(REMIND, missing=(Need.TEST,))),
    "reminder-khmer": (KHMER, replace(REMIND, missing=(Need.ANSWER, Need.LIST, Need.TEST))),
    "chaser-thai": (THAI, CHASE),
    "chaser-english": (SINGAPOREAN, replace(CHASE, overdue=True)),
    "chaser-secretariat": (SECRETARIAT, OVERSEEN),
    "chaser-coordinator": (None, OVERSEEN),
    "notice-papers": (BURMESE, notice("papers", missing=(Need.PAPER,), deadline=DEADLINE)),
    "notice-room-open": (SINGAPOREAN, notice("room-open")),
    "rehearsal-lao": (LAO, rehearsal("LA")),
    "rehearsal-without-slot": (SINGAPOREAN, occasion(ActionKind.CONNECTION_TEST, "connection-test")),
    "date-poll-portuguese": (TIMORESE, POLL),
    "date-poll-vietnamese": (VIETNAMESE, POLL),
}


def asked(name: str, letters: Letters) -> Letter:
    """Write one of the letters of several languages."""
    meeting = LINKLESS if name == "reminder-khmer" else MEETING
    to, why = ASKED[name]
    if to is None:
        return letters.to_coordinator(meeting, why, NOW)
    return letters.to_attendee(meeting, to, why, NOW)


NO_POLICY = Fact.of(
    "outside.graph.policy-commands",
    missing=Fact.of(
        "outside.graph.no-access-policy", answer="403 Forbidden No application access policy found"
    ),
    application="4f1c3b7e-0000-4000-8000-1d2c3b4a5f60",
    organizer="9a8b7c6d-0000-4000-8000-0f1e2d3c4b5a",
)
NOT_NOW = Fact.of("outside.graph.not-now", answer="509 Bandwidth Limit Exceeded")
VENUE = Venue(
    "Ha Noi",
    "Asia/Ho_Chi_Minh",
    name="National Convention Centre",
    address="57 Pham Hung Street",
    arrivals="A bus leaves the hotels at 07:30.",
    emergency="+84 24 3000 0000",
)
THERE = replace(
    MEETING,
    title_en="Meeting of the Heads of Civil Service on the 21st ACCSM",
    title_vi="Hội nghị những người đứng đầu nền công vụ ACCSM 21",
    short="Heads of Civil Service, ACCSM 21",
    short_vi="Hội nghị Bộ trưởng ACCSM 21",
    mode=Mode.IN_PERSON,
    venue=VENUE,
    room="Hall 1",
)
MINISTER = Attendee(
    "Nguyễn Văn An",
    "minister@vn.example.org",
    "VN",
    "HCS",
    Role.HEAD_OF_CIVIL_SERVICE,
    id=20,
    form="Ngài",
    position="Bộ trưởng Bộ Nội vụ",
)
SPEAKER = Attendee(
    "Lê Ngọc Diễm Quỳnh", "focal@vn.example.org", "VN", "ACCSM_FP", Role.FOCAL_POINT, id=21, form="Bà"
)
DAW = replace(BURMESE, form="Daw", language="en")
REPLY_BY = datetime(2026, 11, 30, 9, tzinfo=UTC)
PREPARATORY = OtherSession(
    "Preparatory Meeting for the SOM",
    "Cuộc họp trù bị",
    datetime(2026, 12, 1, 7, tzinfo=UTC),
    datetime(2026, 12, 1, 9, tzinfo=UTC),
    MeetingStatus.PUBLISHED,
)


def in_person(letters: Letters) -> dict[str, Letter]:
    """Write the letters of a meeting that people travel to."""
    moved = replace(THERE, wall_start=MOVED.wall_start, sequence=1, revised_sequence=1, revision=2)
    elsewhere = replace(
        THERE, venue=replace(VENUE, name="Trade Union Hall", address="15 Tran Quoc Toan Street")
    )
    invite = occasion(ActionKind.INVITE, "invite", deadline=REPLY_BY)
    announce = occasion(ActionKind.INVITE, "invite", tentative=True, invitation_by=REPLY_BY)
    only_city = replace(THERE, tentative=True, room=None, venue=Venue("Ha Noi", "Asia/Ho_Chi_Minh"))
    cancel = LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST, reasons=(REASON,))
    return {
        "in-person-save-the-date": letters.to_attendee(only_city, SPEAKER, announce, NOW),
        "in-person-invitation": letters.to_attendee(
            replace(THERE, attendees=(SPEAKER,)), SPEAKER, invite, NOW
        ),
        "in-person-invitation-english": letters.to_attendee(THERE, DAW, invite, NOW),
        "in-person-invitation-minister": letters.to_attendee(THERE, MINISTER, invite, NOW),
        "in-person-new-time": letters.to_attendee(
            moved, SPEAKER, replace(update(SPEAKER, THERE, moved), reasons=(REASON,), deadline=REPLY_BY), NOW
        ),
        "in-person-new-venue": letters.to_attendee(
            elsewhere,
            replace(SPEAKER, participation=Participation.ACCEPTED),
            update(SPEAKER, THERE, elsewhere),
            NOW,
        ),
        "in-person-reminder": letters.to_attendee(THERE, SPEAKER, REMIND, NOW),
        "in-person-cancellation": letters.to_attendee(
            replace(THERE, status=MeetingStatus.CANCELLED, sequence=1), SPEAKER, cancel, NOW
        ),
    }


def to_a_focal_point(letters: Letters) -> dict[str, Letter]:
    """Write the letters of an event of two sessions, of whose other one they tell too."""
    invite = occasion(ActionKind.INVITE, "invite", deadline=REPLY_BY, sessions=(PREPARATORY,))
    relinked = replace(
        MEETING, conference=Conference("external", "provider", "https://teams.example/l/other"), revision=2
    )
    cancelled = replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1)
    too = replace(PREPARATORY, status=MeetingStatus.CANCELLED)
    away = replace(
        SPEAKER, email="away@vn.example.org", id=22, delegated_to=SPEAKER.email, form="Ông", name="Đỗ Minh"
    )
    found: dict[str, Letter] = {}
    for name, person in (("focal-point", SPEAKER), ("focal-point-english", DAW)):
        meeting = replace(MEETING, attendees=(person,))
        found |= {
            f"{name}-save-the-date": letters.to_attendee(
                replace(LINKLESS, attendees=(person,), tentative=True),
                person,
                replace(invite, tentative=True, deadline=None, invitation_by=REPLY_BY),
                NOW,
            ),
            f"{name}-invitation": letters.to_attendee(meeting, person, invite, NOW),
            f"{name}-new-time": letters.to_attendee(
                replace(MOVED, attendees=(person,)),
                person,
                replace(update(person), reasons=(REASON,), deadline=REPLY_BY, sessions=(PREPARATORY,)),
                NOW,
            ),
            f"{name}-new-link": letters.to_attendee(relinked, person, update(person, new=relinked), NOW),
            f"{name}-cancellation": letters.to_attendee(
                cancelled,
                person,
                LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST, reasons=(REASON,), sessions=(too,)),
                NOW,
            ),
            f"{name}-removal": letters.to_attendee(
                MEETING,
                replace(person, removed_sequence=1, removed_at=NOW),
                LetterContent(
                    ActionKind.CANCEL,
                    "cancel",
                    1,
                    1,
                    FIRST,
                    reasons=(
                        OwnWords(
                            "The delegation has named another person.",
                            (("vi", "Đoàn đã cử người khác tham dự."),),
                        ),
                    ),
                ),
                NOW,
            ),
        }
    found["focal-point-substitute"] = letters.to_attendee(
        replace(MEETING, attendees=(SPEAKER, away)), SPEAKER, invite, NOW
    )
    return found


OPEN = replace(
    MEETING,
    attendees=(
        replace(VIETNAMESE, id=1, participation=Participation.ACCEPTED),
        replace(VIETNAMESE, id=2, delegation="MM", name="Thida Aye", role=Role.SENIOR_OFFICIAL),
        replace(VIETNAMESE, id=3, delegation="SG", name="Tan <b>Hui</b> Shan", role=Role.SENIOR_OFFICIAL),
    ),
)
EVENING = NOW - timedelta(days=2)


def came(number: int, attendee: int, kind: str, **more: object) -> ResponseRow:
    return ResponseRow(
        id=number, attendee_id=attendee, kind=kind, channel="mail", by="x@example.org", at=EVENING, **more
    )


NEWS = SessionNews(
    OPEN,
    {code: frozenset({Need.ANSWER, Need.LIST, Need.PAPER}) for code in ("VN", "MM", "SG")},
    since=EVENING,
    until=NOW,
    came=[
        came(1, 1, "answer", participation="ACCEPTED", comment="I join after 15:00.\nPlease record it."),
        came(2, 3, "proposal", state="open", starts_at=PROPOSED),
    ],
    waiting=[came(2, 3, "proposal", state="open", starts_at=PROPOSED)],
    chased=[Chased("MM", 2, NOW - timedelta(days=3))],
    upcoming=[
        Upcoming(ActionKind.CHASE, NOW + timedelta(days=1), 2),
        Upcoming(ActionKind.REMIND, NOW + timedelta(days=2), 3),
    ],
)


def alert(what: AlertKind, /, **params: str) -> Alert:
    return Alert(1, what, "key", NOW, tuple(sorted(params.items())))


DECLINED = replace(
    OPEN, attendees=tuple(replace(item, participation=Participation.DECLINED) for item in OPEN.attendees)
)


def alerting(meeting: Meeting, *alerts: Alert) -> tuple[Meeting, StatusReport]:
    return meeting, alert_report(meeting, alerts, DIRECTORY)


FROM_CANBERRA = replace(OPEN, host="AU", zone="Australia/Sydney", title_vi=None)
TO_COORDINATORS: dict[str, tuple[Meeting, StatusReport]] = {
    "digest": (OPEN, digest_report([NEWS], date(2026, 11, 23), DIRECTORY)),
    "digest-english": (
        FROM_CANBERRA,
        digest_report([replace(NEWS, meeting=FROM_CANBERRA)], date(2026, 11, 23), DIRECTORY),
    ),
    "digest-today": (OPEN, digest_report([NEWS], date(2026, 12, 10), DIRECTORY)),
    "alert": alerting(LINKLESS, alert(AlertKind.NO_LINK)),
    "alert-policy": alerting(
        replace(MEETING, conference=Conference("external").failed(NO_POLICY, NOW, needs_person=True)),
        alert(AlertKind.NO_LINK),
    ),
    "alert-change": alerting(
        replace(MEETING, conference=MEETING.conference.failed(NOT_NOW, NOW, needs_person=False)),
        alert(AlertKind.LINK_OLD),
    ),
    "alert-decline": alerting(
        DECLINED,
        alert(AlertKind.HEAD_DECLINED, attendee="2", comment="A sitting of Parliament."),
        alert(AlertKind.BOUNCED, attendee="3", address="x"),
        alert(AlertKind.NEW_TIME, attendee="1", starts=PROPOSED.isoformat()),
    ),
    "alert-letters": alerting(
        OPEN,
        alert(AlertKind.LETTERS_DROPPED, kind="remind", step="remind:P1D", count="11"),
        alert(AlertKind.LETTER_FAILED, kind="invite", step="invite", state="failed", attendee="2"),
        alert(AlertKind.LAST_CHASER, delegation="MM", attendee="2"),
        alert(AlertKind.POLL_CLOSED, poll="1"),
    ),
    "alert-day-off": alerting(
        replace(OPEN, days_off=DaysOff(1, (DayOff("SG", date(2026, 12, 10), plain("Declared"), 1),))),
        alert(AlertKind.DAY_OFF, warning="1"),
    ),
    "alert-test": alerting(
        replace(
            OPEN,
            days_off=DaysOff(1, (DayOff("SG", date(2026, 12, 9), plain("Declared"), 1, About.TEST),)),
        ),
        alert(AlertKind.TEST_MOVED, warning="1"),
    ),
}


def to_coordinators(letters: Letters) -> dict[str, Letter]:
    """Write what coordinators are told of meetings."""
    kinds = {name: ActionKind(name.partition("-")[0]) for name in TO_COORDINATORS}
    return {
        name: letters.to_coordinator(meeting, occasion(kinds[name], kinds[name].value, status=status), NOW)
        for name, (meeting, status) in TO_COORDINATORS.items()
    }


def every(letters: Letters) -> dict[str, Letter]:
    """Write each letter, by name."""
    return {
        **{name: asked(name, letters) for name in ASKED},
        **in_person(letters),
        **to_a_focal_point(letters),
        "invitation": letters.to_attendee(MEETING, VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW),
        "invitation-other-day": letters.to_attendee(
            MEETING, CANADIAN, occasion(ActionKind.INVITE, "invite"), NOW
        ),
        "update-new-time": letters.to_attendee(MOVED, VIETNAMESE, update(VIETNAMESE), NOW),
        "update-new-time-other-day": letters.to_attendee(MOVED, CANADIAN, update(CANADIAN), NOW),
        "save-the-date": letters.to_attendee(
            replace(LINKLESS, tentative=True),
            VIETNAMESE,
            occasion(ActionKind.INVITE, "invite", tentative=True),
            NOW,
        ),
        "update-confirmed": letters.to_attendee(
            replace(MEETING, sequence=1, revised_sequence=1, revision=2),
            ACCEPTED,
            update(
                VIETNAMESE,
                replace(LINKLESS, tentative=True),
                replace(MEETING, sequence=1, revised_sequence=1, revision=2),
            ),
            NOW,
        ),
        "update-text": letters.to_attendee(RENAMED, ACCEPTED, update(VIETNAMESE, new=RENAMED), NOW),
        "update-reinstated": letters.to_attendee(
            replace(MEETING, sequence=2, revised_sequence=2, reset_sequence=2, revision=3),
            VIETNAMESE,
            REINSTATEMENT,
            NOW,
        ),
        "invitation-own-address": SUBADDRESSED.to_attendee(
            replace(MEETING, attendees=(VIETNAMESE,)), VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW
        ),
        "again": letters.to_attendee(
            MEETING,
            ACCEPTED,
            occasion(
                ActionKind.RESEND, "resend", first_message_id=FIRST, asked_at=NOW + timedelta(minutes=5)
            ),
            NOW,
        ),
        "refusal": letters.to_attendee(
            MEETING,
            VIETNAMESE,
            occasion(
                ActionKind.REFUSAL,
                "refusal",
                first_message_id=FIRST,
                asked_at=NOW + timedelta(minutes=5),
                proposed=PROPOSED,
                comment="Eleven delegations have arranged for the 10th.",
            ),
            NOW,
        ),
        "answered-for": letters.to_attendee(
            MEETING,
            VIETNAMESE,
            occasion(
                ActionKind.ANSWERED_FOR,
                "answered-for",
                given_by="secretary@vn.example.org",
                given=Participation.DECLINED,
            ),
            NOW,
        ),
        "cancellation": letters.to_attendee(
            replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
            VIETNAMESE,
            LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
            NOW,
        ),
        "cancellation-reason": letters.to_attendee(
            replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
            ACCEPTED,
            LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST, reasons=(REASON,)),
            NOW,
        ),
        "update-reason": letters.to_attendee(
            MOVED, VIETNAMESE, replace(update(VIETNAMESE), reasons=(REASON,)), NOW
        ),
        "update-save-the-date": letters.to_attendee(
            ANNOUNCED_AND_MOVED,
            VIETNAMESE,
            replace(
                update(VIETNAMESE, replace(LINKLESS, tentative=True), ANNOUNCED_AND_MOVED), tentative=True
            ),
            NOW,
        ),
        "again-save-the-date": letters.to_attendee(
            replace(LINKLESS, tentative=True),
            VIETNAMESE,
            occasion(
                ActionKind.RESEND,
                "resend",
                first_message_id=FIRST,
                asked_at=NOW + timedelta(minutes=5),
                tentative=True,
            ),
            NOW,
        ),
        "cancellation-removed": letters.to_attendee(
            MEETING,
            replace(VIETNAMESE, removed_sequence=1, removed_at=NOW),
            LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
            NOW,
        ),
        "minutes": letters.to_attendee(
            MEETING, ACCEPTED, occasion(ActionKind.MINUTES, "minutes", attachment=MINUTES), NOW
        ),
        **to_coordinators(letters),
    }


LETTERS_BY_NAME = every(LETTERS)


def body(letter: Letter, kind: str) -> str:
    message = message_from_bytes(assemble(letter), policy=policy.default)
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def text_of(name: str) -> str:
    return body(LETTERS_BY_NAME[name], "plain")


def html_of(name: str) -> str:
    return body(LETTERS_BY_NAME[name], "html")


IN_ENGLISH_ALONE = {
    "reminder-english",
    "chaser-english",
    "chaser-secretariat",
    "notice-room-open",
    "rehearsal-without-slot",
    "invitation-other-day",
    "update-new-time-other-day",
    "in-person-invitation-english",
    "minutes",
    "digest-english",
}
BILINGUAL = [
    name for name in LETTERS_BY_NAME if name not in IN_ENGLISH_ALONE and "focal-point-english" not in name
]
