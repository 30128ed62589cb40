"""Simulated attendees and what they were sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from integrations.sandbox.letters import Letter, read_letter
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters.invitation import CalendarFacts, CalendarTemplate
from orchestrator.domain.letters.message import CalendarCopy, NamedAddress, assemble
from orchestrator.domain.letters.message import Letter as OurLetter
from orchestrator.domain.meetings.itip import EventStatus, Method
from orchestrator.domain.meetings.meeting import Attendee
from orchestrator.ports import CaughtMail

NOW = datetime(2026, 11, 22, 8, 30, 15, 250_000, tzinfo=UTC)
STAMP = NOW.replace(microsecond=0)
STARTS = datetime(2026, 12, 10, 7, tzinfo=UTC)
UID = "b7f34505-21f8-418e-a74d-4f04e364b786@accsm-meetings"
ORGANIZER = "meetings+7-abcdefghijklmnop@accsm.example"
PAGE = "/a/WzEsMV0.OTWzorLDot7ParwZ-t2tnLRrQm92MZB95uc58r_2UFM"
TITLE = "Hội nghị SOM; the 21st, in short: ประชุม"


def our_mail(email: str, *, sequence: int = 0, starts_at: datetime = STARTS) -> bytes:
    """Return an invitation as the service writes it."""
    name = "Lê Ngọc Diễm Quỳnh"
    attendee = Attendee(name, email, "VN", "SOM", Role.SENIOR_OFFICIAL, id=1)
    facts = CalendarFacts(
        method=Method.REQUEST,
        status=EventStatus.CONFIRMED,
        uid=UID,
        sequence=sequence,
        stamp=STAMP,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=3),
        summary=TITLE,
        description="Agenda",
        organizer_name="Trần Minh Khôi",
        organizer_address=ORGANIZER,
        join_url="https://teams.example/j",
    )
    return assemble(
        OurLetter(
            sender=NamedAddress("ACCSM Meetings", "meetings@accsm.example"),
            recipient=NamedAddress(name, email),
            reply_to=NamedAddress("Trần Minh Khôi", "coordinator@vn.example.org"),
            subject=f"Invitation: {TITLE}",
            date=STAMP,
            message_id=f"<{sequence}-{email}>",
            text=f"Please answer on your page:\nhttps://meetings.accsm.example{PAGE}\n\nAgenda\n",
            html="<p>Please answer</p>",
            calendar=CalendarCopy(Method.REQUEST, CalendarTemplate.of(facts).copy_for(attendee, ORGANIZER)),
        )
    )


def letter_to(email: str) -> Letter:
    return read_letter(CaughtMail("1", NOW, email, our_mail(email)))
