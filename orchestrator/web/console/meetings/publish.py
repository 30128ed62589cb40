"""Publishing, reinstating and cancelling: each is shown before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.reasons import refusal_of
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.timelines.views import Effect
from orchestrator.web.console.confirmation import Confirmation, ConfirmationDep
from orchestrator.web.console.explaining import Explaining, ExplainingDep
from orchestrator.web.console.forms import Ticked, Version, status_of_refusal
from orchestrator.web.container import DirectoryDep, MeetingsDep, ReadingDep
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


@dataclass(frozen=True, slots=True)
class EndingPage:
    """Cancelling and reinstating: both are shown with a field for the reason, which may be refused."""

    reading: Reading
    meetings: Meetings
    directory: Directory
    caller: Caller
    confirmation: Confirmation

    def show(
        self, doing: str, reference: str, explaining: Explaining | None = None, status: int = 200
    ) -> Response:
        """Show who would be told, with what was typed; raises ``Conflict`` where nothing can be done."""
        found = self.reading.meeting(reference)
        effect = self._use_case(doing)(reference, caller=self.caller, version=found.version, dry_run=True)
        return self.confirmation.show(
            doing,
            found,
            replace(effect, warnings=tuple(item for item in effect.warnings if not refusal_of([item]))),
            {"version": found.version},
            status=status,
            explaining=(explaining or Explaining()).offered(found, self.directory),
        )

    def take(self, doing: str, reference: str, version: int, explaining: Explaining) -> Response | Effect:
        """Do it, or show the page again with what was typed and why that cannot be taken."""
        try:
            return self._use_case(doing)(
                reference,
                caller=self.caller,
                reason=explaining.reason,
                remark=explaining.remark,
                version=version,
            )
        except (InvalidInput, Conflict) as error:
            return self.show(doing, reference, explaining.refused(error), status_of_refusal(error))

    def _use_case(self, doing: str) -> Callable[..., Effect]:
        return self.meetings.cancel if doing == "cancel" else self.meetings.reinstate


def _ending(
    reading: ReadingDep,
    meetings: MeetingsDep,
    directory: DirectoryDep,
    caller: ConsoleCaller,
    confirmation: ConfirmationDep,
) -> EndingPage:
    return EndingPage(reading, meetings, directory, caller, confirmation)


EndingDep = Annotated[EndingPage, Depends(_ending)]


@router.get("/meetings/{reference}/reinstate")
def confirm_reinstate(reference: str, ending: EndingDep) -> Response:
    """Show who would be told that a cancelled meeting takes place after all."""
    return ending.show("reinstate", reference)


@router.post("/meetings/{reference}/reinstate")
def reinstate(reference: str, ending: EndingDep, version: Version, explaining: ExplainingDep) -> Response:
    """Reinstate the version that was shown."""
    done = ending.take("reinstate", reference, version, explaining)
    if isinstance(done, Response):
        return done
    return see_other(meeting_path(done.reference), done="reinstated", count=done.count("invite"))


@router.get("/meetings/{reference}/cancel")
def confirm_cancel(reference: str, ending: EndingDep) -> Response:
    """Show who would be told, and what would not go out any more."""
    return ending.show("cancel", reference)


@router.post("/meetings/{reference}/cancel")
def cancel(reference: str, ending: EndingDep, version: Version, explaining: ExplainingDep) -> Response:
    """Cancel the version that was shown."""
    done = ending.take("cancel", reference, version, explaining)
    if isinstance(done, Response):
        return done
    return see_other(meeting_path(done.reference), done="cancelled", count=done.count("cancel"))
