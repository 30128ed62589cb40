"""The personal pages: what the links in our mails open, without signing in and without JavaScript."""

from fastapi import APIRouter

from orchestrator.web.personal import (
    answer,
    date_poll,
    delegation,
    feed,
    look,
    nowhere,
    papers,
    senders,
    still_missing,
)

PAGES = (look, answer, still_missing, papers, senders, delegation, date_poll, feed, nowhere)
"""Every module with pages. ``nowhere`` is the last, because it takes every address below theirs."""

router = APIRouter()
for page in PAGES:
    router.include_router(page.router)
