"""The console: pages for coordinators and ops, rendered here, working without JavaScript.

What tells people something is looked at first: a form leads to a page that shows exactly who gets what
and when (``confirmation``); pressing its button does it.
"""

from fastapi import APIRouter, Depends

from orchestrator.web.console import formerly
from orchestrator.web.console.answers import answers, mailbox
from orchestrator.web.console.dates import date_polls
from orchestrator.web.console.delivery import outbox
from orchestrator.web.console.meetings import (
    attendees,
    change,
    create,
    decisions,
    events,
    home,
    join_link,
    own_words,
    publish,
    show,
)
from orchestrator.web.console.minutes import files, minutes
from orchestrator.web.console.operations import actions
from orchestrator.web.console.personal import links, named
from orchestrator.web.console.readiness import attendance, nudge
from orchestrator.web.console.timelines import mails_ahead
from orchestrator.web.security import console_caller

PAGES = (
    home,
    create,
    show,
    events,
    publish,
    mails_ahead,
    change,
    join_link,
    own_words,
    decisions,
    attendees,
    answers,
    links,
    named,
    nudge,
    attendance,
    date_polls,
    minutes,
    files,
    mailbox,
    actions,
    outbox,
    formerly,
)
"""Every module with pages. Of two that could take an address, the first one does."""

# Nothing of the console answers without signing in, whatever a module asks for itself.
router = APIRouter(include_in_schema=False, dependencies=[Depends(console_caller)])
for page in PAGES:
    router.include_router(page.router)
