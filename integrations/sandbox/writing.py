"""What an answer is written from, and what all software writes alike."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum

from integrations.sandbox.letters import Letter, Request
from orchestrator.domain.letters.invitation import mailto


class Software(StrEnum):
    """What an answer is given with; the name is what people call it."""

    OUTLOOK = "Outlook"
    GMAIL = "Gmail"
    APPLE = "Apple Mail"
    PAGE = "personal page"
    SERVER = "mail server"


class Says(StrEnum):
    """What comes back."""

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    DELEGATED = "delegated"
    PROPOSED = "another time proposed"
    ABSENT = "out of office"
    BOUNCED = "mail bounced"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person wants to say, whatever the software. ``by`` is the address it is sent from."""

    says: Says
    by: str
    comment: str = ""
    delegate: str | None = None


@dataclass(frozen=True, slots=True)
class Writing:
    """What a composer writes from."""

    letter: Letter
    request: Request
    answer: Answer
    now: datetime

    @property
    def method(self) -> str:
        """METHOD of the calendar."""
        return "COUNTER" if self.answer.says is Says.PROPOSED else "REPLY"

    @property
    def domain(self) -> str:
        """Where the answer comes from."""
        return self.answer.by.rpartition("@")[2]

    def digest(self, what: str) -> str:
        """Return a name for one part of the answer, always the same for the same answer."""
        parts = (self.letter.message_id, self.answer.by, self.answer.says.value, what)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def headers(writing: Writing, subject: str) -> EmailMessage:
    """Return a mail with its headers, and nothing in it yet."""
    message = EmailMessage(policy.SMTP)
    message["From"] = Address(writing.letter.name, addr_spec=writing.answer.by)
    message["To"] = Address(writing.request.organizer_name, addr_spec=writing.request.organizer)
    message["Subject"] = subject
    message["Date"] = format_datetime(writing.now)
    message["Message-ID"] = f"<{writing.digest('message')}@{writing.domain}>"
    return message


def with_thread(message: EmailMessage, writing: Writing) -> EmailMessage:
    """Name the mail that is answered."""
    message["In-Reply-To"] = message["References"] = writing.letter.message_id
    return message


def add_calendar(message: EmailMessage, calendar: bytes, method: str) -> None:
    """Add the calendar beside the text."""
    params = {"charset": "utf-8", "method": method}
    message.add_alternative(calendar, maintype="text", subtype="calendar", cte="base64", params=params)


def times(writing: Writing) -> tuple[datetime, datetime]:
    """Return start and end; who proposes another time means the same hours of the next day."""
    later = timedelta(days=1) if writing.answer.says is Says.PROPOSED else timedelta()
    return writing.request.starts_at + later, writing.request.ends_at + later


def utc(instant: datetime) -> str:
    """Return an instant as a calendar writes it."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def partstat(writing: Writing) -> str:
    """Return the answer, and to whom it is delegated; who proposes another time might come to this one."""
    if writing.answer.says is Says.PROPOSED:
        return "TENTATIVE"
    to = f';DELEGATED-TO="{mailto(writing.answer.delegate)}"' if writing.answer.delegate else ""
    return writing.answer.says.value.upper() + to


def author(writing: Writing) -> str:
    """Return the name of the one who answers, as the value of a parameter."""
    return plain(writing.letter.name)


def escaped(text: str) -> str:
    """Escape as RFC 5545 section 3.3.11 wants it."""
    return re.sub(r"([\\;,])", r"\\\1", text).replace("\n", "\\n")


def plain(text: str) -> str:
    """Return a text as the value of a parameter, where some characters cannot stand."""
    return re.sub(r'[";:,\x00-\x1f]', " ", text)


def folded(lines: list[str], width: int = 75, *, blind: bool = False) -> bytes:
    """Fold lines at ``width`` octets; ``blind`` cuts through characters, as RFC 5545 section 3.1 warns."""
    return b"".join(_fold(line.encode(), width, blind=blind) for line in lines)


def _fold(line: bytes, width: int, *, blind: bool) -> bytes:
    pieces, room = [], width
    while len(line) > room:
        cut = room
        while not blind and line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line, room = line[cut:], width - 1
    return b"\r\n ".join([*pieces, line]) + b"\r\n"
