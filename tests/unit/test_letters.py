"""Every kind of mail as a golden file: what people get, byte for byte.

After an intended change, write them anew with ``UPDATE_GOLDEN=1 pytest tests/unit/test_letters.py``
and read the difference as its recipient would.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
import yaml

from config import DATA
from orchestrator.bootstrap import mail_templates
from orchestrator.domain.actions import ActionKind
from orchestrator.domain.changes import REINSTATED, Snapshot, differences, update_subject
from orchestrator.domain.delegation import Directory, Role
from orchestrator.domain.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    Meeting,
    MeetingStatus,
    Participation,
)
from orchestrator.domain.message import Attachment, Letter, NamedAddress, assemble
from orchestrator.services.letters import Letters, Occasion, Report, ReportLine
from orchestrator.services.links import Links

GOLDEN = Path(__file__).parents[1] / "golden"
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
FIRST = "<first@accsm.example>"

DIRECTORY = Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8")))
MAILBOX = NamedAddress("ACCSM Meetings", "meetings@accsm.example")
LINKS = Links("a key", "https://meetings.accsm.example", MAILBOX.address, subaddress=False)
LETTERS = Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS)
SUBADDRESSED = Letters(
    mail_templates(),
    DIRECTORY,
    MAILBOX,
    Links("a key", "https://meetings.accsm.example", MAILBOX.address, subaddress=True),
    counter=False,
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
        AgendaEntry(1, "Update on the ASEAN Network of Public Service Training Institutes (PSTI)"),
        AgendaEntry(2, "Sharing of information on the new normal", lead="all"),
        AgendaEntry(3, "Closing remarks by the Chair", lead="VN"),
    ),
)
VIETNAMESE = Attendee("Lê Ngọc Diễm Quỳnh", "quynh@vn.example.org", "VN", "SOM", Role.SENIOR_OFFICIAL, id=1)
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
RENAMED = replace(
    MEETING,
    title_en="Senior Officials Meeting (SOM) on the 22nd ACCSM",
    agenda=MEETING.agenda[:2],
    revision=2,
)


def occasion(kind: ActionKind, step: str, **more: object) -> Occasion:
    return Occasion(kind=kind, step=step, number=1, sequence=0, **more)  # type: ignore[arg-type]


def update(attendee: Attendee, old: Meeting = MEETING, new: Meeting = MOVED) -> Occasion:
    place = DIRECTORY.get(attendee.delegation).place
    before, after = Snapshot.of(old), Snapshot.of(new)
    return Occasion(
        kind=ActionKind.INVITE,
        step="invite",
        number=new.revision,
        sequence=new.revised_sequence,
        first_message_id=FIRST,
        differences=tuple(differences(before, after, place)),
        subject=update_subject(before, after, place),
    )


REINSTATEMENT = Occasion(
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
ACCEPTED = replace(VIETNAMESE, participation=Participation.ACCEPTED)
MINUTES = Attachment("Biên bản.md", "text/markdown; charset=utf-8", "# Biên bản\n".encode())
LETTERS_BY_NAME: dict[str, Letter] = {
    "invitation": LETTERS.to_attendee(MEETING, VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW),
    "invitation-other-day": LETTERS.to_attendee(
        MEETING, CANADIAN, occasion(ActionKind.INVITE, "invite"), NOW
    ),
    "update-new-time": LETTERS.to_attendee(MOVED, VIETNAMESE, update(VIETNAMESE), NOW),
    "update-new-time-other-day": LETTERS.to_attendee(MOVED, CANADIAN, update(CANADIAN), NOW),
    "reminder": LETTERS.to_attendee(
        MEETING, ACCEPTED, occasion(ActionKind.REMIND, "remind:P7D", first_message_id=FIRST), NOW
    ),
    "reminder-unanswered": LETTERS.to_attendee(
        MEETING, VIETNAMESE, occasion(ActionKind.REMIND, "remind:P7D", first_message_id=FIRST), NOW
    ),
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
    "digest": LETTERS.to_coordinator(
        MEETING, occasion(ActionKind.DIGEST, "digest", report=REPORT), NOW
    ),
    "decline-alert": LETTERS.to_coordinator(
        MEETING,
        occasion(
            ActionKind.DECLINE_ALERT,
            "decline-alert",
            report=replace(REPORT, lines=(DECLINED,)),
        ),
        NOW,
    ),
    "cancellation": LETTERS.to_attendee(
        replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
        VIETNAMESE,
        Occasion(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
        NOW,
    ),
    "cancellation-removed": LETTERS.to_attendee(
        MEETING,
        replace(VIETNAMESE, removed_sequence=1, removed_at=NOW),
        Occasion(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
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
}  # fmt: skip


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_a_letter_is_as_its_golden_file(name: str) -> None:
    file = GOLDEN / f"{name}.eml"
    content = assemble(LETTERS_BY_NAME[name])
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(content)
    assert content == file.read_bytes()


def text_of(name: str) -> str:
    message = message_from_bytes(assemble(LETTERS_BY_NAME[name]), policy=policy.default)
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_plain_text_keeps_to_72_columns(name: str) -> None:
    too_long = [line for line in text_of(name).splitlines() if len(line) > 72]
    # A link stands on a line of its own, however long it is.
    assert [line for line in too_long if not line.startswith("https://") or " " in line] == []


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_abbreviation_of_a_zone_is_ever_printed(name: str) -> None:
    assert not {"ICT", "PST", "EST", "GMT"} & set(text_of(name).split())


def test_the_own_time_comes_first_and_the_host_time_marks_another_day() -> None:
    text = text_of("invitation-other-day")
    assert "When    Thursday, 10 December 2026\n        02:00–05:00 Ottawa (UTC-05:00), 3 h\n" in text
    assert "Host    14:00 Ha Noi (UTC+07:00)\n" in text
    moved = text_of("update-new-time-other-day")
    assert (
        "When    Thursday, 10 December 2026\n        21:30–00:30 (+1 day) Ottawa (UTC-05:00), 3 h\n" in moved
    )
    assert "Host    09:30 Ha Noi (UTC+07:00) (+1 day)\n" in moved


def test_an_update_leads_with_what_changed() -> None:
    assert text_of("update-new-time").startswith(
        "What changed\n\nTime\n"
        "Was: Thursday, 10 December 2026, 14:00–17:00 Ha Noi (UTC+07:00)\n"
        "Now: Friday, 11 December 2026, 09:30–12:30 Ha Noi (UTC+07:00)\n"
    )


def test_who_has_not_answered_is_asked_again_in_a_reminder() -> None:
    assert "You have not answered yet." in text_of("reminder-unanswered")
    assert "You have not answered yet." not in text_of("reminder")


def test_message_ids_repeat_for_the_same_occasion_and_differ_for_another() -> None:
    again = LETTERS.to_attendee(MEETING, VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW)
    assert again.message_id == LETTERS_BY_NAME["invitation"].message_id
    others = [
        LETTERS_BY_NAME[name].message_id
        for name in (
            "save-the-date",
            "update-text",
            "reminder",
            "cancellation",
            "minutes",
            "again",
            "refusal",
        )
    ]
    assert len({again.message_id, *others}) == len(others) + 1
