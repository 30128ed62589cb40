"""One letter of each kind."""

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
from orchestrator.domain.meetings.changes import REINSTATED, Snapshot, differences
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    ConnectionTest,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.services.letters.changed import update_subject
from orchestrator.services.letters.content import LetterContent, Report, ReportLine
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings
from orchestrator.services.letters.letters import Letters
from orchestrator.services.people.links import Links

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
        subject=update_subject(before, after, place),
    )


REINSTATEMENT = LetterContent(
    ActionKind.INVITE, "invite", 3, 2, FIRST, (REINSTATED,), subject=f"Reinstated: {MEETING.title_en}"
)
PROPOSED = "Friday, 11 December 2026, 20:00 Ha Noi (UTC+07:00)"
DECLINED = ReportLine("Singapore", "Tan Hui Shan", "declined", "A sitting of Parliament.")
REPORT = Report(
    lines=(
        ReportLine("Indonesia", "Ratih Kusumawardani", "tentative", "I join after 15:00.\nPlease record it."),
        ReportLine("Thailand", "อนุชา พรหมศิริ", "delegated to somchai@th.example.org", None),
        ReportLine("Viet Nam", "Lê Ngọc Diễm Quỳnh", "accepted", None),
        ReportLine(
            "Canada", "Zoë Tremblay", "proposes Friday, 11 December 2026, 20:00 Ha Noi (UTC+07:00)", None
        ),
    ),
    tally=(("accepted", 12), ("tentative", 1), ("delegated", 1), ("no answer", 9)),
    silent=("Brunei Darussalam", "Cambodia", "Lao PDR", "Myanmar", "Philippines"),
)
REASON = OwnWords(
    "A typhoon has closed public offices in Ha Noi, and the Chair is needed there on that day.",
)
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
LETTERS_BY_NAME: dict[str, Letter] = {
    **{name: asked(name, LETTERS) for name in ASKED},
    "invitation": LETTERS.to_attendee(MEETING, VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW),
    "invitation-other-day": LETTERS.to_attendee(
        MEETING, CANADIAN, occasion(ActionKind.INVITE, "invite"), NOW
    ),
    "update-new-time": LETTERS.to_attendee(MOVED, VIETNAMESE, update(VIETNAMESE), NOW),
    "update-new-time-other-day": LETTERS.to_attendee(MOVED, CANADIAN, update(CANADIAN), NOW),
    "save-the-date": LETTERS.to_attendee(
        replace(LINKLESS, tentative=True),
        VIETNAMESE,
        occasion(ActionKind.INVITE, "invite", tentative=True),
        NOW,
    ),
    "update-confirmed": LETTERS.to_attendee(
        replace(MEETING, sequence=1, revised_sequence=1, revision=2),
        ACCEPTED,
        update(
            VIETNAMESE,
            replace(LINKLESS, tentative=True),
            replace(MEETING, sequence=1, revised_sequence=1, revision=2),
        ),
        NOW,
    ),
    "update-text": LETTERS.to_attendee(RENAMED, ACCEPTED, update(VIETNAMESE, new=RENAMED), NOW),
    "update-reinstated": LETTERS.to_attendee(
        replace(MEETING, sequence=2, revised_sequence=2, reset_sequence=2, revision=3),
        VIETNAMESE,
        REINSTATEMENT,
        NOW,
    ),
    "invitation-own-address": SUBADDRESSED.to_attendee(
        replace(MEETING, attendees=(VIETNAMESE,)), VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW
    ),
    "again": LETTERS.to_attendee(
        MEETING,
        ACCEPTED,
        occasion(ActionKind.RESEND, "resend", first_message_id=FIRST, asked_at=NOW + timedelta(minutes=5)),
        NOW,
    ),
    "refusal": LETTERS.to_attendee(
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
    "answered-for": LETTERS.to_attendee(
        MEETING,
        VIETNAMESE,
        occasion(
            ActionKind.ANSWERED_FOR,
            "answered-for",
            given_by="secretary@vn.example.org",
            given=Participation.DECLINED.fact,
        ),
        NOW,
    ),
    "digest": LETTERS.to_coordinator(MEETING, occasion(ActionKind.DIGEST, "digest", report=REPORT), NOW),
    "decline-alert": LETTERS.to_coordinator(
        MEETING,
        occasion(
            ActionKind.DECLINE_ALERT,
            "decline-alert",
            report=replace(REPORT, lines=(DECLINED,)),
        ),
        NOW,
    ),
    "day-off-alert": LETTERS.to_coordinator(
        MEETING,
        occasion(
            ActionKind.DAY_OFF_ALERT,
            "day-off-alert",
            days_off=(
                Fact.of(
                    "timelines.now-day-off",
                    delegation="Singapore",
                    day=date(2026, 12, 3),
                    name=Fact.of("text", text="Day of mourning"),
                ),
            ),
        ),
        NOW,
    ),
    "cancellation": LETTERS.to_attendee(
        replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
        VIETNAMESE,
        LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
        NOW,
    ),
    "cancellation-reason": LETTERS.to_attendee(
        replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
        ACCEPTED,
        LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST, reasons=(REASON,)),
        NOW,
    ),
    "update-reason": LETTERS.to_attendee(
        MOVED, VIETNAMESE, replace(update(VIETNAMESE), reasons=(REASON,)), NOW
    ),
    "update-save-the-date": LETTERS.to_attendee(
        ANNOUNCED_AND_MOVED,
        VIETNAMESE,
        replace(update(VIETNAMESE, replace(LINKLESS, tentative=True), ANNOUNCED_AND_MOVED), tentative=True),
        NOW,
    ),
    "again-save-the-date": LETTERS.to_attendee(
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
    "cancellation-removed": LETTERS.to_attendee(
        MEETING,
        replace(VIETNAMESE, removed_sequence=1, removed_at=NOW),
        LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
        NOW,
    ),
    "minutes": LETTERS.to_attendee(
        MEETING, ACCEPTED, occasion(ActionKind.MINUTES, "minutes", attachment=MINUTES), NOW
    ),
    "alert": LETTERS.to_coordinator(
        replace(MEETING, conference=Conference("external")),
        occasion(ActionKind.LINK_ALERT, "link-alert"),
        NOW,
    ),
    "alert-policy": LETTERS.to_coordinator(
        replace(MEETING, conference=Conference("external").failed(NO_POLICY, NOW, needs_person=True)),
        occasion(ActionKind.LINK_ALERT, "link-alert"),
        NOW,
    ),
    "alert-change": LETTERS.to_coordinator(
        replace(MEETING, conference=MEETING.conference.failed(NOT_NOW, NOW, needs_person=False)),
        occasion(ActionKind.LINK_ALERT, "link-alert"),
        NOW,
    ),
}


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
}
BILINGUAL = [name for name in ASKED if name not in IN_ENGLISH_ALONE]
