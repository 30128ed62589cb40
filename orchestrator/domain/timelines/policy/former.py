"""The grammar of before: for each step that is not read any more, what to write instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ITEMS = {"answer": "answer", "delegation list": "list", "paper": "papers", "connectivity test": "test"}
_ASK = "{do: ask, per: event, at: +1WD, from: invite, round: forward, items: [%s]}"
_TEST = (
    "{do: ask, per: event, at: +1WD, from: invite, round: forward, items: [answer, test], "
    "test: {at: -1WD, from: first session, back: 5WD, slot: PT15M}}"
)
_CHASE = "{do: chase, per: event, at: [-5WD, -2WD, +1WD], from: deadline, spacing: 2WD}"
_DOCUMENTS = (
    "{do: notice, id: documents, per: event, on: documents available, fold: 2WD, to: [members, secretariat]}"
)
_THANK = "{do: thank, per: event, on: minutes attached, no later than: +3WD, to: present}"
_WEEK = "{do: remind, id: week, per: event, at: -P7D, from: first session, round: back, when: something new}"
_DAY = "{do: remind, id: day, per: event, at: -P1D, from: each day, round: day, covers: consecutive days}"
_HOUR = "{do: remind, id: hour, at: -PT60M, only: online}"
_DRAFT = "{do: minutes, id: draft, per: event, on: minutes attached, comments: +10WD}"
_INVITE = "{do: invite, at: %s, round: back}"
_SAVE_THE_DATE = "{do: invite, id: save-the-date, tentative: true, per: event, at: %s, round: back}"


def new_form(step: Mapping[str, Any]) -> str | None:
    """Return how a step of the former grammar is written now; ``None`` for one that is not of it.

    A confirmation by a step of its own has gone: the first invitation confirms what was announced.
    """
    do = step.get("do")
    reader = _READERS.get(do) if isinstance(do, str) else None
    return reader(step) if reader else None


def _confirm(step: Mapping[str, Any]) -> str | None:
    """The first invitation confirms what was announced, so that is what to write."""
    return _INVITE % "-P28D"


def _connection_test(step: Mapping[str, Any]) -> str | None:
    return _TEST


def _chase(step: Mapping[str, Any]) -> str | None:
    return _CHASE if "when" in step or "deadline" in step or "grace" in step else None


def _notice(step: Mapping[str, Any]) -> str | None:
    if "ask" in step:
        return _ASK % _ITEMS.get(str(step["ask"]), "answer")
    if "about" not in step:
        return None
    if step["about"] == "documents":
        return _DOCUMENTS
    return _THANK if step["about"] == "thank-you" else _ASK % "answer, comments"


def _remind(step: Mapping[str, Any]) -> str | None:
    if step.get("id") in ("week", "day", "hour", "programme") and "grace" not in step:
        return None
    at = str(step.get("at", ""))
    if "T" in at.partition(" ")[0]:
        return _HOUR
    return _DAY if at.startswith(("-P1D", "-1WD")) else _WEEK


def _minutes(step: Mapping[str, Any]) -> str | None:
    return _DRAFT if step.get("at") is not None else None


def _invite(step: Mapping[str, Any]) -> str | None:
    at = str(step.get("at", "")).partition(" at ")[0]
    if "round" in step:
        return None
    return (_SAVE_THE_DATE if step.get("tentative") else _INVITE) % (at if at.startswith("-") else "-P28D")


_READERS = {
    "confirm": _confirm,
    "connection-test": _connection_test,
    "rehearse": _connection_test,
    "chase": _chase,
    "notice": _notice,
    "remind": _remind,
    "minutes": _minutes,
    "invite": _invite,
}
