"""The personal pages: what the links in our mails open, without signing in and without JavaScript."""

from fastapi import APIRouter

from orchestrator.web.personal import dates, personal

PAGES = (dates, personal)
"""Every module with pages. The last one refuses every address below theirs that none of them knows."""

router = APIRouter()
for page in PAGES:
    router.include_router(page.router)
