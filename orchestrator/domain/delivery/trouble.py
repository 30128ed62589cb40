"""What the refusals of the relay mean for the mail that waits: whose trouble it is, and how long to leave it.

Trouble of the sending side (the account, the sender, this machine, the relay, a quota) says nothing about a
recipient: the mail waits, is tried again within its grace, and one person is told.
"""

from __future__ import annotations

from typing import Final

from orchestrator.domain.answers.refusal_targets import Target
from orchestrator.facts import Fact

LOGIN_PAUSE: Final = 1800.0
"""Seconds after a refused login: directories lock an account after five or ten wrong ones in half an hour."""
QUOTA_PAUSE: Final = 900.0
"""Seconds after a refusal for having sent too much: asking more often only counts as more."""

_FACTS: Final = {
    Target.ADDRESS: "outside.smtp.address-refused",
    Target.MAILBOX: "outside.smtp.mailbox-refused",
    Target.RECIPIENT: "outside.smtp.not-allowed",
    Target.SIZE: "outside.smtp.too-large",
    Target.CONTENT: "outside.smtp.content-refused",
    Target.ROUTE: "outside.smtp.route-refused",
    Target.LOGIN: "outside.smtp.login-refused",
    Target.PROTECTION: "outside.smtp.unprotected",
    Target.SENDER: "outside.smtp.sender-refused",
    Target.CLIENT: "outside.smtp.client-refused",
    Target.RELAY: "outside.smtp.relay-refused",
    Target.QUOTA: "outside.smtp.quota-refused",
    Target.SYSTEM: "outside.smtp.system-refused",
    Target.POLICY: "outside.smtp.policy-refused",
    Target.UNSAID: "outside.smtp.unsaid-refused",
}

HELD_UP: Final = frozenset(
    {*(key for target, key in _FACTS.items() if target.ours), "outside.smtp.token-refused"}
)
"""The reasons of mails that wait for trouble of ours to be mended."""

PASSES_BY_ITSELF: Final = frozenset({Target.QUOTA, Target.SYSTEM})
"""Trouble of ours that may end without anybody doing something."""

NAMED: Final = frozenset({Target.SENDER, Target.CLIENT, Target.RELAY, Target.QUOTA})
"""What is told as what it is even when the relay only says "not now"; the rest may be greylisting."""


def refusal_fact(target: Target, *, place: str, sender: str, recipient: str, answer: str) -> Fact:
    """Return what a refusal of the relay says, with its remedy."""
    return Fact.of(_FACTS[target], place=place, sender=sender, recipient=recipient, answer=answer)
