"""The REST API, version 1."""

from fastapi import APIRouter

from orchestrator.web.api.answers import answers, incoming, known_senders
from orchestrator.web.api.dates import date_polls, fair_starts
from orchestrator.web.api.delegations import calendars
from orchestrator.web.api.meetings import decisions, events, meetings, own_words
from orchestrator.web.api.minutes import files, minutes
from orchestrator.web.api.operations import actions
from orchestrator.web.api.personal import links, named
from orchestrator.web.api.readiness import attendance, readiness
from orchestrator.web.api.renamed import at_old_paths
from orchestrator.web.api.timelines import timelines

ROOMS = (
    meetings,
    events,
    decisions,
    own_words,
    answers,
    links,
    named,
    minutes,
    files,
    incoming,
    known_senders,
    actions,
    readiness,
    attendance,
    date_polls,
    fair_starts,
    timelines,
    calendars,
)

router = APIRouter()
for room in ROOMS:
    router.include_router(room.router)
for room in ROOMS:
    router.include_router(at_old_paths(room.router))
