"""What the mailbox's own server found out about a sender: Authentication-Results (RFC 8601).

Anybody can write such a header. It counts only under the name that the server uses for itself, which a
setting says; RFC 8601 section 5 makes the server take that name out of what it receives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.domain.answers.content_lines import clean
from orchestrator.domain.people.addresses import domain_of
from orchestrator.facts import Fact

_MOST_RESULTS = 20
_COMMENT_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\\.|[()]|[^"\\()]+|.', re.DOTALL)
_DMARC: Final = re.compile(r"\s*dmarc\s*(?:/\s*\d+\s*)?=\s*([a-z]+)(.*)", re.IGNORECASE | re.DOTALL)
_HEADER_FROM: Final = re.compile(r"\bheader\.from\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)
_FAILED: Final = "fail"
_PASSED: Final = "pass"


@dataclass(frozen=True, slots=True)
class _Dmarc:
    """What DMARC (RFC 7489) came to, and for which domain, if it says so."""

    result: str
    domain: str


def doubt_about(sender: str | None, results: Iterable[str], authserv_id: str | None) -> Fact | None:
    """Return why the mailbox's server gives reason not to believe ``sender``; None without any.

    ``results`` are the values of Authentication-Results, the uppermost first; without ``authserv_id`` none of
    them counts. A fail is a doubt, and so is a pass that was given to another domain than the sender's.
    """
    if not authserv_id or not sender:
        return None
    found = [item for value in results for item in _dmarc_in(value, authserv_id)][:_MOST_RESULTS]
    if any(item.result == _FAILED for item in found):
        return Fact.of("answers.dmarc-failed", sender=sender)
    domain = domain_of(sender)
    other = next((item for item in found if item.result == _PASSED and item.domain not in ("", domain)), None)
    if other is not None:
        return Fact.of("answers.dmarc-of-another", sender=sender, domain=other.domain)
    return None


def _dmarc_in(value: str, authserv_id: str) -> Iterator[_Dmarc]:
    name, *results = _without_comments(value).split(";")
    # A version number may follow the name (RFC 8601 section 2.2).
    if next(iter(name.split()), "").strip('"').casefold() != authserv_id.strip().casefold():
        return
    for result in results:
        if found := _DMARC.match(result):
            domain = _HEADER_FROM.search(found[2])
            named = clean(domain[1], 255).rpartition("@")[2] if domain else ""
            yield _Dmarc(found[1].lower(), domain_of(named) if named else "")


def _without_comments(value: str) -> str:
    kept, depth = [], 0
    for piece in _COMMENT_TOKEN.findall(value):
        if piece in ("(", ")"):
            depth = max(0, depth + (1 if piece == "(" else -1))
        elif not depth:
            kept.append(piece)
    return "".join(kept)
