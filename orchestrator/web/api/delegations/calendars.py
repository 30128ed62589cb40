"""The REST API, version 1: working calendars, what is entered over them, and the versions in use."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query

from orchestrator.web.api.delegations.schemas import (
    CalendarChangeModel,
    CalendarModel,
    CalendarsModel,
    OverrideModel,
    OverrideRequest,
    VersionsModel,
)
from orchestrator.web.api.inputs import Id, Preview
from orchestrator.web.container import (
    CalendarsDep,
)
from orchestrator.web.openapi import api_router
from orchestrator.web.security import ApiCaller

router = api_router("calendars")
First = Annotated[date | None, Query(alias="from", description="By default the first of the month.")]
Last = Annotated[date | None, Query(alias="to", description="By default the last of the month.")]


@router.get("/calendars", summary="All delegations")
def list_calendars(calendars: CalendarsDep) -> CalendarsModel:
    """Return every delegation in protocol order, as it is today, and the versions in use."""
    return CalendarsModel.showing(calendars.all())


# Before the one that takes any code, which "overrides" would be.
@router.delete("/calendars/overrides/{override_id}", summary="Withdraw an override")
def withdraw_override(
    override_id: Id, calendars: CalendarsDep, caller: ApiCaller, preview: Preview = False
) -> CalendarChangeModel:
    """Take an override out of force, and say what moves; it stays listed."""
    return CalendarChangeModel.showing(calendars.withdraw(override_id, caller=caller, dry_run=preview))


@router.get("/calendars/overrides", summary="Overrides of all delegations")
def list_all_overrides(calendars: CalendarsDep) -> list[OverrideModel]:
    """Return everything that was ever entered, newest first, also what was withdrawn."""
    return [OverrideModel.showing(item) for item in calendars.overrides()]


@router.get("/calendars/{code}", summary="The calendar of a delegation")
def get_calendar(code: str, calendars: CalendarsDep, first: First = None, last: Last = None) -> CalendarModel:
    """Return each day of a period: working or not, hours, holiday, estimated or not, who changed it why."""
    return CalendarModel.showing(calendars.show(code, first, last))


@router.get("/calendars/{code}/overrides", summary="Overrides of a delegation")
def list_overrides(code: str, calendars: CalendarsDep) -> list[OverrideModel]:
    """Return everything that was entered for a delegation, newest first, also what was withdrawn."""
    return [OverrideModel.showing(item) for item in calendars.overrides(code)]


@router.post("/calendars/{code}/overrides", summary="Enter an override", status_code=201)
def enter_override(
    code: str, body: OverrideRequest, calendars: CalendarsDep, caller: ApiCaller, preview: Preview = False
) -> CalendarChangeModel:
    """Enter a day off, a day that is worked, or other hours, and say what moves in which meeting.

    Other hours hold on the working days of their period, or on those weekdays that ``days`` names.
    """
    return CalendarChangeModel.showing(calendars.enter(code, body.wanted(), caller=caller, dry_run=preview))


@router.get("/versions", summary="Versions in use")
def get_versions(calendars: CalendarsDep) -> VersionsModel:
    """Return the versions of zone data, holiday data and files, and which plans rest on older ones."""
    return VersionsModel.showing(calendars.versions())
