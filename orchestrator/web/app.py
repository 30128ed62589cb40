"""The web application, as uvicorn runs it: ``orchestrator.web.app:create_app``."""

from __future__ import annotations

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.staticfiles import StaticFiles

from orchestrator import __version__
from orchestrator.bootstrap import Container
from orchestrator.web import api, events, health, problems, session
from orchestrator.web.console import answers as mailbox
from orchestrator.web.console import dates as console_poll
from orchestrator.web.console import delivery as outbox
from orchestrator.web.console import meetings as console
from orchestrator.web.container import services
from orchestrator.web.openapi import Application
from orchestrator.web.pages import HERE, Pages
from orchestrator.web.personal import dates as date_poll
from orchestrator.web.personal import personal
from orchestrator.web.security import SecurityHeaders

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
    # Another name could be a page elsewhere that was pointed at this machine (DNS rebinding).
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_allowed_hosts(used))
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.include_router(health.router)
    app.include_router(api.router)
    app.include_router(session.router)
    app.include_router(events.router)
    app.include_router(outbox.router)
    # Before the personal pages, which refuse every address below theirs that they do not know.
    app.include_router(date_poll.router)
    app.include_router(personal.router)
    app.include_router(mailbox.router)
    app.include_router(console.router)
    app.include_router(console_poll.router)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app


def _allowed_hosts(container: Container) -> list[str]:
    settings = container.settings
    own = (settings.public_url or "").partition("://")[2].partition("/")[0].partition(":")[0]
    given = [item.strip() for item in settings.allowed_hosts.split(",")]
    return [*_ALWAYS_ALLOWED, *filter(None, [own, *given])]
