"""What a delivery report means for the mail that it is about, and for the address that was invited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.domain.answers.bounces import DeliveryReport
from orchestrator.domain.answers.refusals import MailRefusal, refusal_of
from orchestrator.domain.people.addresses import compared, untagged
from orchestrator.facts import Fact

_ACTIONS: Final = {
    "delivered": "answers.mail-delivered",
    "relayed": "answers.mail-relayed",
    "expanded": "answers.mail-expanded",
    "delayed": "answers.mail-late",
}
"""What a report says that is no failure (RFC 3464 section 2.3.3)."""
BEHIND: Final = "answers.report.behind"
"""The key of what is said of an address behind the invited one."""
SENT_AGAIN: Final = "again"
"""The purpose of a delivery that a person has asked for, who has thereby dealt with one that bounced."""
_TO_CORRECT: Final = (MailRefusal.ADDRESS.fact, MailRefusal.UNKNOWN.fact)


@dataclass(frozen=True, slots=True)
class Reported:
    """What is reported of a mail to one address.

    ``fact`` says it, ``said`` is what the mail system said. ``bounced`` is only true when the address itself
    did not get it; ``behind`` is the address behind it that did not.
    """

    fact: Fact
    said: str
    bounced: bool = False
    behind: str | None = None


def reported_of(reports: Sequence[DeliveryReport], recipient: str) -> Reported:
    """Return what ``reports``, at least one, say of a mail to ``recipient``; a failure says most."""
    failed = [report for report in reports if report.failed]
    if not failed:
        return _no_failure(reports[0], recipient)
    own = next((report for report in failed if _behind(report, recipient) is None), None)
    report = own or failed[0]
    said = " ".join(filter(None, (report.status, report.diagnostic)))
    refusal = refusal_of(report.status, report.diagnostic)
    behind = _behind(report, recipient)
    if behind is None:
        fact = Fact.of("answers.report.failed", refusal=refusal.fact, remedy=refusal.remedy)
        return Reported(fact, said, bounced=True)
    fact = Fact.of(BEHIND, address=behind, recipient=recipient, refusal=refusal.fact)
    return Reported(fact, said, behind=behind)


def _no_failure(report: DeliveryReport, recipient: str) -> Reported:
    key = _ACTIONS.get(report.action)
    if key is None:
        return Reported(
            Fact.of("answers.mail-reported", recipient=recipient, action=report.action), report.diagnostic
        )
    return Reported(Fact.of(key, recipient=recipient), report.diagnostic)


def _behind(report: DeliveryReport, recipient: str) -> str | None:
    """Return the address behind ``recipient`` that a report is about; None when it is about that itself.

    Mail systems that know tags report without the tag; that is the same mailbox.
    """
    final = report.final
    if final is None or final in (compared(recipient), untagged(recipient)):
        return None
    return final


def corrects_address(report: Fact | None) -> bool:
    """Whether the remedy for a mail that bounced is another address; so it is where nothing else is known."""
    if report is None or report.key != "answers.report.failed":
        return report is None
    return report.params.get("refusal") in _TO_CORRECT


def arrived(report: Fact | None) -> bool:
    """Whether it is reported of a mail that it arrived."""
    return report is not None and report.key == _ACTIONS["delivered"]
