"""What the API takes and answers about readiness and connection tests."""

from __future__ import annotations

from pydantic import Field

from orchestrator.domain.definitions.written import WallTime
from orchestrator.services.readiness.connection_tests import ConnectionTestMove
from orchestrator.web.api.answering import AnswerModel, ContactModel, FactOf, LocalTimeModel, Sentence, beside
from orchestrator.web.api.inputs import Body
from orchestrator.web.api.renamed import formerly


class ConnectionTestRequest(Body):
    """When a delegation tries its connection."""

    start: WallTime = Field(description="Wall time in the meeting's zone.")

    def wanted(self) -> ConnectionTestMove:
        """Return what the service takes."""
        return ConnectionTestMove(start=self.start)


class CellModel(AnswerModel):
    """How one thing stands for a delegation."""

    state: Sentence
    settled: bool | None = Field(description="Nothing where it does not count for the delegation.")
    since: LocalTimeModel | None = Field(description="The host's time.")
    by: Sentence | None
    by_fact: FactOf | None = beside("by")
    details: list[Sentence]
    details_facts: list[FactOf] = beside("details")


class ConnectionTestModel(AnswerModel):
    """When a delegation tries its connection: in its own time, and at the host's."""

    delegation: str
    delegation_name: str
    starts: LocalTimeModel
    ends: LocalTimeModel
    host_starts: LocalTimeModel
    note: Sentence | None
    note_fact: FactOf | None = beside("note")


class TallyModel(AnswerModel):
    """Of how many delegations a thing is settled, and of how many it counts."""

    settled: int
    of: int


class DelegationReadinessModel(AnswerModel):
    """One row of the board."""

    code: str
    name: str
    cells: dict[str, CellModel]
    connection_test: ConnectionTestModel | None
    slot: ConnectionTestModel | None = formerly("connection_test")
    missing: list[Sentence]
    missing_facts: list[FactOf] = beside("missing")
    nudge_to: list[ContactModel]
    nudged_at: LocalTimeModel | None = Field(description="The host's time.")


class BoardModel(AnswerModel):
    """The readiness of a meeting: delegations in protocol order, and how many are through with what."""

    reference: str
    tally: dict[str, TallyModel]
    delegations: list[DelegationReadinessModel]
    ready: bool = Field(description="Every delegation has answered and has its invitation.")
