"""Gives requests the use case that they need, and not all that this process has.

A handler asks for what it calls by its type: ``meetings: MeetingsDep``. What it can reach is then written
in its signature, and a test can put another use case in its place.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends

from config.settings import Settings
from orchestrator.bootstrap import Container, container
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.ports import Clock, DocumentStore, Outbox
from orchestrator.services.answers.by_hand import AnswersByHand
from orchestrator.services.answers.guests import Guests
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.known_senders import KnownSenders
from orchestrator.services.answers.quarantine import Quarantine
from orchestrator.services.answers.senders import Senders
from orchestrator.services.dates.date_polls import DatePolls
from orchestrator.services.dates.fair_starts import FairStarts
from orchestrator.services.definitions.examples import Examples
from orchestrator.services.delegations.calendars import WorkingCalendars
from orchestrator.services.letters.notes import Notes
from orchestrator.services.letters.one_off import CoordinatorLetters
from orchestrator.services.meetings.decisions import Decisions
from orchestrator.services.meetings.event_sessions import EventSessions
from orchestrator.services.meetings.event_views import EventReading
from orchestrator.services.meetings.events import Events
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.minutes.files import MeetingFiles
from orchestrator.services.minutes.minutes import Minutes
from orchestrator.services.minutes.papers import Papers
from orchestrator.services.operations.bulk import Bulk
from orchestrator.services.operations.operations import Operations
from orchestrator.services.operations.write_probe import WriteProbe
from orchestrator.services.personal.answering import PersonalAnswers
from orchestrator.services.personal.date_poll import PersonalDatePolls
from orchestrator.services.personal.feeds import CalendarFeeds
from orchestrator.services.personal.links import PersonalLinks
from orchestrator.services.personal.naming import DelegationLists
from orchestrator.services.personal.own_senders import OwnSenders
from orchestrator.services.personal.page import PersonalPages
from orchestrator.services.personal.still_missing import StillMissing
from orchestrator.services.personal.waiting import NamedPeople
from orchestrator.services.readiness.attendance import AttendanceBook
from orchestrator.services.readiness.connection_tests import ConnectionTests
from orchestrator.services.readiness.contributions import Contributions
from orchestrator.services.readiness.nudges import Nudges
from orchestrator.services.readiness.readiness import Readiness
from orchestrator.services.timelines.mails_ahead import ForeseeingMails
from orchestrator.services.timelines.timelines import MeetingTimelines
from orchestrator.store.engine import Database

T = TypeVar("T")


def services() -> Container:
    """Return the container; a dependency, so that tests can put another one in its place."""
    return container()


ContainerDep = Annotated[Container, Depends(services)]


def _use(pick: Callable[[Container], T]) -> Callable[[Container], Awaitable[T]]:
    """Return a dependency that gives what ``pick`` takes from the container."""

    # A coroutine, because taking an attribute is not worth a thread.
    async def use_case(container: ContainerDep) -> T:
        return pick(container)

    return use_case


AnswersDep = Annotated[AnswersByHand, Depends(_use(lambda made: made.answers))]
AttendanceDep = Annotated[AttendanceBook, Depends(_use(lambda made: made.attendance))]
CalendarFeedsDep = Annotated[CalendarFeeds, Depends(_use(lambda made: made.calendar_feeds))]
CalendarsDep = Annotated[WorkingCalendars, Depends(_use(lambda made: made.calendars))]
ClockDep = Annotated[Clock, Depends(_use(lambda made: made.clock))]
DatabaseDep = Annotated[Database, Depends(_use(lambda made: made.database))]
DatePollsDep = Annotated[DatePolls, Depends(_use(lambda made: made.date_polls))]
DelegationListsDep = Annotated[DelegationLists, Depends(_use(lambda made: made.delegation_lists))]
DirectoryDep = Annotated[Directory, Depends(_use(lambda made: made.directory))]
DocumentsDep = Annotated[DocumentStore, Depends(_use(lambda made: made.documents))]
ExamplesDep = Annotated[Examples, Depends(_use(lambda made: made.examples))]
FairStartsDep = Annotated[FairStarts, Depends(_use(lambda made: made.fair_starts))]
InboxDep = Annotated[Inbox | None, Depends(_use(lambda made: made.inbox))]
GuestsDep = Annotated[Guests, Depends(_use(lambda made: made.guests))]
KnownSendersDep = Annotated[KnownSenders, Depends(_use(lambda made: made.known_senders))]
IncomingDep = Annotated[IncomingMails, Depends(_use(lambda made: made.incoming))]
EventReadingDep = Annotated[EventReading, Depends(_use(lambda made: made.event_reading))]
EventSessionsDep = Annotated[EventSessions, Depends(_use(lambda made: made.event_sessions))]
EventsDep = Annotated[Events, Depends(_use(lambda made: made.events))]
MeetingsDep = Annotated[Meetings, Depends(_use(lambda made: made.meetings))]
MeetingFilesDep = Annotated[MeetingFiles, Depends(_use(lambda made: made.meeting_files))]
MinutesDep = Annotated[Minutes, Depends(_use(lambda made: made.minutes))]
BulkDep = Annotated[Bulk, Depends(_use(lambda made: made.bulk))]
OperationsDep = Annotated[Operations, Depends(_use(lambda made: made.operations))]
OutboxDep = Annotated[Outbox | None, Depends(_use(lambda made: made.outbox))]
CoordinatorLettersDep = Annotated[CoordinatorLetters, Depends(_use(lambda made: made.coordinator_letters))]
NotesDep = Annotated[Notes, Depends(_use(lambda made: made.notes))]
DecisionsDep = Annotated[Decisions, Depends(_use(lambda made: made.decisions))]
PapersDep = Annotated[Papers, Depends(_use(lambda made: made.papers))]
PersonalAnswersDep = Annotated[PersonalAnswers, Depends(_use(lambda made: made.personal_answers))]
PersonalDatePollsDep = Annotated[PersonalDatePolls, Depends(_use(lambda made: made.personal_date_polls))]
OwnSendersDep = Annotated[OwnSenders, Depends(_use(lambda made: made.own_senders))]
PersonalLinksDep = Annotated[PersonalLinks, Depends(_use(lambda made: made.personal_links))]
PersonalPagesDep = Annotated[PersonalPages, Depends(_use(lambda made: made.personal_pages))]
QuarantineDep = Annotated[Quarantine, Depends(_use(lambda made: made.quarantine))]
NamedPeopleDep = Annotated[NamedPeople, Depends(_use(lambda made: made.named_people))]
NudgesDep = Annotated[Nudges, Depends(_use(lambda made: made.nudges))]
ContributionsDep = Annotated[Contributions, Depends(_use(lambda made: made.contributions))]
ConnectionTestsDep = Annotated[ConnectionTests, Depends(_use(lambda made: made.connection_tests))]
ReadinessDep = Annotated[Readiness, Depends(_use(lambda made: made.readiness))]
ReadingDep = Annotated[Reading, Depends(_use(lambda made: made.reading))]
SendersDep = Annotated[Senders, Depends(_use(lambda made: made.senders))]
SettingsDep = Annotated[Settings, Depends(_use(lambda made: made.settings))]
WriteProbeDep = Annotated[WriteProbe, Depends(_use(lambda made: made.write_probe))]
StillMissingDep = Annotated[StillMissing, Depends(_use(lambda made: made.still_missing))]
ForeseeingMailsDep = Annotated[ForeseeingMails, Depends(_use(lambda made: made.foreseeing_mails))]
TimelinesDep = Annotated[MeetingTimelines, Depends(_use(lambda made: made.meeting_timelines))]
