"""A personal link is no relay: whom it can have mailed, how often, and who waits for a yes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import Invite
from orchestrator.domain.definitions.written import Invitee
from orchestrator.domain.meetings.fields import Seat
from orchestrator.errors import Conflict, InvalidInput, NotFound, OrchestratorError, TooMany
from orchestrator.services.people.contacts import Contact
from orchestrator.services.personal.delegation_list import Composition, Member
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import NHUNG, World, contents
from tests.integration.personal.personal_pages import (
    LAN,
    MINH,
    STAFF,
    WEI,
    P,
    attendee,
    history,
    meeting,
    records,
    token,
)

THIRD = "third@vn.example.org"
STRANGER = "stranger@elsewhere.example"
COORDINATOR = caller("Khoi")


def composed(world: World, *members: Member, by: str = LAN, **options: Any) -> Composition:
    return world.delegation_lists.compose(token(world, by), members, **options)


def named(email: str, name: str = "New", seat: Seat = Seat.MEMBER) -> Member:
    return Member(name, email, seat)


def mails_to(world: World, email: str) -> int:
    world.run()
    return len(world.mailer.to(email))


def waiting(world: World) -> list[str]:
    return [item.email for item in world.named_people.waiting("SOM-2026")]


# How often


def test_who_is_named_and_taken_out_again_and_again_is_mailed_four_times_at_most(invited: World) -> None:
    refused: list[str] = []
    for _ in range(6):
        try:
            composed(invited, named(THIRD))
            invited.run()
            composed(invited, Member("New", THIRD, removed=True))
            invited.run()
        except InvalidInput as error:
            (problem,) = error.problems
            refused.append(f"{problem.field}: {problem.message}. {problem.remedy}")
    assert mails_to(invited, THIRD) == 4
    assert len(refused) == 4
    assert refused[0].startswith("members[0].email: was named 2 times lately. Name this person again from ")
    assert "2 November 2026" in refused[0], "it says when, on the reader's clock"
    # Another focal point of the delegation, and one of another meeting, are under the same limit.
    with pytest.raises(InvalidInput, match="was named 2 times lately"):
        composed(invited, named(THIRD.upper()), by=NHUNG)
    invited.clock.move(days=1, seconds=1)
    composed(invited, named(THIRD))
    assert mails_to(invited, THIRD) == 5


def test_an_address_is_named_six_times_a_month_at_most(invited: World) -> None:
    taken = 0
    for _ in range(5):
        for _ in range(2):
            try:
                composed(invited, named(THIRD))
                composed(invited, Member("New", THIRD, removed=True))
                taken += 1
            except InvalidInput:
                continue
        invited.clock.move(days=1, seconds=1)
    assert taken == 6


def test_a_link_names_forty_new_people_a_day(invited: World) -> None:
    first = [named(f"p{n}@vn.example.org", f"P {n}") for n in range(27)]
    composed(invited, *first)
    composed(invited, *[Member(item.name, item.email, removed=True) for item in first])
    second = [named(f"q{n}@vn.example.org", f"Q {n}") for n in range(14)]
    before = contents(invited.database)["attendee"]
    with pytest.raises(TooMany) as refused:
        composed(invited, *second, dry_run=True)
    with pytest.raises(TooMany) as refused:
        composed(invited, *second)
    assert 0 < refused.value.retry_after <= 86_400
    assert "(40)" in refused.value.message and "write to the coordinator" in refused.value.message
    assert contents(invited.database)["attendee"] == before
    composed(invited, *second[:13])
    with pytest.raises(TooMany):
        composed(invited, second[13])
    # Another person's link has its own.
    composed(invited, second[13], by=NHUNG)
    invited.clock.move(days=1, seconds=1)
    composed(invited, named("later@vn.example.org"))


def test_who_is_named_as_head_does_not_name_on_and_on(invited: World) -> None:
    by, refused, before = LAN, 0, len(meeting(invited).attendees)
    for link in range(5):
        heads = [item for item in meeting(invited).invited if item.seat is Seat.HEAD]
        people = [named(f"p{link}-{n}@vn.example.org", f"P {n}") for n in range(20)]
        head = named(f"head{link}@vn.example.org", "Head", Seat.HEAD)
        try:
            composed(invited, *people, by=by)
            composed(invited, *[Member(item.name, item.email, removed=True) for item in people], by=by)
            composed(invited, head, *[Member(item.name, item.email, Seat.MEMBER) for item in heads], by=by)
            by = head.email
        except TooMany:
            refused += 1
    assert refused == 2
    assert len(meeting(invited).attendees) - before <= 80


def test_a_name_on_the_list_carries_no_link_and_nothing_hidden(invited: World) -> None:
    for name in ("Win https://evil.example/pay", "evil.com", "A\u202eB", "A\u200bB", "x" * 121):
        with pytest.raises(InvalidInput) as refused:
            composed(invited, named(THIRD, name))
        assert [item.field for item in refused.value.problems] == ["members[0].name"]


def test_a_link_changes_thirty_things_an_hour(invited: World) -> None:
    opened = token(invited, MINH)
    for _ in range(15):
        for answer in (P.ACCEPTED, P.DECLINED):
            # What stands already is recorded once, and counted once.
            invited.personal_answers.answer(opened, answer)
            invited.personal_answers.answer(opened, answer)
    before = contents(invited.database)
    with pytest.raises(TooMany) as refused:
        invited.personal_answers.answer(opened, P.ACCEPTED)
    assert contents(invited.database) == before
    assert "Try again from Sunday, 1 November 2026, 11:00 Ha Noi" in refused.value.message
    assert 0 < refused.value.retry_after <= 3600
    # Others are not held up by it, nor is the page of the one who is.
    invited.personal_answers.answer(token(invited, LAN), P.ACCEPTED)
    assert invited.personal_pages.page(opened).answer == "declined"
    # A link that was closed uses up nothing of its successor.
    invited.personal_links.revoke("SOM-2026", MINH, caller=COORDINATOR)
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED)
    invited.clock.move(hours=1, seconds=1)
    invited.personal_answers.answer(token(invited, MINH), P.DECLINED)


# The coordinator's yes


def test_an_address_outside_the_known_domains_waits(invited: World) -> None:
    preview = composed(invited, named(STRANGER), named(THIRD), dry_run=True)
    assert preview.waiting == (Contact("New", STRANGER),)
    assert preview.invited == (Contact("New", THIRD),)
    assert waiting(invited) == []
    assert composed(invited, named(STRANGER), named(THIRD)) == preview
    assert mails_to(invited, STRANGER) == 0 and mails_to(invited, THIRD) == 1
    assert STRANGER not in {item.email for item in meeting(invited).attendees}
    (view,) = invited.named_people.waiting("SOM-2026")
    assert (view.email, view.name, view.delegation, view.seat) == (STRANGER, "New", "VN", "member")
    assert view.by == f"Ph\u1ea1m Thu Lan <{LAN}>"
    page = invited.personal_pages.page(token(invited, LAN))
    assert [item.email for item in page.waiting] == [STRANGER]
    assert invited.personal_pages.page(token(invited, MINH)).waiting == (), "a delegate does not see them"
    # The coordinator hears of it: on the list, and by the digest.
    attention = [words.say(item) for item in invited.reading.meeting("SOM-2026").attention]
    assert any("waits for your yes" in item for item in attention)
    assert f"New <{STRANGER}>, waiting" in (words.maybe(records(invited)[-1].what) or "")


def test_only_strangers_named_leave_the_version_and_everybody_else_alone(invited: World) -> None:
    before = meeting(invited)
    composed(invited, named(STRANGER))
    after = meeting(invited)
    assert (after.version, after.sequence, after.attendees) == (
        before.version,
        before.sequence,
        before.attendees,
    )
    assert history(invited, "delegation named")


def test_a_yes_invites_and_makes_the_domain_known(invited: World) -> None:
    composed(invited, named(STRANGER, seat=Seat.SUBSTITUTE))
    (view,) = invited.named_people.waiting("SOM-2026")
    effect = invited.named_people.accept("SOM-2026", view.id, caller=COORDINATOR, dry_run=True)
    assert [item.recipient_email for item in effect.consequences if item.kind == "invite"] == [STRANGER]
    assert waiting(invited) == [STRANGER]
    invited.named_people.accept("SOM-2026", view.id, caller=COORDINATOR)
    assert mails_to(invited, STRANGER) == 1
    person = attendee(invited, STRANGER)
    assert (person.delegation, person.group, person.seat) == ("VN", "SOM", Seat.SUBSTITUTE)
    assert waiting(invited) == []
    assert not invited.reading.meeting("SOM-2026").attention
    (line,) = history(invited, "named person invited")
    assert line.actor == "Khoi" and STRANGER in (words.maybe(line.detail) or "")
    assert composed(invited, named("colleague@elsewhere.example")).invited
    with pytest.raises(NotFound):
        invited.named_people.accept("SOM-2026", view.id, caller=COORDINATOR)


def test_a_no_sends_nothing_and_stands(invited: World) -> None:
    composed(invited, named(STRANGER))
    (view,) = invited.named_people.waiting("SOM-2026")
    invited.named_people.refuse("SOM-2026", view.id, caller=COORDINATOR)
    assert waiting(invited) == []
    assert mails_to(invited, STRANGER) == 0
    assert history(invited, "named person refused")
    with pytest.raises(InvalidInput, match="was refused by the coordinator") as refused:
        composed(invited, named(THIRD), named(STRANGER))
    assert [item.field for item in refused.value.problems] == ["members[1].email"]


def test_named_again_they_wait_once_and_as_said_last(invited: World) -> None:
    composed(invited, named(STRANGER))
    assert composed(invited, named(STRANGER)).nothing
    composed(invited, named(STRANGER.upper(), "Another name"))
    (view,) = invited.named_people.waiting("SOM-2026")
    assert view.name == "Another name"


def test_who_named_them_takes_it_back(invited: World) -> None:
    composed(invited, named(STRANGER))
    (view,) = invited.named_people.waiting("SOM-2026")
    lists = invited.delegation_lists
    with pytest.raises(Conflict):
        lists.withdraw(token(invited, MINH), view.id)
    assert not lists.withdraw(token(invited, "tan@sg.example.org"), view.id), "of another delegation"
    assert lists.withdraw(token(invited, LAN), view.id)
    assert waiting(invited) == []
    assert not lists.withdraw(token(invited, LAN), view.id)


def test_whom_the_coordinator_invites_by_hand_waits_no_more(invited: World) -> None:
    composed(invited, named(STRANGER))
    (view,) = invited.named_people.waiting("SOM-2026")
    person = Invitee.model_validate({"group": "SOM", "delegation": "VN", "name": "New", "email": STRANGER})
    invited.meetings.edit("SOM-2026", Invite(person), caller=COORDINATOR)
    assert waiting(invited) == []
    assert not invited.reading.meeting("SOM-2026").attention
    invited.named_people.accept("SOM-2026", view.id, caller=COORDINATOR)
    assert [item.email for item in meeting(invited).invited].count(STRANGER) == 1


def test_a_domain_is_known_of_one_delegation_and_not_of_all(invited: World) -> None:
    assert composed(invited, named("x@sg.example.org")).waiting
    assert composed(invited, named("y@vn.example.org"), by="tan@sg.example.org").waiting
    assert composed(invited, named(WEI), by="tan@sg.example.org").invited


def test_a_head_who_waits_comes_as_a_member_where_another_leads_by_then(invited: World) -> None:
    composed(invited, named(STRANGER, seat=Seat.HEAD))
    composed(invited, Member("Minh", MINH, Seat.HEAD))
    (view,) = invited.named_people.waiting("SOM-2026")
    invited.named_people.accept("SOM-2026", view.id, caller=COORDINATOR)
    assert attendee(invited, STRANGER).seat is Seat.MEMBER
    assert meeting(invited).head_of("VN") == attendee(invited, MINH)


def test_an_address_of_a_domain_in_its_own_letters_is_one_however_it_is_typed(invited: World) -> None:
    assert composed(invited, named("lan@b\u00fccher.example")).waiting
    assert composed(invited, named("LAN@xn--bcher-kva.example")).nothing
    (view,) = invited.named_people.waiting("SOM-2026")
    invited.named_people.refuse("SOM-2026", view.id, caller=COORDINATOR)
    with pytest.raises(InvalidInput) as refused:
        composed(invited, named("lan@B\u00dcCHER.example"))
    assert [item.field for item in refused.value.problems] == ["members[0].email"]


def test_limits_hold_for_two_processes_at_once(postgres: Database, tmp_path: Path) -> None:
    world = World(postgres, tmp_path)
    world.invited(attendees=STAFF)
    world.create(reference="PREP-2026", start="2026-11-20 09:00", attendees=STAFF)
    world.meetings.publish("PREP-2026", caller=COORDINATOR)
    composed(world, named(THIRD))
    composed(world, Member("New", THIRD, removed=True))
    links = [
        world.links.page_token(next(item for item in found.attendees if item.email == LAN))
        for found in (meeting(world), meeting(world, "PREP-2026"))
    ]
    together = Barrier(2)

    def name(link: str) -> OrchestratorError | None:
        together.wait()
        try:
            world.delegation_lists.compose(link, [named(THIRD)])
        except OrchestratorError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(name, links))
    assert sum(error is None for error in ended) == 1
    assert all(isinstance(error, TooMany | InvalidInput) for error in ended if error)
