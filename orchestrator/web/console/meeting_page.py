"""The page of one meeting, which the forms on it lead back to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request, Response

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.clocks import host_place
from orchestrator.domain.minutes.files import by_file
from orchestrator.domain.people.caller import Caller
from orchestrator.errors import Conflict, InvalidInput
from orchestrator.services.dates.date_poll_views import DatePollView
from orchestrator.services.dates.date_polls import DatePolls
from orchestrator.services.meetings.meetings import Meetings
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.meetings.views import MeetingView
from orchestrator.services.minutes.files import MeetingFiles
from orchestrator.services.personal.waiting import NamedPeople
from orchestrator.services.readiness.readiness import Readiness
from orchestrator.services.timelines.views import Effect
from orchestrator.web.console.forms import Kept, status_of_refusal
from orchestrator.web.container import (
    DatePollsDep,
    DirectoryDep,
    MeetingFilesDep,
    MeetingsDep,
    NamedPeopleDep,
    ReadinessDep,
    ReadingDep,
)
from orchestrator.web.pages import Pages, PagesDep
from orchestrator.web.presentation import answers, marks
from orchestrator.web.presentation.delivery import delivery_groups
from orchestrator.web.presentation.meetings import standing
from orchestrator.web.presentation.readiness import BoardTable, board_table, said
from orchestrator.web.presentation.timelines import next_group, plan_groups
from orchestrator.web.security import ConsoleCaller


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the buttons of a meeting's page would do, each as previewed; ``None`` for what it cannot do.

    ``refusal`` says why a meeting that waits to be published or reinstated cannot be, ``not_again`` why
    nobody is asked again in an open date poll.
    """

    publish: Effect | None = None
    announce: Effect | None = None
    cancel: Effect | None = None
    reinstate: Effect | None = None
    again: Effect | None = None
    refusal: str = ""
    not_again: str = ""


@dataclass(frozen=True, slots=True)
class LookAhead:
    """Looks ahead to what the status of a meeting, and its newest date poll, allow."""

    meetings: Meetings
    polls: DatePolls
    caller: Caller

    def of(self, meeting: MeetingView, poll: DatePollView | None) -> Ahead:
        """Return what each of the buttons would do."""
        draft = meeting.status == "draft"
        announced = meeting.status == "published" and meeting.tentative

        def look(wanted: bool, use_case: Callable[..., Effect], **options: Any) -> tuple[Effect | None, str]:
            if not wanted:
                return None, ""
            try:
                return use_case(meeting.reference, caller=self.caller, dry_run=True, **options), ""
            except Conflict as error:
                return None, error.message

        publish, unpublished = look(draft or announced, self.meetings.publish)
        reinstate, not_reinstated = look(meeting.status == "cancelled", self.meetings.reinstate)
        announce, _ = look(draft, self.meetings.publish, save_the_date=True)
        cancel, _ = look(meeting.status in ("draft", "published"), self.meetings.cancel)
        again, not_again = look(draft and poll is not None and poll.open, self.polls.remind)
        return Ahead(
            publish=publish,
            announce=announce,
            cancel=cancel,
            reinstate=reinstate,
            again=again,
            refusal=unpublished or not_reinstated,
            not_again=not_again,
        )


@dataclass(frozen=True, slots=True)
class MeetingScreen:
    """Shows a meeting, also with one of its forms as it was sent."""

    request: Request
    pages: Pages
    reading: Reading
    readiness: Readiness
    polls: DatePolls
    directory: Directory
    people: NamedPeople
    files: MeetingFiles
    look_ahead: LookAhead

    def show(
        self,
        meeting: MeetingView,
        done: str = "",
        count: int | None = None,
        *,
        status: int = 200,
        kept: Kept | None = None,
    ) -> Response:
        """Return the page; with ``kept``, one of its forms as it was sent, and what is wrong with it."""
        place = host_place(meeting, self.directory, meeting.starts_at)
        plan = self.reading.plan(meeting.reference)
        deliveries = self.reading.deliveries(meeting.reference)
        facts = answers.people_facts(meeting, deliveries)
        following = next_group(plan, place)
        poll = self.polls.newest(meeting.reference)
        board = self._board(meeting)
        return self.pages.render(
            self.request,
            "meetings/meeting.html.j2",
            status=status,
            meeting=meeting,
            place=place,
            done=done,
            count=count,
            kept=kept,
            facts=facts,
            came_back=answers.came_back(meeting, facts),
            through=marks.through,
            giver=answers.giver,
            delegations=answers.delegations_of(meeting, self.directory),
            plan=plan_groups(plan, place),
            following=following,
            standing=standing(meeting, following, ready=board is not None and board.ready),
            board=board,
            said=said,
            poll=poll,
            files=by_file(item for item in self.files.all(meeting.reference) if not item.withdrawn),
            waiting=self.people.waiting(meeting.reference),
            sent=delivery_groups(deliveries),
            ahead=self.look_ahead.of(meeting, poll),
        )

    def again(self, reference: str, error: InvalidInput | Conflict, kept: Kept) -> Response:
        """Return the page as it is now, with a form that could not be taken as it was sent."""
        return self.show(self.reading.meeting(reference), status=status_of_refusal(error), kept=kept)

    def _board(self, meeting: MeetingView) -> BoardTable | None:
        """How ready the delegations are, as long as a meeting waits for them, and once it is over."""
        if meeting.status not in ("published", "concluded") or meeting.tentative or not meeting.attendees:
            return None
        return board_table(self.readiness.board(meeting.reference), meeting.mode)


def _look_ahead(meetings: MeetingsDep, polls: DatePollsDep, caller: ConsoleCaller) -> LookAhead:
    return LookAhead(meetings, polls, caller)


def _meeting_page(
    request: Request,
    pages: PagesDep,
    reading: ReadingDep,
    readiness: ReadinessDep,
    polls: DatePollsDep,
    directory: DirectoryDep,
    people: NamedPeopleDep,
    files: MeetingFilesDep,
    look_ahead: Annotated[LookAhead, Depends(_look_ahead)],
) -> MeetingScreen:
    return MeetingScreen(request, pages, reading, readiness, polls, directory, people, files, look_ahead)


MeetingPageDep = Annotated[MeetingScreen, Depends(_meeting_page)]
