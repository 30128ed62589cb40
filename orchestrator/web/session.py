"""Signing in to the console with the API token, and out again; the sandbox needs neither."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from config.settings import Settings
from orchestrator.web.container import SettingsDep
from orchestrator.web.pages import PagesDep, local_path
from orchestrator.web.security import COOKIE, SignInDep, require_own_page

_WORKING_DAY = 12 * 60 * 60

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_own_page)])


@router.get("/sign-in")
def sign_in_form(request: Request, known: SignInDep, pages: PagesDep, to: str = "/") -> Response:
    """Show the form, or go on when there is nothing to sign in to."""
    if known.signed_in(request):
        return RedirectResponse(local_path(to), 303)
    return pages.render(request, "sign_in.html.j2", to=local_path(to), wrong=False)


@router.post("/sign-in")
def sign_in(
    request: Request,
    known: SignInDep,
    settings: SettingsDep,
    pages: PagesDep,
    token: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Give the cookie for the right token."""
    if not known.has_token(token.strip()):
        return pages.render(request, "sign_in.html.j2", status=422, to=local_path(to), wrong=True)
    response = RedirectResponse(local_path(to), 303)
    response.set_cookie(
        COOKIE,
        known.cookie,
        max_age=_WORKING_DAY,
        httponly=True,
        samesite="lax",
        secure=_over_https(request, settings),
    )
    return response


@router.post("/sign-out")
def sign_out() -> Response:
    """Take the cookie back."""
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE)
    return response


def _over_https(request: Request, settings: Settings) -> bool:
    """Whether people reach the console over HTTPS, perhaps through a proxy that ends it."""
    public = settings.public_url or ""
    return request.url.scheme == "https" or public.startswith("https://")
