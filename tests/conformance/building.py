"""The one place where this suite makes calendars and mails with our own code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

import yaml

from config import DATA
from orchestrator.bootstrap import mail_templates
from orchestrator.domain.delegations.delegation import Directory, Role
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate
from orchestrator.domain.letters.message import Attachment, CalendarCopy, Letter, NamedAddress, assemble
from orchestrator.domain.meetings.conference import Conference
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import AgendaEntry, Attendee, Meeting, Participation
from orchestrator.domain.meetings.revision import RevisionMessage
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.letters import Letters
from orchestrator.services.people.links import Links

STARTS = datetime(2026, 12, 10, 7, tzinfo=UTC)
LINK = "https://meet.example.org/l/meetup-join/19%3ameeting?a=1,2;b&c=%22x%22"
ORGANIZER = "meetings@accsm.example"
COORDINATOR = "coordinator@vn.example.org"
LAN = Attendee("Lê Thị Lan", "lan@vn.example.org", "VN", "SOM", Role.SENIOR_OFFICIAL, id=7)
FACTS = CalendarFacts(
    method=Method.REQUEST,
    status=EventStatus.CONFIRMED,
    uid="4f8c2d1e-0000-4000-8000-1234567890ab@accsm.example",
    sequence=0,
    stamp=datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    starts_at=STARTS,
    ends_at=STARTS + timedelta(hours=3),
    summary="Senior Officials Meeting",
    description=f"Join the meeting:\n{LINK}",
    organizer_name="Trần Minh Khôi",
    organizer_address=ORGANIZER,
    join_url=LINK,
)


def calendar(attendee: Attendee = LAN, **facts: Any) -> bytes:
    """Return a recipient's calendar with some facts other than usual."""
    return CalendarTemplate.of(replace(FACTS, **facts)).copy_for(attendee)


def cancelled(attendee: Attendee = LAN, **facts: Any) -> bytes:
    """Return a recipient's cancellation."""
    told = {"method": Method.CANCEL, "status": EventStatus.CANCELLED, "description": "Cancelled"} | facts
    return calendar(attendee, **told)


def named(name: str, **fields: Any) -> Attendee:
    """Return an attendee of that name."""
    return replace(LAN, name=name, **fields)


def answered(answer: str) -> Attendee:
    """Return an attendee who has answered so."""
    return replace(LAN, participation=Participation(answer))


def mail(
    *,
    subject: str = "Invitation: Senior Officials Meeting",
    names: str = "Lê Thị Lan",
    text: str = LINK,
    content: bytes | None = None,
    method: Method = Method.REQUEST,
    files: tuple[tuple[str, bytes], ...] = (),
    first: str | None = None,
) -> bytes:
    """Return a whole mail in which sender, recipient and Reply-To all carry ``names``."""
    return assemble(
        Letter(
            sender=NamedAddress(names, ORGANIZER),
            recipient=NamedAddress(names, LAN.email),
            reply_to=NamedAddress(names, COORDINATOR),
            subject=subject,
            date=FACTS.stamp,
            message_id="<0123456789abcdef0123456789abcdef01234567@accsm.example>",
            text=text,
            html=f'<p>{escape(text)}</p><a href="{escape(LINK)}">Join</a>',
            references=first,
            calendar=CalendarCopy(method, content or calendar()),
            attachments=tuple(Attachment(name, "application/pdf", body) for name, body in files),
        )
    )


# --- the mails of a meeting's life

LETTERS = Letters(
    mail_templates(),
    Directory.of(yaml.safe_load((DATA / "delegations.yaml").read_text("utf-8"))),
    NamedAddress("ACCSM Meetings", ORGANIZER),
    Links("a key", "https://meetings.accsm.example", ORGANIZER, subaddress=True),
)
PEOPLE = (LAN, replace(LAN, name="Sok Dara", email="dara@kh.example.org", delegation="KH", id=8))
DRAFT = Meeting(
    id=1,
    reference="ACCSM21-SOM",
    programme="ACCSM 21",
    kind="som",
    title_en=FACTS.summary,
    title_vi=None,
    host="VN",
    coordinator_name=FACTS.organizer_name,
    coordinator_email=COORDINATOR,
    wall_start=datetime(2026, 12, 10, 14, 0),  # noqa: DTZ001 - a wall time.
    zone="Asia/Ho_Chi_Minh",
    duration=timedelta(hours=3),
    timeline="standard",
    conference=Conference("external", "provider", LINK),
    agenda=(AgendaEntry("Opening", number=1), AgendaEntry("Sharing of information", lead="all", number=2)),
    attendees=PEOPLE,
)


def mail_of(
    meeting: Meeting, notice: RevisionMessage, now: datetime, first: str | None = None
) -> tuple[str, bytes]:
    """Return the Message-ID and the mail by which an attendee is told of a revision of a meeting."""
    kind = ActionKind.CANCEL if notice.method is Method.CANCEL else ActionKind.INVITE
    occasion = LetterContent(
        kind, kind.value, meeting.revision, notice.sequence, first, tentative=meeting.tentative
    )
    letter = LETTERS.to_attendee(meeting, notice.attendee, occasion, now)
    return letter.message_id, assemble(letter)
