"""Signing in to the console with the API token, and out again; the sandbox needs neither."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from orchestrator.bootstrap import Container
from orchestrator.web.container import services
from orchestrator.web.pages import PagesDep, local_path
from orchestrator.web.security import COOKIE, require_own_page, session_value, signed_in, token_matches

_WORKING_DAY = 12 * 60 * 60

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_own_page)])
Services = Annotated[Container, Depends(services)]


@router.get("/sign-in")
def sign_in_form(request: Request, container: Services, pages: PagesDep, to: str = "/") -> Response:
    """Show the form, or go on when there is nothing to sign in to."""
    if signed_in(container, request):
        return RedirectResponse(local_path(to), 303)
    return pages.render(request, "sign_in.html.j2", to=local_path(to), wrong=False)


@router.post("/sign-in")
def sign_in(
    request: Request,
    container: Services,
    pages: PagesDep,
    token: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Give the cookie for the right token."""
    if not token_matches(container, token.strip()):
        return pages.render(request, "sign_in.html.j2", status=422, to=local_path(to), wrong=True)
    response = RedirectResponse(local_path(to), 303)
    response.set_cookie(
        COOKIE,
        session_value(container),
        max_age=_WORKING_DAY,
        httponly=True,
        samesite="lax",
        secure=_over_https(request, container),
    )
    return response


@router.post("/sign-out")
def sign_out() -> Response:
    """Take the cookie back."""
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response


def _over_https(request: Request, container: Container) -> bool:
    """Whether people reach the console over HTTPS, perhaps through a proxy that ends it."""
    public = container.settings.public_url or ""
    return request.url.scheme == "https" or public.startswith("https://")
