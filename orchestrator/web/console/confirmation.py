"""The page between a form and what it does: it shows exactly who gets what and when.

What tells people something is looked at first. The page is computed by the code that then does it;
pressing its button does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.services.meetings.views import MeetingView
from orchestrator.services.timelines.views import Effect
from orchestrator.web.container import DirectoryDep
from orchestrator.web.pages import Pages, PagesDep, path_of
from orchestrator.web.presentation.effects import consequence_groups, in_brief

# What some of the confirmations show beside the consequences; the template asks for each of them.
_SHOWN_BY_SOME = (
    "form",
    "new_start",
    "join_url",
    "filename",
    "invitee",
    "guest",
    "instead_of",
    "chosen",
    "poll",
    "linked",
    "choice",
    "explaining",
    "removed",
)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Shows what a use case would do, before it does it."""

    request: Request
    pages: Pages
    directory: Directory

    def show(
        self,
        doing: str,
        meeting: MeetingView,
        effect: Effect,
        hidden: dict[str, Any],
        *,
        action: str | None = None,
        status: int = 200,
        **shown: Any,
    ) -> Response:
        """Return the page; ``hidden`` is sent to ``action``, by default this address, with the button."""
        place = host_place(meeting, self.directory, meeting.starts_at)
        groups = consequence_groups(effect.consequences, place)
        context: dict[str, Any] = {**dict.fromkeys(_SHOWN_BY_SOME), **shown}
        return self.pages.render(
            self.request,
            "meetings/confirm.html.j2",
            status=status,
            doing=doing,
            meeting=meeting,
            effect=effect,
            hidden=hidden,
            place=place,
            action=action or quote(path_of(self.request)),
            groups=groups,
            brief=in_brief(groups),
            later=consequence_groups(effect.later, place),
            **context,
        )


def _confirmation(request: Request, pages: PagesDep, directory: DirectoryDep) -> Confirmation:
    return Confirmation(request, pages, directory)


ConfirmationDep = Annotated[Confirmation, Depends(_confirmation)]
