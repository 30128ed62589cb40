"""What a mail system's refusal is about, and what a person does about it.

One table for refusals of any kind: those of a relay while a mail is sent, and those that come back later in
a delivery report. The enhanced status code says it (RFC 3463 and the codes registered with IANA after it);
where a code says nothing, the text does.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

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

_CODES: Final = {
    "1.7": Refusal.SENDER,  # Bad sender's mailbox address syntax.
    "1.8": Refusal.SENDER,  # Bad sender's system address.
    "1.9": Refusal.SYSTEM,  # Message relayed to a system that speaks another protocol.
    "1.90": Refusal.SENDER,  # Exchange: the sender's daily quota.
    "2.1": Refusal.ADDRESS,  # Mailbox disabled.
    "2.2": Refusal.FULL,
    "2.3": Refusal.TOO_LARGE,
    "2.4": Refusal.SYSTEM,  # Mailing list expansion.
    "3.4": Refusal.TOO_LARGE,
    "4.4": Refusal.ADDRESS,  # Unable to route: Postfix says so of a domain that does not exist.
    "4.5": Refusal.SENDER,  # Gmail: the sender's daily quota.
    "4.6": Refusal.SYSTEM,  # Routing loop.
    "4.14": Refusal.SYSTEM,  # Exchange: hop count exceeded.
    "4.310": Refusal.ADDRESS,  # Exchange: the domain does not exist.
    **{f"7.{detail}": Refusal.SENDER for detail in range(20, 28)},  # DKIM, SPF, reverse DNS, DMARC.
    "7.60": Refusal.SENDER,
    "7.509": Refusal.SENDER,  # Exchange: DMARC.
    "7.515": Refusal.SENDER,  # Outlook: our domain is not authenticated.
    "7.705": Refusal.SENDER,  # Exchange: the sender's tenant is over its limit.
    "7.708": Refusal.SENDER,
}
"""Subject and detail that say more than their subject alone."""
_SUBJECTS: Final = {
    "1": Refusal.ADDRESS,
    "3": Refusal.SYSTEM,
    "4": Refusal.GIVEN_UP,
    "5": Refusal.SYSTEM,
    "6": Refusal.SYSTEM,
    "7": Refusal.POLICY,
}
_TEXTS: Final = (
    (
        Refusal.FULL,
        (
            "quota",
            r"mailbox(?: is)? (?:too )?full",
            "exceeded storage",
            "out of (?:storage|space)",
            "insufficient (?:disk|storage)",
        ),
    ),
    (
        Refusal.TOO_LARGE,
        ("too (?:large|big)", "size (?:limit|exceed)", "message size", r"exceeds? .{0,30}\bsize"),
    ),
    (
        Refusal.ADDRESS,
        (
            "user unknown",
            "unknown (?:user|recipient|address)",
            "no such",
            "n[o']t exist",
            "no mailbox",
            "recipient.{0,40}not found",
            "invalid (?:recipient|mailbox|address)",
            "unrouteable",
            "(?:host|domain) not found",
            "mailbox unavailable",
            "address rejected",
            "disabled",
            "inactive",
        ),
    ),
    (
        Refusal.POLICY,
        (
            "spam",
            "blocked",
            "block ?list",
            "blacklist",
            "policy",
            "denied",
            "reputation",
            "not (?:allowed|permitted)",
        ),
    ),
    (
        Refusal.GIVEN_UP,
        ("timed? ?out", "too long", "retr(?:y|ies|ied)", "refused", "unreachable", "expired", "no answer"),
    ),
)
_BY_TEXT: Final = tuple((refusal, re.compile("|".join(said), re.IGNORECASE)) for refusal, said in _TEXTS)
_CODE: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)", re.ASCII)
_ANSWER: Final = re.compile(r"\b([45])\d\d[ -]", re.ASCII)
_STORAGE: Final = re.compile(r"\b552[ -]", re.ASCII)
_LONGEST = 2_000


def refusal_of(status: str, text: str = "") -> Refusal:
    """Return what a refusal is about, by its enhanced status code and by the ``text`` of the refusal.

    A code in the text counts where ``status`` is missing or says nothing, as in ``5.0.0`` (RFC 3463 section
    3.1). A transient code of a mail that has failed says that it was given up.
    """
    text = text[:_LONGEST]
    codes = [found.groups() for found in _CODE.finditer(f"{status} {text}")]
    kind, subject, detail = next((code for code in codes if code[1] != "0"), (codes or [("", "0", "0")])[0])
    found = _CODES.get(f"{subject}.{detail}")
    if found is not None and not (found is Refusal.SENDER and kind == "4" and subject == "4"):
        return found
    if kind == "4":
        return Refusal.GIVEN_UP
    if (subject, detail) == ("4", "1") and _said(text) in (Refusal.ADDRESS, Refusal.POLICY):
        return Refusal.ADDRESS  # Exchange Online says so of an address that its directory does not have.
    return _SUBJECTS.get(subject) or _said(text)


def _said(text: str) -> Refusal:
    """Return what a refusal is about by its words, or else by the answer of SMTP that it quotes."""
    found = next((refusal for refusal, pattern in _BY_TEXT if pattern.search(text)), None)
    if found is not None:
        return found
    answer = _ANSWER.search(text)
    if answer is not None and answer[1] == "4":
        return Refusal.GIVEN_UP
    return Refusal.FULL if _STORAGE.search(text) else Refusal.UNKNOWN
