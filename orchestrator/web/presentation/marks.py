"""States as a word, a symbol and a colour; the same everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """A state as word, shape (a symbol of the layout's sprite) and tone (a colour of the style sheet)."""

    word: str
    symbol: str
    tone: str


MARKS = {
    "accepted": Mark("accepted", "full", "good"),
    "tentative": Mark("tentative", "half", "attention"),
    "delegated": Mark("delegated", "handed", "accent"),
    "declined": Mark("declined", "crossed", "bad"),
    "no answer": Mark("no answer", "dashed", "quiet"),
    "yes": Mark("yes", "full", "good"),
    "if needed": Mark("if needed", "half", "attention"),
    "no": Mark("no", "crossed", "bad"),
    "in": Mark("in", "done", "good"),
    "delivered": Mark("delivered", "done", "good"),
    "joined": Mark("joined", "done", "good"),
    "waived": Mark("waived", "dash", "quiet"),
    "missing": Mark("missing", "dashed", "attention"),
    "not asked for": Mark("not asked for", "dash", "quiet"),
    "not yet": Mark("not yet", "dots", "quiet"),
    "blocked": Mark("blocked", "dots", "quiet"),
    "scheduled": Mark("scheduled", "next", "accent"),
    "claimed": Mark("claimed", "next", "accent"),
    "running": Mark("running", "next", "accent"),
    "succeeded": Mark("succeeded", "done", "good"),
    "missed": Mark("missed", "missed", "attention"),
    "cancelled": Mark("cancelled", "dash", "quiet"),
    "failed": Mark("failed", "failed", "bad"),
    "bounced": Mark("bounced", "failed", "bad"),
    "sent": Mark("sent", "done", "good"),
    "sending": Mark("unknown", "unknown", "attention"),
    "deferred": Mark("deferred", "next", "attention"),
    "planned": Mark("without a day", "dashed", "quiet"),
    "draft": Mark("draft", "dots", "quiet"),
    "save-the-date": Mark("save-the-date", "half", "accent"),
    "published": Mark("published", "next", "accent"),
    "concluded": Mark("concluded", "done", "good"),
    "new": Mark("planned", "next", "accent"),
    "moved": Mark("moved", "next", "accent"),
    "skipped": Mark("left out", "missed", "attention"),
    "open": Mark("waits for you", "missed", "attention"),
    "undecided": Mark("open", "missed", "attention"),
    "agreed": Mark("agreed", "done", "good"),
    "refused": Mark("refused", "crossed", "quiet"),
    "settled": Mark("settled by a new time", "done", "quiet"),
    "applied": Mark("recorded", "done", "good"),
    "ignored": Mark("ignored", "dash", "quiet"),
    "quarantined": Mark("needs you", "missed", "attention"),
    "assigned": Mark("assigned by hand", "done", "good"),
    "discarded": Mark("discarded", "dash", "quiet"),
}


ANSWERS = ("accepted", "tentative", "delegated", "declined", "no answer")


CHANNELS = {
    "mail": "by e-mail",
    "web": "on the personal page",
    "console": "entered in the console",
    "command line": "entered on the command line",
    "api": "entered through the API",
}


def through(channel: str) -> str:
    """Return through which door an answer came, in words."""
    return CHANNELS.get(channel, f"through {channel}")


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many actions or deliveries stand in a state."""

    state: str
    count: int


def states_of(states: Iterable[str]) -> tuple[StateCount, ...]:
    """Return how many stand in each state, in the order of the marks."""
    counted = Counter(states)
    return tuple(StateCount(state, counted[state]) for state in MARKS if state in counted)


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """How many gave an answer, and where their part of the bar begins."""

    answer: str
    count: int
    start: int


def answer_counts(answers: dict[str, int]) -> list[AnswerCount]:
    """Return the answers given so far, best first, leaving out what nobody said."""
    found = []
    start = 0
    for answer in ANSWERS:
        count = answers.get(answer, 0)
        if count:
            found.append(AnswerCount(answer, count, start))
            start += count
    return found
