"""The web application, as uvicorn runs it: ``orchestrator.web.app:create_app``."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from orchestrator import __version__
from orchestrator.bootstrap import Container
from orchestrator.web import api, console, events, health, personal, problems, session
from orchestrator.web.container import services
from orchestrator.web.openapi import Application
from orchestrator.web.pages import HERE, Pages
from orchestrator.web.security import SecurityHeaders

_WORTH_COMPRESSING = 1024
_ALWAYS_ALLOWED = ("127.0.0.1", "localhost", "[::1]", "::1")


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
    app.state.pulse = events.Pulse(used.reading.pulse)
    # Smaller answers would hardly shrink; event streams are left out by the middleware itself.
    app.add_middleware(GZipMiddleware, minimum_size=_WORTH_COMPRESSING, compresslevel=6)
    # Another name could be a page elsewhere that was pointed at this machine (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_allowed_hosts(used))
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(session.router)
    app.include_router(events.router)
    app.include_router(personal.router)
    app.include_router(console.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app


def _allowed_hosts(container: Container) -> list[str]:
    settings = container.settings
    own = (settings.public_url or "").partition("://")[2].partition("/")[0].partition(":")[0]
    given = [item.strip() for item in settings.allowed_hosts.split(",")]
    return [*_ALWAYS_ALLOWED, *filter(None, [own, *given])]
