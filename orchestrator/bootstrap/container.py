"""The container: the adapters, the data files, and the services made of them.

Each part is made when it is first asked for, so that a command that only reads the database needs no
broker, no mail server and no Graph, and a worker connects after it was forked. The class is longer than
others, because there is one container, and all that it does is to name what each part is made of.
"""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cached_property, lru_cache

from integrations.watchdog import ProcessWatchdog
from orchestrator.bootstrap.adapters import Adapters
from orchestrator.bootstrap.addresses import own_address
from orchestrator.bootstrap.data_files import DataFiles
from orchestrator.bootstrap.folders import make_private
from orchestrator.bootstrap.settings import read_settings
from orchestrator.bootstrap.templates import mail_templates
from orchestrator.domain.letters.message import NamedAddress
from orchestrator.domain.people.addresses import OwnMailbox
from orchestrator.errors import ConfigurationError, DeliveryError
from orchestrator.services.answers.by_hand import AnswersByHand
from orchestrator.services.answers.guests import Guests
from orchestrator.services.answers.inbox import Inbox
from orchestrator.services.answers.incoming import IncomingMails
from orchestrator.services.answers.kept_mails import KeptMails, Limits
from orchestrator.services.answers.known_senders import KnownSenders
from orchestrator.services.answers.quarantine import Quarantine
from orchestrator.services.answers.senders import Senders
from orchestrator.services.dates.date_polls import DatePolls
from orchestrator.services.dates.fair_starts import FairStarts
from orchestrator.services.dates.proposals import Proposals
from orchestrator.services.definitions.examples import Examples
from orchestrator.services.delegations.calendars import WorkingCalendars
from orchestrator.services.delivery.delivering import Delivering, Outside
from orchestrator.services.delivery.scheduling import Policy, Scheduling
from orchestrator.services.letters.content_finder import ContentFinder
from orchestrator.services.letters.letters import Letters
from orchestrator.services.letters.notes import Notes
from orchestrator.services.letters.one_off import CoordinatorLetters
from orchestrator.services.meetings.decisions import Decisions
from orchestrator.services.meetings.drafting import Drafting
from orchestrator.services.meetings.event_drafting import EventDrafting
from orchestrator.services.meetings.event_sessions import EventSessions
from orchestrator.services.meetings.event_views import EventReading
from orchestrator.services.meetings.events import Events
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.publishing import Publishing
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.minutes.files import FileLimits, MeetingFiles
from orchestrator.services.minutes.housekeeping import DocumentHousekeeping
from orchestrator.services.minutes.minutes import Minutes
from orchestrator.services.minutes.papers import Papers
from orchestrator.services.operations.bulk import Bulk
from orchestrator.services.operations.keeping_watch import KeepingWatch
from orchestrator.services.operations.operations import Operations
from orchestrator.services.operations.processes import Life, Processes
from orchestrator.services.operations.write_probe import WriteProbe
from orchestrator.services.people.links import Links
from orchestrator.services.people.sessions import ConsoleSessions, SessionLimits
from orchestrator.services.people.throttle import Throttle
from orchestrator.services.personal.answering import PersonalAnswers
from orchestrator.services.personal.by_link import ByLink
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
from orchestrator.services.timelines.changing import Changing
from orchestrator.services.timelines.mails_ahead import ForeseeingMails
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.recalculating import Recalculating
from orchestrator.services.timelines.timelines import MeetingTimelines


class Container(Adapters, DataFiles):
    """Every adapter, data file and service, made on first use from checked settings."""

    @cached_property
    def planner(self) -> Planner:
        """Plans meetings."""
        joining = frozenset(key for key, text in self.notices.items() if text.join)
        return Planner(self.directory, self.timelines, joining)

    @cached_property
    def calendars(self) -> WorkingCalendars:
        """Working calendars, and what is entered over them."""
        return WorkingCalendars(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def recalculating(self) -> Recalculating:
        """Bringing plans up to date with newer data."""
        return Recalculating(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def meetings(self) -> Meetings:
        """Creating, publishing, changing and ending meetings."""
        return Meetings(
            self.database,
            self.planner,
            self.clock,
            self.changing,
            self.settings.organizer_address,
            self.preparatory_texts,
            self.own_mailbox,
        )

    @cached_property
    def events(self) -> Events:
        """Creating and publishing events."""
        return Events(
            self.database,
            self.planner,
            self.clock,
            self.changing,
            self._event_drafting,
            Publishing(self.planner, self.settings.organizer_address, self.own_mailbox),
        )

    @cached_property
    def _event_drafting(self) -> EventDrafting:
        drafting = Drafting(self.planner, self.preparatory_texts, self.own_mailbox)
        return EventDrafting(drafting, self.directory, self.session_texts)

    @cached_property
    def event_sessions(self) -> EventSessions:
        """Changing events, and which sessions they have."""
        return EventSessions(self.clock, self.changing, self._event_drafting)

    @cached_property
    def event_reading(self) -> EventReading:
        """Looking at events."""
        return EventReading(self.database, self.planner, self.clock)

    @cached_property
    def own_mailbox(self) -> OwnMailbox:
        """The addresses of the mailbox that the service sends from and reads."""
        return OwnMailbox.of(self.settings.organizer_address)

    @cached_property
    def changing(self) -> Changing:
        """The one way to change something about a meeting."""
        return Changing(self.database, self.planner, self.clock, self.wake_up)

    @cached_property
    def answers(self) -> AnswersByHand:
        """Recording answers by hand, and dealing with them."""
        return AnswersByHand(self.changing)

    @cached_property
    def links(self) -> Links:
        """Personal links and reply addresses."""
        settings = self.settings
        return Links(
            self.link_key,
            own_address(settings),
            settings.organizer_address,
            subaddress=settings.reply_subaddress,
        )

    @cached_property
    def sessions(self) -> ConsoleSessions:
        """Who is signed in to the console."""
        limits = SessionLimits(
            idle=timedelta(minutes=self.settings.session_idle_minutes),
            longest=timedelta(hours=self.settings.session_hours),
        )
        return ConsoleSessions(self.database, self.lease_clock, limits, lambda: self.api_token)

    @cached_property
    def throttle(self) -> Throttle:
        """How often something may be tried."""
        return Throttle(self.database, self.lease_clock)

    @cached_property
    def write_probe(self) -> WriteProbe:
        """Whether anything can be written."""
        return WriteProbe(self.database, self.settings.data_dir, self.lease_clock)

    @cached_property
    def inbox(self) -> Inbox | None:
        """Taking answers from the mailbox; ``None`` when none is set."""
        if self.mailbox is None:
            return None
        return Inbox(
            self.database,
            self.planner,
            self.mailbox,
            self.kept_mails,
            self.links,
            clock=self.clock,
            wake_up=self.wake_up,
            interval=timedelta(seconds=self.settings.poll_seconds),
            authserv_id=self.settings.authserv_id,
        )

    @cached_property
    def by_link(self) -> ByLink:
        """What personal links ask to be changed."""
        return ByLink(self.database, self.changing, self.links, self.directory)

    @cached_property
    def senders(self) -> Senders:
        """Who can have sent an answer."""
        return Senders(self.database, self.directory)

    @cached_property
    def personal_pages(self) -> PersonalPages:
        """What the personal links show."""
        name = self.settings.organizer_name
        return PersonalPages(
            self.database, self.planner, self.links, self.documents, self.clock, organizer_name=name
        )

    @cached_property
    def personal_answers(self) -> PersonalAnswers:
        """Answering on the personal pages."""
        return PersonalAnswers(self.by_link, self.directory)

    @cached_property
    def delegation_lists(self) -> DelegationLists:
        """Naming who comes for a delegation, on its personal pages."""
        return DelegationLists(self.by_link, self.directory, self.own_mailbox)

    @cached_property
    def named_people(self) -> NamedPeople:
        """Saying yes or no to people whom focal points have named."""
        return NamedPeople(self.database, self.changing)

    @cached_property
    def own_senders(self) -> OwnSenders:
        """Saying who may answer for oneself, on the personal pages."""
        return OwnSenders(
            self.database, self.directory, self.links, self.by_link, self.quarantine, self.clock
        )

    @cached_property
    def personal_links(self) -> PersonalLinks:
        """Handing over and closing personal links."""
        return PersonalLinks(self.database, self.changing, self.links)

    @cached_property
    def calendar_feeds(self) -> CalendarFeeds:
        """Calendars of all meetings of a person."""
        name = self.settings.organizer_name
        return CalendarFeeds(self.database, self.directory, self.links, self.clock, organizer_name=name)

    @cached_property
    def date_polls(self) -> DatePolls:
        """Asking delegations which dates suit them."""
        proposals = Proposals(self.meetings, self.fair_starts)
        return DatePolls(self.database, self.planner, self.meetings, self.changing, proposals, self.clock)

    @cached_property
    def personal_date_polls(self) -> PersonalDatePolls:
        """Voting for a delegation, on its personal pages."""
        return PersonalDatePolls(self.database, self.planner, self.by_link, self.links, self.clock)

    @cached_property
    def readiness(self) -> Readiness:
        """How ready delegations are."""
        return Readiness(self.database, self.planner, self.clock)

    @cached_property
    def contributions(self) -> Contributions:
        """Recording what delegations have done, and who has joined."""
        return Contributions(self.directory, self.changing)

    @cached_property
    def attendance(self) -> AttendanceBook:
        """Noting who was there."""
        return AttendanceBook(self.database, self.directory, self.changing)

    @cached_property
    def nudges(self) -> Nudges:
        """Asking now for what is missing."""
        return Nudges(self.directory, self.readiness, self.changing)

    @cached_property
    def connection_tests(self) -> ConnectionTests:
        """Giving delegations another time to try their connection."""
        return ConnectionTests(self.planner, self.changing)

    @cached_property
    def still_missing(self) -> StillMissing:
        """What is still missing from a delegation, on its personal pages."""
        return StillMissing(self.database, self.planner, self.readiness, self.by_link, self.links, self.clock)

    @cached_property
    def reading(self) -> Reading:
        """Looking things up."""
        return Reading(self.database, self.planner, self.clock)

    @cached_property
    def meeting_timelines(self) -> MeetingTimelines:
        """Timelines, and the copy that a meeting may have of its own."""
        return MeetingTimelines(self.database, self.planner, self.changing, self.notices)

    @cached_property
    def foreseeing_mails(self) -> ForeseeingMails:
        """What one person will be sent around an event."""
        return ForeseeingMails(self.database, self.planner, self.clock)

    @cached_property
    def minutes(self) -> Minutes:
        """Attaching minutes."""
        return Minutes(
            self.database,
            self.changing,
            self.documents,
            largest=self.settings.attachment_max_bytes,
            mail_limit=self._mail_limit,
        )

    @cached_property
    def meeting_files(self) -> MeetingFiles:
        """Putting up the files of meetings."""
        return MeetingFiles(self.database, self.changing, self.documents, self._file_limits)

    @cached_property
    def papers(self) -> Papers:
        """Files on the personal pages."""
        return Papers(
            self.database,
            self.directory,
            self.by_link,
            self.links,
            self.documents,
            self.clock,
            self._file_limits,
        )

    @cached_property
    def document_housekeeping(self) -> DocumentHousekeeping:
        """Finding and tidying documents that nothing names, and records without content."""
        return DocumentHousekeeping(self.database, self.documents, self.lease_clock)

    @property
    def _file_limits(self) -> FileLimits:
        settings = self.settings
        return FileLimits(
            settings.file_max_bytes, settings.meeting_files_max_bytes, settings.papers_max_bytes
        )

    def _mail_limit(self) -> int | None:
        """Return the size of the largest mail, as far as the mail server can be asked just now."""
        try:
            return self.mailer.largest()
        except (DeliveryError, ConfigurationError):
            return None

    @cached_property
    def content_finder(self) -> ContentFinder:
        """What each mail has to tell."""
        return ContentFinder(self.database, self.planner, self.documents, self.notices, self.clock)

    @cached_property
    def letters(self) -> Letters:
        """What writes the mails."""
        settings = self.settings
        return Letters(
            mail_templates(),
            self.directory,
            NamedAddress(settings.organizer_name, settings.organizer_address),
            self.links,
            counter=settings.propose_new_time,
            languages=self.languages,
        )

    @cached_property
    def notes(self) -> Notes:
        """Words of coordinators that stand first in a message."""
        return Notes(self.database, self.planner, self.changing)

    @cached_property
    def coordinator_letters(self) -> CoordinatorLetters:
        """Letters of coordinators."""
        return CoordinatorLetters(self.database, self.planner, self.changing, self.letters, self.clock)

    @cached_property
    def decisions(self) -> Decisions:
        """Recording decisions of meetings."""
        return Decisions(self.database, self.planner, self.changing)

    @cached_property
    def operations(self) -> Operations:
        """Retrying and discarding actions."""
        return Operations(self.database, self.clock, self.wake_up)

    @cached_property
    def bulk(self) -> Bulk:
        """The same for many at once."""
        return Bulk(self.database, self.clock, self.lease_clock, self.wake_up)

    @cached_property
    def processes(self) -> Processes:
        """Looking at the processes that run."""
        return Processes(self.database, self.lease_clock)

    def life(self, role: str) -> Life:
        """What this process tells of itself in a role; the same each time."""
        return self._lives.setdefault(role, Life(self.database, self.lease_clock, role))

    @cached_property
    def _lives(self) -> dict[str, Life]:
        return {}

    @cached_property
    def incoming(self) -> IncomingMails:
        """Looking at mails that came in."""
        return IncomingMails(self.database, self.kept_mails)

    @cached_property
    def quarantine(self) -> Quarantine:
        """Mails that no program could apply."""
        return Quarantine(self.changing, self.planner, self.incoming, self.clock, self.own_mailbox)

    @cached_property
    def guests(self) -> Guests:
        """Inviting who answered a forwarded invitation."""
        return Guests(self.incoming, self.quarantine, self.meetings)

    @cached_property
    def known_senders(self) -> KnownSenders:
        """Who answers for whom."""
        return KnownSenders(self.database, self.clock, self.own_mailbox)

    @cached_property
    def kept_mails(self) -> KeptMails:
        """The bytes of mails that a person has to look at."""
        settings = self.settings
        limits = Limits(settings.quarantine_max_bytes, timedelta(days=settings.quarantine_days))
        return KeptMails(self.database, self.quarantine_store, self.clock, limits)

    @cached_property
    def examples(self) -> Examples:
        """Loading the example."""
        return Examples(self.events, self.directory, self.clock)

    @cached_property
    def scheduling(self) -> Scheduling:
        """What beat does."""
        settings = self.settings
        lease, reads_mailbox = timedelta(seconds=settings.lease_seconds), self.mailbox is not None
        policy = Policy(settings.batch_size, settings.max_claimed, lease, reads_mailbox)
        return Scheduling(
            self.database,
            self.clock,
            self.lease_clock,
            self.wake_up,
            policy,
            self.recalculating.run,
            self.document_housekeeping.tidy,
            self.keeping_watch.plan,
        )

    @cached_property
    def keeping_watch(self) -> KeepingWatch:
        """Planning what has to be told."""
        return KeepingWatch(self.database, self.planner, self.clock)

    @cached_property
    def fair_starts(self) -> FairStarts:
        """Finding starts that are fair."""
        return FairStarts(self.database, self.planner, self.clock)

    @cached_property
    def delivering(self) -> Delivering:
        """What workers do."""
        settings = self.settings
        return Delivering(
            self.database,
            self.planner,
            self.changing,
            self.content_finder,
            self.letters,
            Outside(self.mailer, self.conferences, self.documents, self.inbox),
            clock=self.clock,
            lease_clock=self.lease_clock,
            wake_up=self.wake_up,
            lease=timedelta(seconds=settings.lease_seconds),
            jitter=random.random,
            # One message may take two thirds of a claim, and recording it the last one.
            watchdog=ProcessWatchdog(1.5 * settings.lease_seconds),
            life=self.life,
        )


@lru_cache(maxsize=1)
def container() -> Container:
    """Return the container of this process; raises ``ConfigurationError``."""
    settings = read_settings()
    if settings.data_dir.is_dir():
        make_private(settings.data_dir)
    return Container(settings)
