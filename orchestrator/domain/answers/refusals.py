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


class Refusal(StrEnum):
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
    Refusal.ADDRESS: (Fact.of("answers.refusal.address"), Fact.of("answers.remedy.address")),
    Refusal.FULL: (Fact.of("answers.refusal.full"), Fact.of("answers.remedy.full")),
    Refusal.TOO_LARGE: (Fact.of("answers.refusal.too-large"), Fact.of("answers.remedy.too-large")),
    Refusal.POLICY: (Fact.of("answers.refusal.policy"), Fact.of("answers.remedy.policy")),
    Refusal.SENDER: (Fact.of("answers.refusal.sender"), Fact.of("answers.remedy.sender")),
    Refusal.GIVEN_UP: (Fact.of("answers.refusal.given-up"), Fact.of("answers.remedy.given-up")),
    Refusal.SYSTEM: (Fact.of("answers.refusal.system"), Fact.of("answers.remedy.system")),
    Refusal.UNKNOWN: (Fact.of("answers.refusal.unknown"), Fact.of("answers.remedy.unknown")),
}

_OF_TARGET: Final = {
    Target.ADDRESS: Refusal.ADDRESS,
    Target.MAILBOX: Refusal.FULL,
    Target.SIZE: Refusal.TOO_LARGE,
    Target.RECIPIENT: Refusal.POLICY,
    Target.CONTENT: Refusal.POLICY,
    Target.POLICY: Refusal.POLICY,
    Target.SENDER: Refusal.SENDER,
    Target.CLIENT: Refusal.SENDER,
    Target.RELAY: Refusal.SENDER,
    Target.QUOTA: Refusal.SENDER,
    Target.LOGIN: Refusal.SENDER,
    Target.PROTECTION: Refusal.SENDER,
    Target.ROUTE: Refusal.GIVEN_UP,
    Target.SYSTEM: Refusal.SYSTEM,
    Target.UNSAID: Refusal.UNKNOWN,
}
"""What the refusal of a mail server further on means for the one who invited."""
_LASTING: Final = frozenset({Refusal.ADDRESS, Refusal.FULL, Refusal.TOO_LARGE, Refusal.SENDER})
"""What a code that passes (4.x) says too, although the mail has been given up by now."""
_TRANSIENT: Final = re.compile(r"(?<![\w.])4(?:\.\d{1,3}\.\d{1,3}(?![.\d])|\d\d[ -])", re.ASCII)
_LONGEST = 2_000


def refusal_of(status: str, text: str = "") -> Refusal:
    """Return what a refusal is about, by its enhanced status code and by the ``text`` of the refusal.

    A code in the text counts where ``status`` is missing or says nothing, as in ``5.0.0`` (RFC 3463 section
    3.1). A transient code of a mail that has failed says that it was given up.
    """
    found = _OF_TARGET[target_of(text, status=status)]
    if status.startswith("5.6.") and found is Refusal.POLICY and not text:
        return Refusal.SYSTEM
    passes = status.startswith("4.") or (not status and _TRANSIENT.search(text[:_LONGEST]) is not None)
    given_up = passes and (found not in _LASTING or status.startswith("4.4."))
    return Refusal.GIVEN_UP if given_up else found
