"""What a join link may be, whoever gives it: a coordinator, a program, a meeting file, a provider.

It goes into every mail and calendar, and people press it without reading it. So it is HTTPS, shows where it
leads (no user name before the host, no character that is drawn as nothing or as another one), and is written
as every client reads it: ASCII, with everything else percent-encoded (RFC 3986, section 2).
"""

from __future__ import annotations

import re

from orchestrator.errors import Unfit
from orchestrator.facts import Fact

LONGEST_LINK = 2000
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_REST = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%|{}^`-]*"
JOIN_LINK_PATTERN = rf"^https://{_LABEL}(\.{_LABEL})*(:[0-9]{{1,5}})?([/?#]{_REST})?$"
"""What ``join_link`` takes, as a schema tells it."""
_LINK = re.compile(JOIN_LINK_PATTERN)


def join_link(given: str) -> str:
    """Return the link without the blanks around it; raises ``Unfit`` for what is no such link."""
    link = given.strip(" \t\r\n")
    if len(link) > LONGEST_LINK:
        raise Unfit(Fact.of("meetings.link-too-long", most=LONGEST_LINK))
    # "fullmatch", because "$" would let a line break stand at the end.
    if not _LINK.fullmatch(link):
        raise Unfit(Fact.of(_wrong(link)))
    return link


def _wrong(link: str) -> str:
    if link[:8].lower() != "https://":
        return "meetings.not-a-web-address"
    host = re.split(r"[/?#]", link[8:], maxsplit=1)[0]
    if "@" in host:
        return "meetings.link-with-user-name"
    if not (link.isascii() and link.isprintable()):
        return "meetings.link-with-hidden-characters"
    return "meetings.not-a-web-address"
