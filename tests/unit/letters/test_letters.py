"""Every kind of mail as a golden file: what people get, byte for byte.

After an intended change, write them anew with ``UPDATE_GOLDEN=1 pytest tests/unit/letters/test_letters.py``
and read the difference as its recipient would.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from jinja2 import Template

from config import DATA
from orchestrator.bootstrap import mail_templates
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.display_name import display_name
from orchestrator.domain.letters.message import Attachment, Letter, NamedAddress, assemble
from orchestrator.domain.letters.notices import notice_texts
from orchestrator.domain.letters.wording import Review
from orchestrator.domain.meetings.changes import REINSTATED, Snapshot, differences, update_subject
from orchestrator.domain.meetings.meeting import (
    AgendaEntry,
    Attendee,
    Conference,
    ConnectionTest,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.content import LetterContent, Report, ReportLine
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings
from orchestrator.services.letters.letters import Letters
from orchestrator.services.people.links import Links

GOLDEN = Path(__file__).parents[2] / "golden"
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
    "cancellation": LETTERS.to_attendee(
        replace(MEETING, status=MeetingStatus.CANCELLED, sequence=1),
        VIETNAMESE,
        LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST),
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
}


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_a_letter_is_as_its_golden_file(name: str) -> None:
    file = GOLDEN / f"{name}.eml"
    content = assemble(LETTERS_BY_NAME[name])
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(content)
    assert content == file.read_bytes()


def body(letter: Letter, kind: str) -> str:
    message = message_from_bytes(assemble(letter), policy=policy.default)
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def text_of(name: str) -> str:
    return body(LETTERS_BY_NAME[name], "plain")


def html_of(name: str) -> str:
    return body(LETTERS_BY_NAME[name], "html")


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_plain_text_keeps_to_72_columns(name: str) -> None:
    too_long = [line for line in text_of(name).splitlines() if len(line) > 72]
    # A link, and what is written without spaces, stands on a line of its own, however long it is.
    assert [line for line in too_long if " " in line] == []
    assert max(len(line.encode()) for line in text_of(name).splitlines()) < 998


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
    asked = "Still missing from you:\n- your own answer: whether you will take part\n"
    assert asked in text_of("reminder-unanswered")
    assert "?answer=accepted" in html_of("reminder-unanswered")
    assert "Nothing is missing from you." in text_of("reminder")
    assert "?answer=" not in html_of("reminder")


# --- languages

RULE = "=" * 72
IN_ENGLISH_ALONE = {
    "reminder-english",
    "chaser-english",
    "chaser-secretariat",
    "notice-room-open",
    "rehearsal-without-slot",
}
BILINGUAL = [name for name in ASKED if name not in IN_ENGLISH_ALONE]


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_only_what_people_read_in_another_language_has_two_parts(name: str) -> None:
    text = text_of(name)
    assert text.count(RULE) == text.count("English. This text is authoritative.") == (name in BILINGUAL)
    assert html_of(name).count("English. This text is authoritative.") == (name in BILINGUAL)
    assert html_of(name).count("<html") == html_of(name).count("</html>") == 1


@pytest.mark.parametrize("name", BILINGUAL)
def test_the_english_part_is_the_mail_that_somebody_who_reads_english_gets(name: str) -> None:
    """Oracle: the same letter from a service that knows no other language than English."""
    english = Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS)
    _, _, part = text_of(name).partition(f"{RULE}\nEnglish. This text is authoritative.\n\n")
    assert part == body(asked(name, english), "plain")


@pytest.mark.parametrize("name", LETTERS_BY_NAME)
def test_no_digits_but_latin_ones_and_no_buddhist_year_are_printed(name: str) -> None:
    text = text_of(name)
    assert {char for char in text if char.isdecimal()} <= set("0123456789")
    assert not {"2569", "2570"} & set(re.findall(r"\d+", text))


def test_each_part_says_its_language_and_tall_letters_get_more_room() -> None:
    khmer = html_of("reminder-khmer")
    own, english = khmer.split("English. This text is authoritative.")
    assert '<html lang="km">' in own
    # The title, three items of the agenda, the display name, and the English part itself.
    assert own.count('lang="en"') == 6
    assert "line-height:1.8" in own
    assert "line-height:1.8" not in english
    assert 'lang="km"' not in english
    assert '<html lang="vi">' in html_of("reminder") and 'lang="en" style' in html_of("reminder")
    assert '<html lang="en">' in html_of("chaser-english")


def test_the_subject_begins_in_the_own_language_and_keeps_the_english_title() -> None:
    subjects = {name: LETTERS_BY_NAME[name].subject for name in LETTERS_BY_NAME}
    assert subjects["reminder"] == (
        f"Nhắc: {MEETING.title_vi} – Thứ Năm, ngày 10 tháng 12 năm 2026, 14:00 Hà Nội (UTC+07:00)"
    )
    assert subjects["chaser-thai"] == f"ยังรอข้อมูลสำหรับ: {MEETING.title_en}"
    assert subjects["notice-room-open"] == f"The meeting room is open: {MEETING.title_en}"
    assert subjects["rehearsal-without-slot"] == f"Connectivity test: {MEETING.title_en}"


def test_a_language_that_nobody_has_reviewed_is_not_used_unless_it_is_turned_on() -> None:
    reviewed = [
        replace(item, review=Review("Sok Dara", NOW.date())) if item.code == "km" else item
        for item in WORDINGS
    ]
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for languages, people in (
        (Languages(WORDINGS), {VIETNAMESE}),
        (Languages(WORDINGS, {"th"}), {VIETNAMESE, THAI}),
        (Languages(reviewed), {VIETNAMESE, KHMER}),
    ):
        letters = Letters(mail_templates(), DIRECTORY, MAILBOX, LINKS, languages=languages)
        for person in (VIETNAMESE, THAI, KHMER, SINGAPOREAN):
            text = body(letters.to_attendee(MEETING, person, reminded, NOW), "plain")
            assert (RULE in text) is (person in people)


def test_a_persons_own_language_goes_before_their_delegations() -> None:
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for language, first in (
        ("fil_PH", "Kagalang-galang"),
        ("en", "Dear"),
        ("xx", "Dear"),
        (None, "Kính gửi"),
    ):
        person = replace(VIETNAMESE, language=language)
        assert body(LETTERS.to_attendee(MEETING, person, reminded, NOW), "plain").startswith(first)


def test_a_title_without_a_translation_stays_english() -> None:
    untitled = replace(MEETING, title_vi=None)
    letter = LETTERS.to_attendee(untitled, VIETNAMESE, occasion(ActionKind.REMIND, "remind:P7D"), NOW)
    assert letter.subject.startswith(f"Nhắc: {MEETING.title_en} – Thứ Năm")


# --- what the new mails hold


@pytest.mark.parametrize(
    "name", ["reminder", "reminder-english", "reminder-khmer", "notice-room-open", "rehearsal-lao"]
)
def test_the_join_link_is_ones_own_and_stands_alone_with_the_name_to_show(name: str) -> None:
    person = ASKED[name][0]
    assert person is not None
    lines = text_of(name).splitlines()
    parts = 2 if name in BILINGUAL else 1
    assert lines.count(f"{LINKS.page(person)}/join") == parts
    assert lines.count(display_name(person, MEETING, DIRECTORY)) == parts
    assert str(MEETING.conference.join_url) not in text_of(name)


def test_a_chaser_names_what_is_missing_by_when_and_the_page() -> None:
    assert (
        "Still missing from you:\n"
        "- your own answer: whether you will take part\n"
        "- the list of who comes for your delegation\n"
        "- the paper of your delegation\n"
        "The deadline has passed: Thursday, 26 November 2026, 17:00 Singapore\n"
        "  (UTC+08:00)\n\n"
        "One click opens your page, where you can do this:\n"
        f"{LINKS.page(SINGAPOREAN)}\n"
    ) in text_of("chaser-english")


def test_an_answer_missing_from_somebody_who_has_answered_is_that_of_their_head() -> None:
    person = replace(SINGAPOREAN, participation=Participation.ACCEPTED)
    text = body(LETTERS.to_attendee(MEETING, person, CHASE, NOW), "plain")
    assert "- the answer of your head of delegation\n" in text
    assert "your own answer" not in text


@pytest.mark.parametrize("why", [REMIND, occasion(ActionKind.CHASE, "chase:answer")])
def test_who_speaks_for_a_silent_head_is_asked_for_that_answer_too(why: LetterContent) -> None:
    """A delegation has answered when its head has: the focal point's own answer would end nothing."""
    head = replace(VIETNAMESE, delegation="SG", email="head@sg.example.org", id=90)
    member = replace(head, role=Role.DELEGATE, email="member@sg.example.org", id=91)
    asking = replace(why, missing=(Need.ANSWER,))
    own, of_head = "- your own answer", "- the answer of your head of delegation"
    for people, to, wanted in (
        ((head, SINGAPOREAN), SINGAPOREAN, (True, True)),
        ((replace(head, participation=Participation.ACCEPTED), SINGAPOREAN), SINGAPOREAN, (True, False)),
        ((head, SINGAPOREAN), head, (True, False)),
        ((head, member), member, (True, False)),
        ((SINGAPOREAN,), SINGAPOREAN, (True, False)),
    ):
        letter = LETTERS.to_attendee(
            replace(MEETING, attendees=people), replace(to, language="en"), asking, NOW
        )
        text = body(letter, "plain")
        assert (own in text, of_head in text) == wanted


def test_a_chaser_to_the_secretariat_lists_who_still_owes_what_in_the_order_given() -> None:
    assert (
        "Delegations from which something is still missing:\n"
        "- Brunei Darussalam: answer, delegation list, paper\n"
        "- Lao PDR: paper\n"
        "- Republic of Korea: answer, connectivity test\n"
    ) in text_of("chaser-secretariat")


def test_a_coordinator_has_no_page_and_is_not_led_to_one() -> None:
    for kind in ("plain", "html"):
        assert "/a/" not in body(LETTERS_BY_NAME["chaser-coordinator"], kind)
        room = LETTERS.to_coordinator(MEETING, notice("room-open"), NOW)
        assert "/join" not in body(room, kind).replace(str(MEETING.conference.join_url), "")


@pytest.mark.parametrize("why", [REMIND, notice("room-open"), notice("papers", deadline=DEADLINE), OVERSEEN])
@pytest.mark.parametrize("meeting", [MEETING, LINKLESS], ids=["link", "no link"])
def test_a_coordinator_is_asked_for_nothing_that_attendees_are_asked_for(
    why: LetterContent, meeting: Meeting
) -> None:
    letter = LETTERS.to_coordinator(meeting, why, NOW)
    text, html = body(letter, "plain"), body(letter, "html")
    for part in (text, html):
        assert "your own answer" not in part
        assert "your page" not in part.casefold()
        assert (str(meeting.conference.join_url) in part) is (
            meeting is MEETING and (why is REMIND or bool(why.notice and why.notice.join))
        )
    assert "?answer=" not in html
    assert 'href=""' not in html
    assert "\n\n\n" not in text


def test_a_test_whose_time_is_not_known_yet_cannot_fail_to_suit() -> None:
    for kind in ("plain", "html"):
        unsuited = "If this time does not suit you"
        assert unsuited in body(LETTERS_BY_NAME["rehearsal-lao"], kind)
        assert unsuited not in body(LETTERS_BY_NAME["rehearsal-without-slot"], kind)


def test_times_of_a_poll_are_the_readers_own_also_on_another_day() -> None:
    assert (
        "1. Thursday, 10 December 2026, 16:00–19:00 Dili (UTC+09:00)\n"
        "2. Friday, 11 December 2026, 11:00–14:00 Dili (UTC+09:00)\n"
        "3. Tuesday, 15 December 2026, 07:00–10:00 Dili (UTC+09:00)\n"
    ) in text_of("date-poll-portuguese")
    assert f"\n{LINKS.page(TIMORESE)}/dates\n" in text_of("date-poll-portuguese")
    late = replace(POLL, options=(datetime(2026, 12, 10, 2, tzinfo=UTC),))
    assert "1. Wednesday, 9 December 2026, 21:00–00:00 (+1 day) Ottawa (UTC-05:00)\n" in body(
        LETTERS.to_attendee(MEETING, CANADIAN, late, NOW), "plain"
    )


@pytest.mark.parametrize("occasion_of", [lambda: CHASE, lambda: POLL, lambda: notice("papers")])
def test_no_name_adds_anything_to_the_html_of_any_language(occasion_of: Callable[[], LetterContent]) -> None:
    hostile = replace(THAI, name='<b>{name}</b> & "x" {0}')
    html = body(LETTERS.to_attendee(MEETING, hostile, occasion_of(), NOW), "html")
    assert html.count("&lt;b&gt;{name}&lt;/b&gt; &amp; &#34;x&#34; {0}") == 2
    assert "<b>" not in html


def test_people_of_one_delegation_and_language_share_a_page() -> None:
    class Counted(Template):
        rendered: ClassVar[list[str]] = []

        def render(self, *arguments: Any, **named: Any) -> str:
            self.rendered.append(str(self.name))
            return super().render(*arguments, **named)

    templates = mail_templates()
    templates.template_class = Counted
    letters = Letters(templates, DIRECTORY, MAILBOX, LINKS, languages=Languages(WORDINGS))
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for number in range(20):
        person = replace(VIETNAMESE, name=f"Người {number}", email=f"{number}@vn.example.org", id=number + 20)
        letter = letters.to_attendee(MEETING, person, reminded, NOW)
        assert f"VIET NAM – Delegate – Nguoi {number}\n" in body(letter, "plain")
    assert sorted(Counted.rendered) == ["reminder.html.j2"] * 2 + ["reminder.txt.j2"] * 2


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


def test_the_outcomes_of_the_preparatory_meeting_stand_below_the_agenda_item_that_reports_them() -> None:
    long = "The focal points agreed to report on digital services to the Senior Officials in writing, by May"
    first, second, third = MEETING.agenda
    carrying = replace(MEETING, agenda=(first, replace(second, points=("The agenda stands", long)), third))
    letter = LETTERS.to_attendee(carrying, CANADIAN, REMIND, NOW)
    text, html = body(letter, "plain"), body(letter, "html")
    assert (
        "2. Sharing of information on the new normal (all delegations)\n"
        "   – The agenda stands\n"
        "   – The focal points agreed to report on digital services to the Senior\n"
        "     Officials in writing, by May\n"
        "3. Closing remarks by the Chair (Viet Nam)"
    ) in text
    assert "– The agenda stands</div>" in html
