"""A mail that was handed over and not accepted for certain: kept as it was, and sent again as it was.

Mail systems and people tell by the Message-ID that two mails are the same. So one Message-ID always stands
for the same bytes, whatever has become of templates, catalogues, zones or the meeting since. A mail that
would mislead its reader by now is written again and gets another Message-ID.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain.letters.message import Letter, completed, message_id, shell
from orchestrator.domain.meetings.itip import Method
from orchestrator.domain.meetings.meeting import Attendee, Meeting
from orchestrator.services.letters.content import LetterContent
from orchestrator.store.delivery.deliveries import Earlier

_LONGEST_WAIT = timedelta(hours=12)
"""How old the date of a mail may be that no server has accepted; filters take an older one for spam."""
_LEVEL = 1  # The fastest: a mail is mostly markup, and is kept for seconds as a rule.


def kept(letter: Letter) -> bytes:
    """Return a letter as it is kept."""
    return zlib.compress(shell(letter), _LEVEL)


def message(content: bytes, letter: Letter) -> bytes:
    """Return the message that was kept; ``letter`` is the one it was made of, or would be made of now."""
    return completed(zlib.decompress(content), letter)


def written_from(
    letter: Letter, meeting: Meeting, attendee: Attendee | None, content: LetterContent
) -> dict[str, Any]:
    """Return what a letter tells, as JSON: on which occasion, which links, and what else readers rely on.

    A cancellation says the same however the meeting goes on, so that nothing of it is compared.
    """
    facts: dict[str, Any] = {"occasion": letter.message_id, "at": letter.date.isoformat()}
    method = content.kind.rules.calendar
    if method is Method.CANCEL:
        return facts
    if method is Method.REQUEST:
        facts["link"] = meeting.join_url
    if attendee is not None:
        facts["page"] = attendee.link_version
    return facts | {"told": _told(meeting, content)}


def _told(meeting: Meeting, content: LetterContent) -> list[str]:
    instants = (meeting.revised_at, meeting.starts_at, meeting.ends_at, content.deadline, *content.options)
    return [
        *(moment.isoformat() if moment else "" for moment in instants),
        *(need.value for need in content.missing),
        "overdue" if content.overdue else "",
        *([f"note {content.note.number}"] if content.note else []),
    ]


def still_holds(before: Earlier, fresh: Mapping[str, Any], now: datetime) -> bool:
    """Whether the mail of an earlier attempt can be sent as it is.

    A mail that may have arrived goes again as it was, unless one of its links opens nothing any more: nothing
    else would bring the new one to its reader. A link that is being taken down changes nothing. What no
    server has can be brought up to date.
    """
    old = before.written_from
    if old is None or old["occasion"] != fresh["occasion"]:
        return False
    if any(fresh.get(link) and fresh[link] != old.get(link) for link in ("link", "page")):
        return False
    if before.may_have_arrived:
        return True
    fresh_enough = now - datetime.fromisoformat(old["at"]) < _LONGEST_WAIT
    return old.get("told") == fresh.get("told") and fresh_enough


def under_another_id(letter: Letter, before: Earlier) -> Letter:
    """Return a letter that tells something else than the mail before it on the same occasion.

    What was written before mails were kept has left no bytes to differ from.
    """
    if before.written_from is None or before.written_from["occasion"] != letter.message_id:
        return letter
    domain = letter.message_id.rpartition("@")[2].rstrip(">")
    return replace(letter, message_id=message_id(domain, before.message_id, letter.message_id))
