"""Decisions of a meeting: recorded, agreed, taken out."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.errors import InvalidInput
from orchestrator.web.console.forms import Kept, Number, Ticked, Typed
from orchestrator.web.console.meeting_page import MeetingPageDep
from orchestrator.web.container import DecisionsDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.post("/meetings/{reference}/decisions")
def add_decision(
    reference: str,
    decisions: DecisionsDep,
    caller: ConsoleCaller,
    page: MeetingPageDep,
    text: Typed = "",
    is_open: Ticked = False,
) -> Response:
    """Record one more decision; what was typed stays when it cannot be one."""
    try:
        recorded = decisions.add(reference, text, is_open=is_open, caller=caller)
    except InvalidInput as error:
        kept = Kept.of("decision", 0, error.problems, text=text, is_open="yes" if is_open else "")
        return page.again(reference, error, kept)
    return see_other(meeting_path(recorded.reference), done="decision")


@router.post("/meetings/{reference}/decisions/{number}/agree")
def agree_decision(
    reference: str, number: Number, decisions: DecisionsDep, caller: ConsoleCaller, seen: Typed = ""
) -> Response:
    """Record that an open decision is agreed."""
    recorded = decisions.agree(reference, number, caller=caller, seen=seen)
    return see_other(meeting_path(recorded.reference), done="decision")


@router.post("/meetings/{reference}/decisions/{number}/remove")
def remove_decision(
    reference: str, number: Number, decisions: DecisionsDep, caller: ConsoleCaller, seen: Typed = ""
) -> Response:
    """Take a decision out."""
    recorded = decisions.remove(reference, number, caller=caller, seen=seen)
    return see_other(meeting_path(recorded.reference), done="decision")
