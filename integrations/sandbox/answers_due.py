"""Which answers the caught letters call for, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.sandbox.letters import Letter, Request
from integrations.sandbox.personas import Move, Occasion, persona_of

_SOON = timedelta(hours=48)
"""How long before the start a reminder makes a person think again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A move that a letter calls for. ``key`` names it, so that it is made once."""

    key: str
    at: datetime
    letter: Letter
    request: Request
    move: Move


def moves_due(letters: Iterable[Letter], now: datetime) -> list[Due]:
    """Return everything that letters call for, made already or not, in order of time.

    Who is asked for a new time answers to that alone, and nobody to a meeting that was called off. Once it
    has begun, only mail systems still answer.
    """
    found = [due for thread in _threads(letters) for due in _of_thread(thread, now)]
    return sorted(found, key=lambda due: (due.at, due.letter.recipient, due.key))


def _threads(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Return the letters to each person about each meeting, oldest first.

    A reminder has no calendar; it belongs to the invitation that links to the same page.
    """
    ordered = sorted(letters, key=lambda letter: letter.received_at)
    uids = {letter.page: letter.request.uid for letter in ordered if letter.page and letter.request}
    threads: dict[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in ordered:
        uid = letter.request.uid if letter.request else uids.get(letter.page or "")
        if uid is not None:
            threads[letter.recipient.casefold(), uid].append(letter)
    return list(threads.values())


def _of_thread(thread: Sequence[Letter], now: datetime) -> Iterator[Due]:
    requests_ = [letter for letter in thread if letter.request]
    latest = requests_[-1].request
    if latest is None:
        return
    for number, move in enumerate(persona_of(thread[0].recipient)):
        for letter in _calling(thread, latest, move.on):
            at = letter.received_at + move.after
            if move.on is Occasion.ANY_MAIL or max(at, now) < latest.starts_at:
                yield Due(f"{letter.message_id} {number}", at, letter, letter.request or latest, move)


def _calling(thread: Sequence[Letter], latest: Request, occasion: Occasion) -> Sequence[Letter]:
    """Return the letters that are the occasion for something."""
    if occasion is Occasion.ANY_MAIL:
        return thread
    if latest.method != "REQUEST":
        return ()
    if occasion is Occasion.REMINDED:
        late = (latest.starts_at - _SOON, latest.starts_at)
        return [item for item in thread if not item.request and late[0] <= item.received_at < late[1]][:1]
    asking = [item for item in thread if _asks(item, latest.sequence)]
    return asking[:1] if occasion is Occasion.ASKED else asking[1:][-1:]


def _asks(letter: Letter, sequence: int) -> bool:
    """Whether a letter asks for an answer to the present time: what asked for an earlier one is past."""
    return letter.request is not None and letter.request.asks and letter.request.sequence == sequence
