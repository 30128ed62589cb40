"""Renders the console's pages: one environment, one look, the same headers on each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse, StreamingResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestrator import __version__, words
from orchestrator.bootstrap import Container
from orchestrator.domain.definitions.definition import MeetingKind
from orchestrator.domain.delegations.public_holidays import holidays_version
from orchestrator.domain.letters.invitation import mailto
from orchestrator.domain.letters.wording import ENGLISH
from orchestrator.domain.time.zones import LocalTime, Place, local_time, long_date, tzdata_version
from orchestrator.domain.timelines.kinds import KINDS
from orchestrator.errors import Problem
from orchestrator.facts import Fact, Said
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.minutes.files import OpenedFile
from orchestrator.web.presentation.marks import ANSWERS, MARKS, answer_counts
from orchestrator.web.presentation.time import iso, month_words
from orchestrator.web.security import SignIn

HERE = Path(__file__).parent
_NOT_THE_READERS_FAULT = 500
_PIECE = 128 * 1024
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()+-]")
# A browser that opens a file all the same runs nothing of it and knows it for no page of ours.
_INERT = "sandbox; default-src 'none'; frame-ancestors 'none'"


class Pages:
    """Makes HTML responses from templates and what every page needs to know."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._sign_in = SignIn.of(container)
        self._environment = _environment()
        self._holiday_data = holidays_version()

    def render(self, request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
        """Render a template; a name that it uses and nobody gave is an error, not a blank."""
        container = self._container
        context.setdefault("mails_waiting", lambda: self._mails_waiting(request))
        text = self._environment.get_template(template).render(
            now=container.clock.now(),
            path=path_of(request),
            product=container.settings.organizer_name,
            sandbox=container.settings.sandbox,
            version=__version__,
            zone_data=tzdata_version(),
            holiday_data=self._holiday_data,
            **context,
        )
        return HTMLResponse(text, status)

    def _mails_waiting(self, request: Request) -> int:
        """How many mails wait for a decision; only who is signed in is told."""
        return mails_waiting(self._container.incoming) if self._sign_in.signed_in(request) else 0

    def error(
        self, request: Request, status: int, message: str, problems: tuple[Problem, ...] = ()
    ) -> HTMLResponse:
        """Render the page of an error."""
        shown: dict[str, Any] = {"code": status, "message": message, "problems": problems}
        if status >= _NOT_THE_READERS_FAULT:
            # What went wrong may be what this would ask.
            shown["mails_waiting"] = lambda: 0
        return self.render(request, "error.html.j2", status=status, **shown)

    def personal_error(
        self, request: Request, status: int, message: str, code: str, contact: object | None = None
    ) -> HTMLResponse:
        """Render the refusal of a personal page, which shows no way to the console."""
        shown = {"message": message, "code": code, "contact": contact}
        return self.render(request, "personal/personal_refused.html.j2", status=status, **shown)


def path_of(request: Request) -> str:
    """Return the path that was asked for, also where nothing else of the address can be read."""
    return str(request.scope["path"]).encode("utf-8", "replace").decode()


def mails_waiting(incoming: IncomingMails) -> int:
    """Return how many mails wait for a decision, also when there is no mailbox to read any more."""
    return incoming.waiting()


def pages_of(request: Request) -> Pages:
    """Return the pages of the application that serves this request."""
    pages: Pages = request.app.state.pages
    return pages


PagesDep = Annotated[Pages, Depends(pages_of)]


def see_other(path: str, *, done: str | None = None, count: int | None = None) -> RedirectResponse:
    """Redirect after a POST; ``done`` names the notice that the next page shows."""
    query = f"?done={done}" if done else ""
    if count is not None:
        query += f"&count={count}"
    return RedirectResponse(f"{path}{query}", 303)


def download(content: bytes, media_type: str, filename: str) -> Response:
    """Return a file to be kept under its own name."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition(filename)})


def stream(file: OpenedFile) -> Response:
    """Return a file of a meeting in pieces, to be kept under its own name and never shown in the browser."""
    headers = {
        "Content-Disposition": disposition(file.filename),
        "Content-Length": str(file.size),
        "Content-Security-Policy": _INERT,
    }
    return StreamingResponse(_pieces(file), media_type=file.media_type, headers=headers)


def disposition(filename: str) -> str:
    """Return how a file is named to its receiver (RFC 6266): in ASCII, and in full (RFC 8187)."""
    plain = unicodedata.normalize("NFKD", filename.replace("đ", "d").replace("Đ", "D"))
    plain = _NOT_PLAIN.sub("_", plain.encode("ascii", "ignore").decode())
    return f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _pieces(file: OpenedFile) -> Iterator[bytes]:
    with file.content as content:
        while piece := content.read(_PIECE):
            yield piece


def local_path(path: str, otherwise: str = "/") -> str:
    """Return ``path`` if it stays on this site, so that no link can send people elsewhere."""
    stays = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if stays else otherwise


def meeting_path(reference: str, *more: str) -> str:
    """Return the address of a meeting's page."""
    return "/".join(["/meetings", quote(reference, safe=""), *more])


def event_path(reference: str, *more: str) -> str:
    """Return the address of an event's page."""
    return "/".join(["/events", quote(reference, safe=""), *more])


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """Return the templates of this process; compiling them takes longer than everything else about a page."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # A page says facts wherever it prints them.
        finalize=_said,
    )
    environment.filters["iso"] = iso
    environment.filters["month_words"] = month_words
    environment.filters["answer_counts"] = answer_counts
    environment.filters["at"] = _at
    environment.filters["day"] = long_date
    environment.filters["utc"] = _utc
    environment.filters["kind_words"] = lambda kind: MeetingKind(kind).words
    environment.filters["sentence"] = _sentence
    environment.filters["size"] = _size
    environment.filters["said"] = words.say
    environment.filters["mailto"] = mailto
    environment.globals.update(
        MARKS=MARKS,
        ANSWERS=ANSWERS,
        KINDS=KINDS,
        day_mark=ENGLISH.day_mark,
        meeting_path=meeting_path,
        event_path=event_path,
    )
    return environment


def _at(moment: datetime, place: Place) -> LocalTime:
    return local_time(moment, place)


def _utc(moment: datetime) -> str:
    return f"{long_date(moment.date())}, {moment:%H:%M} UTC"


def _size(count: int) -> str:
    if count < 10_000:
        return f"{count:,} bytes"
    return f"{count / 1024:,.0f} KB" if count < 1024**2 else f"{count / 1024**2:,.3g} MB"


def _said(value: object) -> object:
    return words.say(value) if isinstance(value, Fact) else value


def _sentence(said: Said) -> str:
    text = words.say(said)
    return text[:1].upper() + text[1:]
