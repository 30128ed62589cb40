"""The web application, as uvicorn runs it: ``orchestrator.web.app:create_app``."""

from __future__ import annotations

from starlette.formparsers import MultiPartParser
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.staticfiles import StaticFiles

from orchestrator import __version__
from orchestrator.bootstrap import Container
from orchestrator.domain.minutes.file_types import TYPES
from orchestrator.web import api, console, events, health, personal, problems, session
from orchestrator.web.container import services
from orchestrator.web.gate import FrontGate
from orchestrator.web.openapi import Application
from orchestrator.web.pages import HERE, Pages
from orchestrator.web.security import SignIn
from orchestrator.web.uploads import Uploads

_WORTH_COMPRESSING = 1024
_COMPRESSED = tuple(
    {item.media_type for item in TYPES.values() if item.media_type.startswith("application/")}
)
"""Types of files that hold compressed content already."""


def create_app(container: Container | None = None) -> Application:
    """Build the application; without a container, each request gets that of the process."""
    app = Application(
        title="Meeting orchestrator",
        version=__version__,
        summary="Takes an online meeting from created once to minutes distributed.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    used = container or services()
    app.dependency_overrides[services] = lambda: used
    app.state.pages = Pages(used)
    app.state.https = (used.settings.public_url or "").startswith("https://")
    # A file is in memory already, bounded by its route; none of it goes to the disk on the way.
    MultiPartParser.spool_max_size = used.settings.attachment_max_bytes + 1
    app.state.uploads = Uploads()
    app.state.pulse = events.Pulse(used.reading.pulse)
    # Smaller answers would hardly shrink; event streams are left out by the middleware itself.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=_WORTH_COMPRESSING,
        compresslevel=6,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, *_COMPRESSED),
    )
    app.add_middleware(FrontGate, sign_in=SignIn.of(used), settings=used.settings)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(session.router)
    app.include_router(events.router)
    app.include_router(personal.router)
    app.include_router(console.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app
