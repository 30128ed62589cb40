"""Moving and renaming a meeting, and saying where it takes place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request, Response
from pydantic import BaseModel, ValidationError

from orchestrator.domain.definitions.edits import MeetingUpdate
from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.linked import Linked
from orchestrator.domain.meetings.place import Mode
from orchestrator.domain.meetings.reasons import refusal_of
from orchestrator.domain.problems import problems_of
from orchestrator.domain.time.zones import LocalTime, Place, instant_of, local_time, zone
from orchestrator.errors import Conflict, InvalidInput, Problem
from orchestrator.services.meetings.linking import QUESTION
from orchestrator.services.meetings.reading import Reading
from orchestrator.services.meetings.views import MeetingView
from orchestrator.web.console.confirmation import ConfirmationDep
from orchestrator.web.console.explaining import Explaining, ExplainingDep
from orchestrator.web.console.forms import linked_choice
from orchestrator.web.container import DirectoryDep, MeetingsDep, ReadingDep
from orchestrator.web.pages import Pages, PagesDep, meeting_path, see_other
from orchestrator.web.security import ConsoleCaller

router = APIRouter()


_VENUE = {
    "city": "city",
    "venue_zone": "zone",
    "venue_name": "name",
    "address": "address",
    "arrivals": "arrivals",
    "emergency": "emergency",
}
"""The fields of a venue, by those of the form."""
_LABELS = {
    "city": "City of the venue",
    "venue_zone": "Zone of the venue",
    "venue_name": "Venue",
    "address": "Address",
    "arrivals": "Arrivals",
    "emergency": "Emergency number",
}


class ChangeForm(BaseModel):
    """What was typed to move or rename a meeting, or to say where it takes place, as typed."""

    version: int
    start: str = ""
    zone: str = ""
    duration: str = ""
    title_en: str = ""
    title_vi: str = ""
    short: str = ""
    short_vi: str = ""
    mode: str = ""
    city: str = ""
    venue_zone: str = ""
    venue_name: str = ""
    address: str = ""
    arrivals: str = ""
    emergency: str = ""
    room: str = ""
    notify: bool = False
    linked: str = ""
    confirmed: bool = False

    @property
    def choice(self) -> Linked | None:
        """What is to become of linked meetings, if that was chosen."""
        return linked_choice(self.linked)

    @property
    def hidden(self) -> dict[str, Any]:
        """The fields as the page of confirmation sends them again."""
        fields = {name: value for name, value in self if name not in ("confirmed", "notify")}
        return fields | ({"notify": "yes"} if self.notify else {})

    @classmethod
    def of(cls, meeting: MeetingView) -> ChangeForm:
        """Return the form as it is before anything was typed."""
        return cls(
            version=meeting.version,
            start=meeting.start,
            zone=meeting.zone,
            duration=meeting.duration,
            title_en=meeting.title_en,
            title_vi=meeting.title_vi or "",
            short=meeting.short or "",
            short_vi=meeting.short_vi or "",
            mode=meeting.mode.value,
            room=meeting.room or "",
            **{name: getattr(meeting.venue, field, None) or "" for name, field in _VENUE.items()},
            notify=True,
        )

    def moves(self, meeting: MeetingView) -> bool:
        """Whether the time changes, and not the title alone."""
        return (self.start, self.zone, self.duration) != (meeting.start, meeting.zone, meeting.duration)

    def elsewhere(self, meeting: MeetingView) -> bool:
        """Whether the place changes."""
        return any(now != then for _, now, then in self._place_rows(meeting))

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
        titles = {"vi": self.title_vi, "short": self.short, "short_vi": self.short_vi}
        title = {"en": self.title_en.strip()} | {name: text.strip() or None for name, text in titles.items()}
        shown = {"vi": meeting.title_vi, "short": meeting.short, "short_vi": meeting.short_vi}
        if title != {"en": meeting.title_en} | shown:
            fields["title"] = title
        fields |= self._place(meeting)
        if not fields:
            raise InvalidInput.of("document", None, "is as it was", "Change a field, or leave the page.")
        try:
            return MeetingUpdate.model_validate(fields)
        except ValidationError as error:
            raise InvalidInput(problems_of(error)) from error

    def _place(self, meeting: MeetingView) -> dict[str, Any]:
        """Return what differs of mode, venue and room; of a meeting over the internet the rest goes."""
        mode = self.mode or meeting.mode.value
        changed: dict[str, Any] = {} if mode == meeting.mode.value else {"mode": mode}
        if mode == Mode.ONLINE.value:
            return changed
        typed = {field: getattr(self, name).strip() or None for name, field in _VENUE.items()}
        if any(typed.values()) or meeting.venue is None:
            known = asdict(meeting.venue) if meeting.venue else dict.fromkeys(typed)
            # What is needed is told to be empty, and not to be something else than text.
            needed = {"city": typed["city"] or "", "zone": typed["zone"] or ""} if any(typed.values()) else {}
            changed |= {"venue": typed | needed} if typed != known else {}
        room = self.room.strip() or None
        return changed | ({"room": room} if room != meeting.room else {})

    def rows(self, meeting: MeetingView) -> list[tuple[str, str, str]]:
        """Return what is said of everything but the start, now and then, each with its label."""
        return [
            ("Zone", meeting.zone, self.zone),
            ("Duration", meeting.duration, self.duration),
            ("Title", meeting.title_en, self.title_en),
            ("Vietnamese title", meeting.title_vi or "", self.title_vi),
            ("Short title", meeting.short or "", self.short),
            ("Short title in Vietnamese", meeting.short_vi or "", self.short_vi),
            *self._place_rows(meeting),
        ]

    def _place_rows(self, meeting: MeetingView) -> list[tuple[str, str, str]]:
        online = self.mode == Mode.ONLINE.value
        now = {field: getattr(meeting.venue, field, None) or "" for field in _VENUE.values()}
        return [
            ("Form", meeting.mode.value, self.mode or meeting.mode.value),
            *(
                (label, now[_VENUE[name]], "" if online else getattr(self, name))
                for name, label in _LABELS.items()
            ),
            ("Room", meeting.room or "", "" if online else self.room),
        ]


@dataclass(frozen=True, slots=True)
class ChangePage:
    """Shows the form with what was typed, beside what the meeting is now."""

    request: Request
    pages: Pages
    reading: Reading
    directory: Directory

    def show(
        self,
        meeting: MeetingView,
        form: ChangeForm,
        explaining: Explaining,
        status: int = 200,
        *,
        problems: Sequence[Problem] = (),
        conflict: str = "",
        question: Sequence[str] = (),
    ) -> Response:
        """Return the page.

        ``question`` asks what becomes of linked meetings, a line for each behind the first.
        """
        return self.pages.render(
            self.request,
            "meetings/change.html.j2",
            status=status,
            meeting=meeting,
            form=form,
            explaining=explaining.offered(meeting, self.directory).shown_with(problems),
            zones=sorted({item.zone for item in self.directory.delegations}),
            MODES=[item.value for item in Mode],
            problems=problems,
            fields={item.field: item for item in problems},
            conflict=conflict,
            question=question,
            linked=self.reading.linked(meeting.reference),
        )

    def again(
        self, meeting: MeetingView, form: ChangeForm, explaining: Explaining, error: InvalidInput | Conflict
    ) -> Response:
        """Return the page for a form that could not be taken."""
        if isinstance(error, InvalidInput):
            return self.show(meeting, form, explaining, 422, problems=error.problems)
        if error.code == QUESTION:
            return self.show(meeting, form, explaining, 409, question=error.message.splitlines())
        return self.show(meeting, form, explaining, 409, conflict=error.message)


def _change_page(
    request: Request, pages: PagesDep, reading: ReadingDep, directory: DirectoryDep
) -> ChangePage:
    return ChangePage(request, pages, reading, directory)


ChangePageDep = Annotated[ChangePage, Depends(_change_page)]


@router.get("/meetings/{reference}/change")
def change_form(reference: str, reading: ReadingDep, page: ChangePageDep, start: str = "") -> Response:
    """Show the form for time, place and title, with ``start`` filled in when a delegate proposed one."""
    found = reading.meeting(reference)
    form = ChangeForm.of(found)
    return page.show(found, form.model_copy(update={"start": start}) if start else form, Explaining())


@router.post("/meetings/{reference}/change")
def change(
    reference: str,
    form: Annotated[ChangeForm, Form()],
    explaining: ExplainingDep,
    reading: ReadingDep,
    meetings: MeetingsDep,
    caller: ConsoleCaller,
    page: ChangePageDep,
    confirmation: ConfirmationDep,
) -> Response:
    """Show what a change would send, or make it once that was confirmed."""
    found = reading.meeting(reference)
    try:
        wanted = form.update(found)
        effect = meetings.update(
            reference,
            wanted,
            caller=caller,
            version=form.version,
            notify=form.notify,
            dry_run=not form.confirmed,
            linked=form.choice,
            reason=explaining.reason,
            remark=explaining.remark,
        )
        missing = refusal_of(effect.warnings)
        if missing is not None:
            raise missing
    except (InvalidInput, Conflict) as error:
        return page.again(found, form, explaining, error)
    if form.confirmed:
        return see_other(meeting_path(found.reference), done="changed", count=effect.count("invite"))
    doing = "move" if form.moves(found) else "place" if form.elsewhere(found) else "rename"
    new_start = _new_start(page.directory, found, wanted)
    hidden = form.hidden | explaining.hidden
    return confirmation.show(
        doing,
        found,
        effect,
        hidden,
        form=form,
        new_start=new_start,
        explaining=explaining.offered(found, page.directory),
    )


def _new_start(directory: Directory, meeting: MeetingView, wanted: MeetingUpdate) -> LocalTime:
    """Return the start after a change that was found to be possible."""
    zone_name = wanted.zone or meeting.zone
    wall = wanted.start or datetime.fromisoformat(meeting.start)
    starts_at = instant_of(wall, zone(zone_name))
    venue = wanted.venue or meeting.venue
    if venue is not None and not (wanted.mode or meeting.mode).has_link:
        return local_time(starts_at, Place(venue.zone, venue.city))
    return local_time(starts_at, directory.host_place(meeting.host, zone_name, starts_at))
