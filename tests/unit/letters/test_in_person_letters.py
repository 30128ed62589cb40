"""Every mail of a meeting in person, in every language: none says how to join."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from orchestrator.domain.letters.message import Letter
from orchestrator.domain.letters.wording import LANGUAGES
from orchestrator.domain.meetings.alerts import AlertKind
from orchestrator.domain.meetings.changes import Snapshot
from orchestrator.domain.meetings.meeting import Attendee, Meeting, MeetingStatus, Need, Participation
from orchestrator.domain.meetings.place import Mode, Venue
from orchestrator.domain.own_words import OwnWords
from orchestrator.domain.timelines.kinds import ActionKind, kinds_where
from orchestrator.services.letters.alerts import alert_report
from orchestrator.services.letters.content import LetterContent, WrittenWords
from orchestrator.services.letters.digests import digest_report
from tests.unit.letters import letters_made as made
from tests.unit.letters.letters_made import (
    DEADLINE,
    FIRST,
    LETTERS,
    MEETING,
    NOTICES,
    NOW,
    POLL,
    VIETNAMESE,
    WORDINGS,
    notice,
    occasion,
)
from tests.unit.letters.messages_made import parse

HALL = Venue(
    "Ha Noi",
    "Asia/Ho_Chi_Minh",
    "Guest House",
    "12 Ngo Quyen Street",
    "Entrance by Le Thach Street",
    "+84 24 5550 0100",
)
# The title of the meeting in Vietnamese says that it is online, which is its coordinator's to change.
PLACE = {"mode": Mode.IN_PERSON, "venue": HALL, "room": "Hall 2", "title_vi": "Hội nghị SOM"}
IN_PERSON = replace(MEETING, **PLACE)  # type: ignore[arg-type]
MOVED = replace(made.MOVED, **PLACE)  # type: ignore[arg-type]
ANNOUNCED = replace(made.LINKLESS, tentative=True, **PLACE)  # type: ignore[arg-type]
CANCELLED = replace(IN_PERSON, status=MeetingStatus.CANCELLED, sequence=1)
DRAFT = replace(IN_PERSON, status=MeetingStatus.DRAFT, uid=None)
OWN = WrittenWords(OwnWords("Cars"), OwnWords("Cars leave at 8.", (("vi", "Xe xuất phát lúc 8 giờ."),)))
ASKS = (Need.ANSWER, Need.LIST, Need.PAPER)
YES = Participation.ACCEPTED
TOLD: dict[str, tuple[Meeting, LetterContent]] = {
    "invitation": (IN_PERSON, occasion(ActionKind.INVITE, "invite")),
    "save-the-date": (ANNOUNCED, occasion(ActionKind.INVITE, "invite", tentative=True)),
    "update": (MOVED, made.update(VIETNAMESE, IN_PERSON, MOVED)),
    "reminder": (IN_PERSON, replace(made.REMIND, missing=ASKS, deadline=DEADLINE)),
    "chaser": (IN_PERSON, made.CHASE),
    "date-poll": (DRAFT, POLL),
    "cancellation": (CANCELLED, LetterContent(ActionKind.CANCEL, "cancel", 1, 1, FIRST)),
    "minutes": (IN_PERSON, occasion(ActionKind.MINUTES, "minutes", attachment=made.MINUTES)),
    "again": (IN_PERSON, occasion(ActionKind.RESEND, "resend", asked_at=NOW + timedelta(minutes=5))),
    "refusal": (IN_PERSON, occasion(ActionKind.REFUSAL, "refusal", proposed=made.PROPOSED)),
    "answered-for": (
        IN_PERSON,
        occasion(ActionKind.ANSWERED_FOR, "answered-for", given_by="x", given=YES),
    ),
    "letter": (IN_PERSON, occasion(ActionKind.LETTER, "letter", letter=OWN)),
    **{
        f"notice-{key}": (IN_PERSON, notice(key, missing=ASKS, deadline=DEADLINE))
        for key, text in NOTICES.items()
        if not text.join
    },
}
NO_WORDS = replace(
    made.NEWS,
    meeting=replace(made.OPEN, **PLACE),  # type: ignore[arg-type]
    came=made.NEWS.came[1:],
)
"""Without an answer that speaks of joining, which is its writer's own word."""
TO_COORDINATOR = {
    "digest": occasion(
        ActionKind.DIGEST, "digest", status=digest_report([NO_WORDS], date(2026, 12, 10), made.DIRECTORY)
    ),
    "alert": occasion(
        ActionKind.ALERT,
        "alert",
        status=alert_report(
            replace(made.DECLINED, **PLACE),  # type: ignore[arg-type]
            [made.alert(AlertKind.HEAD_DECLINED, attendee="2")],
            made.DIRECTORY,
        ),
    ),
    "chaser": made.OVERSEEN,
}
NEVER_SENT = {ActionKind.CONNECTION_TEST}
_JOIN = re.compile(r"\bjoin|teams|\bonline\b|trực tuyến|meetup|video", re.IGNORECASE)


def told(letter: Letter) -> str:
    """All that its reader reads."""
    texts = [part.get_content() for part in parse(letter).walk() if part.get_content_maintype() == "text"]
    return "\n".join([letter.subject, *texts]).replace("\r\n ", "").replace("\n ", "")


def reader(code: str) -> Attendee:
    return replace(VIETNAMESE, language=code)


def of_mode(content: LetterContent, mode: Mode) -> LetterContent:
    return replace(content, notice=content.notice.of(mode)) if content.notice else content


EVERYWHERE = ("reminder", "notice-delegation-list")
"""What is looked at in every language; the others have no words of their own for joining."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *((name, code) for name in TOLD for code in ("en", "vi")),
        *((name, code) for name in EVERYWHERE for code in LANGUAGES if code not in ("en", "vi")),
    ],
)
def test_no_mail_of_a_meeting_in_person_says_how_to_join(name: str, code: str) -> None:
    meeting, content = TOLD[name]
    letter = LETTERS.to_attendee(meeting, reader(code), of_mode(content, Mode.IN_PERSON), NOW)
    text = told(letter)
    assert _JOIN.search(text) is None, _JOIN.search(text)
    assert "VIET NAM – " not in text
    if code in WORDINGS:
        for said in ("Join with your own link:", "In the meeting, please show this name:"):
            assert WORDINGS[code].say(said) not in text


@pytest.mark.parametrize("name", list(TO_COORDINATOR))
def test_no_mail_to_the_coordinator_of_a_meeting_in_person_does(name: str) -> None:
    text = told(LETTERS.to_coordinator(IN_PERSON, TO_COORDINATOR[name], NOW))
    assert _JOIN.search(text) is None, _JOIN.search(text)


def test_every_kind_of_mail_is_looked_at() -> None:
    looked_at = {content.kind for _, content in TOLD.values()}
    looked_at |= {content.kind for content in TO_COORDINATOR.values()}
    assert looked_at | NEVER_SENT >= set(kinds_where(lambda rules: bool(rules.purposes)))


@pytest.mark.parametrize("code", ["en", "vi"])
@pytest.mark.parametrize("name", ["invitation", "update", "reminder", "again"])
def test_in_person_the_mail_names_the_venue_and_a_hybrid_one_the_link_too(name: str, code: str) -> None:
    meeting, content = TOLD[name]
    for mode in (Mode.IN_PERSON, Mode.HYBRID):
        text = told(LETTERS.to_attendee(replace(meeting, mode=mode), reader(code), content, NOW))
        for known in ("Guest House", "Hall 2", "12 Ngo Quyen Street", "Le Thach Street", "+84 24 5550 0100"):
            assert known in text, known
        assert (bool(_JOIN.search(text))) is (mode is Mode.HYBRID)


def test_the_calendar_entry_of_a_changed_venue_rises_and_names_the_new_one() -> None:
    moved = replace(IN_PERSON, room="Hall 3", revision=2, sequence=1, revised_sequence=1)
    content = made.update(VIETNAMESE, IN_PERSON, moved)
    assert Snapshot.of(moved).where.room == "Hall 3"
    letter = LETTERS.to_attendee(moved, VIETNAMESE, content, NOW)
    assert letter.calendar is not None
    calendar = letter.calendar.content.decode().replace("\r\n ", "")
    assert "SEQUENCE:1\r\n" in calendar
    assert "LOCATION:Guest House\\, Hall 3\\, 12 Ngo Quyen Street\\, Ha Noi\r\n" in calendar
    assert "CONFERENCE" not in calendar
