"""Inviting a person who was forwarded an invitation and answered it."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from orchestrator.domain.definitions.edits import Invite
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.people.caller import Caller
from orchestrator.domain.problems import problems_of
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.facts import Fact
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.proposing import Offer
from orchestrator.services.answers.quarantine import Quarantine
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.timelines.views import Effect


@dataclass(frozen=True, slots=True)
class GuestDetails:
    """What is said of a guest; what is left empty is taken from the mail and from whom it answers for."""

    name: str = ""
    delegation: str = ""
    group: str = ""


class Guests:
    """The use case of a coordinator who invites the sender of a mail that waits."""

    def __init__(self, incoming: IncomingMails, quarantine: Quarantine, meetings: Meetings) -> None:
        self._incoming = incoming
        self._quarantine = quarantine
        self._meetings = meetings

    def invite(
        self, incoming_id: int, details: GuestDetails, *, caller: Caller, dry_run: bool = False
    ) -> Effect:
        """Invite who answered a forwarded invitation, and take their answer; return what follows.

        The invitation goes out as to everybody. The answer is taken only where the mail gives it for that
        person; one in another's name waits on. Raises ``NotFound``, ``Conflict`` for a mail that shows nobody
        who could be invited, and ``InvalidInput`` for what is missing or is not possible.
        """
        mail = self._incoming.mail(incoming_id)
        if mail.guest is None or mail.meeting is None:
            raise Conflict(Fact.of("answers.no-guest", mail=incoming_id), code="no-guest")
        wanted = invitee_of(mail, details)
        effect = self._meetings.edit(mail.meeting, Invite(wanted), caller=caller, dry_run=dry_run)
        own = mail.named == mail.guest.email == mail.sender
        if own and mail.says is not None and not dry_run and Offer.ASSIGN in mail.offers:
            self._quarantine.assign(incoming_id, mail.meeting, mail.guest.email, caller=caller)
        return effect


def invitee_of(mail: IncomingView, details: GuestDetails) -> Invitee:
    """Return whom a mail would invite; raises ``Conflict`` and ``InvalidInput`` as ``invite`` does."""
    guest = mail.guest
    if guest is None:
        raise Conflict(Fact.of("answers.no-guest", mail=mail.id), code="no-guest")
    written = {
        "name": details.name or guest.name,
        "delegation": details.delegation or guest.delegation,
        "group": details.group or guest.group,
    }
    missing = [field for field, value in written.items() if not (value or "").strip()]
    if missing:
        wrong, advice = Fact.of("answers.guest-lacks"), Fact.of("answers.guest-lacks.remedy")
        raise InvalidInput.of(missing[0], None, wrong, advice)
    try:
        return Invitee.model_validate({**written, "email": guest.email})
    except ValidationError as error:
        raise InvalidInput(problems_of(error)) from error
