"""Asking for what is missing."""

from __future__ import annotations

from fastapi import APIRouter, Response

from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Typed
from orchestrator.web.container import NudgesDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.get("/meetings/{reference}/nudge")
def confirm_nudge(
    reference: str,
    reading: ReadingDep,
    nudges: NudgesDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
    to: str = "",
) -> Response:
    """Show who would be asked for what is missing from a delegation, or from all."""
    found = reading.meeting(reference)
    effect = nudges.nudge(reference, _picked(to), caller=caller, dry_run=True)
    return confirmation.show("nudge", found, effect, {"to": to})


@router.post("/meetings/{reference}/nudge")
def nudge(reference: str, nudges: NudgesDep, caller: ConsoleCaller, to: Typed = "") -> Response:
    """Ask the delegation that was shown, or all."""
    effect = nudges.nudge(reference, _picked(to), caller=caller)
    return see_other(meeting_path(effect.reference), done="nudged", count=effect.count("chase"))


def _picked(to: str) -> tuple[str, ...]:
    return (to,) if to else ()
