"""The bytes of mails that wait: a store of their own, with a quota, an age and an end."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.meetings.meeting import Participation
from orchestrator.errors import NotFound
from tests.callers import caller
from tests.integration.answers.incoming_mails import incoming, letter, participations, poll, reply
from tests.integration.conftest import TAN, World

STRANGER = "eve@else.example.org"
COORDINATOR = caller("coordinator")


def limited(world: World, **settings: int) -> World:
    """The world with other limits; nothing has asked for them yet."""
    world.settings = world.settings.model_copy(update=settings)
    return world


def files(world: World, folder: str = "quarantine") -> list[Path]:
    return [item for item in (world.settings.data_dir / folder).rglob("*") if item.is_file()]


def kept(world: World) -> list[bool]:
    return [row.body_kept for row in incoming(world)]


def test_strangers_mails_lie_apart_from_what_is_kept_for_good(world: World) -> None:
    poll(world, letter(STRANGER))
    assert (len(files(world)), files(world, "documents")) == (1, [])
    assert files(world)[0].stat().st_mode & 0o077 == 0


def test_discard_deletes_the_bytes_and_the_text(world: World) -> None:
    poll(world, letter(STRANGER, "My secret."))
    (row,) = incoming(world)
    world.quarantine.discard(row.id, caller=COORDINATOR)
    (row,) = incoming(world)
    assert (files(world), row.text, row.body_kept, row.sender) == ([], "", False, STRANGER)
    assert world.incoming.mail(row.id).offers == ()
    with pytest.raises(NotFound, match="are not kept here"):
        world.incoming.content(row.id)


def test_a_discarded_mail_that_comes_again_is_not_kept_again(world: World) -> None:
    mail = letter(STRANGER)
    poll(world, mail)
    world.quarantine.discard(1, caller=COORDINATOR)
    poll(world, mail)
    assert (files(world), len(incoming(world))) == ([], 1)


def test_what_is_too_old_is_deleted_and_waits_on_without_its_bytes(world: World) -> None:
    limited(world, quarantine_days=30).invited()
    poll(world, reply(world, "tan.private@sg.example.org", "DECLINED"))
    world.clock.move(days=29)
    poll(world, letter(STRANGER))
    assert kept(world) == [True, True]
    world.clock.move(days=1, seconds=1)
    poll(world)
    assert (kept(world), len(files(world))) == ([False, True], 1)
    view = world.incoming.mail(1)
    assert (view.fate, "download" in view.offers, "assign" in view.offers) == ("quarantined", False, True)
    world.quarantine.assign(1, "SOM-2026", TAN, caller=COORDINATOR)
    assert participations(world)[TAN] == "declined", "its record says enough"


def test_a_delegation_cannot_be_taken_from_the_record_alone(world: World) -> None:
    limited(world, quarantine_days=1).invited()
    mail = reply(world, "tan.private@sg.example.org", "DELEGATED")
    poll(world, mail)
    world.clock.move(days=2)
    poll(world)
    view = world.incoming.mail(1)
    assert (view.says, "assign" in view.offers) == (None, True)
    world.quarantine.assign(1, "SOM-2026", TAN, caller=COORDINATOR, participation=Participation.DECLINED)


def test_beyond_the_quota_the_largest_go_first(world: World) -> None:
    """A flood of large mails must not push out the answers, which are small."""
    limited(world, quarantine_max_bytes=21_000).invited()
    poll(world, reply(world, "tan.private@sg.example.org"))
    poll(world, *(letter(STRANGER, f"{number} " + "x" * 9_000) for number in range(4)))
    assert kept(world)[0], "the answer is still there"
    assert sum(kept(world)) == len(files(world)) == 3
    assert sum(item.stat().st_size for item in files(world)) <= 21_000
    assert len(incoming(world)) == 5, "none of them is forgotten"


def test_a_mail_larger_than_the_quota_is_not_kept(world: World) -> None:
    poll(limited(world, quarantine_max_bytes=1_000), letter(STRANGER, "x" * 2_000))
    assert (kept(world), files(world)) == ([False], [])


def test_what_an_earlier_version_kept_among_the_documents_is_found_and_deleted_there(world: World) -> None:
    poll(world, letter(STRANGER))
    content = world.incoming.content(1)
    world.quarantine_store.remove(world.documents.put(content))
    world.documents.put(content)
    assert (files(world), len(files(world, "documents"))) == ([], 1)
    assert world.incoming.content(1) == content
    world.quarantine.discard(1, caller=COORDINATOR)
    assert files(world, "documents") == []
