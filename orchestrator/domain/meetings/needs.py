"""What a meeting wants of delegations: one table, which timelines, readiness, commands and letters read.

A new need gets a member of ``Need``, an entry here, its words in mails and those of its keys;
``docs/how-to-add.md`` lists the places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.meetings.meeting import ContributionState, Need
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class NeedRules:
    """What one need is.

    ``missing`` is how a timeline writes the condition that it is missing, ``column`` its column of the
    readiness board. ``word`` is how commands and the API call it where it is recorded for a delegation;
    answers have none, for people give them. ``said`` is what it is called among other words, ``heading``
    and ``done`` what the board calls its column and those who are through with it. ``history`` has the keys
    of what history says when it came in, was waived, failed, or is missing again.
    """

    missing: str
    column: str
    word: str | None
    said: Fact
    heading: Fact
    done: Fact
    history: Mapping[ContributionState | None, str]


def _history(
    came_in: str, waived: str, failed: str, missing_again: str
) -> Mapping[ContributionState | None, str]:
    state = ContributionState
    return {state.IN: came_in, state.WAIVED: waived, state.FAILED: failed, None: missing_again}


NEEDS: Mapping[Need, NeedRules] = {
    Need.ANSWER: NeedRules(
        "no answer",
        "answered",
        None,
        Fact.of("meetings.need-answer"),
        heading=Fact.of("meetings.need-answer.heading"),
        done=Fact.of("meetings.need-answer.done"),
        history=_history(
            "readiness.history.answer-in",
            "readiness.history.answer-waived",
            "readiness.history.answer-failed",
            "readiness.history.answer-missing-again",
        ),
    ),
    Need.LIST: NeedRules(
        "list missing",
        "list",
        "list",
        Fact.of("meetings.need-list"),
        heading=Fact.of("meetings.need-list.heading"),
        done=Fact.of("meetings.need-list.done"),
        history=_history(
            "readiness.history.list-in",
            "readiness.history.list-waived",
            "readiness.history.list-failed",
            "readiness.history.list-missing-again",
        ),
    ),
    Need.PAPER: NeedRules(
        "paper missing",
        "paper",
        "paper",
        Fact.of("meetings.need-paper"),
        heading=Fact.of("meetings.need-paper.heading"),
        done=Fact.of("meetings.need-paper.done"),
        history=_history(
            "readiness.history.paper-in",
            "readiness.history.paper-waived",
            "readiness.history.paper-failed",
            "readiness.history.paper-missing-again",
        ),
    ),
    Need.TEST: NeedRules(
        "connectivity test missing",
        "tested",
        "test",
        Fact.of("meetings.need-test"),
        heading=Fact.of("meetings.need-test.heading"),
        done=Fact.of("meetings.need-test.done"),
        history=_history(
            "readiness.history.test-in",
            "readiness.history.test-waived",
            "readiness.history.test-failed",
            "readiness.history.test-missing-again",
        ),
    ),
}
CONDITIONS: Mapping[str, Need] = {rules.missing: need for need, rules in NEEDS.items()}
"""The conditions under which a step of a timeline is done, as timelines write them."""
RECORDED: Mapping[str, Need] = {rules.word: need for need, rules in NEEDS.items() if rules.word}
"""What is recorded for a delegation, by the word for it."""
