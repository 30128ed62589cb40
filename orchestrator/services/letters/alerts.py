"""What a coordinator is told at once: of each kind of alert its words, its remedy and its page; one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.delegations.delegation import Directory
from orchestrator.domain.meetings.alerts import Alert, AlertKind
from orchestrator.domain.meetings.known_days_off import About
from orchestrator.domain.meetings.meeting import Meeting
from orchestrator.domain.time.zones import LocalTime, instant_of, zone
from orchestrator.domain.timelines.actions import ActionState
from orchestrator.domain.timelines.alerting import attendee_of, days_of
from orchestrator.domain.timelines.kinds import ActionKind
from orchestrator.facts import Fact
from orchestrator.services.letters.status import (
    Section,
    ShortTitles,
    StatusReport,
    ToldLine,
    at_host,
    named,
    page_of,
)

_Params = Callable[[Meeting, Alert, Directory], dict[str, object]]


@dataclass(frozen=True, slots=True)
class AlertWords:
    """How one kind of alert is told: in a subject, in a sentence, with what to do, on which page."""

    short: str
    what: str
    remedy: str
    anchor: str = ""


_WORDS: Mapping[AlertKind, AlertWords] = {
    AlertKind.HEAD_DECLINED: AlertWords(
        "letters.alert.head-declined.short",
        "letters.alert.head-declined",
        "letters.alert.head-declined.remedy",
        "#attendees",
    ),
    AlertKind.NO_LINK: AlertWords(
        "letters.alert.no-link.short", "letters.alert.no-link", "letters.alert.no-link.remedy", "#link"
    ),
    AlertKind.LINK_OLD: AlertWords(
        "letters.alert.link-old.short", "letters.alert.link-old", "letters.alert.link-old.remedy", "#link"
    ),
    AlertKind.BOUNCED: AlertWords(
        "letters.alert.bounced.short", "letters.alert.bounced", "letters.alert.bounced.remedy", "#attendees"
    ),
    AlertKind.BOUNCED_BEHIND: AlertWords(
        "letters.alert.bounced.short",
        "letters.alert.bounced-behind",
        "letters.alert.bounced-behind.remedy",
        "#attendees",
    ),
    AlertKind.DAY_OFF: AlertWords(
        "letters.alert.day-off.short", "letters.alert.day-off", "letters.alert.day-off.remedy", "/change"
    ),
    AlertKind.TEST_MOVED: AlertWords(
        "letters.alert.test-moved.short",
        "letters.alert.test-moved",
        "letters.alert.test-moved.remedy",
        "#readiness",
    ),
    AlertKind.LETTERS_DROPPED: AlertWords(
        "letters.alert.letters-dropped.short",
        "letters.alert.letters-dropped",
        "letters.alert.letters-dropped.remedy",
        "#plan",
    ),
    AlertKind.LETTER_FAILED: AlertWords(
        "letters.alert.letter-failed.short",
        "letters.alert.letter-failed",
        "letters.alert.letter-failed.remedy",
        "#deliveries",
    ),
    AlertKind.LAST_CHASER: AlertWords(
        "letters.alert.last-chaser.short",
        "letters.alert.last-chaser",
        "letters.alert.last-chaser.remedy",
        "#attendees",
    ),
    AlertKind.NEW_TIME: AlertWords(
        "letters.alert.new-time.short",
        "letters.alert.new-time",
        "letters.alert.new-time.remedy",
        "#came-back",
    ),
    AlertKind.POLL_CLOSED: AlertWords(
        "letters.alert.poll-closed.short", "letters.alert.poll-closed", "letters.alert.poll-closed.remedy"
    ),
}
_STATES = {
    ActionState.FAILED: "letters.alert.refused-for-good",
    ActionState.MISSED: "letters.alert.too-late",
}


def alert_report(meeting: Meeting, alerts: Sequence[Alert], directory: Directory) -> StatusReport:
    """Return the letter that tells these alerts, of which there is at least one."""
    shorts = [_fact(_WORDS[item.kind].short, meeting, item, directory) for item in alerts]
    subject = Fact.of(
        "letters.alert.subject" if len(alerts) == 1 else "letters.alert.subject-more",
        what=shorts[0],
        title=ShortTitles.of(meeting),
        **({"more": len(alerts) - 1} if len(alerts) > 1 else {}),
    )
    when = Fact.of(
        "letters.alert.meeting",
        title=ShortTitles.of(meeting),
        when=_when(meeting.starts_at, meeting, directory),
    )
    return StatusReport(
        subject=subject,
        label=Fact.of("letters.alert.label"),
        sections=(
            *(_section(meeting, item, directory) for item in alerts),
            Section(Fact.of("letters.alert.about"), (ToldLine(when),)),
        ),
        path=page_of(meeting),
    )


def alert_line(meeting: Meeting, alert: Alert, directory: Directory) -> ToldLine:
    """Return an alert in one line, as a digest has it among what needs the coordinator."""
    found = _WORDS[alert.kind]
    return ToldLine(_fact(found.what, meeting, alert, directory), page_of(meeting, found.anchor))


def _section(meeting: Meeting, alert: Alert, directory: Directory) -> Section:
    found = _WORDS[alert.kind]
    since = Fact.of("letters.alert.since", when=_when(alert.since, meeting, directory))
    lines = [
        ToldLine(_fact(found.what, meeting, alert, directory), quoted=alert.get("comment") or None),
        ToldLine(since),
        ToldLine(_fact(found.remedy, meeting, alert, directory), page_of(meeting, found.anchor)),
    ]
    return Section(_fact(found.short, meeting, alert, directory), tuple(lines))


def _fact(key: str, meeting: Meeting, alert: Alert, directory: Directory) -> Fact:
    return Fact.of(key, **_PARAMS[alert.kind](meeting, alert, directory))


def _when(moment: datetime, meeting: Meeting, directory: Directory) -> LocalTime:
    return at_host(moment, meeting, directory)


def _of_attendee(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    attendee = attendee_of(meeting, alert)
    if attendee is None:
        return {"name": "", "delegation": named(meeting.host, directory), "address": ""}
    return {
        "name": attendee.name,
        "delegation": named(attendee.delegation, directory),
        "address": attendee.email,
    }


def _without_address(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    found = _of_attendee(meeting, alert, directory)
    return {"name": found["name"], "delegation": found["delegation"]}


def _of_bounce(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    found = _of_attendee(meeting, alert, directory)
    return found | {"address": alert.get("behind") or found["address"]}


def _of_link(meeting: Meeting, _: Alert, __: Directory) -> dict[str, object]:
    trouble = meeting.conference.trouble
    return {
        "why": trouble.reason if trouble else Fact.of("letters.alert.no-answer-of-teams"),
        "reference": meeting.reference,
    }


def _of_days(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    found = days_of(meeting, alert)
    said = [
        Fact.of(
            _OFF[item.about],
            delegation=named(item.delegation, directory),
            day=item.day,
            name=item.name,
        )
        for item in found
    ]
    first = named(found[0].delegation if found else meeting.host, directory)
    return {"days": tuple(said), "delegation": first, "others": _elsewhere(meeting, directory)}


def _elsewhere(meeting: Meeting, directory: Directory) -> Fact:
    """Return the nearest days on which nobody is off, as far as there are any."""
    nearest = meeting.days_off.nearest if meeting.days_off else ()
    starts = tuple(_when(instant_of(wall, zone(meeting.zone)), meeting, directory) for wall in nearest)
    if not starts:
        return Fact.of("text", text="")
    return Fact.of("letters.alert.day-off.nearest", starts=starts)


_OFF: Mapping[About, str] = {
    About.MEETING: "letters.alert.day-off-of",
    About.SHORT_DAY: "letters.alert.short-day-of",
    About.TEST: "letters.alert.test-on-day-off",
    About.NO_TEST: "letters.alert.no-day-for-test",
}


def _of_letters(_: Meeting, alert: Alert, __: Directory) -> dict[str, object]:
    return {"what": _letter(alert), "count": int(alert.get("count") or 1)}


def _of_letter(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    why = Fact.of(_STATES.get(ActionState(alert.get("state")), "letters.alert.too-late"))
    return _without_address(meeting, alert, directory) | {"what": _letter(alert), "why": why}


def _letter(alert: Alert) -> Fact:
    return letter_of(ActionKind(alert.get("kind")))


def letter_of(kind: ActionKind) -> Fact:
    """Return what a letter of a kind is called in letters to coordinators."""
    return Fact.of(_LETTERS.get(kind, "letters.kind.other"))


_LETTERS: Mapping[ActionKind, str] = {
    ActionKind.INVITE: "letters.kind.invitation",
    ActionKind.REMIND: "letters.kind.reminder",
    ActionKind.NOTICE: "letters.kind.notice",
    ActionKind.CHASE: "letters.kind.chaser",
    ActionKind.CONNECTION_TEST: "letters.kind.connection-test",
    ActionKind.DATE_POLL: "letters.kind.date-poll",
    ActionKind.CANCEL: "letters.kind.cancellation",
    ActionKind.MINUTES: "letters.kind.minutes",
}


def _of_time(meeting: Meeting, alert: Alert, directory: Directory) -> dict[str, object]:
    proposed = _when(datetime.fromisoformat(alert.get("starts")), meeting, directory)
    return _without_address(meeting, alert, directory) | {"proposed": proposed}


def _nothing(_: Meeting, __: Alert, ___: Directory) -> dict[str, object]:
    return {}


_PARAMS: Mapping[AlertKind, _Params] = {
    AlertKind.HEAD_DECLINED: _without_address,
    AlertKind.NO_LINK: _of_link,
    AlertKind.LINK_OLD: _of_link,
    AlertKind.BOUNCED: _of_bounce,
    AlertKind.BOUNCED_BEHIND: _of_bounce,
    AlertKind.DAY_OFF: _of_days,
    AlertKind.TEST_MOVED: _of_days,
    AlertKind.LETTERS_DROPPED: _of_letters,
    AlertKind.LETTER_FAILED: _of_letter,
    AlertKind.LAST_CHASER: _without_address,
    AlertKind.NEW_TIME: _of_time,
    AlertKind.POLL_CLOSED: _nothing,
}
