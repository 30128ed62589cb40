"""What letters say and to whom: links, what is missing, dates, outcomes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from jinja2 import Template

from orchestrator.bootstrap import mail_templates
from orchestrator.domain.delegations.delegation import Role
from orchestrator.domain.letters.display_name import display_name
from orchestrator.domain.meetings.meeting import (
    Meeting,
    Need,
    Participation,
)
from orchestrator.domain.meetings.points import Point
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.services.letters.content import LetterContent
from orchestrator.services.letters.languages import Languages
from orchestrator.services.letters.letters import Letters
from tests.unit.letters.letters_made import (
    ASKED,
    BILINGUAL,
    CANADIAN,
    CHASE,
    DEADLINE,
    DIRECTORY,
    LETTERS,
    LETTERS_BY_NAME,
    LINKLESS,
    LINKS,
    MAILBOX,
    MEETING,
    NOW,
    OVERSEEN,
    POLL,
    REMIND,
    SINGAPOREAN,
    THAI,
    TIMORESE,
    VIETNAMESE,
    WORDINGS,
    body,
    notice,
    occasion,
    text_of,
)


@pytest.mark.parametrize(
    "name", ["reminder", "reminder-english", "reminder-khmer", "notice-room-open", "rehearsal-lao"]
)
def test_the_join_link_is_ones_own_and_stands_alone_with_the_name_to_show(name: str) -> None:
    person = ASKED[name][0]
    assert person is not None
    lines = text_of(name).splitlines()
    parts = 2 if name in BILINGUAL else 1
    assert lines.count(f"{LINKS.page(person)}/join") == parts
    assert lines.count(display_name(person, MEETING, DIRECTORY)) == parts
    assert str(MEETING.conference.join_url) not in text_of(name)


def test_a_chaser_names_what_is_missing_by_when_and_the_page() -> None:
    assert (
        "Awaited from you:\n"
        "- your own reply: whether you will take part\n"
        "- the list of who comes for your delegation\n"
        "- the paper of your delegation\n"
        "The deadline has passed: Thursday, 26 November 2026, 17:00 Singapore\n"
        "  (UTC+08:00)\n\n"
        "One click opens your page, where you can do this:\n"
        f"{LINKS.page(SINGAPOREAN)}\n"
    ) in text_of("chaser-english")


def test_an_answer_missing_from_somebody_who_has_answered_is_that_of_their_head() -> None:
    person = replace(SINGAPOREAN, participation=Participation.ACCEPTED)
    text = body(LETTERS.to_attendee(MEETING, person, CHASE, NOW), "plain")
    assert "- the reply of your head of delegation\n" in text
    assert "your own reply" not in text


@pytest.mark.parametrize("why", [REMIND, occasion(ActionKind.CHASE, "chase:answer")])
def test_who_speaks_for_a_silent_head_is_asked_for_that_answer_too(why: LetterContent) -> None:
    """A delegation has answered when its head has: the focal point's own answer would end nothing."""
    head = replace(VIETNAMESE, delegation="SG", email="head@sg.example.org", id=90)
    member = replace(head, role=Role.DELEGATE, email="member@sg.example.org", id=91)
    asking = replace(why, missing=(Need.ANSWER,))
    own, of_head = "- your own reply", "- the reply of your head of delegation"
    for people, to, wanted in (
        ((head, SINGAPOREAN), SINGAPOREAN, (True, True)),
        ((replace(head, participation=Participation.ACCEPTED), SINGAPOREAN), SINGAPOREAN, (True, False)),
        ((head, SINGAPOREAN), head, (True, False)),
        ((head, member), member, (True, False)),
        ((SINGAPOREAN,), SINGAPOREAN, (True, False)),
    ):
        letter = LETTERS.to_attendee(
            replace(MEETING, attendees=people), replace(to, language="en"), asking, NOW
        )
        text = body(letter, "plain")
        assert (own in text, of_head in text) == wanted


def test_a_chaser_to_the_secretariat_lists_who_still_owes_what_in_the_order_given() -> None:
    assert (
        "Delegations from which something is awaited:\n"
        "- Brunei Darussalam: reply, list, paper\n"
        "- Lao PDR: paper\n"
        "- Republic of Korea: reply, test\n"
    ) in text_of("chaser-secretariat")


def test_a_coordinator_has_no_page_and_is_not_led_to_one() -> None:
    for kind in ("plain", "html"):
        assert "/a/" not in body(LETTERS_BY_NAME["chaser-coordinator"], kind)
        room = LETTERS.to_coordinator(MEETING, notice("room-open"), NOW)
        assert "/join" not in body(room, kind).replace(str(MEETING.conference.join_url), "")


@pytest.mark.parametrize("why", [REMIND, notice("room-open"), notice("papers", deadline=DEADLINE), OVERSEEN])
@pytest.mark.parametrize("meeting", [MEETING, LINKLESS], ids=["link", "no link"])
def test_a_coordinator_is_asked_for_nothing_that_attendees_are_asked_for(
    why: LetterContent, meeting: Meeting
) -> None:
    letter = LETTERS.to_coordinator(meeting, why, NOW)
    text, html = body(letter, "plain"), body(letter, "html")
    for part in (text, html):
        assert "your own reply" not in part
        assert "your page" not in part.casefold()
        assert (str(meeting.conference.join_url) in part) is (
            meeting is MEETING and (why is REMIND or bool(why.notice and why.notice.join))
        )
    assert "?answer=" not in html
    assert 'href=""' not in html
    assert "\n\n\n" not in text


def test_a_test_whose_time_is_not_known_yet_cannot_fail_to_suit() -> None:
    for kind in ("plain", "html"):
        unsuited = "If this time does not suit you"
        assert unsuited in body(LETTERS_BY_NAME["rehearsal-lao"], kind)
        assert unsuited not in body(LETTERS_BY_NAME["rehearsal-without-slot"], kind)


def test_times_of_a_poll_are_the_readers_own_also_on_another_day() -> None:
    assert (
        "1. Thursday, 10 December 2026, 16:00–19:00 Dili (UTC+09:00)\n"
        "2. Friday, 11 December 2026, 11:00–14:00 Dili (UTC+09:00)\n"
        "3. Tuesday, 15 December 2026, 07:00–10:00 Dili (UTC+09:00)\n"
    ) in text_of("date-poll-portuguese")
    assert f"\n{LINKS.page(TIMORESE)}/dates\n" in text_of("date-poll-portuguese")
    late = replace(POLL, options=(datetime(2026, 12, 10, 2, tzinfo=UTC),))
    assert "1. Wednesday, 9 December 2026, 21:00–00:00 (+1 day) Ottawa (UTC-05:00)\n" in body(
        LETTERS.to_attendee(MEETING, CANADIAN, late, NOW), "plain"
    )


@pytest.mark.parametrize("occasion_of", [lambda: CHASE, lambda: POLL, lambda: notice("papers")])
def test_no_name_adds_anything_to_the_html_of_any_language(occasion_of: Callable[[], LetterContent]) -> None:
    hostile = replace(THAI, name='<b>{name}</b> & "x" {0}')
    html = body(LETTERS.to_attendee(MEETING, hostile, occasion_of(), NOW), "html")
    assert html.count("&lt;b&gt;{name}&lt;/b&gt; &amp; &#34;x&#34; {0}") == 6
    assert "<b>" not in html


def test_people_of_one_delegation_and_language_share_a_page() -> None:
    class Counted(Template):
        rendered: ClassVar[list[str]] = []

        def render(self, *arguments: Any, **named: Any) -> str:
            self.rendered.append(str(self.name))
            return super().render(*arguments, **named)

    templates = mail_templates()
    templates.template_class = Counted
    letters = Letters(templates, DIRECTORY, MAILBOX, LINKS, languages=Languages(WORDINGS))
    reminded = occasion(ActionKind.REMIND, "remind:P7D")
    for number in range(20):
        person = replace(VIETNAMESE, name=f"Người {number}", email=f"{number}@vn.example.org", id=number + 20)
        letter = letters.to_attendee(MEETING, person, reminded, NOW)
        assert f"VIET NAM – Delegate – Nguoi {number}\n" in body(letter, "plain")
    assert sorted(Counted.rendered) == ["reminder.html.j2"] * 2 + ["reminder.txt.j2"] * 2


def test_message_ids_repeat_for_the_same_occasion_and_differ_for_another() -> None:
    again = LETTERS.to_attendee(MEETING, VIETNAMESE, occasion(ActionKind.INVITE, "invite"), NOW)
    assert again.message_id == LETTERS_BY_NAME["invitation"].message_id
    others = [
        LETTERS_BY_NAME[name].message_id
        for name in (
            "save-the-date",
            "update-text",
            "reminder",
            "cancellation",
            "minutes",
            "again",
            "refusal",
        )
    ]
    assert len({again.message_id, *others}) == len(others) + 1


def test_the_outcomes_of_the_preparatory_meeting_stand_below_the_agenda_item_that_reports_them() -> None:
    long = "The focal points agreed to report on digital services to the Senior Officials in writing, by May"
    first, second, third = MEETING.agenda
    carrying = replace(
        MEETING, agenda=(first, replace(second, points=(Point("The agenda stands"), Point(long))), third)
    )
    letter = LETTERS.to_attendee(carrying, CANADIAN, REMIND, NOW)
    text, html = body(letter, "plain"), body(letter, "html")
    assert (
        "2. Sharing of information on the new normal (all delegations)\n"
        "   – The agenda stands\n"
        "   – The focal points agreed to report on digital services to the Senior\n"
        "     Officials in writing, by May\n"
        "3. Closing remarks by the Chair (Viet Nam)"
    ) in text
    assert "– The agenda stands</div>" in html
