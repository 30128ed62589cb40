"""The Celery application.

Redis carries ids and may be emptied at any moment without loss: the database is the schedule, an
expired lease finds what was lost, and a message may come ten times. There are no results, no ETA
and no countdown.

Each kind of work is a lane: a task and a queue of the same name, with workers of its own.
"""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

from celery import Celery, bootsteps
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown
from kombu.entity import Queue

from config.logging import configure_logging
from integrations.redis_wakeup import keepalive
from orchestrator.bootstrap import celery_broker_url, container, keep_private, read_settings
from orchestrator.domain.timelines.kinds import Work
from tasks.broker import use_forgiving_transports

OLD_QUEUE = "meetings"
"""The one queue of the version before; what still waits in it is handed on."""
_HEARTBEAT_SECONDS = 10.0
_settings = read_settings()
keep_private()
use_forgiving_transports()

app = Celery("orchestrator", broker=celery_broker_url(_settings), include=["tasks.lanes"])
app.conf.update(
    # A worker that is not told its queues takes all of them.
    task_queues=[Queue(name) for name in (*(lane.value for lane in Work), OLD_QUEUE)],  # type: ignore[no-untyped-call] # Untyped there.
    task_routes={lane.value: {"queue": lane.value} for lane in Work},
    task_default_queue=OLD_QUEUE,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    # A message is acknowledged when its work is done, so a worker that dies leaves it to another.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A worker told to stop finishes what it has in hand, also when it is idle.
    worker_soft_shutdown_timeout=20.0,
    worker_enable_soft_shutdown_on_idle=True,
    worker_cancel_long_running_tasks_on_connection_loss=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    # A server that becomes a replica answers with READONLY or UNBLOCKED: that is a reason to connect again.
    broker_channel_error_retry=True,
    # What cannot be published is given back and claimed again; waiting inside beat would hold up the rest.
    task_publish_retry=False,
    broker_transport_options={
        "visibility_timeout": 600,
        "socket_connect_timeout": 5,
        "socket_timeout": 10,
        "health_check_interval": 15,
        **keepalive(),
    },
    beat_scheduler="tasks.beat:ActionScheduler",
    beat_max_loop_interval=_settings.beat_max_interval,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
)


class Heartbeat(bootsteps.StartStopStep):  # type: ignore[misc] # Untyped there.
    """Touches the heartbeat file as long as the loop of a worker's first process goes round.

    A ping would need remote control, by which who can write to the broker could end workers or change them.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def start(self, parent: Any) -> None:
        """Begin, each time the broker is connected to."""
        container().was_alive()
        self._beat = parent.timer.call_repeatedly(_HEARTBEAT_SECONDS, container().was_alive)

    def stop(self, parent: Any) -> None:
        """End, when the connection is lost or the worker stops."""
        self._beat.cancel()


app.steps["consumer"].add(Heartbeat)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _configure_logging(**_: Any) -> None:
    configure_logging(_settings.log_level)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _begin_life(**_: Any) -> None:
    """Make what this process needs anew, for it was forked, and tell of it from now on."""
    container.cache_clear()
    lanes = [lane for lane in Work if lane.value in app.amqp.queues.consume_from]
    Thread(target=_live, args=(lanes,), daemon=True).start()


def _live(lanes: list[Work]) -> None:
    pause = Event()
    while True:
        for lane in lanes:
            container().life(lane).tell()
        pause.wait(5.0)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _end_life(**_: Any) -> None:
    for lane in Work:
        container().life(lane).end()
