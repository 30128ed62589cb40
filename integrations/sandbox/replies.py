"""What recipients' software makes of an answer: the mail that it sends.

The patterns are of our own making, after the ways of real programs that a service has to live with.
Nothing is left to chance: the same answer to the same mail at the same time is the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage

from integrations.sandbox.automatic import bounce, out_of_office
from integrations.sandbox.letters import Letter, Request
from integrations.sandbox.software import apple, gmail, outlook
from integrations.sandbox.writing import Answer, Says, Software, Writing


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail ready for SMTP; a bounce has no ``sender``."""

    sender: str
    recipient: str
    content: bytes


_COMPOSERS: dict[Software, Callable[[Writing], EmailMessage]] = {
    Software.OUTLOOK: outlook,
    Software.GMAIL: gmail,
    Software.APPLE: apple,
}


def compose(through: Software, letter: Letter, request: Request, answer: Answer, now: datetime) -> Outgoing:
    """Write the mail that ``through`` sends for ``answer``, to the ORGANIZER of ``request``.

    The mail is dated ``now``. A bounce and an out-of-office answer are the same from all software.
    """
    writing = Writing(letter, request, answer, now.replace(microsecond=0))
    if answer.says is Says.BOUNCED:
        return Outgoing("", request.organizer, bounce(writing))
    message = out_of_office(writing) if answer.says is Says.ABSENT else _COMPOSERS[through](writing)
    return Outgoing(answer.by, request.organizer, _bytes(message, writing))


def _bytes(message: EmailMessage, writing: Writing) -> bytes:
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"_{number:03d}_{writing.digest('boundary')}_")
    return message.as_bytes()
