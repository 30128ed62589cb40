"""Simulated attendees: they read what the sandbox has caught, and answer as people and software do.

Who answers what, when and with which software depends on the address alone, so that a rehearsal goes the
same way each time. Answers travel as real ones do: by SMTP to the ORGANIZER of the invitation, or through
the form of the personal page that the mail links to.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import smtplib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import requests

from integrations.sandbox.atomic_file import replace_file
from integrations.sandbox.replies import (
    Answer,
    Letter,
    Outgoing,
    Request,
    Says,
    Software,
    compose,
    read_letter,
)
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.ports import Clock, Outbox

_TIMEOUT = 20.0
_SOON = timedelta(hours=48)
"""How long before the start a reminder makes somebody think again."""
_REFUSALS = frozenset({404, 409, 410, 422})
"""What the personal page says when it does not take an answer."""


# Who does what


class Occasion(StrEnum):
    """What makes somebody answer. To be asked again means: for the time that was asked for before."""

    ASKED = "asked"
    ASKED_AGAIN = "asked again"
    REMINDED = "reminded"
    ANY_MAIL = "any mail"


@dataclass(frozen=True, slots=True)
class Move:
    """One thing that somebody does, ``after`` a while.

    ``from_alias`` answers from another address than the invited one. ``for_delegation`` leaves the ticks
    on the personal page as they are: the answer is then for all of the delegation who are silent.
    """

    says: Says
    through: Software
    on: Occasion = Occasion.ASKED
    after: timedelta = timedelta()
    comment: str = ""
    delegate: str | None = None
    from_alias: bool = False
    for_delegation: bool = False


Persona = tuple[Move, ...]

_SILENT: Persona = ()
_YES = {each: (Move(Says.ACCEPTED, each),) for each in Software if each is not Software.SERVER}
_MAYBE = {each: (Move(Says.TENTATIVE, each),) for each in Software if each is not Software.SERVER}
_PROPOSES: Persona = (
    Move(Says.PROPOSED, Software.GMAIL, comment="We have our own council that day."),
    Move(Says.ACCEPTED, Software.GMAIL, on=Occasion.ASKED_AGAIN),
)
_THINKS_AGAIN: Persona = (
    Move(Says.DECLINED, Software.OUTLOOK, comment="I am travelling."),
    Move(Says.ACCEPTED, Software.OUTLOOK, after=timedelta(days=1), comment="My journey is put off."),
)
_DROPS_OUT: Persona = (
    Move(Says.ACCEPTED, Software.OUTLOOK),
    Move(Says.DECLINED, Software.PAGE, on=Occasion.REMINDED, comment="A sitting of Parliament."),
)
_AWAY: Persona = (
    Move(Says.ABSENT, Software.OUTLOOK, comment="I am out of the office and read my mail again next week."),
)
_UNKNOWN: Persona = (
    Move(
        Says.BOUNCED,
        Software.SERVER,
        on=Occasion.ANY_MAIL,
        comment="550 5.1.1 User unknown in virtual mailbox table",
    ),
)

CAST: Mapping[str, Persona] = {
    "focal.point@bn.example.org": _YES[Software.OUTLOOK],
    "senior.official@bn.example.org": _YES[Software.APPLE],
    "focal.point@kh.example.org": (
        Move(Says.ACCEPTED, Software.PAGE, comment="We shall be four in the room."),
    ),
    "senior.official@kh.example.org": _MAYBE[Software.OUTLOOK],
    "focal.point@id.example.org": _YES[Software.GMAIL],
    "senior.official@id.example.org": _AWAY,
    "focal.point@la.example.org": (Move(Says.ACCEPTED, Software.PAGE, for_delegation=True),),
    "senior.official@la.example.org": _SILENT,
    "focal.point@my.example.org": _THINKS_AGAIN,
    "senior.official@my.example.org": _YES[Software.OUTLOOK],
    "focal.point@mm.example.org": _SILENT,
    "senior.official@mm.example.org": _MAYBE[Software.GMAIL],
    "focal.point@ph.example.org": _UNKNOWN,
    "senior.official@ph.example.org": _YES[Software.GMAIL],
    "focal.point@sg.example.org": _PROPOSES,
    "senior.official@sg.example.org": _DROPS_OUT,
    "focal.point@th.example.org": (
        Move(Says.DECLINED, Software.APPLE, comment="Ngày đó tôi không dự được; ขอโทษครับ, truly sorry."),
    ),
    "senior.official@th.example.org": (
        Move(Says.DELEGATED, Software.OUTLOOK, delegate="deputy.secretary@th.example.org"),
    ),
    "focal.point@tl.example.org": _YES[Software.PAGE],
    "senior.official@tl.example.org": _SILENT,
    "focal.point@vn.example.org": _YES[Software.PAGE],
    "senior.official@vn.example.org": _YES[Software.OUTLOOK],
    "accsm.desk@asean.example.org": (Move(Says.ACCEPTED, Software.OUTLOOK, from_alias=True),),
}
"""The people of the example, in which everything happens that a coordinator has to live with."""

_OTHERS: Sequence[Persona] = (
    _YES[Software.OUTLOOK],
    _YES[Software.GMAIL],
    _YES[Software.APPLE],
    _YES[Software.PAGE],
    _MAYBE[Software.OUTLOOK],
    _MAYBE[Software.PAGE],
    (Move(Says.DECLINED, Software.GMAIL),),
    _THINKS_AGAIN,
    _PROPOSES,
    _AWAY,
    _SILENT,
)


def persona_of(address: str) -> Persona:
    """Return what the owner of an address does; always the same for the same address."""
    known = CAST.get(address.casefold())
    if known is not None:
        return known
    return _OTHERS[hashlib.sha256(address.casefold().encode()).digest()[0] % len(_OTHERS)]


def alias_of(address: str) -> str:
    """Return the other address of somebody, under which nobody is invited."""
    local, _, domain = address.rpartition("@")
    return f"{local}@mail.{domain}"


# What is to be done


@dataclass(frozen=True, slots=True)
class Due:
    """A move that a letter calls for. ``key`` names it, so that it is made once."""

    key: str
    at: datetime
    letter: Letter
    request: Request
    move: Move


def moves_due(letters: Iterable[Letter], now: datetime) -> list[Due]:
    """Return everything that letters call for, made already or not, in order of time.

    Who is asked for a new time answers to that alone, and nobody to a meeting that was called off. Once it
    has begun, only mail systems still answer.
    """
    found = [due for thread in _threads(letters) for due in _of_thread(thread, now)]
    return sorted(found, key=lambda due: (due.at, due.letter.recipient, due.key))


def _threads(letters: Iterable[Letter]) -> list[list[Letter]]:
    """Return the letters to each person about each meeting, oldest first.

    A reminder has no calendar; it belongs to the invitation that links to the same page.
    """
    ordered = sorted(letters, key=lambda letter: letter.received_at)
    uids = {letter.page: letter.request.uid for letter in ordered if letter.page and letter.request}
    threads: dict[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in ordered:
        uid = letter.request.uid if letter.request else uids.get(letter.page or "")
        if uid is not None:
            threads[letter.recipient.casefold(), uid].append(letter)
    return list(threads.values())


def _of_thread(thread: Sequence[Letter], now: datetime) -> Iterator[Due]:
    requests_ = [letter for letter in thread if letter.request]
    latest = requests_[-1].request
    if latest is None:
        return
    for number, move in enumerate(persona_of(thread[0].recipient)):
        for letter in _calling(thread, latest, move.on):
            at = letter.received_at + move.after
            if move.on is Occasion.ANY_MAIL or max(at, now) < latest.starts_at:
                yield Due(f"{letter.message_id} {number}", at, letter, letter.request or latest, move)


def _calling(thread: Sequence[Letter], latest: Request, occasion: Occasion) -> Sequence[Letter]:
    """Return the letters that are the occasion for something."""
    if occasion is Occasion.ANY_MAIL:
        return thread
    if latest.method != "REQUEST":
        return ()
    if occasion is Occasion.REMINDED:
        late = (latest.starts_at - _SOON, latest.starts_at)
        return [item for item in thread if not item.request and late[0] <= item.received_at < late[1]][:1]
    asking = [item for item in thread if _asks(item, latest.sequence)]
    return asking[:1] if occasion is Occasion.ASKED else asking[1:][-1:]


def _asks(letter: Letter, sequence: int) -> bool:
    """Whether a letter asks for an answer to the present time: what asked for an earlier one is past."""
    return letter.request is not None and letter.request.asks and letter.request.sequence == sequence


# The form of the personal page


class Form(HTMLParser):
    """The form in a page whose action ends in ``/answer``, with what a browser would send of it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self._inside = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note where the form goes, and its hidden and ticked fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action", "").partition("?")[0].endswith("/answer")
            self.action = given["action"] if self._inside else self.action
        elif tag == "input" and self._inside and _is_sent(given):
            self.fields.append((given["name"], given.get("value", "on")))

    def handle_endtag(self, tag: str) -> None:
        """Leave the form."""
        if tag == "form":
            self._inside = False


def _is_sent(given: Mapping[str, str]) -> bool:
    return "name" in given and (given.get("type") == "hidden" or "checked" in given)


# Answering


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
                form = Form(page.text)
                fields = [each for each in form.fields if move.for_delegation or each[0] != "also"]
                if not form.action:
                    return (), f"the page has no form to answer with ({page.status_code})"
                sent = [*fields, ("answer", move.says.value), ("comment", move.comment)]
                taken = web.post(self._web_url + form.action, data=sent, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise TransientFailure(
                f"No personal page answers ({type(error).__name__}). Start it with 'orchestrator up'."
            ) from error
        return tuple(int(value) for name, value in fields if name == "also"), _refusal(taken)

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
