"""Signing in to the console with the API token, and out again; the sandbox needs neither."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from orchestrator.web.container import SettingsDep
from orchestrator.web.pages import PagesDep, local_path
from orchestrator.web.security import SignInDep, require_own_page

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_own_page)])


@router.get("/sign-in")
def sign_in_form(
    request: Request, known: SignInDep, settings: SettingsDep, pages: PagesDep, to: str = "/"
) -> Response:
    """Show the form, or go on when there is nothing to sign in to."""
    if known.signed_in(request):
        return RedirectResponse(local_path(to), 303)
    return pages.render(
        request, "sign_in.html.j2", to=local_path(to), wrong=False, hours=settings.session_hours
    )


@router.post("/sign-in")
def sign_in(
    request: Request,
    known: SignInDep,
    settings: SettingsDep,
    pages: PagesDep,
    token: Annotated[str, Form()] = "",
    to: Annotated[str, Form()] = "/",
) -> Response:
    """Open a session for the right token, and give its cookie."""
    secret = known.open(request, token)
    if secret is None:
        shown = {"to": local_path(to), "wrong": True, "hours": settings.session_hours}
        return pages.render(request, "sign_in.html.j2", status=422, **shown)
    response = RedirectResponse(local_path(to), 303)
    known.give_cookie(request, response, secret)
    return response


@router.post("/sign-out")
def sign_out(request: Request, known: SignInDep) -> Response:
    """End the session, and take the cookie back."""
    known.close(request)
    response = RedirectResponse("/sign-in", 303)
    known.take_cookie(request, response)
    return response
