"""The console: pages for coordinators and ops, rendered here, working without JavaScript.

Whatever tells people something is looked at first: a form leads to a page that shows exactly who gets
what and when, computed by the very code that then does it; pressing its button does it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Path, Request, Response, UploadFile
from pydantic import BaseModel, ValidationError

from orchestrator.bootstrap import Container
from orchestrator.domain.definitions.definition import MOST_ATTENDEES, read_definitions
from orchestrator.domain.definitions.preparatory import asking_for_one
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.meeting import Participation
from orchestrator.domain.people.caller import Channel, token_holder
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.zones import LocalTime, Place, instant_of, local_time, zone
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.errors import Conflict, InvalidInput, NotFound, Problem
from orchestrator.services.dates.date_poll_views import PollView
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.meetings.meetings import MeetingUpdate
from orchestrator.services.meetings.views import AttendeeView, MeetingView
from orchestrator.services.timelines.views import Outcome
from orchestrator.web.console import presentation
from orchestrator.web.container import services
from orchestrator.web.pages import PagesDep, local_path, mails_waiting, meeting_path, see_other
from orchestrator.web.security import require_sign_in

CALLER = token_holder(Channel.CONSOLE)
_LATE = timedelta(minutes=1)
_WAVES_SHOWN = 20
# More than one meeting can have attendees, so that what goes out next is always counted whole.
_MOST_READ = MOST_ATTENDEES + 500

router = APIRouter(include_in_schema=False, dependencies=[Depends(require_sign_in)])
Services = Annotated[Container, Depends(services)]
Typed = Annotated[str, Form()]
Version = Annotated[int, Form()]
Ticked = Annotated[bool, Form()]
# A number that no column can hold is nobody's, and a database would complain of it in its own way.
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


def linked_choice(typed: str) -> Linked | None:
    """Return what was chosen to become of linked meetings, if anything was."""
    return Linked(typed) if typed in frozenset(Linked) else None


class ChangeForm(BaseModel):
    """What was typed to move or rename a meeting, as typed."""

    version: int
    start: str = ""
    zone: str = ""
    duration: str = ""
    title_en: str = ""
    title_vi: str = ""
    notify: bool = False
    linked: str = ""
    confirmed: bool = False

    @property
    def choice(self) -> Linked | None:
        """What is to become of linked meetings, if that was chosen."""
        return linked_choice(self.linked)

    @classmethod
    def of(cls, meeting: MeetingView) -> ChangeForm:
        """Return the form as it is before anybody typed."""
        return cls(
            version=meeting.version,
            start=meeting.start,
            zone=meeting.zone,
            duration=meeting.duration,
            title_en=meeting.title_en,
            title_vi=meeting.title_vi or "",
            notify=True,
        )

    def update(self, meeting: MeetingView) -> MeetingUpdate:
        """Return what differs from the meeting; raises ``InvalidInput`` for what cannot be read."""
        typed = {
            "start": self.start.strip().replace("T", " "),
            "zone": self.zone.strip(),
            "duration": self.duration.strip(),
        }
        fields: dict[str, Any] = {
            name: value for name, value in typed.items() if value != getattr(meeting, name)
        }
        title = {"en": self.title_en.strip(), "vi": self.title_vi.strip() or None}
        if title != {"en": meeting.title_en, "vi": meeting.title_vi}:
            fields["title"] = title
        if not fields:
            raise InvalidInput.of("document", None, "is as it was", "Change a field, or leave the page.")
        try:
            return MeetingUpdate.model_validate(fields)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


class InviteForm(BaseModel):
    """What was typed to invite a delegate or, ``instead`` of somebody, a corrected address."""

    version: int
    name: str = ""
    email: str = ""
    instead: bool = False
    confirmed: bool = False

    @property
    def doing(self) -> str:
        """Which form it is."""
        return "correct" if self.instead else "invite"

    def update(self, meeting: MeetingView, person: AttendeeView) -> MeetingUpdate:
        """Return the attendees with the new one last, in the group of ``person``; raises ``InvalidInput``."""
        kept = [item for item in meeting.attendees if not (self.instead and item.id == person.id)]
        new = {
            "group": person.group,
            "delegation": person.delegation,
            "name": self.name.strip(),
            "email": self.email.strip(),
            **({"role": person.role, "seat": person.seat} if self.instead else {}),
        }
        invitees = [_invitee(item) for item in kept]
        try:
            return MeetingUpdate.model_validate({"attendees": [*invitees, new]})
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error


def refusals(error: InvalidInput | Conflict) -> Sequence[Problem]:
    """Return what is wrong with a form, each under the name of its field on the page."""
    if isinstance(error, Conflict):
        return [Problem("meeting", "", error.message, "What you typed is still here.")]
    return [
        Problem(item.field.rpartition(".")[2], item.value, item.message, item.remedy)
        for item in error.problems
    ]


def _invitee(item: AttendeeView) -> dict[str, Any]:
    return {
        "group": item.group,
        "delegation": item.delegation,
        "name": item.name,
        "email": item.email,
        "role": item.role,
        "seat": item.seat,
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """A form of a meeting's page as it was sent: which one, for whom, what was typed, what is wrong."""

    form: str
    number: int
    values: dict[str, str] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)

    @classmethod
    def of(cls, form: str, number: int, problems: Sequence[Problem], **values: str) -> Kept:
        """Keep what was typed, with its problems by field."""
        return cls(form, number, values, {item.field: item for item in problems})


# Meetings


@router.get("/")
def meetings(
    request: Request, container: Services, pages: PagesDep, done: str = "", count: int | None = None
) -> Response:
    """Answer "does anything need me?", then list the meetings."""
    reading = container.reading
    found = reading.meetings()
    scheduled = reading.actions(ActionState.SCHEDULED, _MOST_READ)
    mailbox = container.incoming.mailbox()
    return pages.render(
        request,
        "meetings/meetings.html.j2",
        meetings=found,
        done=done,
        count=count,
        needs=presentation.needs_of(
            found, reading.without_minutes(), mails_waiting(container), mailbox.trouble if mailbox else None
        ),
        following=presentation.next_thing(found, scheduled),
    )


@router.get("/meetings/new")
def new_meeting(request: Request, pages: PagesDep) -> Response:
    """Show the form for a definition."""
    return _new_page(request, pages)


@router.post("/meetings/new")
def create_meeting(
    request: Request,
    container: Services,
    pages: PagesDep,
    definition: Typed = "",
    with_preparatory: Ticked = False,
) -> Response:
    """Create drafts from what was pasted; what was typed stays when it cannot be read."""
    again = partial(_new_page, request, pages, definition=definition, with_preparatory=with_preparatory)
    try:
        definitions = read_definitions(definition)
        if with_preparatory:
            definitions = [asking_for_one(item) for item in definitions]
        created = container.meetings.create(definitions, caller=CALLER)
    except InvalidInput as error:
        return again(422, problems=error.problems)
    except Conflict as error:
        return again(409, conflict=error.message)
    if len(created) == 1:
        return see_other(meeting_path(created[0].reference), done="created", count=1)
    return see_other("/", done="created", count=len(created))


@router.post("/sandbox/example")
def load_example(request: Request, container: Services, pages: PagesDep) -> Response:
    """Load the example as drafts, on coming dates; in the sandbox only."""
    if not container.settings.sandbox:
        raise NotFound("The example can be loaded in the sandbox only.")
    try:
        created = container.examples.load(ACCSM21.read_text("utf-8"), None, caller=CALLER)
    except Conflict as error:
        return _new_page(request, pages, 409, conflict=error.message)
    return see_other("/", done="created", count=len(created))


def _new_page(
    request: Request,
    pages: PagesDep,
    status: int = 200,
    *,
    definition: str = "",
    with_preparatory: bool = False,
    problems: Sequence[Problem] = (),
    conflict: str = "",
) -> Response:
    return pages.render(
        request,
        "meetings/new.html.j2",
        status=status,
        definition=definition,
        problems=problems,
        conflict=conflict,
        with_preparatory=with_preparatory,
    )


@router.get("/meetings/{reference}")
def meeting(
    request: Request,
    reference: str,
    container: Services,
    pages: PagesDep,
    done: str = "",
    count: int | None = None,
) -> Response:
    """Answer "is it ready, and what goes out next?", then show everything about a meeting."""
    return meeting_page(request, container, pages, container.reading.meeting(reference), done, count)


def meeting_page(
    request: Request,
    container: Container,
    pages: PagesDep,
    found: MeetingView,
    done: str = "",
    count: int | None = None,
    *,
    status: int = 200,
    kept: Kept | None = None,
) -> Response:
    """Show a meeting; with ``kept``, one of its forms as it was sent, and what is wrong with it."""
    place = _place(container, found)
    plan = container.reading.plan(found.reference)
    deliveries = container.reading.deliveries(found.reference)
    facts = presentation.people_facts(found, deliveries)
    following = presentation.next_group(plan, place)
    poll = container.polls.newest(found.reference)
    return pages.render(
        request,
        "meetings/meeting.html.j2",
        status=status,
        meeting=found,
        place=place,
        done=done,
        count=count,
        kept=kept,
        facts=facts,
        came_back=presentation.came_back(found, facts),
        through=presentation.through,
        giver=presentation.giver,
        delegations=presentation.delegations_of(found, container.directory),
        plan=presentation.plan_groups(plan, place),
        following=following,
        readiness=presentation.readiness(found, following),
        board=_board(container, found),
        said=presentation.said,
        poll=poll,
        sent=presentation.delivery_groups(deliveries),
        ahead=Ahead.of(container, found, poll),
    )


def _board(container: Container, meeting: MeetingView) -> presentation.BoardTable | None:
    """Return how ready the delegations are, as long as a meeting waits for them, and once it is over."""
    if meeting.status not in ("published", "concluded") or meeting.tentative or not meeting.attendees:
        return None
    return presentation.board_table(container.readiness.board(meeting.reference))


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the buttons of a meeting's page would do, each as previewed; ``None`` for what it cannot do.

    ``refusal`` says why a meeting that waits to be published or reinstated cannot be, ``not_again`` why
    nobody is asked again in an open date poll.
    """

    publish: Outcome | None = None
    announce: Outcome | None = None
    cancel: Outcome | None = None
    reinstate: Outcome | None = None
    again: Outcome | None = None
    refusal: str = ""
    not_again: str = ""

    @classmethod
    def of(cls, container: Container, meeting: MeetingView, poll: PollView | None) -> Ahead:
        """Look ahead to what the status of the meeting, and its newest date poll, allow."""
        use_cases, reference = container.meetings, meeting.reference
        draft, announced = meeting.status == "draft", meeting.status == "published" and meeting.tentative

        def look(
            wanted: bool, use_case: Callable[..., Outcome], **options: Any
        ) -> tuple[Outcome | None, str]:
            try:
                return use_case(reference, caller=CALLER, preview=True, **options) if wanted else None, ""
            except Conflict as error:
                return None, error.message

        publish, unpublished = look(draft or announced, use_cases.publish)
        reinstate, not_reinstated = look(meeting.status == "cancelled", use_cases.reinstate)
        announce, _ = look(draft, use_cases.publish, save_the_date=True)
        cancel, _ = look(meeting.status in ("draft", "published"), use_cases.cancel)
        again, not_again = look(draft and poll is not None and poll.open, container.polls.remind)
        return cls(
            publish=publish,
            announce=announce,
            cancel=cancel,
            reinstate=reinstate,
            again=again,
            refusal=unpublished or not_reinstated,
            not_again=not_again,
        )


def _place(container: Container, meeting: MeetingView) -> Place:
    return container.directory.host_place(meeting.host, meeting.zone, meeting.starts_at)


# Confirming


@router.get("/meetings/{reference}/publish")
def confirm_publish(
    request: Request, reference: str, container: Services, pages: PagesDep, save_the_date: bool | None = None
) -> Response:
    """Show what publishing would send, or what announcing the date would; the timeline knows which."""
    found = container.reading.meeting(reference)
    outcome = container.meetings.publish(
        reference, caller=CALLER, version=found.version, save_the_date=save_the_date, preview=True
    )
    hidden: dict[str, Any] = {"version": found.version}
    if outcome.tentative:
        hidden["save_the_date"] = "yes"
    doing = "announce" if outcome.tentative else "confirm" if found.tentative else "publish"
    return confirm_page(request, container, pages, doing, found, outcome, hidden)


@router.post("/meetings/{reference}/publish")
def publish(reference: str, container: Services, version: Version, save_the_date: Ticked = False) -> Response:
    """Publish the version that was shown, or announce its date."""
    before = container.reading.meeting(reference)
    outcome = container.meetings.publish(
        reference, caller=CALLER, version=version, save_the_date=save_the_date
    )
    done = "announced" if save_the_date else "confirmed" if before.tentative else "published"
    return see_other(meeting_path(outcome.reference), done=done, count=outcome.count("invite"))


@router.get("/meetings/{reference}/reinstate")
def confirm_reinstate(request: Request, reference: str, container: Services, pages: PagesDep) -> Response:
    """Show who would be told that a cancelled meeting takes place after all."""
    found = container.reading.meeting(reference)
    outcome = container.meetings.reinstate(reference, caller=CALLER, version=found.version, preview=True)
    return confirm_page(request, container, pages, "reinstate", found, outcome, {"version": found.version})


@router.post("/meetings/{reference}/reinstate")
def reinstate(reference: str, container: Services, version: Version) -> Response:
    """Reinstate the version that was shown."""
    outcome = container.meetings.reinstate(reference, caller=CALLER, version=version)
    return see_other(meeting_path(outcome.reference), done="reinstated", count=outcome.count("invite"))


@router.get("/meetings/{reference}/cancel")
def confirm_cancel(request: Request, reference: str, container: Services, pages: PagesDep) -> Response:
    """Show who would be told, and what would not go out any more."""
    found = container.reading.meeting(reference)
    outcome = container.meetings.cancel(reference, caller=CALLER, version=found.version, preview=True)
    return confirm_page(request, container, pages, "cancel", found, outcome, {"version": found.version})


@router.post("/meetings/{reference}/cancel")
def cancel(reference: str, container: Services, version: Version, reason: Typed = "") -> Response:
    """Cancel the version that was shown."""
    outcome = container.meetings.cancel(
        reference, caller=CALLER, reason=reason.strip()[:500] or None, version=version
    )
    return see_other(meeting_path(outcome.reference), done="cancelled", count=outcome.count("cancel"))


@router.get("/meetings/{reference}/change")
def change_form(
    request: Request, reference: str, container: Services, pages: PagesDep, start: str = ""
) -> Response:
    """Show the form to move or rename a meeting, filled in with ``start`` when somebody proposed one."""
    found = container.reading.meeting(reference)
    form = ChangeForm.of(found)
    return _change_page(
        request, container, pages, found, form.model_copy(update={"start": start}) if start else form
    )


@router.post("/meetings/{reference}/change")
def change(
    request: Request,
    reference: str,
    form: Annotated[ChangeForm, Form()],
    container: Services,
    pages: PagesDep,
) -> Response:
    """Show what a change would send, or make it once that was confirmed."""
    found = container.reading.meeting(reference)
    try:
        wanted = form.update(found)
        outcome = container.meetings.update(
            reference,
            wanted,
            caller=CALLER,
            version=form.version,
            notify=form.notify,
            preview=not form.confirmed,
            linked=form.choice,
        )
    except InvalidInput as error:
        return _change_page(request, container, pages, found, form, 422, problems=error.problems)
    except Conflict as error:
        if error.code == QUESTION:
            lines = error.message.splitlines()
            return _change_page(request, container, pages, found, form, 409, question=lines)
        return _change_page(request, container, pages, found, form, 409, conflict=error.message)
    if form.confirmed:
        return see_other(meeting_path(found.reference), done="changed", count=outcome.count("invite"))
    moved = (form.start, form.zone, form.duration) != (found.start, found.zone, found.duration)
    doing = "move" if moved else "rename"
    hidden = {name: value for name, value in form if name not in ("confirmed", "notify")}
    if form.notify:
        hidden["notify"] = "yes"
    return confirm_page(
        request,
        container,
        pages,
        doing,
        found,
        outcome,
        hidden,
        form=form,
        new_start=_new_start(container, found, wanted),
    )


def _new_start(container: Container, meeting: MeetingView, wanted: MeetingUpdate) -> LocalTime:
    """Return the start after a change that was found to be possible."""
    zone_name = wanted.zone or meeting.zone
    wall = wanted.start or datetime.fromisoformat(meeting.start)
    starts_at = instant_of(wall, zone(zone_name))
    return local_time(starts_at, container.directory.host_place(meeting.host, zone_name, starts_at))


def _change_page(
    request: Request,
    container: Container,
    pages: PagesDep,
    meeting: MeetingView,
    form: ChangeForm,
    status: int = 200,
    *,
    problems: Sequence[Problem] = (),
    conflict: str = "",
    question: Sequence[str] = (),
) -> Response:
    """Show the form with what was typed, beside what the meeting is now.

    ``question`` asks what becomes of linked meetings, a line for each behind the first.
    """
    zones = sorted({item.zone for item in container.directory.delegations})
    return pages.render(
        request,
        "meetings/change.html.j2",
        status=status,
        meeting=meeting,
        form=form,
        zones=zones,
        problems=problems,
        fields={item.field: item for item in problems},
        conflict=conflict,
        question=question,
        linked=container.reading.linked(meeting.reference),
    )


@router.post("/meetings/{reference}/link")
def link(
    request: Request,
    reference: str,
    container: Services,
    pages: PagesDep,
    join_url: Typed = "",
    confirmed: Ticked = False,
) -> Response:
    """Show what entering a link would send, or enter it once that was confirmed."""
    found = container.reading.meeting(reference)
    try:
        outcome = container.meetings.enter_link(reference, join_url, caller=CALLER, preview=not confirmed)
    except InvalidInput as error:
        return pages.render(
            request,
            "meetings/link.html.j2",
            status=422,
            meeting=found,
            join_url=join_url,
            problem=error.problems[0],
        )
    if confirmed:
        return see_other(meeting_path(found.reference), done="link", count=outcome.count("invite"))
    hidden = {"join_url": join_url.strip()}
    return confirm_page(request, container, pages, "link", found, outcome, hidden, join_url=join_url.strip())


@router.post("/meetings/{reference}/minutes")
def attach_minutes(
    request: Request,
    reference: str,
    container: Services,
    pages: PagesDep,
    file: Annotated[UploadFile, File()],
) -> Response:
    """Show to whom minutes would go."""
    found = container.reading.meeting(reference)
    # One byte more than the limit is enough to know that it is too large.
    content = file.file.read(container.settings.attachment_max_bytes + 1)
    try:
        outcome = container.minutes.attach(
            reference, file.filename or "", content, caller=CALLER, preview=True
        )
    except InvalidInput as error:
        return pages.render(
            request, "minutes/minutes.html.j2", status=422, meeting=found, problem=error.problems[0]
        )
    # The preview has kept the file, so the page need only name it instead of sending it round again.
    hidden = {"digest": container.documents.put(content), "filename": file.filename or ""}
    return confirm_page(
        request,
        container,
        pages,
        "minutes",
        found,
        outcome,
        hidden,
        action=meeting_path(found.reference, "minutes", "confirmed"),
        filename=file.filename,
    )


@router.post("/meetings/{reference}/minutes/confirmed")
def distribute_minutes(reference: str, container: Services, digest: Typed, filename: Typed) -> Response:
    """Attach the file that was shown."""
    outcome = container.minutes.attach(reference, filename, container.documents.get(digest), caller=CALLER)
    return see_other(meeting_path(outcome.reference), done="minutes", count=outcome.count("minutes"))


@router.get("/meetings/{reference}/minutes/{version}")
def download_minutes(reference: str, version: int, container: Services) -> Response:
    """Return the file of one version, under its own name."""
    filename, media_type, content = container.minutes.content(reference, version)
    disposition = f"attachment; filename*=UTF-8''{quote(filename, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})


def confirm_page(
    request: Request,
    container: Container,
    pages: PagesDep,
    doing: str,
    meeting: MeetingView,
    outcome: Outcome,
    hidden: dict[str, Any],
    *,
    action: str | None = None,
    **shown: Any,
) -> Response:
    """Show exactly who gets what and when, and the button that does it."""
    place = _place(container, meeting)
    absent = dict.fromkeys(
        (
            "form",
            "new_start",
            "join_url",
            "filename",
            "invitee",
            "instead_of",
            "chosen",
            "poll",
            "linked",
            "choice",
        )
    )
    context: dict[str, Any] = {**absent, **shown}
    groups = presentation.consequence_groups(outcome.consequences, place)
    return pages.render(
        request,
        "meetings/confirm.html.j2",
        doing=doing,
        meeting=meeting,
        outcome=outcome,
        hidden=hidden,
        place=place,
        action=action or request.url.path,
        groups=groups,
        brief=presentation.in_brief(groups),
        later=presentation.consequence_groups(outcome.later, place),
        **context,
    )


# Outcomes


@router.post("/meetings/{reference}/outcomes")
def add_outcome(
    request: Request,
    reference: str,
    container: Services,
    pages: PagesDep,
    text: Typed = "",
    is_open: Ticked = False,
) -> Response:
    """Record one more outcome; what was typed stays when it cannot be one."""
    try:
        recorded = container.outcomes.add(reference, text, is_open=is_open, caller=CALLER)
    except InvalidInput as error:
        found = container.reading.meeting(reference)
        kept = Kept.of("outcome", 0, error.problems, text=text, is_open="yes" if is_open else "")
        return meeting_page(request, container, pages, found, status=422, kept=kept)
    return see_other(meeting_path(recorded.reference), done="outcome")


@router.post("/meetings/{reference}/outcomes/{number}/agree")
def agree_outcome(reference: str, number: Number, container: Services, seen: Typed = "") -> Response:
    """Record that an open outcome is agreed."""
    recorded = container.outcomes.agree(reference, number, caller=CALLER, seen=seen)
    return see_other(meeting_path(recorded.reference), done="outcome")


@router.post("/meetings/{reference}/outcomes/{number}/remove")
def remove_outcome(reference: str, number: Number, container: Services, seen: Typed = "") -> Response:
    """Take an outcome out."""
    recorded = container.outcomes.remove(reference, number, caller=CALLER, seen=seen)
    return see_other(meeting_path(recorded.reference), done="outcome")


# Asking for what is missing


@router.get("/meetings/{reference}/nudge")
def confirm_nudge(
    request: Request, reference: str, container: Services, pages: PagesDep, to: str = ""
) -> Response:
    """Show who would be asked for what is missing from a delegation, or from all."""
    found = container.reading.meeting(reference)
    outcome = container.readiness.nudge(reference, _picked(to), caller=CALLER, preview=True)
    return confirm_page(request, container, pages, "nudge", found, outcome, {"to": to})


@router.post("/meetings/{reference}/nudge")
def nudge(reference: str, container: Services, to: Typed = "") -> Response:
    """Ask the delegation that was shown, or all."""
    outcome = container.readiness.nudge(reference, _picked(to), caller=CALLER)
    return see_other(meeting_path(outcome.reference), done="nudged", count=outcome.count("chase"))


def _picked(to: str) -> tuple[str, ...]:
    return (to,) if to else ()


# Answers and attendees


def answer_of(typed: str) -> Participation:
    """Return the answer that was chosen; raises ``InvalidInput`` for none."""
    chosen = typed.strip().upper()
    if chosen in _ANSWERS:
        return Participation(chosen)
    raise InvalidInput.of(
        "participation", typed, "is not an answer" if typed else "is missing", "Choose one."
    )


_ANSWERS = frozenset(Participation) - {Participation.DELEGATED}


@router.post("/meetings/{reference}/attendees/{attendee}/answer")
def answer(
    request: Request,
    reference: str,
    attendee: Number,
    container: Services,
    pages: PagesDep,
    participation: Typed = "",
    comment: Typed = "",
) -> Response:
    """Record what somebody answered, for example by telephone."""
    found = container.reading.meeting(reference)
    person = _person(found, attendee)
    try:
        given = answer_of(participation)
    except InvalidInput as error:
        kept = Kept.of("answer", attendee, error.problems, participation=participation, comment=comment)
        return meeting_page(request, container, pages, found, status=422, kept=kept)
    container.answers.answer(found.reference, person.email, given, caller=CALLER, comment=comment)
    return see_other(meeting_path(found.reference), done="answered")


@router.post("/meetings/{reference}/attendees/{attendee}/send-again")
def send_again(reference: str, attendee: Number, container: Services) -> Response:
    """Send somebody the current invitation once more."""
    found = container.reading.meeting(reference)
    container.answers.send_again(found.reference, _person(found, attendee).email, caller=CALLER)
    return see_other(meeting_path(found.reference), done="again")


@router.post("/meetings/{reference}/attendees/{attendee}/revoke-link")
def revoke_link(reference: str, attendee: Number, container: Services) -> Response:
    """Make somebody's personal link useless."""
    found = container.reading.meeting(reference)
    container.personal.revoke_link(found.reference, _person(found, attendee).email, caller=CALLER)
    return see_other(meeting_path(found.reference), done="revoked")


@router.post("/meetings/{reference}/proposals/{response}/refuse")
def refuse(reference: str, response: Number, container: Services, reply: Typed = "") -> Response:
    """Keep the time, and tell whoever proposed another one."""
    container.answers.refuse_proposal(reference, response, caller=CALLER, reply=reply)
    return see_other(meeting_path(reference), done="refused")


@router.post("/meetings/{reference}/attendees/{attendee}/invite")
def invite(
    request: Request,
    reference: str,
    attendee: Number,
    form: Annotated[InviteForm, Form()],
    container: Services,
    pages: PagesDep,
) -> Response:
    """Show whom inviting a delegate, or correcting an address, would tell; do it once that was confirmed."""
    found = container.reading.meeting(reference)
    person = _person(found, attendee)
    try:
        wanted = form.update(found, person)
        outcome = container.meetings.update(
            found.reference, wanted, caller=CALLER, version=form.version, preview=not form.confirmed
        )
    except (InvalidInput, Conflict) as error:
        kept = Kept.of(form.doing, attendee, refusals(error), name=form.name, email=form.email)
        status = 422 if isinstance(error, InvalidInput) else 409
        newest = container.reading.meeting(reference)
        return meeting_page(request, container, pages, newest, status=status, kept=kept)
    if form.confirmed:
        told = outcome.count("invite") + outcome.count("cancel")
        return see_other(meeting_path(found.reference), done=form.doing, count=told)
    hidden = {name: value for name, value in form if name != "confirmed" and value is not False}
    return confirm_page(
        request,
        container,
        pages,
        form.doing,
        found,
        outcome,
        hidden,
        invitee=wanted.attendees[-1] if wanted.attendees else None,
        instead_of=person if form.instead else None,
    )


def _person(meeting: MeetingView, attendee_id: int) -> AttendeeView:
    for item in meeting.attendees:
        if item.id == attendee_id:
            return item
    raise NotFound(f"Nobody of that number is invited to {meeting.reference}.")


# The queue


@router.get("/actions")
def actions(request: Request, container: Services, pages: PagesDep, done: str = "") -> Response:
    """Answer "is anything due that has not gone out?", then show what needs mending and what comes."""
    reading = container.reading
    late_before = container.clock.now() - _LATE
    scheduled = reading.actions(ActionState.SCHEDULED, _MOST_READ)
    coming = [item for item in scheduled if item.due_at >= late_before]
    return pages.render(
        request,
        "operations/actions.html.j2",
        done=done,
        late=reading.late(),
        counts=reading.counts(),
        failed=reading.actions(ActionState.FAILED),
        missed=reading.actions(ActionState.MISSED),
        overdue=scheduled[: len(scheduled) - len(coming)],
        waves=presentation.waves(coming, cut=len(scheduled) == _MOST_READ)[:_WAVES_SHOWN],
    )


@router.post("/actions/{action_id}/retry")
def retry(action_id: int, container: Services, back: Typed = "/actions") -> Response:
    """Make a failed or missed action due now."""
    return _mended("retried", back, lambda: container.operations.retry(action_id, caller=CALLER))


@router.post("/actions/{action_id}/discard")
def discard(action_id: int, container: Services, reason: Typed = "", back: Typed = "/actions") -> Response:
    """Give an action up for good."""
    why = reason.strip()[:500] or None
    return _mended(
        "discarded", back, lambda: container.operations.discard(action_id, caller=CALLER, reason=why)
    )


def _mended(done: str, back: str, mend: Callable[[], None]) -> Response:
    mend()
    return see_other(local_path(back, "/actions"), done=done)
