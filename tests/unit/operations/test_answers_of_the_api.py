"""What the API answers has a fact beside each sentence that a service says with one."""

from __future__ import annotations

from dataclasses import fields

import pytest

from orchestrator.domain.dates.findings import Findings, Standing, WhyNot
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.dates.date_poll_views import DatePollView, VoteView
from orchestrator.services.meetings.views import (
    DeliveryView,
    HistoryView,
    LinkedView,
    MeetingView,
    ResponseView,
)
from orchestrator.services.readiness.views import CellView, ConnectionTestView, DelegationReadiness
from orchestrator.services.timelines.moves import Shift
from orchestrator.services.timelines.timelines import StepView
from orchestrator.services.timelines.views import ActionView, Consequence, Effect
from orchestrator.web.api.answering import AnswerModel
from orchestrator.web.api.answers.schemas import IncomingModel
from orchestrator.web.api.dates.schemas import (
    DatePollModel,
    FindingsModel,
    StandingModel,
    VoteModel,
    WhyNotModel,
)
from orchestrator.web.api.delegations.schemas import ShiftModel
from orchestrator.web.api.meetings.schemas import (
    DeliveryModel,
    HistoryModel,
    LinkedModel,
    MeetingModel,
    ResponseModel,
)
from orchestrator.web.api.readiness.schemas import CellModel, ConnectionTestModel, DelegationReadinessModel
from orchestrator.web.api.timelines.schemas import ActionModel, ConsequenceModel, EffectModel, StepModel

SHOWN: dict[type, type[AnswerModel]] = {
    ActionView: ActionModel,
    CellView: CellModel,
    ConnectionTestView: ConnectionTestModel,
    Consequence: ConsequenceModel,
    DatePollView: DatePollModel,
    DelegationReadiness: DelegationReadinessModel,
    DeliveryView: DeliveryModel,
    Effect: EffectModel,
    Findings: FindingsModel,
    HistoryView: HistoryModel,
    IncomingView: IncomingModel,
    LinkedView: LinkedModel,
    MeetingView: MeetingModel,
    ResponseView: ResponseModel,
    Shift: ShiftModel,
    Standing: StandingModel,
    StepView: StepModel,
    VoteView: VoteModel,
    WhyNot: WhyNotModel,
}


@pytest.mark.parametrize("view", SHOWN, ids=lambda view: str(view.__name__))
def test_every_field_is_shown_and_every_fact_stands_beside_its_sentence(view: type) -> None:
    shown = SHOWN[view].model_fields.keys()
    for field in fields(view):
        assert field.name in shown
        kind = str(field.type)
        if "Fact" in kind or "Said" in kind:
            assert f"{field.name}_fact{'s' if 'tuple' in kind else ''}" in shown
