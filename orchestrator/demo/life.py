"""Living through a meeting on the sandbox clock, and showing in the terminal what goes out."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

from integrations.sandbox.attendees import Attendees, Reply
from integrations.sandbox.drafts import Says, Software
from integrations.sandbox.outbox import MaildirOutbox
from orchestrator.bootstrap import Container, outbox_folder
from orchestrator.demo.judging import (
    Case,
    CaughtLine,
    expected_mails,
    wrong_answers,
    wrong_mails,
    wrong_quarantine,
)
from orchestrator.domain.answers.responses import ProposalState
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Recipient, purposes_where
from orchestrator.errors import ConfigurationError, Conflict
from orchestrator.ports import Mailbox
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.views import MeetingSummary, MeetingView
from orchestrator.services.timelines.views import ActionView
from orchestrator.store.rows.answers import IncomingOutcome
from orchestrator.supervisor import Supervisor, free_ports, reachable, running
from orchestrator.terminal import ANSWER_MARKS, STATE_MARKS, answers, out, table

_CALLER = SERVICE
_QUIET_TIMEOUT = 180.0
_SHORT = timedelta(minutes=1)
_MINUTES = """# Minutes (rehearsal)

1. The agenda was adopted as circulated.
2. The meeting took note of the reports.
3. The meeting thanked Viet Nam for its arrangements.
"""
_PURPOSE_WORDS = {
    "invitation": "Invitation",
    "update": "Updated invitation",
    "reminder": "Reminder",
    "cancellation": "Cancellation",
    "minutes": "Minutes",
    "alert": "Alert",
    "notice": "Notice",
    "chaser": "Chaser",
    "connection-test": "Connectivity test",
    "date-poll": "Date poll",
    "save-the-date": "Save the date",
    "again": "Invitation once more",
    "refusal": "Time unchanged",
    "digest": "Digest of answers",
    "decline-alert": "Alert that a head of delegation declined",
}
_SPECIAL = (Says.PROPOSED, Says.DELEGATED, Says.BOUNCED)
_FEW = 3
_TO_COORDINATOR = purposes_where(lambda rules: rules.recipient is Recipient.COORDINATOR)
_BADLY = (ActionState.FAILED, ActionState.MISSED)


def caught(container: Container) -> list[CaughtLine]:
    """Return the mails that the sandbox has caught, oldest first; none in production."""
    outbox = container.outbox
    mails = outbox.all() if outbox else []
    return [CaughtLine(item.key, item.received_at, item.recipient, _subject(item.content)) for item in mails]


def _subject(content: bytes) -> str:
    head = content.partition(b"\r\n\r\n")[0]
    return str(message_from_bytes(head, policy=policy.default)["Subject"] or "")


# The clock


def advance(container: Container, length: timedelta | None) -> Iterator[str]:
    """Move the sandbox clock to the next due action, or by ``length``, and say what happened.

    Everything that falls due on the way is done at its time, as if the time had passed. Raises
    ``ConfigurationError`` when no sandbox is running and ``Conflict`` when the queue does not move.
    """
    _ = container.endpoints  # Without workers nothing would be done on the way.
    clock = container.sandbox_clock
    wait_until_quiet(container)
    end = clock.now() + length if length is not None else None
    while True:
        due = _next_due(container)
        if due is None and end is None:
            yield "Nothing is planned; the clock stays where it is."
            return
        target = end if due is None or (end is not None and due > end) else due
        if target is None:
            return
        before = Counter(container.reading.counts())
        _move_to(container, target)
        yield _what_happened(target, before, Counter(container.reading.counts()))
        if end is None or target == end:
            return


def _next_due(container: Container) -> datetime | None:
    """Return when the next action is due; nothing is in hand then that the clock could leave behind."""
    while True:
        wait_until_quiet(container)
        due = container.reading.next_due()
        # What fell due by itself meanwhile is no longer among what waits, and is not done yet.
        if not container.reading.busy():
            return due


def _move_to(container: Container, moment: datetime) -> None:
    """Move the clock and wait until everything due then is done."""
    with suppress(Conflict):  # The moment may have come by itself meanwhile.
        container.sandbox_clock.move_to(moment)
    container.wake_up.notify()
    wait_until_quiet(container)


def _what_happened(at: datetime, before: Counter[str], after: Counter[str]) -> str:
    ended = {
        state: after[state] - before[state]
        for state in (ActionState.SUCCEEDED, ActionState.MISSED, ActionState.FAILED)
        if after[state] > before[state]
    }
    done = ", ".join(f"{count} {state}" for state, count in ended.items()) or "nothing was due"
    return f"{at:%Y-%m-%d %H:%M} UTC: {done}"


def wait_until_quiet(container: Container) -> None:
    """Wait until nothing is due or in hand; raises ``Conflict`` when the queue does not move."""
    pause = threading.Event()
    waited = 0.0
    while container.reading.busy():
        if waited > _QUIET_TIMEOUT:
            raise Conflict("The queue does not move. Look into run/worker.log and run/beat.log.")
        pause.wait(0.05)
        waited += 0.05


# What `up` shows


def show_running(container: Container, *, example: bool, start: date | None) -> None:
    """Say that the service runs, and load and show the example when it is wanted."""
    settings = container.settings
    out.rule("Meeting orchestrator")
    out.print(f"Console      http://{settings.host}:{settings.port}/")
    out.print(
        f"API          http://{settings.host}:{settings.port}/api/v1   token in {settings.data_dir}/api-token"
    )
    out.print(f"Sandbox      no mail leaves this machine; caught mails are in {settings.data_dir}/outbox")
    if example:
        _publish_example(container, start)
        wait_until_quiet(container)
        for meeting in container.reading.meetings():
            _show_life(container, meeting)
        out.print("\nLet the invited answer:  orchestrator sandbox answer")
        out.print("Move the clock:          orchestrator sandbox advance --to-next   (or --by P1D)")
    out.print("Stop with Ctrl-C.")


def _publish_example(container: Container, start: date | None) -> None:
    try:
        created = container.examples.load(ACCSM21.read_text("utf-8"), start, caller=_CALLER)
    except Conflict:
        out.print("\nThe example is there already.")
        return
    for item in created:
        container.meetings.publish(item.reference, caller=_CALLER)
        if item.left_out:
            out.print(f"\nLeft out of {item.reference}: {', '.join(item.left_out)}")


def _show_life(container: Container, meeting: MeetingSummary) -> None:
    """Print what happened for a meeting and what comes next, in the order of its plan."""
    out.print(f"\n{meeting.reference}  {meeting.title_en}", style="bold", soft_wrap=True)
    out.print(f"  {meeting.host_time}, {meeting.status}", soft_wrap=True)
    groups: dict[tuple[str, str], list[ActionView]] = defaultdict(list)
    for item in container.reading.plan(meeting.reference):
        if item.kind != ActionKind.LINK_ALERT:
            groups[item.state, item.what].append(item)
    for (state, what), found in groups.items():
        mark = STATE_MARKS[state].partition(" ")[0]
        out.print(f"  {mark} {what:<26} {_to_whom(found)}, {_when(found)}", soft_wrap=True)


def _to_whom(found: Sequence[ActionView]) -> str:
    people = sum(item.recipient_email is not None for item in found)
    return f"{people} people" if people else "by itself"


def _when(found: Sequence[ActionView]) -> str:
    first, last = found[0], found[-1]
    if first.state != ActionState.SCHEDULED:
        return str(first.reason or first.state)
    same = first.due_at == last.due_at
    return f"{first.due}" if same else f"{first.due} to {last.due.clock} {last.due.city} ({last.due.offset})"


def follow(container: Container, processes: Supervisor, stop: threading.Event) -> None:
    """Keep the processes running and print what goes out, until ``stop`` is set."""
    shown_until = container.clock.now()
    while not stop.wait(1.0):
        processes.watch()
        now = container.clock.now()
        for (meeting, purpose), count in container.reading.sent_between(shown_until, now).items():
            out.print(f"{now:%Y-%m-%d %H:%M} UTC  {_PURPOSE_WORDS[purpose]} to {count}: {meeting}")
        shown_until = now
    out.print("\nStopping …")


# The simulated attendees


def attendees_of(container: Container) -> Attendees:
    """Return the simulated attendees of the running sandbox; raises ``ConfigurationError`` when none runs."""
    settings, endpoints = container.settings, container.endpoints
    clock, folder = container.sandbox_clock, outbox_folder(settings)
    host = reachable(settings.host)
    return Attendees(
        MaildirOutbox(folder),
        clock,
        smtp_host=endpoints.smtp_host,
        smtp_port=endpoints.smtp_port,
        web_url=f"http://{host}:{settings.port}",
        state=folder.with_name("attendees.json"),
    )


def answer(container: Container, *, ahead: bool = False) -> list[Reply]:
    """Let the simulated attendees answer what was caught so far, and wait until their answers are read.

    ``ahead`` also gives the answers for which some of them take their time.
    """
    replies = attendees_of(container).answer(ahead=ahead)
    wait_until_read(container)
    return replies


def wait_until_read(container: Container) -> None:
    """Wait until the mailbox is empty and everything that follows from its mails is done."""
    inbox, mailbox = container.inbox, container.mailbox
    if inbox is None or mailbox is None:
        raise ConfigurationError.of("mailbox", None, "is not set", "The sandbox brings its own.")
    pause = threading.Event()
    waited = 0.0
    wait_until_quiet(container)
    while _mail_waits(mailbox):
        if waited > _QUIET_TIMEOUT:
            raise Conflict("The mailbox is not read. Look into run/worker.log and run/beat.log.")
        inbox.poll_soon()
        wait_until_quiet(container)
        pause.wait(0.05)
        waited += 0.05


def _mail_waits(mailbox: Mailbox) -> bool:
    with mailbox.session() as session:
        return bool(session.waiting(1))


def show_replies(replies: Sequence[Reply]) -> None:
    """Print who answered how and through what, meeting by meeting."""
    if not replies:
        out.print("Nobody has anything to answer.")
    for title in dict.fromkeys(reply.summary for reply in replies):
        out.print(title, style="bold", soft_wrap=True)
        made = table("Who", "Answer", "Through")
        for reply in replies:
            if reply.summary == title:
                made.add_row(_author(reply), f"{_mark(reply)} {reply.problem or reply.says}", reply.through)
        out.print(made)


def _mark(reply: Reply) -> str:
    known = ANSWER_MARKS.get("" if reply.problem else reply.says)
    return known[0] if known else "!"


def _author(reply: Reply) -> str:
    others = f" (and {len(reply.also)} more of the delegation)" if reply.also else ""
    alias = f" (from {reply.by}, where nobody is invited)" if reply.by != reply.recipient else ""
    return f"{reply.name}{others}{alias}"


# The rehearsal


def rehearse(container: Container, start: date | None) -> bool:
    """Take the example through its whole life in a folder of its own; true when all was right."""
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        changed = {"data_dir": Path(folder), "port": free_ports(1)[0]}
        own = Container(container.settings.model_copy(update=changed))
        own.database.upgrade()
        try:
            with running(own.settings, stop):
                return _Rehearsal.of(own, start).live_through()
        finally:
            own.database.dispose()


@dataclass(slots=True)
class _Rehearsal:
    """The example on its way, and what of it was printed already."""

    container: Container
    attendees: Attendees
    references: Sequence[str]
    began: datetime
    noted_until: datetime
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)
    sent_at: str = ""
    shown_time: str = ""
    shown: dict[str, Sequence[tuple[str, str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, container: Container, start: date | None) -> _Rehearsal:
        began = container.clock.now()
        created = container.examples.load(ACCSM21.read_text("utf-8"), start, caller=_CALLER)
        return cls(container, attendees_of(container), [item.reference for item in created], began, began)

    def live_through(self) -> bool:
        """Live through all meetings, one after the other, and judge what came."""
        for reference in self.references:
            outcome = self.container.meetings.publish(reference, caller=_CALLER)
            out.print(f"Published {reference}: {outcome.count('invite')} invitations are planned")
        wait_until_quiet(self.container)
        for reference in self.references:
            self._live_until(self._meeting(reference).ends_at + _SHORT)
            self.container.minutes.attach(reference, "minutes.md", _MINUTES.encode(), caller=_CALLER)
            wait_until_quiet(self.container)
        self._live_until(None)
        return self._judge()

    def _meeting(self, reference: str) -> MeetingView:
        return self.container.reading.meeting(reference)

    def _live_until(self, end: datetime | None) -> None:
        """Move from one moment at which something is due, or somebody answers, to the next."""
        container = self.container
        while True:
            self._let_answer()
            moments = [_next_due(container), self.attendees.next_at(), end]
            target = min((item for item in moments if item is not None), default=None)
            self._note_sent()  # What fell due by itself meanwhile belongs to this moment.
            if target is None:
                return
            _move_to(container, target)
            if target == end:
                self._let_answer()
                return

    def _let_answer(self) -> None:
        """Let attendees and coordinator answer one another until nobody has anything to say."""
        self._note_sent()
        while replies := self.attendees.answer():
            wait_until_read(self.container)
            self._show_replies(replies)
            self._refuse_proposals()
            self._note_sent()

    def _refuse_proposals(self) -> None:
        """Keep the time, as the coordinator: who proposed another one is told, and asked again."""
        for reference in self.references:
            for item in self._meeting(reference).responses:
                if item.state == ProposalState.OPEN:
                    self.container.meetings.refuse_proposal(
                        reference, item.id, caller=_CALLER, reply="The time suits most delegations."
                    )
                    self._say("·", reference, f"the coordinator keeps the time; {item.name} is asked again")
        wait_until_quiet(self.container)

    # What it prints

    def _note_sent(self) -> None:
        """Count what has left; it is printed when the time moves on, in an order that is always the same."""
        now = self.container.clock.now()
        sent = self.container.reading.sent_between(self.noted_until, now)
        self.noted_until = now
        if sent and self._local_time() != self.sent_at:
            self._show_sent()
            self.sent_at = self._local_time()
        self.sent.update(sent)

    def _show_sent(self) -> None:
        if self.sent:
            self._show_time(self.sent_at)
        for (reference, purpose), count in sorted(self.sent.items()):
            whom = "the coordinator" if purpose in _TO_COORDINATOR else f"{count}"
            self._say("→", reference, f"{_PURPOSE_WORDS[purpose].lower()} to {whom}")
        self.sent.clear()

    def _local_time(self) -> str:
        """The time where the host is."""
        host = self.container.directory.get(self._meeting(self.references[0]).host)
        return str(local_time(self.container.clock.now(), host.place))

    def _show_time(self, shown: str) -> None:
        """Print a time once for all that happens then."""
        if shown != self.shown_time:
            out.print(f"\n{shown}", style="bold")
            self.shown_time = shown

    def _show_replies(self, replies: Sequence[Reply]) -> None:
        """Print what came back, what the service made of it, and what it now asks of the coordinator."""
        self._show_sent()
        self._show_time(self._local_time())
        for reference in self.references:
            meeting = self._meeting(reference)
            own = sorted(
                (reply for reply in replies if reply.uid == meeting.uid), key=lambda reply: reply.recipient
            )
            self._show_round(reference, own)
            self._show_standing(meeting)

    def _show_round(self, reference: str, replies: Sequence[Reply]) -> None:
        """Print many answers as numbers, few or unusual ones each by itself."""
        apart = [reply for reply in replies if len(replies) <= _FEW or _is_special(reply)]
        counted = [reply for reply in replies if reply not in apart]
        if counted:
            said = Counter(reply.says for reply in counted)
            through = Counter(reply.through for reply in counted)
            numbers = ", ".join(f"{said[item]} {item}" for item in Says if said[item])
            ways = ", ".join(f"{item} {through[item]}" for item in Software if through[item])
            self._say("←", reference, f"{numbers} ({ways})")
        for reply in apart:
            comment = f": “{reply.comment}”" if reply.comment and reply.says is not Says.BOUNCED else ""
            self._say("←", reference, f"{_author(reply)}: {reply.says}, {reply.through}{comment}")

    def _show_standing(self, meeting: MeetingView) -> None:
        """Print how the answers stand and what needs somebody, where that is new."""
        lines = [("=", answers(meeting.answers)), *(("!", sentence) for sentence in meeting.attention)]
        for mark, sentence in lines:
            if (mark, sentence) not in self.shown.get(meeting.reference, ()):
                self._say(mark, meeting.reference, sentence)
        self.shown[meeting.reference] = lines

    def _say(self, mark: str, reference: str, sentence: str) -> None:
        out.print(f"  {mark} {reference}: {sentence}", soft_wrap=True)

    # What it is judged by

    def _judge(self) -> bool:
        """Hold mails, answers and quarantine against what the timeline and the attendees called for."""
        self._show_sent()
        out.print()
        replies, found = self.attendees.replies(), caught(self.container)
        strangers = [reply for reply in replies if self._is_stranger(reply)]
        cases = [self._case(reference, replies, strangers) for reference in self.references]
        wanted = [item for case in cases for item in expected_mails(case)]
        kept = self.container.quarantine.mails(IncomingOutcome.QUARANTINED)
        for mail in sorted(kept, key=lambda mail: mail.subject):
            out.print(f"In quarantine: “{mail.subject}”: {mail.reason}", soft_wrap=True)
        self._show_spared()
        mails = list(wrong_mails(wanted, found))
        effects = [sentence for case in cases for sentence in wrong_answers(case)]
        effects += wrong_quarantine(strangers, (mail.sender for mail in kept))
        failed = [item for state in _BADLY for item in self.container.reading.actions(state)]
        for sentence in (*mails, *effects, *(f"{item.what}: {item.reason}" for item in failed)):
            out.print(f"× {sentence}", style="red", soft_wrap=True)
        out.print(
            f"{len(replies)} answers came back, and {len(effects) or 'none'} went astray.\n"
            f"{len(found)} mails came, {len(wanted)} were expected, {len(mails)} missing, repeated or "
            f"unexpected, {len(failed)} actions failed or missed."
        )
        return not (mails or effects or failed)

    def _is_stranger(self, reply: Reply) -> bool:
        """Whether an answer may not count: the sender is not invited, and no reply address says who it is."""
        return reply.by != reply.recipient and not self.container.settings.reply_subaddress

    def _case(self, reference: str, replies: Sequence[Reply], strangers: Sequence[Reply]) -> Case:
        meeting = self._meeting(reference)
        return Case(
            meeting=meeting,
            steps=self.container.timelines[meeting.timeline].steps,
            calendars=Calendars(self.container.directory),
            languages=self.container.languages,
            published_at=self.began,
            replies=[item for item in replies if item.uid == meeting.uid and item not in strangers],
        )

    def _show_spared(self) -> None:
        """Print who was not reminded any more, and why."""
        for reference in self.references:
            spared = Counter(
                item.reason
                for item in self.container.reading.plan(reference)
                if item.kind == ActionKind.REMIND and item.state == ActionState.CANCELLED
            )
            for reason, count in spared.items():
                out.print(f"Not sent: {count} × reminder of {reference}: {reason}", soft_wrap=True)


def _is_special(reply: Reply) -> bool:
    return reply.says in _SPECIAL or reply.by != reply.recipient or bool(reply.also or reply.problem)
