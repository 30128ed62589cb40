"""The personal page, which the forms on it lead back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from orchestrator.errors import Problem
from orchestrator.services.minutes.papers import Papers
from orchestrator.services.personal.own_senders import OwnSenders
from orchestrator.services.personal.page import PersonalPages
from orchestrator.services.personal.page_view import PersonalView
from orchestrator.services.personal.still_missing import StillMissing
from orchestrator.web.container import OwnSendersDep, PapersDep, PersonalPagesDep, StillMissingDep
from orchestrator.web.pages import Pages, PagesDep
from orchestrator.web.personal.routing import page_path


class AnswerForm(BaseModel):
    """What was pressed, ticked and typed, and the revision of the meeting that was shown with it.

    ``whole`` is the button for the whole delegation, which asks once before anything is recorded.
    """

    answer: str = ""
    comment: str = ""
    revision: Annotated[int, Field(ge=0, lt=2**31)] = 0
    whole: bool = False
    myself: bool = False
    also: list[int] = []
    confirmed: bool = False

    @property
    def asks(self) -> bool:
        """Whether what was pressed is for others, and has not been confirmed."""
        return (self.whole or bool(self.also)) and not self.confirmed

    @classmethod
    def of(cls, view: PersonalView, chosen: str = "") -> AnswerForm:
        """Return the form as it is at first."""
        return cls(answer=chosen, comment=view.comment or "", myself=True)


@dataclass(frozen=True, slots=True)
class PersonalPage:
    """Shows the page, also with its form as it was sent."""

    request: Request
    pages: Pages
    personal_pages: PersonalPages
    still_missing: StillMissing
    own_senders: OwnSenders
    papers: Papers

    def show(
        self,
        token: str,
        view: PersonalView,
        form: AnswerForm,
        status: int = 200,
        *,
        problems: Sequence[Problem] = (),
        conflict: str = "",
        done: str = "",
        count: int = 0,
    ) -> Response:
        """Return the page with what was typed, and what is wrong with it."""
        return self.pages.render(
            self.request,
            "personal/personal.html.j2",
            status=status,
            here=page_path(token),
            view=view,
            form=form,
            still_missing=self.still_missing.view(token),
            senders=self.own_senders.view(token),
            papers=self.papers.view(token),
            fields={item.field: item for item in problems},
            conflict=conflict,
            done=done,
            count=count,
        )

    def confirmation(self, token: str, form: AnswerForm) -> Response:
        """Return the page that asks once whether an answer is for others, and for whom."""
        return self.pages.render(
            self.request,
            "personal/personal_answer_confirm.html.j2",
            here=page_path(token),
            view=self.personal_pages.page(token),
            form=form,
        )

    def again(
        self,
        token: str,
        status: int,
        form: AnswerForm | None = None,
        *,
        problems: Sequence[Problem] = (),
        conflict: str = "",
    ) -> Response:
        """Return the page as it is now, because something that was sent could not be taken."""
        view = self.personal_pages.page(token)
        return self.show(
            token, view, form or AnswerForm.of(view), status, problems=problems, conflict=conflict
        )


def _personal_page(
    request: Request,
    pages: PagesDep,
    personal_pages: PersonalPagesDep,
    still_missing: StillMissingDep,
    own_senders: OwnSendersDep,
    papers: PapersDep,
) -> PersonalPage:
    return PersonalPage(request, pages, personal_pages, still_missing, own_senders, papers)


PersonalPageDep = Annotated[PersonalPage, Depends(_personal_page)]
