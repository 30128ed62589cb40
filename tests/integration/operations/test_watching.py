"""The watcher of the mailbox: it has mail read at once, and dies of nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.watching import watch, watch_nothing
from tests.integration.conftest import World


@dataclass
class Arrivals:
    """A mailbox in which mail arrives, and in the end the watcher is told to stop."""

    arrivals: list[bool]
    stop: threading.Event
    closed: int = 0

    def wait(self, seconds: float) -> bool:
        if not self.arrivals:
            self.stop.set()
            return False
        return self.arrivals.pop(0)

    def close(self) -> None:
        self.closed += 1


@dataclass
class Asked:
    """Answers as an inbox does when it is asked to be read."""

    answers: list[bool | Exception]
    stop: threading.Event
    count: int = field(default=0)

    def read_soon(self) -> bool:
        self.count += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def run(arrivals: list[bool], answers: list[bool | Exception]) -> tuple[Arrivals, Asked, list[int]]:
    stop = threading.Event()
    mailbox, inbox, alive = Arrivals(arrivals, stop), Asked(answers, stop), [0]

    def was_alive() -> None:
        alive[0] += 1

    watch(mailbox, inbox, stop, was_alive)  # type: ignore[arg-type]
    return mailbox, inbox, alive


def test_mail_that_arrives_is_read_at_once_and_nothing_else_is() -> None:
    mailbox, inbox, alive = run([False, True, False, True], [True, True])
    assert (inbox.count, mailbox.closed, alive) == (2, 1, [5])


def test_while_somebody_reads_it_is_asked_again() -> None:
    """The mail may have come after they had looked."""
    _, inbox, _ = run([True], [False, False, True])
    assert inbox.count == 3


def test_a_database_that_is_away_leaves_the_mail_to_the_next_poll() -> None:
    away = OperationalError("SELECT", {}, Exception("away"))
    _, inbox, _ = run([True, True], [away, True])
    assert inbox.count == 2


def test_asking_makes_the_poll_due(world: World) -> None:
    assert world.inbox is not None
    assert world.inbox.read_soon() is False, "there is no poll before beat has made it"
    world.scheduling.begin()
    world.run()
    (row,) = world.rows(ActionKind.READ_MAILBOX)
    assert row.due_at > world.clock.now()
    assert world.inbox.read_soon() is True
    (row,) = world.rows(ActionKind.READ_MAILBOX)
    assert row.due_at == world.clock.now()
    (batch,) = world.scheduling.claim()
    assert world.inbox.read_soon() is False, "somebody has it in hand"
    world.delivering.deliver(batch)


def test_without_a_mailbox_it_waits_for_the_end() -> None:
    stop = threading.Event()
    stop.set()
    watch_nothing(stop, lambda: None)
