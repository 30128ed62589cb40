"""Looks at everything the service depends on and says how to mend what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from integrations.graph.clouds import CLOUDS
from orchestrator.arrival import tagged_mail_arrives
from orchestrator.bootstrap import Container, broker_url, own_address, parse_settings, settings_problems
from orchestrator.domain.minutes.minutes import as_mail, largest_file
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import Work
from orchestrator.errors import InvalidInput, OrchestratorError, Problem
from orchestrator.services.operations.processes import BEAT, WATCHER, WEB, ProcessView
from orchestrator.store.delivery import breakers
from orchestrator.store.meetings import organizers
from orchestrator.words import say

_ROLES = (BEAT, WEB, WATCHER, *Work)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: which part, whether it is well, and a sentence."""

    part: str
    well: bool
    message: str


def examine(*, send: bool = False) -> Iterator[Finding]:
    """Look at one part after the other; without readable settings nothing else can be looked at.

    With ``send`` a mail is sent where only that tells whether something works.
    """
    try:
        settings = parse_settings()
    except InvalidInput as error:
        yield from (Finding("settings", False, str(item)) for item in error.problems)
        return
    problems = settings_problems(settings)
    yield from (Finding("settings", False, str(item)) for item in problems)
    if problems:
        return
    if settings.part != "all":
        told = f"this process is the part {settings.part} and has not the secrets of the others"
        yield Finding("settings", False, f"{told}. Run 'docker compose run --rm doctor'.")
        return
    yield Finding("settings", True, f"profile {settings.profile}, data in {settings.data_dir}")
    container = Container(settings)
    for part, look in (
        ("data folder", _data_folder),
        ("delegations", _delegations),
        ("timelines", _timelines),
        ("notices", lambda found: ", ".join(found.notices)),
        ("languages", _languages),
        ("database", _database),
        ("calendars", _calendars),
        ("documents", _documents),
        ("broker", _broker),
        ("mail", _mail),
        ("envelope", _envelope),
        ("mailbox", _mailbox),
        ("organizer", _organizer),
        ("public address", _public_address),
        ("way to Microsoft 365", _way_out),
        ("Microsoft Graph", lambda found: found.conferences.check()),
        ("processes", _processes),
        ("lanes", _lanes),
        ("queue", _queue),
        ("waiting mail", _waiting_mail),
    ):
        yield _looked(part, look, container)
    if send:
        yield _looked("reply tag", tagged_mail_arrives, container)


def _looked(part: str, look: Callable[[Container], str], container: Container) -> Finding:
    try:
        return Finding(part, True, look(container))
    except OrchestratorError as error:
        return Finding(part, False, error.message)
    except Exception as error:  # noqa: BLE001 - a doctor reports whatever is wrong.
        return Finding(
            part, False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        )


def _data_folder(container: Container) -> str:
    folder = container.settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise InvalidInput.of(
            "ORCHESTRATOR_DATA_DIR",
            folder,
            "cannot be written",
            "Give the service's user the right to write there.",
        )
    return f"{folder} can be written"


def _delegations(container: Container) -> str:
    directory = container.directory
    return f"{len(directory.delegations)} delegations and {len(directory.groups)} groups"


def _timelines(container: Container) -> str:
    return ", ".join(sorted(container.timelines))


def _languages(container: Container) -> str:
    """Which languages mails are written in, and which are off because nobody has reviewed them."""
    states = container.languages.states()
    on = [f"{item.english_name}{'' if item.review else ' (not reviewed)'}" for item in states if item.on]
    off = [f"{item.english_name} ({item.code})" for item in states if not item.on]
    found = f"mails in English and {', '.join(on)}"
    if not off:
        return found
    return (
        f"{found}; off until a native speaker has reviewed them, or ORCHESTRATOR_UNREVIEWED_LANGUAGES names "
        f"them: {', '.join(off)}"
    )


def _database(container: Container) -> str:
    present, newest = container.database.revisions()
    if present != newest:
        raise InvalidInput.of(
            "database", present or "empty", f"is not at migration {newest}", "Run 'orchestrator db upgrade'."
        )
    try:
        container.write_probe.require()
    except (SQLAlchemyError, OSError) as error:
        wrong = f"answers, but nothing can be written ({type(error).__name__})"
        remedy = "Look for a full disk, a read-only file system, or a replica in place of the primary."
        raise InvalidInput.of("database", container.database.dialect, wrong, remedy) from error
    return f"{container.database.dialect}, migration {present}, takes what is written"


def _calendars(container: Container) -> str:
    """Which zone and holiday data is in use, and whether every plan rests on it."""
    found = container.calendars.versions()
    in_use = f"tzdata {found.tzdata}, holidays {found.holidays}"
    if found.outdated:
        raise InvalidInput.of(
            "calendars",
            ", ".join(found.outdated),
            f"{len(found.outdated)} plan(s) rest on something older than {in_use} and the files in use",
            "Beat brings them up to date when it begins, and so does 'orchestrator calendar recalculate'.",
        )
    return f"{in_use}; every plan rests on them"


def _documents(container: Container) -> str:
    """Whether every document that is named is there, and what lies there that nothing names."""
    found = container.document_housekeeping.look()
    if found.lost:
        raise InvalidInput.of(
            "documents",
            ", ".join(item[:12] for item in found.lost[:5]),
            f"{len(found.lost)} of {found.documents} document(s) have no content in the folder of documents",
            "Restore the folder from a backup, or put the same files up again; until then they are hidden.",
        )
    left = f"; {len(found.unnamed)} left over, deleted within a day" if found.unnamed else ""
    return f"{found.documents} named, each there{left}"


def _broker(container: Container) -> str:
    url = broker_url(container.settings)
    if url is None:
        raise InvalidInput.of("broker", None, "is not running", "Start the sandbox with 'orchestrator up'.")
    # It takes long to import, and only looking at the broker needs it.
    import redis

    client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
    try:
        # A replica answers, and takes no tasks.
        client.set("orchestrator.doctor", 1, ex=10)
        waiting = ", ".join(f"{client.llen(lane.value)} in {lane}" for lane in Work)
        return f"answers; tasks that wait: {waiting}"
    except redis.RedisError as error:
        # The error's text may hold the address with its password.
        raise InvalidInput.of(
            "ORCHESTRATOR_BROKER_URL",
            None,
            f"the broker does not answer ({type(error).__name__})",
            "Start Redis, or correct the URL.",
        ) from None
    finally:
        client.close()


def _mail(container: Container) -> str:
    """Whether the relay answers, and takes mails as large as the files that are accepted."""
    found = container.mailer.check()
    limit, accepted = container.mailer.largest(), container.settings.attachment_max_bytes
    if limit is None or as_mail(accepted) <= limit:
        return found
    raise InvalidInput.of(
        "ORCHESTRATOR_ATTACHMENT_MAX_BYTES",
        accepted,
        f"lets files in that the mail server, which takes {limit} bytes at most, would refuse",
        f"Set it to {largest_file(limit)} at most, or have the mail server take larger mails.",
    )


def _envelope(container: Container) -> str:
    """Whether the relay lets the service send as its address, tagged too, and takes mail for it."""
    address = container.settings.organizer_address
    local, _, domain = address.partition("@")
    tagged = [f"{local}+doctor@{domain}"] if container.settings.reply_subaddress else []
    addresses = [address, *tagged]
    container.mailer.try_envelope(addresses, addresses)
    return f"mail may leave as {' and '.join(addresses)}, and is taken for them"


def _mailbox(container: Container) -> str:
    if container.mailbox is None:
        return "none is set (ORCHESTRATOR_IMAP_HOST), so answers come by the personal pages only"
    found = container.mailbox.check()
    reading = container.incoming.mailbox()
    if reading is not None and reading.trouble:
        raise InvalidInput.of(
            "mailbox",
            None,
            f"answers now, but could not be read the last time: {reading.trouble}",
            "It is tried again by itself; look again in a minute.",
        )
    waiting = reading.quarantined if reading else 0
    return f"{found} {waiting} mail(s) wait in quarantine" if waiting else found


def _organizer(container: Container) -> str:
    """Whether coming meetings are answered to the address that is set now."""
    address = container.settings.organizer_address
    with container.database.reading() as session:
        references = organizers.told_another(session, address, container.clock.now())
    if references:
        raise InvalidInput.of(
            "organizer",
            ", ".join(references),
            f"went out with another address than {address} to answer to",
            "Run 'orchestrator meeting move-mailbox REFERENCE' for each; it tells the attendees.",
        )
    return f"attendees answer to {address}"


def _public_address(container: Container) -> str:
    """Whether personal links lead here, and safely."""
    settings = container.settings
    address = own_address(settings)
    if not settings.sandbox and not address.startswith("https://"):
        raise InvalidInput.of(
            "ORCHESTRATOR_PUBLIC_URL",
            address,
            "is not protected, and personal links lead there",
            "Put the service behind HTTPS and write the address with https://.",
        )
    return f"personal links lead to {address}"


def _way_out(container: Container) -> str:
    """By which proxy, with which authorities and to which addresses Microsoft 365 is reached."""
    settings = container.settings
    if settings.sandbox:
        return "not used: the sandbox stands in for Microsoft 365 on this machine"
    # The address of a proxy may hold a password, so only host and port are shown.
    proxy = urlsplit(settings.https_proxy.get_secret_value()) if settings.https_proxy else None
    way = f"through {proxy.netloc.rpartition('@')[2]}" if proxy else "without a proxy"
    trusted = (
        f"the system's authorities and {settings.ca_file}" if settings.ca_file else "the system's authorities"
    )
    cloud = CLOUDS[settings.graph_cloud]
    graph = settings.graph_base_url or cloud.graph_url
    authority = settings.graph_authority_url or cloud.authority_url
    return f"{graph} and {authority}, {way}, trusting {trusted}"


def _waiting_mail(container: Container) -> str:
    """Whether mail waits because of trouble of ours, which no recipient can mend."""
    found = container.reading.held_up()
    if found:
        raise InvalidInput(
            [
                Problem("waiting mail", "", f"{item.count} mail(s) wait because of it", say(item.reason))
                for item in found
            ]
        )
    return "no mail waits for trouble of ours"


def _processes(container: Container) -> str:
    """Whether every process runs, and can work with its neighbours as *it* was set up when it began."""
    found = container.processes.all()
    living = [item for item in found if item.alive]
    missing = [role for role in _ROLES if role not in {item.role for item in living}]
    problems = [
        *(_gone(role, found) for role in missing),
        *(_troubled(item) for item in living if item.troubles),
    ]
    if problems:
        raise InvalidInput(problems)
    return f"{len(living)} run: " + ", ".join(sorted({item.role for item in living}))


def _gone(role: str, found: Sequence[ProcessView]) -> Problem:
    last = max((item.seen_at for item in found if item.role == role), default=None)
    seen = f"was seen last at {last:%Y-%m-%d %H:%M:%S} UTC" if last else "is not running"
    return Problem(
        role,
        "",
        f"{seen}, or cannot write into the database",
        f"Look at its log, and restart {_program(role)}.",
    )


def _troubled(item: ProcessView) -> Problem:
    said = "; ".join(
        f"{trouble.neighbour} since {trouble.since:%Y-%m-%d %H:%M:%S} UTC: {say(trouble.why)}"
        for trouble in item.troubles
    )
    return Problem(
        f"{item.role} (process {item.pid} on {item.host})",
        "",
        f"cannot work with its {said}",
        "If the look above at the same server is well, this process has old settings: restart "
        f"{_program(item.role)}. Else mend what it says.",
    )


def _program(role: str) -> str:
    """Return what a role's process is called in docker-compose.yml."""
    return f"worker-{Work(role).name.lower()}" if role in set(Work) else role


def _lanes(container: Container) -> str:
    """Whether a lane pauses because its server does not answer."""
    with container.database.reading() as session:
        pausing = [item for item in breakers.all_of(session).values() if item.is_open]
    if pausing:
        raise InvalidInput(
            [
                Problem(
                    item.lane,
                    "",
                    f"pauses since {item.since:%Y-%m-%d %H:%M:%S} UTC, because its server does not answer: "
                    f"{say(item.reason)}",
                    f"It is tried again at {item.retry_at:%H:%M:%S} UTC by itself, or at once when beat is "
                    "restarted.",
                )
                for item in pausing
            ]
        )
    return "none pauses"


def _queue(container: Container) -> str:
    late = container.reading.late()
    counts = container.reading.counts()
    if failed := counts.get(ActionState.FAILED, 0):
        raise InvalidInput.of(
            "queue",
            failed,
            f"action(s) failed, and {late} more are late",
            "See why with 'orchestrator actions list --state failed', mend that, then retry or discard each.",
        )
    if late:
        raise InvalidInput.of(
            "queue",
            late,
            "action(s) should have gone out a minute ago or more and wait still",
            "Look whether beat and worker run.",
        )
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "empty"
