"""What a mail system's refusal is about, and what a person does about it.

What is refused stands in one table for refusals of any kind, ``refusal_table``: those of a relay while a mail
is sent, and those that come back later in a delivery report. Here stands what the latter mean.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from orchestrator.domain.answers.refusal_targets import Target, target_of
from orchestrator.facts import Fact


class MailRefusal(StrEnum):
    """What a refusal is about."""

    ADDRESS = "address"
    """There is no such mailbox or domain, or the mailbox takes no mail any more."""
    FULL = "full"
    """The mailbox is right, and has no room."""
    TOO_LARGE = "too-large"
    POLICY = "policy"
    """The recipient's side does not want the mail; the address may well be right."""
    SENDER = "sender"
    """What is refused is how we send: our domain, our server, our account or its quota."""
    GIVEN_UP = "given-up"
    """It was tried for as long as mail systems try; the address may well be right."""
    SYSTEM = "system"
    """Something is wrong at the recipient's mail system, or it could not take the mail as it is."""
    UNKNOWN = "unknown"

    @property
    def fact(self) -> Fact:
        """What was refused, in words."""
        return _WORDS[self][0]

    @property
    def remedy(self) -> Fact:
        """What a person does about it."""
        return _WORDS[self][1]


_WORDS: Final = {
    MailRefusal.ADDRESS: (Fact.of("answers.refusal.address"), Fact.of("answers.remedy.address")),
    MailRefusal.FULL: (Fact.of("answers.refusal.full"), Fact.of("answers.remedy.full")),
    MailRefusal.TOO_LARGE: (Fact.of("answers.refusal.too-large"), Fact.of("answers.remedy.too-large")),
    MailRefusal.POLICY: (Fact.of("answers.refusal.policy"), Fact.of("answers.remedy.policy")),
    MailRefusal.SENDER: (Fact.of("answers.refusal.sender"), Fact.of("answers.remedy.sender")),
    MailRefusal.GIVEN_UP: (Fact.of("answers.refusal.given-up"), Fact.of("answers.remedy.given-up")),
    MailRefusal.SYSTEM: (Fact.of("answers.refusal.system"), Fact.of("answers.remedy.system")),
    MailRefusal.UNKNOWN: (Fact.of("answers.refusal.unknown"), Fact.of("answers.remedy.unknown")),
}

_OF_TARGET: Final = {
    Target.ADDRESS: MailRefusal.ADDRESS,
    Target.MAILBOX: MailRefusal.FULL,
    Target.SIZE: MailRefusal.TOO_LARGE,
    Target.RECIPIENT: MailRefusal.POLICY,
    Target.CONTENT: MailRefusal.POLICY,
    Target.POLICY: MailRefusal.POLICY,
    Target.SENDER: MailRefusal.SENDER,
    Target.CLIENT: MailRefusal.SENDER,
    Target.RELAY: MailRefusal.SENDER,
    Target.QUOTA: MailRefusal.SENDER,
    Target.LOGIN: MailRefusal.SENDER,
    Target.PROTECTION: MailRefusal.SENDER,
    Target.ROUTE: MailRefusal.GIVEN_UP,
    Target.SYSTEM: MailRefusal.SYSTEM,
    Target.UNSAID: MailRefusal.UNKNOWN,
}
"""What the refusal of a mail server further on means for the one who invited."""
_LASTING: Final = frozenset({MailRefusal.FULL, MailRefusal.TOO_LARGE, MailRefusal.SENDER})
"""What a code that passes (4.x) says too, although the mail has been given up by now."""
_BY_STATUS: Final = {
    "2.2": MailRefusal.FULL,
    "2.3": MailRefusal.TOO_LARGE,
    "3.4": MailRefusal.TOO_LARGE,
    "7.": MailRefusal.POLICY,
}
"""What the code of a report says for certain; a text that speaks of the address does not change it."""
_TRANSIENT: Final = re.compile(r"(?<![\w.])4(?:\.\d{1,3}\.\d{1,3}(?![.\d])|\d\d[ -])", re.ASCII)
_LONGEST = 2_000


def refusal_of(status: str, text: str = "") -> MailRefusal:
    """Return what a refusal is about, by its enhanced status code and by the ``text`` of the refusal.

    A code in the text counts where ``status`` is missing or says nothing, as in ``5.0.0`` (RFC 3463 section
    3.1). A transient code of a mail that has failed says that it was given up.
    """
    found = _OF_TARGET[target_of(text, status=status)]
    if found in (MailRefusal.ADDRESS, MailRefusal.UNKNOWN):
        detail = status.partition(".")[2]
        found = next((is_ for code, is_ in _BY_STATUS.items() if _is_code(detail, code)), found)
    if status.startswith("5.6.") and found is MailRefusal.POLICY and not text:
        return MailRefusal.SYSTEM
    passes = status.startswith("4.") or (not status and _TRANSIENT.search(text[:_LONGEST]) is not None)
    given_up = passes and (found not in _LASTING or status.startswith("4.4."))
    return MailRefusal.GIVEN_UP if given_up else found


def _is_code(detail: str, code: str) -> bool:
    return detail.startswith(code) if code.endswith(".") else detail == code
