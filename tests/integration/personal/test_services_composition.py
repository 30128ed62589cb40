"""Who comes for a delegation, as its focal point says."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.fields import Seat
from orchestrator.errors import Conflict, InvalidInput, OrchestratorError
from orchestrator.services.people.contacts import Contact
from orchestrator.services.personal.delegation_list import MOST_MEMBERS, Composition, Member
from orchestrator.store.engine import Database
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    PEOPLE,
    TAN,
    THIDA,
    World,
    contents,
    statements,
)
from tests.integration.personal.personal_pages import (
    LAN,
    MINH,
    STAFF,
    WEI,
    P,
    answers,
    attendee,
    history,
    meeting,
    records,
    removed,
    token,
)

# Naming who comes


def composed(world: World, *members: Member, by: str = LAN, **options: Any) -> Composition:
    return world.delegation_lists.compose(token(world, by), members, **options)


NEW = Member("Vũ Thị Hạnh", "Hanh@vn.example.org", Seat.MEMBER)
OUT = Member("Đỗ Quang Minh", MINH, removed=True)


def test_named_members_are_invited_and_removed_ones_get_a_cancel(invited: World) -> None:
    preview = composed(invited, NEW, OUT, dry_run=True)
    assert preview.invited == (Contact("Vũ Thị Hạnh", "Hanh@vn.example.org"),)
    assert preview.withdrawn == (Contact("Đỗ Quang Minh", MINH),)
    assert (preview.dropped, preview.changed) == ((), ())
    version, sent = meeting(invited).version, len(invited.mailer.accepted)
    assert composed(invited, NEW, OUT) == preview
    invited.run()
    assert {(mail.recipient, mail.method) for mail in invited.mailer.accepted[sent:]} == {
        ("Hanh@vn.example.org", "REQUEST"),
        (MINH, "CANCEL"),
    }
    text = invited.mailer.to(MINH)[-1].message.get_body(("plain",))
    assert text is not None
    assert "The delegation has changed its list" in " ".join(text.get_content().split())
    assert meeting(invited).version == version + 1
    hanh = attendee(invited, "Hanh@vn.example.org")
    assert (hanh.group, hanh.role, hanh.delegation, hanh.seat) == ("SOM", "delegate", "VN", Seat.MEMBER)
    (row,) = records(invited)
    assert (row.kind, row.channel, row.by) == ("composition", "web", f"Phạm Thu Lan <{LAN}>")
    assert row.what is not None and row.comment is None
    said = words.say(row.what)
    assert "Vũ Thị Hạnh <Hanh@vn.example.org>, member" in said
    assert f"Đỗ Quang Minh <{MINH}>, removed" in said
    (noted,) = history(invited, "delegation named")
    assert (words.maybe(noted.detail) or "").startswith("VN, by Phạm Thu Lan: ")
    newest = invited.personal_pages.page(token(invited, LAN)).history[0]
    assert words.say(newest.what) == "named who comes"
    # The new member answers with the link in the invitation.
    invited.personal_answers.answer(token(invited, "Hanh@vn.example.org"), P.ACCEPTED)


def test_looking_ahead_at_a_list_writes_and_locks_nothing(invited: World) -> None:
    opened = token(invited, LAN)
    with statements(invited.database) as seen:
        assert invited.delegation_lists.compose(opened, [NEW, OUT], dry_run=True).invited
    assert {text.split()[0] for text in seen if not text.startswith("BEGIN")} == {"SELECT"}
    assert not any("FOR UPDATE" in text or "FOR SHARE" in text or "IMMEDIATE" in text for text in seen)


def test_who_stays_keeps_row_answer_and_link(invited: World) -> None:
    invited.personal_answers.answer(token(invited, MINH), P.ACCEPTED)
    number, opened, sent = attendee(invited, MINH).id, token(invited, MINH), len(invited.mailer.accepted)
    done = composed(invited, Member("Đỗ Quang Minh, PhD", MINH, Seat.SUBSTITUTE))
    assert tuple(map(words.say, done.changed)) == (
        "Đỗ Quang Minh is now called Đỗ Quang Minh, PhD",
        "Đỗ Quang Minh, PhD comes as substitute, not as member",
    )
    invited.run()
    found = attendee(invited, MINH)
    assert (found.id, found.seat, found.participation) == (number, Seat.SUBSTITUTE, P.ACCEPTED)
    assert len(invited.mailer.accepted) == sent
    assert invited.personal_pages.page(opened).answer == "accepted"


def test_a_new_head_leads_and_may_answer_for_the_delegation(invited: World) -> None:
    head = Member("Trần Văn Dũng", "dung@vn.example.org", Seat.HEAD)
    composed(invited, head, Member("Lê Thị Hồng Nhung", NHUNG, Seat.MEMBER))
    assert meeting(invited).head_of("VN") == attendee(invited, "dung@vn.example.org")
    assert attendee(invited, "dung@vn.example.org").role == "senior official"
    assert invited.personal_pages.page(token(invited, "dung@vn.example.org")).answers_for_delegation
    assert not invited.personal_pages.page(token(invited, NHUNG)).answers_for_delegation


def test_the_same_list_again_changes_nothing(invited: World) -> None:
    composed(invited, NEW, OUT)
    before = contents(invited.database)
    assert composed(invited, NEW, OUT, mark="of an older list").nothing
    assert contents(invited.database) == before


def test_a_list_changed_meanwhile_is_not_overwritten(invited: World) -> None:
    mark = invited.personal_pages.page(token(invited, LAN)).mark
    removed(invited, MINH)
    before = contents(invited.database)
    with pytest.raises(Conflict) as refused:
        composed(invited, NEW, Member("Đỗ Quang Minh", MINH, Seat.MEMBER), mark=mark)
    assert refused.value.code == "list-changed"
    assert contents(invited.database) == before
    # What the coordinator or another delegation changes beside it is in nobody's way.
    mark = invited.personal_pages.page(token(invited, LAN)).mark
    update = MeetingUpdate.model_validate({"title": {"en": "SOM, second"}})
    invited.meetings.update(
        "SOM-2026",
        update,
        caller=caller("coordinator"),
        version=meeting(invited).version,
        reason="The Chair is ill.",
    )
    composed(invited, Member("Wei", WEI, Seat.MEMBER), by=TAN)
    composed(invited, NEW, mark=mark)


def test_who_is_not_named_stays(invited: World) -> None:
    composed(invited, NEW)
    assert {item.email for item in meeting(invited).invited} == {
        NHUNG,
        LAN,
        MINH,
        THIDA,
        TAN,
        "Hanh@vn.example.org",
    }


def test_nobody_named_for_a_meeting_without_its_link_yet_is_told_too_early(world: World) -> None:
    world.published(attendees=STAFF)
    done = composed(world, NEW, OUT)
    assert done.invited == (Contact("Vũ Thị Hạnh", "Hanh@vn.example.org"),)
    assert (done.withdrawn, done.dropped) == ((), (Contact("Đỗ Quang Minh", MINH),))
    assert world.mailer.accepted == []
    world.run()
    assert MINH not in {mail.recipient for mail in world.mailer.accepted}


REFUSED: list[tuple[list[Member], str, str]] = [
    ([Member("A", "a@vn")], "members[0].email", "is not an e-mail address"),
    ([Member("A", "")], "members[0].email", "is not an e-mail address"),
    ([Member(" ", "a@vn.example.org")], "members[0].name", "is empty"),
    ([Member("A\r\nBcc: x", "a@vn.example.org")], "members[0].name", "holds a line break"),
    ([Member("A" * 121, "a@vn.example.org")], "members[0].name", "at most 120"),
    ([NEW, Member("H", " hanh@VN.example.org ")], "members[1].email", "is there twice"),
    ([Member("T", THIDA.upper())], "members[0].email", "for another delegation"),
    ([Member("M", "Meetings@accsm.example")], "members[0].email", "which invitations come from"),
    ([Member("M", "meetings+1@accsm.example")], "members[0].email", "which invitations come from"),
    (
        [Member("N", NHUNG, Seat.HEAD), Member("H", "h@vn.example.org", Seat.HEAD)],
        "members[1].seat",
        "so is somebody else",
    ),
    ([Member("Lan", LAN, removed=True)], "members[0].seat", "cannot be taken out by yourself"),
    (
        [Member(f"P{n}", f"p{n}@vn.example.org", Seat.MEMBER) for n in range(MOST_MEMBERS - 2)],
        "members",
        "more than a delegation can have",
    ),
]


def test_what_cannot_be_is_refused_at_its_field(invited: World) -> None:
    before, opened = contents(invited.database), token(invited, LAN)
    for members, field, said in REFUSED:
        with pytest.raises(InvalidInput) as refused:
            invited.delegation_lists.compose(opened, members)
        (problem,) = refused.value.problems
        assert problem.field == field
        assert said in problem.message
    assert contents(invited.database) == before


def test_a_focal_point_cannot_be_removed_by_the_head_either(invited: World) -> None:
    with pytest.raises(InvalidInput, match="is a focal point"):
        composed(invited, Member("Lan", LAN, removed=True), by=NHUNG)


def test_a_delegate_names_nobody(invited: World) -> None:
    with pytest.raises(Conflict) as refused:
        composed(invited, NEW, by=MINH)
    assert refused.value.code == "not-allowed"


def test_somebody_of_another_delegation_is_not_removed(invited: World) -> None:
    assert composed(invited, Member("T", THIDA, removed=True)).nothing
    assert THIDA in answers(invited)


@pytest.mark.parametrize(
    ("attendees", "group"),
    [
        (STAFF, "SOM"),
        # Without a head of its own, the group in which other delegations' heads are.
        ([PEOPLE[TAN], PEOPLE[THIDA]], "SOM"),
        # A group that is not for that delegation is none.
        ([PEOPLE[TAN]], "ACCSM_FP"),
    ],
)
def test_new_members_come_in_the_circle_of_the_heads(world: World, attendees: Any, group: str) -> None:
    world.invited(attendees=attendees)
    composed(world, Member("Wei", WEI, Seat.MEMBER), by=TAN)
    assert attendee(world, WEI).group == group


def test_two_delegations_name_the_same_new_person_at_once(postgres: Database, tmp_path: Any) -> None:
    world = World(postgres, tmp_path)
    # A domain that is known of both delegations, for example of an agency that they share.
    known = [
        {"group": "SOM", "delegation": code, "name": code, "email": f"{code}@example.org"}
        for code in ("VN", "SG")
    ]
    world.invited(attendees=[*STAFF, *known])
    opened, together = [token(world, LAN), token(world, TAN)], Barrier(2)

    def name(which: str) -> OrchestratorError | None:
        together.wait()
        try:
            world.delegation_lists.compose(which, [Member("Same", "same@example.org", Seat.MEMBER)])
        except OrchestratorError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(name, opened))
    assert sum(error is None for error in ended) == 1
    assert Counter(item.address for item in meeting(world).invited)["same@example.org"] == 1
