"""What the doctor says of the mailbox, the organizer and the address that personal links lead to."""

from __future__ import annotations

import re

import pytest

from config import DATA
from orchestrator.doctor import (
    _calendars,
    _envelope,
    _languages,
    _looked,
    _mail,
    _mailbox,
    _organizer,
    _public_address,
)
from orchestrator.domain.minutes.minutes import as_mail
from orchestrator.domain.time.zones import ZoneData, pinned_zone_data, zone_data
from orchestrator.errors import PermanentFailure, TransientFailure
from orchestrator.services.letters.languages import Languages, codes_of, read_wordings
from tests.callers import caller
from tests.integration.conftest import World


def test_a_mailbox_that_answers_is_well(world: World) -> None:
    world.scheduling.begin()
    assert _looked("mailbox", _mailbox, world).message == "a fake"
    world.mailbox.arrive(b"From: x@y.example\r\nSubject: Hello\r\n\r\nI come.\r\n")
    world.run()
    assert _looked("mailbox", _mailbox, world).message == "a fake 1 mail(s) wait in quarantine"


def test_no_mailbox_is_well_and_says_what_that_means(world: World) -> None:
    world.mailbox = None  # type: ignore[assignment]
    finding = _looked("mailbox", _mailbox, world)
    assert finding.well
    assert "ORCHESTRATOR_IMAP_HOST" in finding.message


def test_a_mailbox_in_trouble_says_what_to_mend(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> str:
        raise PermanentFailure("the server refuses the password; correct ORCHESTRATOR_IMAP_PASSWORD")

    monkeypatch.setattr(world.mailbox, "check", refuse)
    finding = _looked("mailbox", _mailbox, world)
    assert not finding.well
    assert "correct ORCHESTRATOR_IMAP_PASSWORD" in finding.message


def test_a_mailbox_that_could_not_be_read_is_told_even_when_it_answers_now(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> list[str]:
        raise TransientFailure("the server closed the connection")

    world.scheduling.begin()
    monkeypatch.setattr(world.mailbox, "waiting", refuse)
    world.run()
    finding = _looked("mailbox", _mailbox, world)
    assert not finding.well
    assert "the server closed the connection" in finding.message


@pytest.mark.parametrize(("limit", "well"), [(None, True), (50_000_000, True), (10_485_760, False)])
def test_files_that_the_relay_would_refuse_as_mails_are_told(
    world: World, limit: int | None, well: bool
) -> None:
    """Ten megabytes are fourteen in a mail, and many relays take ten."""
    world.mailer.limit = limit
    world.settings = world.settings.model_copy(update={"attachment_max_bytes": 10 * 1024 * 1024})
    finding = _looked("mail", _mail, world)
    assert finding.well is well
    if not well:
        largest = int(re.findall(r"Set it to (\d+)", finding.message)[0])
        assert largest < as_mail(largest) <= 10_485_760


@pytest.mark.parametrize("subaddress", [True, False])
def test_the_envelope_is_tried_with_the_reply_tag_where_it_is_used(world: World, subaddress: bool) -> None:
    world.settings = world.settings.model_copy(update={"reply_subaddress": subaddress})
    finding = _looked("envelope", _envelope, world)
    assert finding.well
    assert ("+doctor@" in finding.message) is subaddress

    def refuse(recipient: str) -> None:
        if "+" in recipient:
            raise PermanentFailure("550 5.1.1 User unknown")

    world.mailer.before = refuse
    assert _looked("envelope", _envelope, world).well is not subaddress


def test_meetings_that_are_answered_to_another_address_are_named(world: World) -> None:
    world.invited()
    assert _looked("organizer", _organizer, world).well
    world.settings = world.settings.model_copy(update={"organizer_address": "new@accsm.example"})
    finding = _looked("organizer", _organizer, world)
    assert not finding.well
    assert "SOM-2026" in finding.message
    assert "orchestrator meeting move-mailbox REFERENCE" in finding.message
    # The service was made with the address that was set before.
    del world.meetings
    world.meetings.move_mailbox("SOM-2026", caller=caller("test"))
    assert _looked("organizer", _organizer, world).well


def test_meetings_that_are_over_do_not_matter(world: World) -> None:
    world.concluded()
    world.settings = world.settings.model_copy(update={"organizer_address": "new@accsm.example"})
    assert _looked("organizer", _organizer, world).well


@pytest.mark.parametrize(
    ("settings", "well"),
    [
        ({"profile": "production", "public_url": "http://meetings.example"}, False),
        ({"profile": "production", "public_url": None}, False),
        ({"profile": "production", "public_url": "https://meetings.example"}, True),
        ({"profile": "sandbox", "public_url": None}, True),
    ],
)
def test_personal_links_must_be_protected_in_production(
    world: World, settings: dict[str, str | None], well: bool
) -> None:
    world.settings = world.settings.model_copy(update=settings)
    assert _looked("public address", _public_address, world).well is well


def test_languages_that_nobody_has_reviewed_are_named_with_what_turns_them_on(world: World) -> None:
    finding = _looked("languages", _languages, world)
    assert finding.well
    assert finding.message == (
        "mails in English and Vietnamese (not reviewed); off until a native speaker has reviewed them, or "
        "ORCHESTRATOR_UNREVIEWED_LANGUAGES names them: Indonesian (id), Malay (ms), Thai (th), Khmer (km), "
        "Lao (lo), Burmese (my), Filipino (fil), Portuguese (pt)"
    )
    world.languages = Languages(read_wordings(DATA / "locales"), codes_of("all"))
    finding = _looked("languages", _languages, world)
    assert "Thai (not reviewed)" in finding.message and "off until" not in finding.message


def test_plans_that_rest_on_older_data_are_counted_and_named(world: World) -> None:
    world.invited()
    pinned = pinned_zone_data()
    well = _looked("calendars", _calendars, world)
    assert well.well
    assert well.message.startswith(f"tzdata {pinned.version}, holidays ")
    with zone_data(ZoneData(pinned.folder, "2027.1")):
        finding = _looked("calendars", _calendars, world)
        assert not finding.well
        assert "1 plan(s) rest on something older than tzdata 2027.1" in finding.message
        assert "SOM-2026" in finding.message
        assert "orchestrator calendar recalculate" in finding.message
        world.scheduling.begin()
        assert _looked("calendars", _calendars, world).well
