"""The page behind the link in each mail: look, answer, name who comes, download, subscribe.

Whoever holds the link acts for the attendee it was made for; there is no login. Looking changes nothing,
however often it is done, because mail scanners and previews open every link they see. Nobody sees or
changes anybody of another delegation.
"""

from __future__ import annotations

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from orchestrator.domain.answers.responses import ResponseKind
from orchestrator.domain.letters import feed as calendars
from orchestrator.domain.letters.invitation import lead_words
from orchestrator.domain.meetings import lifecycle
from orchestrator.domain.meetings.changes import Difference, Snapshot, differences
from orchestrator.domain.meetings.fields import AgendaFields, values
from orchestrator.domain.meetings.lifecycle import Change
from orchestrator.domain.meetings.meeting import (
    Attendee,
    Contribution,
    ContributionState,
    Meeting,
    MeetingStatus,
    Need,
    Participation,
)
from orchestrator.domain.people.caller import Caller, Channel, attendee
from orchestrator.domain.time.durations import duration_words
from orchestrator.domain.time.zones import LocalTime, Place, local_time
from orchestrator.errors import Conflict, InvalidInput, NotFound
from orchestrator.facts import Fact
from orchestrator.ports import Clock, DocumentStore, WakeUp
from orchestrator.services.answers.recording import LONGEST_COMMENT, Given, cut, record
from orchestrator.services.meetings.views import AgendaView, MinutesView
from orchestrator.services.people.contacts import Contact
from orchestrator.services.people.links import Links, SignedId
from orchestrator.services.personal.composition import (
    Composition,
    Member,
    Visit,
    composition_of,
    signature,
    summary,
    wanted_members,
)
from orchestrator.services.personal.visits import NotAnnouncedError, follow, refusal, require_open, told
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.planner import Planner
from orchestrator.store.answers import responses
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store
from orchestrator.store.readiness import contributions
from orchestrator.store.rows.answers import ResponseRow
from orchestrator.store.rows.meetings import AttendeeRow, HistoryRow, MeetingRow, RevisionRow
from orchestrator.store.rows.people import PersonRow

_LOG = logging.getLogger(__name__)
CHANNEL = Channel.PERSONAL_PAGE
ANSWERS = (Participation.ACCEPTED, Participation.TENTATIVE, Participation.DECLINED)
_CHANNELS = {"mail": "by e-mail", "web": "on the personal page"}


@dataclass(frozen=True, slots=True)
class MemberView:
    """Somebody of the reader's delegation. ``stays`` says that they cannot be removed from here."""

    id: int
    name: str
    email: str
    role: str
    seat: str
    answer: str
    comment: str | None
    myself: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class AuditView:
    """Who answered what, when and how; ``by`` names whoever did so for them."""

    at: LocalTime
    who: str
    what: str
    by: str | None
    channel: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class TimesView:
    """When a meeting is for its reader; ``host`` is ``None`` where that is the same clock."""

    starts: LocalTime
    ends: LocalTime
    host: LocalTime | None
    duration: str
    started: bool
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalView:
    """All that somebody's page shows; all times are their own but the host's.

    ``refusal`` says in words why nothing can be answered any more, and is empty as long as it can.
    ``asked_again`` says that an answer was given to another time. ``members`` is empty for whoever may
    not answer for the delegation; ``mark`` stands for the members as they are now.
    """

    name: str
    email: str
    delegation: str
    delegation_name: str
    title: str
    title_vi: str | None
    reference: str
    status: str
    times: TimesView
    join_url: str | None
    agenda: tuple[AgendaView, ...]
    contact: Contact
    answer: str
    answered_at: LocalTime | None
    answered_via: str | None
    answered_by: str | None
    asked_again: bool
    comment: str | None
    refusal: str
    answers_for_delegation: bool
    members: tuple[MemberView, ...]
    mark: str
    history: tuple[AuditView, ...]
    documents: tuple[MinutesView, ...]
    feed_url: str
    changed_since: LocalTime | None
    changes: tuple[Difference, ...]

    @property
    def webcal_url(self) -> str:
        """The feed's address as calendars subscribe to it."""
        return "webcal" + self.feed_url[self.feed_url.index(":") :]

    @property
    def others(self) -> tuple[MemberView, ...]:
        """The members beside the reader."""
        return tuple(item for item in self.members if not item.myself)


@dataclass(frozen=True, slots=True)
class Answered:
    """Whose answers were recorded; nobody's when all had been given already."""

    participation: Participation
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A person's calendar, and how a client knows whether it has changed."""

    content: bytes
    tag: str
    modified: datetime


class Personal:
    """The use cases of a personal link; each is one transaction.

    Every method that takes a token raises ``NotFound`` for one that was never given out, at the cost of a
    signature alone, and ``LinkClosedError`` for one that opens nothing any more.
    """

    def __init__(
        self,
        database: Database,
        planner: Planner,
        links: Links,
        documents: DocumentStore,
        clock: Clock,
        wake_up: WakeUp,
    ) -> None:
        self._database = database
        self._planner = planner
        self._links = links
        self._documents = documents
        self._clock = clock
        self._wake_up = wake_up
        self._explainer = Explainer(planner)

    # Looking

    def page(self, token: str) -> PersonalView:
        """Return all that the page shows; changes nothing."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            return self._view(session, self._visit(session, signed, now), now)

    def join_url(self, token: str) -> str | None:
        """Return the meeting's link as it is now; ``None`` when there is nothing to join yet, or any more."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            return _join_url(self._visit(session, signed, now).meeting, now)

    def invitation(self, token: str) -> bytes:
        """Return the current revision as a calendar file, METHOD:PUBLISH (see ``domain.feed``).

        Its ORGANIZER is the one that the mails to this person name, so that a calendar that holds the
        invitation already knows the event again.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            visit = self._visit(session, signed, now)
        organizer = self._links.reply_address(visit.meeting, visit.attendee)
        return calendars.meeting_file(
            calendars.facts_of(visit.meeting, visit.attendee, self._planner.directory, organizer)
        )

    def minutes(self, token: str, version: int) -> tuple[str, str, bytes]:
        """Return file name, media type and content of one version of the minutes; raises ``NotFound``."""
        signed, now = self._links.read_page(token), self._clock.now()
        with self._database.reading() as session:
            visit = self._visit(session, signed, now)
            if not 0 < version <= visit.meeting.minutes_version:
                raise NotFound(f"This meeting has no minutes of version {version}.")
            document = store.minutes_document(session, visit.meeting.id, version)
        return document.filename, document.media_type, self._documents.get(document.digest)

    def feed(self, token: str) -> Feed:
        """Return the calendar of all meetings that a person is or was invited to, and of nobody else's.

        It holds no personal link and no reply address: calendars are shared, and whoever sees one must not
        be able to answer in its owner's name.
        """
        signed = self._links.read_feed(token)
        with self._database.reading() as session:
            person = responses.person(session, signed.id)
            if person.feed_version != signed.version:
                raise Conflict(
                    "This calendar's address is no longer valid. Open the page in your latest invitation; "
                    "it has the new one.",
                    code="link-revoked",
                )
            meetings = [store.load(session, number) for number in _meetings_of(session, person)]
            entries = [
                entry
                for meeting in sorted(meetings, key=lambda item: (item.starts_at, item.id))
                for entry in self._entries(session, meeting, person)
            ]
            modified = _last_change(session, [item.id for item in meetings])
        content = calendars.feed(f"ACCSM meetings: {person.name}", entries)
        return Feed(content, hashlib.sha256(content).hexdigest()[:32], modified or self._clock.now())

    def _entries(self, session: Session, meeting: Meeting, person: PersonRow) -> Iterator[calendars.Entry]:
        rows = [item for item in meeting.attendees if item.address == person.email]
        attendee = rows[-1]
        if not attendee.invited and not any(item.notified for item in rows):
            return  # Removed before having been told, so there is nothing to take back.
        known = told(session, meeting, attendee)
        organizer = meeting.organizer or ""
        facts = calendars.facts_of(meeting, attendee, self._planner.directory, organizer, known)
        yield calendars.entry_of(facts, attendee.participation)

    # Answering

    def answer(
        self,
        token: str,
        participation: Participation,
        comment: str | None = None,
        for_also: Iterable[int] = (),
        *,
        myself: bool = True,
    ) -> Answered:
        """Record an answer for oneself and, if one may, for others of the delegation, by attendee id.

        The comment goes with one's own answer, or with those of the others when there is none. What stands
        already is not recorded again, so that a double click counts once. The meeting's version stays.
        Raises ``InvalidInput`` for what cannot be recorded and ``Conflict`` once the meeting has begun.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        text = _comment(comment)
        if participation not in ANSWERS:
            raise InvalidInput.of(
                "answer", participation, "is not an answer", "Choose Accept, Tentative or Decline."
            )
        with self._unit() as session:
            visit = self._visit(session, signed, now, lock=True)
            require_open(visit.meeting, now)
            others = _others(visit, set(for_also))
            given = _given(visit, participation, text, others, now, myself=myself)
            if given:
                record(session, visit.meeting, given, now)
                self._planner.replan(session, store.load(session, visit.meeting.id), now)
        if given:
            self._wake_up.notify()
        names = {item.id: item.name for item in visit.delegation}
        return Answered(participation, tuple(names[item.attendee_id] for item in given))

    # Naming who comes

    def compose(
        self, token: str, members: Sequence[Member], *, mark: str | None = None, preview: bool = False
    ) -> Composition:
        """Name who comes for the delegation; who is not among ``members`` stays as they are.

        Named members get their own invitation, removed ones a CANCEL. With ``mark`` the list must still be
        the one that was looked at. Raises ``InvalidInput`` naming ``members[n].name``, ``.email`` or
        ``.seat``, and ``Conflict`` for somebody who may not, a meeting that has begun, or another change
        meanwhile.
        """
        signed, now = self._links.read_page(token), self._clock.now()
        with self._unit(preview=preview) as session:
            visit = self._visit(session, signed, now, lock=True)
            require_open(visit.meeting, now)
            if not visit.speaks:
                raise Conflict(
                    "Only the focal point and the head of a delegation can name who comes.",
                    code="not-allowed",
                )
            wanted = wanted_members(visit, members, self._planner.directory)
            if visit.listed(wanted) == visit.listed(visit.delegation):
                return Composition()
            if mark is not None and mark != visit.mark:
                raise Conflict(
                    "Somebody else has changed the list of your delegation meanwhile.", code="list-changed"
                )
            done = self._composed(session, visit, wanted, now)
        if not preview:
            self._wake_up.notify()
        return done

    def _composed(
        self, session: Session, visit: Visit, wanted: Sequence[Attendee], now: datetime
    ) -> Composition:
        """Store the list as any other change of attendees, and say what follows for the delegation."""
        before, own = visit.meeting, visit.attendee
        others = tuple(item for item in before.invited if item.delegation != own.delegation)
        changed = lifecycle.revise(before, Change(attendees=(*others, *wanted)), now)
        stored = store.save(session, changed, now)
        said = summary(visit, wanted)
        row = {
            "meeting_id": stored.id,
            "attendee_id": own.id,
            "kind": ResponseKind.COMPOSITION,
            "comment": cut(said),
            "channel": CHANNEL,
            "by": signature(own),
            "at": now,
        }
        responses.add(session, [row])
        detail = f"{own.delegation}, by {own.name}: {said}"
        history.note(
            session,
            stored.id,
            attendee(own.name, own.id, CHANNEL),
            Fact.of("personal.history.delegation-named"),
            now,
            detail,
        )
        named = Contribution(own.delegation, Need.LIST, ContributionState.IN, signature(own), now)
        contributions.record(session, stored.id, named)
        meeting = store.load(session, stored.id)
        result = self._planner.replan(session, meeting, now, before=before)
        consequences = self._explainer.explain(session, meeting, result)
        return composition_of(visit, wanted, consequences)

    # For coordinators

    def my_link(self, name: str, email: str) -> str:
        """Return the address of somebody's page, to hand over.

        Raises ``NotFound`` for whoever was never invited, and ``Conflict`` before there is a page: the
        meeting is neither published nor has it an open date poll.
        """
        with self._database.reading() as session:
            meeting = store.load(session, store.find_id(session, name))
        return self._links.page(_rows_of(meeting, email)[-1])

    def revoke_link(self, name: str, email: str, *, caller: Caller) -> str:
        """Close somebody's page under its present address and return the new one; later mails carry it.

        Raises as ``my_link`` does.
        """
        now = self._clock.now()
        with self._unit() as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            rows = _rows_of(meeting, email)
            # Links of an earlier time in the meeting lead to the same page, so they close with it.
            version = max(item.link_version for item in rows) + 1
            for item in rows:
                responses.attendee_row(session, item.id).link_version = version
            history.note(
                session, meeting.id, caller, Fact.of("personal.history.link-revoked"), now, rows[-1].name
            )
        return self._links.page(replace(rows[-1], link_version=version))

    def revoke_feed(self, email: str, *, caller: Caller) -> str:
        """Close somebody's calendar feed and return its new address; raises ``NotFound``."""
        with self._unit() as session:
            wanted = select(PersonRow).where(PersonRow.email == email.strip().casefold()).with_for_update()
            person = session.scalars(wanted).one_or_none()
            if person is None:
                raise NotFound(f"Nobody with the address {email} was ever invited.")
            person.feed_version += 1
        _LOG.info("the calendar feed of person %s was revoked by %s", person.id, caller.name)
        return self._links.feed(person.id, person.feed_version)

    # What all of them begin with

    @contextmanager
    def _unit(self, *, preview: bool = False) -> Iterator[Session]:
        """A transaction, or a look at what it would do; raises ``Conflict`` for simultaneous changes."""
        try:
            with self._database.rehearsal() if preview else self._database.transaction() as session:
                yield session
        except IntegrityError as error:
            raise Conflict(
                "Somebody else saved the same thing at this very moment. Send it again.",
                code="simultaneous-change",
            ) from error

    @staticmethod
    def _visit(session: Session, signed: SignedId, now: datetime, *, lock: bool = False) -> Visit:
        """Follow a link whose signature was right; raises ``NotAnnouncedError`` too."""
        visit = follow(session, signed, now, lock=lock)
        if visit.meeting.uid is None:
            raise NotAnnouncedError("This meeting has not been announced yet.")
        return visit

    # Putting the page together

    def _view(self, session: Session, visit: Visit, now: datetime) -> PersonalView:
        meeting, attendee = visit.meeting, visit.attendee
        own = self._planner.directory.get(attendee.delegation)
        answered_at, via = store.answers(session, meeting.id)[attendee.id]
        since, changes = _changes(session, visit, answered_at, own.place)
        history = _history(session, visit)
        latest = next((row for row in history if _is_answer_of(row, attendee)), None)
        return PersonalView(
            times=self._times(meeting, own.place, now),
            name=attendee.name,
            email=attendee.email,
            delegation=own.code,
            delegation_name=own.name,
            title=meeting.title_en,
            title_vi=meeting.title_vi if own.locale.startswith("vi") else None,
            reference=meeting.reference,
            status=_status(meeting),
            join_url=_join_url(meeting, now),
            agenda=tuple(self._agenda(meeting)),
            contact=Contact(meeting.coordinator_name, meeting.coordinator_email),
            answer=attendee.participation.words,
            answered_at=local_time(answered_at, own.place) if answered_at else None,
            answered_via=_channel(via) if via else None,
            answered_by=_by(latest, attendee) if latest else None,
            asked_again=not attendee.answered and answered_at is not None,
            comment=attendee.comment,
            refusal=refusal(meeting, now),
            answers_for_delegation=visit.speaks,
            members=tuple(_member(visit, item) for item in visit.delegation) if visit.speaks else (),
            mark=visit.mark,
            history=tuple(_audit(row, visit, own.place) for row in history),
            documents=tuple(
                MinutesView(
                    row.version,
                    row.document.filename,
                    row.document.media_type,
                    row.document.size,
                    row.document.digest,
                    row.attached_at,
                )
                for row in store.minutes(session, meeting.id)
            ),
            feed_url=self._feed_url(session, visit),
            changed_since=local_time(since, own.place) if since else None,
            changes=tuple(changes),
        )

    def _times(self, meeting: Meeting, own: Place, now: datetime) -> TimesView:
        host = self._planner.directory.host_place(meeting.host, meeting.zone, meeting.starts_at)
        return TimesView(
            starts=local_time(meeting.starts_at, own),
            ends=local_time(meeting.ends_at, own),
            host=None if own == host else local_time(meeting.starts_at, host),
            duration=duration_words(meeting.duration),
            started=meeting.starts_at <= now,
            over=meeting.ends_at <= now or meeting.status is MeetingStatus.CONCLUDED,
        )

    def _agenda(self, meeting: Meeting) -> Iterator[AgendaView]:
        directory = self._planner.directory
        for item in meeting.agenda:
            lead = lead_words(item.lead, directory) if item.lead else None
            shown = values(AgendaFields, item) | {"lead": lead}
            yield AgendaView(**shown, number=item.number, points=item.points)

    def _feed_url(self, session: Session, visit: Visit) -> str:
        person = responses.person(session, visit.person_id)
        return self._links.feed(person.id, person.feed_version)


# What is answered


def _comment(text: str | None) -> str | None:
    """Return a comment fit to be kept; raises ``InvalidInput`` for one that is too long."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n")
    # PostgreSQL keeps neither NUL nor half a character; joiners stay, for Khmer and Burmese need them.
    kept = "".join(char for char in unicodedata.normalize("NFC", lines) if _can_be_kept(char))
    if len(kept.strip()) > LONGEST_COMMENT:
        raise InvalidInput.of(
            "comment",
            None,
            f"has {len(kept.strip())} characters",
            f"Shorten it to {LONGEST_COMMENT}, or write to the coordinator.",
        )
    return cut(kept)


def _can_be_kept(char: str) -> bool:
    return char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")


def _others(visit: Visit, ids: set[int]) -> tuple[Attendee, ...]:
    """Return those of the delegation with these ids; raises ``InvalidInput`` for anybody else."""
    others = ids - {visit.attendee.id}
    found = tuple(item for item in visit.delegation if item.id in others)
    if others and not visit.speaks:
        raise InvalidInput.of(
            "for_also",
            None,
            "can only be chosen by the focal point and the head of a delegation",
            "Answer for yourself.",
        )
    if len(found) != len(others):
        raise InvalidInput.of(
            "for_also",
            None,
            "holds somebody who is not, or no longer, of your delegation at this meeting",
            "Look at the list again; it shows who is.",
        )
    return found


def _given(
    visit: Visit,
    participation: Participation,
    comment: str | None,
    others: Sequence[Attendee],
    now: datetime,
    *,
    myself: bool,
) -> list[Given]:
    """Return the answers that are not there yet; raises ``InvalidInput`` when they are for nobody."""
    if not myself and not others:
        raise InvalidInput.of("for_also", None, "names nobody", "Tick whom the answer is for.")
    own = visit.attendee
    by, said = signature(own), None if myself else comment
    giver = attendee(own.name, own.id, CHANNEL)
    new = [(item, said) for item in others if not _stands(item, participation, said or item.comment)]
    if myself and not _stands(own, participation, comment):
        new.insert(0, (own, comment))
    return [Given(item.id, participation, caller=giver, by=by, stamp=now, comment=text) for item, text in new]


def _stands(attendee: Attendee, participation: Participation, comment: str | None) -> bool:
    return (attendee.participation, attendee.comment) == (participation, comment)


# What the page tells


def _status(meeting: Meeting) -> str:
    if meeting.status is MeetingStatus.PUBLISHED and meeting.tentative:
        return "save-the-date"
    return meeting.status.value


def _join_url(meeting: Meeting, now: datetime) -> str | None:
    """The link as long as there is something to join."""
    open_now = meeting.status is MeetingStatus.PUBLISHED and now < meeting.ends_at
    return meeting.conference.join_url if open_now else None


def _member(visit: Visit, item: Attendee) -> MemberView:
    return MemberView(
        id=item.id,
        name=item.name,
        email=item.email,
        role=item.role.value,
        seat=visit.seat_of(item).value,
        answer=item.participation.words,
        comment=item.comment,
        myself=item.id == visit.attendee.id,
        stays=visit.stays(item),
    )


_SHOWN_KINDS = (ResponseKind.ANSWER, ResponseKind.PROPOSAL, ResponseKind.COMPOSITION)


def _history(session: Session, visit: Visit) -> list[ResponseRow]:
    """What came back from the reader or, for whoever answers for it, from the delegation; newest first."""
    own = visit.attendee
    ids = {
        item.id
        for item in visit.meeting.attendees
        if item.address == own.address or (visit.speaks and item.delegation == own.delegation)
    }
    return [
        row
        for row in responses.of_meeting(session, visit.meeting.id)
        if row.attendee_id in ids and row.kind in _SHOWN_KINDS
    ]


def _is_answer_of(row: ResponseRow, attendee: Attendee) -> bool:
    return row.kind == ResponseKind.ANSWER and row.attendee_id == attendee.id


def _audit(row: ResponseRow, visit: Visit, place: Place) -> AuditView:
    attendee = next(item for item in visit.meeting.attendees if item.id == row.attendee_id)
    return AuditView(
        at=local_time(row.at, place),
        who=attendee.name,
        what=_what(row, place),
        by=_by(row, attendee),
        channel=_channel(row.channel),
        comment=row.comment,
    )


def _what(row: ResponseRow, place: Place) -> str:
    if row.kind == ResponseKind.COMPOSITION:
        return "named who comes"
    if row.kind == ResponseKind.PROPOSAL:
        return f"proposed {local_time(row.starts_at, place)}" if row.starts_at else "proposed another time"
    words = Participation(row.participation or Participation.NEEDS_ACTION).words
    return f"{words}, to {row.delegate}" if row.delegate else words


def _by(row: ResponseRow, attendee: Attendee) -> str | None:
    """Who gave it, unless that was the attendee; coordinators' own channels name no person."""
    if row.channel not in (CHANNEL, "mail"):
        return "the coordinator"
    return None if attendee.address in row.by.casefold() else row.by.partition(" <")[0]


def _channel(name: str) -> str:
    return _CHANNELS.get(name, "entered by the coordinator")


# What changed


def _changes(
    session: Session, visit: Visit, answered_at: datetime | None, place: Place
) -> tuple[datetime | None, list[Difference]]:
    """Return what is different from what the reader answered to, or from the revision before this one."""
    meeting = visit.meeting
    since = answered_at or visit.attendee.joined_at
    known = _revision_at(session, meeting, since) if since else meeting.revision - 1
    old = store.snapshot(session, meeting.id, known) if known else None
    found = differences(old, Snapshot.of(meeting), place) if old else []
    return (answered_at if found else None), found


def _revision_at(session: Session, meeting: Meeting, moment: datetime) -> int:
    """Return the revision that was in force at a moment; 0 for none."""
    newest = select(func.max(RevisionRow.revision))
    return session.scalar(newest.where(RevisionRow.meeting_id == meeting.id, RevisionRow.at <= moment)) or 0


# Finding people and meetings


def _rows_of(meeting: Meeting, email: str) -> list[Attendee]:
    """Return the rows of one address, oldest first; raises as ``Personal.my_link`` does."""
    if meeting.uid is None and meeting.date_poll is None:
        raise Conflict(
            f"{meeting.reference} is not published; personal links begin with the invitations, "
            "or with a date poll."
        )
    rows = [item for item in meeting.attendees if item.address == email.strip().casefold()]
    if not rows:
        raise NotFound(f"{email} is not invited to {meeting.reference}.")
    return rows


def _meetings_of(session: Session, person: PersonRow) -> Sequence[int]:
    """Return the published meetings in which an address is or was."""
    wanted = (
        select(MeetingRow.id)
        .join(AttendeeRow, AttendeeRow.meeting_id == MeetingRow.id)
        .where(AttendeeRow.address == person.email, MeetingRow.uid.is_not(None))
    )
    return session.scalars(wanted.distinct()).all()


def _last_change(session: Session, meeting_ids: Sequence[int]) -> datetime | None:
    """Return when one of the meetings last changed; other people's answers are none of a reader's concern."""
    newest = select(func.max(HistoryRow.at)).where(
        HistoryRow.meeting_id.in_(meeting_ids), HistoryRow.what != "answers.history.answered"
    )
    return session.scalar(newest)
