"""What a meeting wants of delegations: one table, which timelines, readiness, commands and letters read.

A new need gets a member of ``Need``, an entry here, its words in mails, and a heading of the board;
``docs/how-to-add.md`` lists the places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.domain.meetings.meeting import Need
from orchestrator.facts import Fact


@dataclass(frozen=True, slots=True)
class NeedRules:
    """What one need is.

    ``missing`` is how a timeline writes the condition that it is missing, ``column`` its column of the
    readiness board. ``word`` is how commands and the API call it where it is recorded for a delegation;
    answers have none, for people give them. ``said`` is what it is called among other words.
    """

    missing: str
    column: str
    word: str | None
    said: Fact


NEEDS: Mapping[Need, NeedRules] = {
    Need.ANSWER: NeedRules("no answer", "answered", None, Fact.of("meetings.need-answer")),
    Need.LIST: NeedRules("list missing", "list", "list", Fact.of("meetings.need-list")),
    Need.PAPER: NeedRules("paper missing", "paper", "paper", Fact.of("meetings.need-paper")),
    Need.TEST: NeedRules("connectivity test missing", "tested", "test", Fact.of("meetings.need-test")),
}
CONDITIONS: Mapping[str, Need] = {rules.missing: need for need, rules in NEEDS.items()}
"""The conditions under which a step of a timeline is done, as timelines write them."""
RECORDED: Mapping[str, Need] = {rules.word: need for need, rules in NEEDS.items() if rules.word}
"""What is recorded for a delegation, by the word for it."""
