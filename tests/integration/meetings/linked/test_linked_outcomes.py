"""What a preparatory meeting decided stands in the meeting that it prepares."""

from __future__ import annotations

import pytest

from orchestrator import words
from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.meetings.decisions import Edit
from orchestrator.domain.meetings.fields import AgendaFields, values
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.errors import Conflict, NotFound
from orchestrator.words import say
from tests.callers import caller
from tests.integration.conftest import (
    NHUNG,
    World,
    definition,
)
from tests.integration.meetings.linked.linking import (
    BY,
    HEADS,
    PREP,
    REPORT,
    SOM,
    attention,
    begun,
    change,
    sentences,
    view,
)


def concluded(world: World) -> None:
    """The preparatory meeting ends by itself."""
    world.clock.at = view(world, PREP).ends_at
    world.run()
    assert view(world, PREP).status == "concluded"


def points(world: World, reference: str = SOM) -> list[tuple[str, ...]]:
    return [tuple(say(point) for point in item.points) for item in view(world, reference).agenda]


# --- outcomes


def test_outcomes_begin_with_the_meeting(published: World) -> None:
    with pytest.raises(Conflict, match="has not begun"):
        published.decisions.add(PREP, "Too early", caller=BY)
    with pytest.raises(NotFound):
        published.decisions.of("NONE")
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.decisions.add(PREP, "Venue", is_open=True, caller=caller("console"))
    published.decisions.add(PREP, "Theme", caller=BY)
    published.decisions.change(PREP, 3, Edit(number=1), caller=BY)
    published.decisions.remove(PREP, 2, caller=BY)
    found = published.decisions.agree(PREP, 2, caller=BY)
    assert [(item.number, item.text, item.is_open, item.by) for item in found.decisions] == [
        (1, "Theme", False, BY.name),
        (2, "Venue", False, BY.name),
    ]
    assert found.decisions == published.decisions.of(PREP) == view(published, PREP).decisions
    assert [words.say(item.what) for item in view(published, PREP).history[:6]] == [
        "decision 2 changed",
        "decision 2 removed",
        "decision 3 changed",
        "decision added",
        "decision added",
        "decision added",
    ]
    assert words.maybe(view(published, PREP).history[0].detail) == "was: Venue (open); is: Venue"
    assert points(published) == [(), ()], "nothing is carried over before the end"


def test_the_end_carries_outcomes_into_the_item_that_reports_them(published: World) -> None:
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    mails, before = len(published.mailer.accepted), view(published, SOM)
    concluded(published)
    assert points(published) == [(), ("Agenda agreed", "Venue (open)")]
    after = view(published, SOM)
    assert (after.version, after.revision, after.sequence) == (
        before.version,
        before.revision,
        before.sequence,
    )
    assert words.say(after.history[0].what) == "decisions carried over"
    assert words.maybe(after.history[0].detail) == f"from {PREP}"
    assert not any(mail.subject.startswith("Updated") for mail in published.mailer.accepted[mails:])
    assert attention(published) == (f"1 decision of {PREP} is still open: 2. Venue",)


def test_an_agenda_that_is_written_back_keeps_what_it_reports(published: World) -> None:
    begun(published)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    concluded(published)
    before = view(published, SOM)
    agenda = [values(AgendaFields, item) for item in before.agenda]
    update = MeetingUpdate.model_validate({"agenda": agenda})
    published.meetings.update(SOM, update, caller=BY, version=before.version, reason="The Chair is ill.")
    after = view(published, SOM)
    assert (after.agenda, after.revision) == (before.agenda, before.revision)


def test_later_changes_carry_again_and_the_next_mails_have_them(published: World) -> None:
    concluded(published)
    assert published.decisions.add(PREP, "Agenda agreed", caller=BY).warnings == ()
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    published.decisions.agree(PREP, 2, caller=BY)
    assert points(published) == [(), ("Agenda agreed", "Venue")]
    assert attention(published) == ()
    before = len(published.mailer.accepted)
    published.answers.send_again(SOM, NHUNG, caller=BY)
    published.run()
    (mail,) = [item for item in published.mailer.accepted[before:] if item.recipient == NHUNG]
    assert "\\n   – Agenda agreed\\n   – Venue" in mail.calendar
    published.decisions.remove(PREP, 1, caller=BY)
    assert points(published) == [(), ("Venue",)]


def test_concluding_by_hand_carries_and_says_what_is_left(published: World) -> None:
    begun(published)
    nothing = published.meetings.conclude(PREP, caller=BY, dry_run=True)
    assert sentences(nothing.warnings) == (f"{PREP} has no decision yet that {SOM} could report.",)
    published.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    done = published.meetings.conclude(PREP, caller=BY)
    open_one = f"1 decision of {PREP} is still open: 1. Venue"
    assert sentences(done.warnings) == (open_one,)
    assert points(published) == [(), ("Venue (open)",)]
    assert sentences(change(published, title="Another title").warnings) == (open_one,)


def test_an_agenda_that_reports_nothing_is_said(published: World) -> None:
    change(published, agenda=["Opening"])
    begun(published)
    missing = (
        f"No item of the agenda of {SOM} reports the decisions of {PREP}; "
        f"give the item that does 'input_from: {PREP}'."
    )
    assert attention(published) == (), "there is time until the end"
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    assert sentences(published.meetings.conclude(PREP, caller=BY).warnings) == (missing,)
    assert attention(published) == (missing,)
    done = change(published, agenda=["Opening", REPORT, "Other matters"])
    assert done.warnings == ()
    assert points(published) == [(), ("Agenda agreed",), ()], "an item given later is filled at once"


def test_an_open_outcome_is_said_when_the_next_meeting_is_published(pair: World) -> None:
    pair.meetings.publish(PREP, caller=BY)
    pair.run()
    begun(pair)
    pair.decisions.add(PREP, "Venue", is_open=True, caller=BY)
    concluded(pair)
    assert points(pair) == [(), ("Venue (open)",)], "a draft has it too"
    done = pair.meetings.publish(SOM, caller=BY, dry_run=True)
    assert sentences(done.warnings) == (f"1 decision of {PREP} is still open: 1. Venue",)


def test_a_meeting_made_later_has_what_was_decided_before(published: World) -> None:
    begun(published, SOM)
    published.run()
    published.decisions.add(SOM, "Work plan adopted", caller=BY)
    published.meetings.conclude(SOM, caller=BY)
    agenda = [{"en": "Report of the SOM", "input_from": SOM}]
    heads = definition(HEADS, kind="heads", start="2026-12-04 09:00", fed_by=[SOM], agenda=agenda)
    published.meetings.create([heads], caller=BY)
    assert points(published, HEADS) == [("Work plan adopted",)]
    assert view(published, HEADS).version == 1


def test_what_is_over_keeps_the_agenda_it_had(published: World) -> None:
    concluded(published)
    begun(published, SOM)
    published.run()
    published.meetings.conclude(SOM, caller=BY)
    published.decisions.add(PREP, "Too late for that agenda", caller=BY)
    assert points(published) == [(), ()]


# --- creating


def test_nothing_of_this_sends_anything_by_itself(published: World) -> None:
    concluded(published)
    before = len(published.mailer.accepted)
    published.decisions.add(PREP, "Agenda agreed", caller=BY)
    published.run()
    assert len(published.mailer.accepted) == before
    assert published.states(ActionKind.INVITE) == ["succeeded"] * 6
