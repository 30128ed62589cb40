"""The demo: a meeting's whole life on the sandbox clock, and whether all of it was right."""

from __future__ import annotations

import tempfile
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from integrations.sandbox.attendees import Attendees, Reply
from integrations.sandbox.writing import Says, Software
from orchestrator.bootstrap import Container
from orchestrator.demo.answering import attendees_of, author, wait_until_read
from orchestrator.demo.checks import (
    Case,
    expected_mails,
    wrong_answers,
    wrong_mails,
    wrong_quarantine,
    wrong_status,
)
from orchestrator.demo.clock import move_to, next_due, wait_until_quiet
from orchestrator.demo.outbox import caught
from orchestrator.demo.running import PURPOSE_WORDS
from orchestrator.domain.answers.responses import Fate, ProposalState
from orchestrator.domain.delegations.working_calendar import Calendars
from orchestrator.domain.people.caller import SERVICE
from orchestrator.domain.time.zones import local_time
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.kinds import ActionKind, Recipient, purposes_where
from orchestrator.services.definitions.examples import ACCSM21
from orchestrator.services.meetings.views import MeetingView
from orchestrator.supervisor import free_ports, running
from orchestrator.terminal import answers, out
from orchestrator.words import maybe, say

_SHORT = timedelta(minutes=1)
_MINUTES = """# Minutes (demo)

1. The agenda was adopted as circulated.
2. The meeting took note of the reports.
3. The meeting thanked Viet Nam for its arrangements.
"""
_SPECIAL = (Says.PROPOSED, Says.DELEGATED, Says.BOUNCED)
_FEW = 3
_TO_COORDINATOR = purposes_where(lambda rules: rules.recipient is Recipient.COORDINATOR)
_BADLY = (ActionState.FAILED, ActionState.MISSED)


def run_demo(container: Container, start: date | None) -> bool:
    """Take the example through its whole life in a folder of its own; true when all was right."""
    stop = threading.Event()
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        changed = {"data_dir": Path(folder), "port": free_ports(1)[0]}
        own = Container(container.settings.model_copy(update=changed))
        own.database.upgrade()
        try:
            with running(own.settings, stop):
                return _Demo.of(own, start).live_through()
        finally:
            own.database.dispose()


@dataclass(slots=True)
class _Demo:
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
    def of(cls, container: Container, start: date | None) -> _Demo:
        began = container.clock.now()
        created = container.examples.load(ACCSM21.read_text("utf-8"), start, caller=SERVICE)
        return cls(
            container, attendees_of(container), [item.reference for item in created.drafts], began, began
        )

    def live_through(self) -> bool:
        """Live through all meetings, one after the other, and judge what came."""
        for reference in self.references:
            effect = self.container.meetings.publish(reference, caller=SERVICE)
            out.print(f"Published {reference}: {effect.count('invite')} invitations are planned")
        wait_until_quiet(self.container)
        for reference in self.references:
            self._live_until(self._meeting(reference).ends_at + _SHORT)
            self.container.minutes.attach(reference, "minutes.md", _MINUTES.encode(), caller=SERVICE)
            wait_until_quiet(self.container)
        self._live_until(None)
        return self._judge()

    def _meeting(self, reference: str) -> MeetingView:
        return self.container.reading.meeting(reference)

    def _live_until(self, end: datetime | None) -> None:
        """Move from one moment at which something is due, or an attendee answers, to the next."""
        container = self.container
        while True:
            self._let_answer()
            moments = [next_due(container), self.attendees.next_at(), end]
            target = min((item for item in moments if item is not None), default=None)
            self._note_sent()  # What fell due by itself meanwhile belongs to this moment.
            if target is None:
                return
            move_to(container, target)
            if target == end:
                self._let_answer()
                return

    def _let_answer(self) -> None:
        """Let attendees and coordinator answer one another until none has anything more to say."""
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
                    self.container.answers.refuse_proposal(
                        reference, item.id, caller=SERVICE, reply="The time suits most delegations."
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
            self._say("→", reference, f"{PURPOSE_WORDS[purpose].lower()} to {whom}")
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
            self._say("←", reference, f"{author(reply)}: {reply.says}, {reply.through}{comment}")

    def _show_standing(self, meeting: MeetingView) -> None:
        """Print how the answers stand and what needs the coordinator, where that is new."""
        lines = [("=", answers(meeting.answers)), *(("!", say(fact)) for fact in meeting.attention)]
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
        kept = self.container.incoming.mails(Fate.QUARANTINED)
        for mail in sorted(kept, key=lambda mail: mail.subject):
            out.print(f"In quarantine: “{mail.subject}”: {say(mail.reason)}", soft_wrap=True)
        self._show_spared()
        mails = [
            *wrong_mails(wanted, found),
            *(wrong for case in cases for wrong in wrong_status(case, found)),
        ]
        effects = [sentence for case in cases for sentence in wrong_answers(case)]
        effects += wrong_quarantine(strangers, (mail.sender for mail in kept))
        failed = [item for state in _BADLY for item in self.container.reading.actions(state)]
        for sentence in (*mails, *effects, *(f"{say(item.what)}: {maybe(item.reason)}" for item in failed)):
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
                out.print(f"Not sent: {count} × reminder of {reference}: {maybe(reason)}", soft_wrap=True)


def _is_special(reply: Reply) -> bool:
    return reply.says in _SPECIAL or reply.by != reply.recipient or bool(reply.also or reply.problem)
