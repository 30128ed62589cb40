"""New meetings: from a definition that was pasted, or the example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fastapi import APIRouter, Request, Response

from orchestrator.domain.definitions.files import read_file
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.web.console.forms import Ticked, Typed
from orchestrator.web.container import EventsDep, ExamplesDep, SettingsDep
from orchestrator.web.pages import Pages, PagesDep, event_path, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.get("/meetings/new")
def new_meeting(request: Request, pages: PagesDep) -> Response:
    """Show the form for a definition."""
    return _page(request, pages)


@router.post("/meetings/new")
def create_meeting(
    request: Request,
    events: EventsDep,
    caller: ConsoleCaller,
    pages: PagesDep,
    definition: Typed = "",
    with_preparatory: Ticked = False,
) -> Response:
    """Create drafts from what was pasted; what was typed stays when it cannot be read."""
    again = partial(_page, request, pages, definition=definition, with_preparatory=with_preparatory)
    try:
        file = read_file(definition)
        if with_preparatory:
            file = replace(file, meetings=tuple(map(asking_for_one, file.meetings)))
        created = events.create(file, caller=caller)
    except InvalidInput as error:
        return again(422, problems=error.problems)
    except Conflict as error:
        return again(409, conflict=error.message)
    drafts = len(created.drafts)
    if len(created.events) == 1 and not created.meetings:
        return see_other(event_path(created.events[0].reference), done="created", count=drafts)
    if drafts == 1 and not created.events:
        return see_other(meeting_path(created.drafts[0].reference), done="created", count=1)
    return see_other("/", done="created", count=drafts)


@router.post("/sandbox/example")
def load_example(
    request: Request, examples: ExamplesDep, settings: SettingsDep, caller: ConsoleCaller, pages: PagesDep
) -> Response:
    """Load the example as drafts, on coming dates; in the sandbox only."""
    if not settings.sandbox:
        raise NotFound("The example can be loaded in the sandbox only.")
    try:
        created = examples.load(ACCSM21.read_text("utf-8"), None, caller=caller)
    except Conflict as error:
        return _page(request, pages, 409, conflict=error.message)
    return see_other("/", done="created", count=len(created.drafts))


def _page(
    request: Request,
    pages: Pages,
    status: int = 200,
    *,
    definition: str = "",
    with_preparatory: bool = False,
    problems: Sequence[Problem] = (),
    conflict: str = "",
) -> Response:
    return pages.render(
        request,
        "meetings/new.html.j2",
        status=status,
        definition=definition,
        problems=problems,
        conflict=conflict,
        with_preparatory=with_preparatory,
    )
