"""The page of an event with its sessions: publish all of it, give a session its day."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from orchestrator.domain.time.zones import Place
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.services.meetings.event_views import EventView
from orchestrator.web.console.forms import Typed, Version, status_of_refusal
from orchestrator.web.container import EventReadingDep, EventsDep, EventSessionsDep, ReadingDep
from orchestrator.web.pages import Pages, PagesDep, event_path, see_other
from orchestrator.web.presentation.effects import consequence_groups, in_brief
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


@router.get("/events/{reference}")
def event(
    request: Request,
    reference: str,
    events: EventReadingDep,
    pages: PagesDep,
    done: str = "",
    count: int | None = None,
) -> Response:
    """Show which sessions an event has, and what is left to do for each."""
    return _page(request, pages, events.event(reference), done=done, count=count)


@router.get("/events/{reference}/publish")
def confirm_publish(
    request: Request,
    reference: str,
    reading: EventReadingDep,
    events: EventsDep,
    meetings: ReadingDep,
    caller: ConsoleCaller,
    pages: PagesDep,
) -> Response:
    """Show what publishing all drafts of an event would send."""
    found = reading.event(reference)
    try:
        effect = events.publish(reference, caller=caller, version=found.version, dry_run=True)
    except Conflict as error:
        return _page(request, pages, found, 409, problems=[Problem("event", "", error.fact, "")])
    groups = consequence_groups(effect.consequences, _place(found, meetings))
    later = consequence_groups(effect.later, _place(found, meetings))
    return pages.render(
        request,
        "meetings/event_publish.html.j2",
        event=found,
        effect=effect,
        groups=groups,
        brief=in_brief(groups),
        later=later,
    )


@router.post("/events/{reference}/publish")
def publish(reference: str, events: EventsDep, caller: ConsoleCaller, version: Version) -> Response:
    """Publish the version that was shown."""
    effect = events.publish(reference, caller=caller, version=version)
    done = "event-published" if effect.consequences else "event-announced"
    return see_other(event_path(effect.reference), done=done, count=effect.count("invite"))


@router.post("/events/{reference}/sessions/{session}/start")
def date_session(
    request: Request,
    reference: str,
    session: str,
    reading: EventReadingDep,
    sessions: EventSessionsDep,
    caller: ConsoleCaller,
    pages: PagesDep,
    version: Version,
    start: Typed = "",
    duration: Typed = "",
) -> Response:
    """Give a session its day; what was typed stays when it cannot be."""
    typed = {"start": start.strip().replace("T", " "), "duration": duration.strip()}
    try:
        sessions.date(
            reference,
            session,
            {name: value for name, value in typed.items() if value},
            caller=caller,
            version=version,
        )
    except (InvalidInput, Conflict) as error:
        found = reading.event(reference)
        problems = error.problems if isinstance(error, InvalidInput) else (_refused(error),)
        return _page(
            request,
            pages,
            found,
            status_of_refusal(error),
            problems=problems,
            kept={"session": session, **typed},
        )
    return see_other(event_path(reference), done="dated", count=1)


def _refused(error: Conflict) -> Problem:
    return Problem("event", "", error.fact, "Look at the page as it is now.")


def _place(event: EventView, meetings: ReadingDep) -> Place:
    """Return the place whose clock the page tells: that of the first draft."""
    if not event.drafts:
        raise NotFound("There is no draft.")
    found = meetings.meeting(event.drafts[0].reference)
    return Place(found.zone, found.host_time.city)


def _page(
    request: Request,
    pages: Pages,
    event: EventView,
    status: int = 200,
    *,
    problems: Sequence[Problem] = (),
    kept: dict[str, str] | None = None,
    done: str = "",
    count: int | None = None,
) -> Response:
    return pages.render(
        request,
        "meetings/event.html.j2",
        status=status,
        event=event,
        problems=problems,
        kept=kept or {},
        done=done,
        count=count,
    )
