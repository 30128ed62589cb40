"""Simulated attendees: they read what the sandbox has caught, and answer as people and software do.

Answers travel as real ones do: by SMTP to the ORGANIZER of the invitation, or through the form of the
personal page that the mail links to.
"""

from __future__ import annotations

import fcntl
import json
import smtplib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from integrations.sandbox.answers_due import Due, moves_due
from integrations.sandbox.atomic_file import replace_file
from integrations.sandbox.letters import Letter, read_letter
from integrations.sandbox.page_form import forms_in
from integrations.sandbox.personas import Move, alias_of
from integrations.sandbox.replies import Outgoing, compose
from integrations.sandbox.writing import Answer, Says, Software
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.ports import Clock, Outbox

_TIMEOUT = 20.0
_REFUSALS = frozenset({404, 409, 410, 422})
"""What the personal page says when it does not take an answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that was given: who said what, about which meeting, through what, from which address.

    ``also`` are the attendees that it was given for beside its author, as the personal page numbers them.
    ``problem`` says why the page did not take it.
    """

    key: str
    at: datetime
    recipient: str
    name: str
    says: Says
    through: Software
    by: str
    uid: str
    summary: str
    comment: str
    delegate: str | None = None
    also: tuple[int, ...] = ()
    problem: str | None = None


class Attendees:
    """Answers what lies in the outbox, each mail once."""

    def __init__(
        self, outbox: Outbox, clock: Clock, *, smtp_host: str, smtp_port: int, web_url: str, state: Path
    ) -> None:
        """``web_url`` is where the web process listens; ``state`` is the file that remembers the answers."""
        self._outbox = outbox
        self._clock = clock
        self._smtp = smtp_host, smtp_port
        self._web_url = web_url.rstrip("/")
        self._state = state
        self._letters: dict[str, Letter] = {}

    def answer(self, *, ahead: bool = False) -> list[Reply]:
        """Give all answers whose time has come and return them; ``ahead`` also gives those of later.

        Raises ``TransientFailure`` when the catcher or the web process cannot be reached.
        """
        with self._locked():
            given, new = self.replies(), list[Reply]()
            for due in self._pending(given):
                if ahead or due.at <= self._clock.now():
                    new.append(self._give(due))
                    self._remember([*given, *new])
        return new

    def next_at(self) -> datetime | None:
        """Return when the next answer is due, if one is."""
        return min((due.at for due in self._pending(self.replies())), default=None)

    def replies(self) -> list[Reply]:
        """Return every answer that was given, oldest first."""
        try:
            return [_reply(item) for item in json.loads(self._state.read_bytes())]
        except FileNotFoundError:
            return []

    def _pending(self, given: Iterable[Reply]) -> list[Due]:
        done = {reply.key for reply in given}
        return [due for due in moves_due(self._read(), self._clock.now()) if due.key not in done]

    def _read(self) -> list[Letter]:
        """Return the letters in the outbox; taking a mail apart costs most, so that is done once."""
        mails = self._outbox.all()
        for mail in mails:
            if mail.key not in self._letters:
                self._letters[mail.key] = read_letter(mail)
        return [self._letters[mail.key] for mail in mails]

    def _give(self, due: Due) -> Reply:
        move, letter, now = due.move, due.letter, self._clock.now()
        by = alias_of(letter.recipient) if move.from_alias else letter.recipient
        also: tuple[int, ...] = ()
        problem = None
        if move.through is Software.PAGE:
            also, problem = self._visit(letter, move)
        else:
            answer = Answer(move.says, by, move.comment, move.delegate)
            self._send(compose(move.through, letter, due.request, answer, now))
        return Reply(
            due.key,
            now,
            letter.recipient,
            letter.name,
            move.says,
            move.through,
            by,
            due.request.uid,
            due.request.summary,
            move.comment,
            move.delegate,
            also,
            problem,
        )

    def _send(self, mail: Outgoing) -> None:
        try:
            # A name of its own keeps the client from asking the DNS for the machine's.
            with smtplib.SMTP(*self._smtp, local_hostname="attendees", timeout=_TIMEOUT) as smtp:
                smtp.sendmail(mail.sender, [mail.recipient], mail.content)
        except (OSError, smtplib.SMTPException) as error:
            raise TransientFailure(
                f"The sandbox does not take mail ({type(error).__name__}). Start it with 'orchestrator up'."
            ) from error

    def _visit(self, letter: Letter, move: Move) -> tuple[tuple[int, ...], str | None]:
        """Open the page, press the button, and return whom the answer was for, or why it was not taken."""
        if letter.page is None:
            raise PermanentFailure(f"The mail “{letter.subject}” links to no personal page.")
        try:
            with requests.Session() as web:
                # Nothing here leaves the machine, whatever proxy the environment names.
                web.trust_env = False
                page = web.get(self._web_url + letter.page, timeout=_TIMEOUT)
                forms = forms_in(page.text)
                if not forms:
                    return (), f"the page has no form to answer with ({page.status_code})"
                own = next(
                    (form for form in forms if form.is_for_delegation == move.for_delegation), forms[0]
                )
                said = [("answer", move.says.value), ("comment", move.comment)]
                taken = web.post(self._web_url + own.action, data=[*own.fields, *said], timeout=_TIMEOUT)
                asked = forms_in(taken.text) if own.is_for_delegation and taken.ok else []
                if asked:
                    sent = [*asked[0].fields, ("comment", move.comment), ("confirmed", "yes")]
                    taken = web.post(self._web_url + asked[0].action, data=sent, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise TransientFailure(
                f"No personal page answers ({type(error).__name__}). Start it with 'orchestrator up'."
            ) from error
        also = (value for form in asked for name, value in form.fields if name == "also")
        return tuple(map(int, also)), _refusal(taken)

    def _remember(self, replies: Iterable[Reply]) -> None:
        content = [{**asdict(item), "at": item.at.isoformat()} for item in replies]
        replace_file(self._state, json.dumps(content, ensure_ascii=False, indent=1).encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep two at once from giving the same answer twice."""
        self._state.parent.mkdir(parents=True, exist_ok=True)
        with self._state.with_name(self._state.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _refusal(response: requests.Response) -> str | None:
    if response.status_code in _REFUSALS:
        return f"the page refused the answer ({response.status_code})"
    if not response.ok:
        raise TransientFailure(f"The personal page failed ({response.status_code}). Look into run/web.log.")
    return None


def _reply(item: dict[str, Any]) -> Reply:
    return Reply(
        **{
            **item,
            "at": datetime.fromisoformat(item["at"]),
            "says": Says(item["says"]),
            "through": Software(item["through"]),
            "also": tuple(item["also"]),
        }
    )
