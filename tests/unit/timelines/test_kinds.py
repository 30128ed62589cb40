"""The table of kinds: that it names every kind, and that what it says of one fits together."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.timelines.audience import Audience
from orchestrator.domain.timelines.kinds import (
    IN_OWN_LANGUAGE,
    KINDS,
    REQUESTS,
    STEP_RULES,
    ActionKind,
    Conditional,
    Reach,
    Recipient,
    Tells,
    Work,
    purposes_where,
)
from orchestrator.domain.timelines.steps import Step
from orchestrator.store.rows.base import table_of
from orchestrator.store.rows.delivery import DeliveryRow
from orchestrator.store.rows.timelines import ActionRow

NEVER = Conditional.NEVER
TEMPLATES = Path(__file__).parents[3] / "config" / "templates" / "mail"


def test_every_kind_has_an_entry_in_the_order_of_the_kinds() -> None:
    assert [*KINDS] == [*ActionKind]


@pytest.mark.parametrize("kind", ActionKind)
def test_a_mail_has_a_recipient_and_a_template_and_nothing_else_has(kind: ActionKind) -> None:
    rules = kind.rules
    assert (rules.recipient is not Recipient.NOBODY) is kind.is_mail
    assert bool(rules.purposes) is kind.is_mail
    for purpose in rules.purposes:
        for form in ("txt", "html"):
            assert (TEMPLATES / f"{purpose}.{form}.j2").is_file(), purpose
    if not kind.is_mail:
        assert rules.calendar is None
        assert rules.tells is Tells.NOTHING
        assert not (rules.merged or rules.own_language or rules.tells_current)


@pytest.mark.parametrize("kind", ActionKind)
def test_an_entry_fits_together(kind: ActionKind) -> None:
    rules = kind.rules
    assert rules.words
    assert rules.statuses
    assert (rules.turn is not None) is (rules.work is Work.TURN and kind is not ActionKind.LOOK)
    assert bool(rules.why) is (rules.step is None), "a timeline says when its steps are"
    assert rules.calendar is None or rules.recipient is Recipient.ATTENDEE
    assert rules.reach is Reach.INVITED or rules.recipient in (Recipient.ATTENDEE, Recipient.EITHER)


@pytest.mark.parametrize(("kind", "rules"), STEP_RULES.items())
def test_a_step_may_say_only_what_steps_have(kind: ActionKind, rules: object) -> None:
    assert kind.rules.step is rules
    assert kind.rules.step is not None
    assert kind.rules.step.fields <= set(Step.model_fields)
    assert kind.rules.step.needs <= kind.rules.step.fields
    if kind.rules.step.audience:
        assert Audience.parse(kind.rules.step.audience).words == kind.rules.step.audience


def test_no_purpose_is_that_of_two_kinds() -> None:
    purposes = purposes_where(lambda _: True)
    assert len(set(purposes)) == len(purposes)
    # Every template is of a kind, but for those that others include.
    known = {path.name.partition(".")[0] for path in TEMPLATES.iterdir() if not path.name.startswith("_")}
    assert known == set(purposes)


def test_names_of_kinds_and_purposes_fit_their_columns() -> None:
    kinds, purposes = table_of(ActionRow).c.kind.type, table_of(DeliveryRow).c.purpose.type
    assert max(map(len, ActionKind)) <= getattr(kinds, "length", 0)
    assert max(map(len, purposes_where(lambda _: True))) <= getattr(purposes, "length", 0)


def test_what_is_derived_from_the_table_is_what_was_agreed() -> None:
    assert REQUESTS == ("invitation", "save-the-date", "update", "again", "refusal")
    assert {*purposes_where(lambda _: True)} - {"minutes"} == IN_OWN_LANGUAGE
    assert [kind for kind in ActionKind if MeetingStatus.DRAFT in kind.rules.statuses] == [
        ActionKind.DATE_POLL,
        ActionKind.CANCEL,
        ActionKind.ALERT,
        ActionKind.DIGEST,
        ActionKind.LOOK,
    ]


def test_whom_each_kind_still_reaches_and_what_is_asked_again_before_it_is_done_is_what_was_agreed() -> None:
    """Services read these from the table, so that nothing else would notice a change of one."""
    coming = [kind for kind in ActionKind if kind.rules.reach is Reach.COMING]
    assert coming == [ActionKind.INVITE, ActionKind.REMIND, ActionKind.NOTICE]
    assert [kind for kind in ActionKind if kind.rules.reach is Reach.ALL] == [
        ActionKind.CANCEL,
        ActionKind.MINUTES,
    ]
    assert {kind: kind.rules.conditional for kind in ActionKind if kind.rules.conditional is not NEVER} == {
        ActionKind.REMIND: Conditional.WHERE_ITS_STEP_IS,
        ActionKind.NOTICE: Conditional.ALWAYS,
        ActionKind.CHASE: Conditional.ALWAYS,
        ActionKind.CONNECTION_TEST: Conditional.ALWAYS,
        ActionKind.DATE_POLL: Conditional.ALWAYS,
        ActionKind.LETTER: Conditional.ALWAYS,
        ActionKind.ALERT: Conditional.ALWAYS,
        ActionKind.LOOK: Conditional.ALWAYS,
    }
    assert [kind for kind in ActionKind if kind.rules.tells_current] == [
        ActionKind.RESEND,
        ActionKind.REFUSAL,
    ]
    assert [kind for kind in ActionKind if kind.rules.let_go_by_link] == [ActionKind.INVITE]
