"""Letting the simulated attendees answer, and showing what they said."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from integrations.sandbox.attendees import Attendees, Reply
from integrations.sandbox.outbox import MaildirOutbox
from orchestrator.bootstrap import Container, outbox_folder
from orchestrator.demo.clock import QUIET_TIMEOUT, wait_until_quiet
from orchestrator.errors import ConfigurationError, Conflict
from orchestrator.ports import Mailbox
from orchestrator.supervisor import reachable
from orchestrator.terminal import ANSWER_MARKS, out, table


def attendees_of(container: Container) -> Attendees:
    """Return the simulated attendees of the running sandbox; raises ``ConfigurationError`` when none runs."""
    settings, endpoints = container.settings, container.endpoints
    clock, folder = container.sandbox_clock, outbox_folder(settings)
    host = reachable(settings.host)
    return Attendees(
        MaildirOutbox(folder),
        clock,
        smtp_host=endpoints.smtp_host,
        smtp_port=endpoints.smtp_port,
        web_url=f"http://{host}:{settings.port}",
        state=folder.with_name("attendees.json"),
    )


def answer(container: Container, *, ahead: bool = False) -> list[Reply]:
    """Let the simulated attendees answer what was caught so far, and wait until their answers are read.

    ``ahead`` also gives the answers for which some of them take their time.
    """
    replies = attendees_of(container).answer(ahead=ahead)
    wait_until_read(container)
    return replies


def wait_until_read(container: Container) -> None:
    """Wait until the mailbox is empty and everything that follows from its mails is done.

    Raises ``ConfigurationError`` when there is no mailbox, and ``Conflict`` when it is not read.
    """
    inbox, mailbox = container.inbox, container.mailbox
    if inbox is None or mailbox is None:
        raise ConfigurationError.of("mailbox", None, "is not set", "The sandbox brings its own.")
    pause = threading.Event()
    waited = 0.0
    wait_until_quiet(container)
    while _mail_waits(mailbox):
        if waited > QUIET_TIMEOUT:
            raise Conflict("The mailbox is not read. Look into run/worker-mailbox.log and run/beat.log.")
        inbox.read_soon()
        wait_until_quiet(container)
        pause.wait(0.05)
        waited += 0.05


def _mail_waits(mailbox: Mailbox) -> bool:
    with mailbox.session() as session:
        return bool(session.waiting(1))


def show_replies(replies: Sequence[Reply]) -> None:
    """Print who answered how and through what, meeting by meeting."""
    if not replies:
        out.print("Nobody has anything to answer.")
    for title in dict.fromkeys(reply.summary for reply in replies):
        out.print(title, style="bold", soft_wrap=True)
        made = table("Who", "Answer", "Through")
        for reply in replies:
            if reply.summary == title:
                made.add_row(author(reply), f"{_mark(reply)} {reply.problem or reply.says}", reply.through)
        out.print(made)


def _mark(reply: Reply) -> str:
    known = ANSWER_MARKS.get("" if reply.problem else reply.says)
    return known[0] if known else "!"


def author(reply: Reply) -> str:
    """Return who answered, for whom beside, and from which other address."""
    others = f" (and {len(reply.also)} more of the delegation)" if reply.also else ""
    alias = f" (from {reply.by}, where nobody is invited)" if reply.by != reply.recipient else ""
    return f"{reply.name}{others}{alias}"
