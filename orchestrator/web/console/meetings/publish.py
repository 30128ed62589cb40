"""Publishing, reinstating and cancelling: each is shown before it is done."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.forms import Ticked, Typed, Version
from orchestrator.web.container import MeetingsDep, ReadingDep
from orchestrator.web.pages import meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.get("/meetings/{reference}/publish")
def confirm_publish(
    reference: str,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
    save_the_date: bool | None = None,
) -> Response:
    """Show what publishing would send, or what announcing the date would; the timeline knows which."""
    found = reading.meeting(reference)
    effect = meetings.publish(
        reference, caller=caller, version=found.version, save_the_date=save_the_date, dry_run=True
    )
    hidden: dict[str, Any] = {"version": found.version}
    if effect.tentative:
        hidden["save_the_date"] = "yes"
    doing = "announce" if effect.tentative else "confirm" if found.tentative else "publish"
    return confirmation.show(doing, found, effect, hidden)


@router.post("/meetings/{reference}/publish")
def publish(
    reference: str,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    version: Version,
    save_the_date: Ticked = False,
) -> Response:
    """Publish the version that was shown, or announce its date."""
    before = reading.meeting(reference)
    effect = meetings.publish(reference, caller=caller, version=version, save_the_date=save_the_date)
    done = "announced" if save_the_date else "confirmed" if before.tentative else "published"
    return see_other(meeting_path(effect.reference), done=done, count=effect.count("invite"))


@router.get("/meetings/{reference}/reinstate")
def confirm_reinstate(
    reference: str,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> Response:
    """Show who would be told that a cancelled meeting takes place after all."""
    found = reading.meeting(reference)
    effect = meetings.reinstate(reference, caller=caller, version=found.version, dry_run=True)
    return confirmation.show("reinstate", found, effect, {"version": found.version})


@router.post("/meetings/{reference}/reinstate")
def reinstate(
    reference: str, meetings: MeetingsDep, caller: ConsoleCaller, version: Version, reason: Typed = ""
) -> Response:
    """Reinstate the version that was shown."""
    effect = meetings.reinstate(reference, caller=caller, reason=reason, version=version)
    return see_other(meeting_path(effect.reference), done="reinstated", count=effect.count("invite"))


@router.get("/meetings/{reference}/cancel")
def confirm_cancel(
    reference: str,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> Response:
    """Show who would be told, and what would not go out any more."""
    found = reading.meeting(reference)
    effect = meetings.cancel(reference, caller=caller, version=found.version, dry_run=True)
    return confirmation.show("cancel", found, effect, {"version": found.version})


@router.post("/meetings/{reference}/cancel")
def cancel(
    reference: str, meetings: MeetingsDep, caller: ConsoleCaller, version: Version, reason: Typed = ""
) -> Response:
    """Cancel the version that was shown."""
    effect = meetings.cancel(reference, caller=caller, reason=reason, version=version)
    return see_other(meeting_path(effect.reference), done="cancelled", count=effect.count("cancel"))
