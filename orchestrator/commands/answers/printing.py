"""Printing answers, and mails that came in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.services.answers.incoming import Explanation
from orchestrator.services.answers.proposing import Offer
from orchestrator.services.answers.views import IncomingView
from orchestrator.services.meetings.views import ResponseView
from orchestrator.terminal import out, table
from orchestrator.words import maybe, say


def show_responses(responses: Iterable[ResponseView]) -> None:
    """Print what came back for a meeting, newest first."""
    made = table("Id", "At (UTC)", "From", "What", "Comment", "Through")
    for item in responses:
        who = f"{item.name} ({item.delegation})" if item.name else say(item.by)
        made.add_row(
            str(item.id),
            f"{item.at:%Y-%m-%d %H:%M}",
            who,
            response_words(item),
            maybe(item.comment) or "",
            f"{item.channel}, {say(item.by)}",
        )
    out.print(made if made.row_count else "Nothing has come back yet.")


def response_words(item: ResponseView) -> str:
    """Return what came back, in a few words."""
    if item.kind == "proposal":
        return f"proposes {item.proposed} ({'past, ' if item.past else ''}{item.state})"
    if item.behind is not None:
        return f"bounce at {item.behind}, behind the address"
    if item.kind == "waiting":
        return f"waits for you: orchestrator mailbox show {item.incoming_id}"
    if item.kind != "answer":
        return item.kind
    words = item.participation or ""
    return f"{words} to {item.delegate}" if item.delegate else words


def show_incoming(mails: Iterable[IncomingView]) -> None:
    """Print mails that came in, newest first."""
    made = table("Id", "Received (UTC)", "From", "Subject", "Outcome", "Why")
    for item in mails:
        made.add_row(
            str(item.id),
            f"{item.received_at:%Y-%m-%d %H:%M}",
            item.sender or "",
            item.subject,
            item.fate,
            maybe(item.reason) or "",
        )
    out.print(made if made.row_count else "No mail has come in.")


def show_mail(item: IncomingView) -> None:
    """Print one mail that came in, and what can be done with it."""
    show_incoming([item])
    if item.text:
        out.print()
        out.print(item.text)
    if offers := list(_offers(item)):
        out.print()
        for what, command in offers:
            out.print(f"{what:<14}orchestrator mailbox {command}", soft_wrap=True)


def _offers(item: IncomingView) -> Iterator[tuple[str, str]]:
    """Yield what can be done about a mail that waits, and the command that does it, filled in."""
    if Offer.ACCEPT in item.offers:
        yield "Believe it:", f"accept {item.id}"
    if Offer.ASSIGN in item.offers:
        who = item.proposed
        to = f"{who.meeting} {who.email}" if who else f"{item.meeting or 'MEETING'} EMAIL"
        yield "Assign it:", f"assign {item.id} {to}" + ("" if item.says else " --as ANSWER")
    if Offer.INVITE in item.offers and item.guest is not None:
        guest = item.guest
        lacking = (("name", guest.name), ("delegation", guest.delegation), ("group", guest.group))
        given = "".join(f" --{option} {option.upper()}" for option, known in lacking if not known)
        yield "Invite them:", f"invite {item.id}{given}"
    if Offer.DISCARD in item.offers:
        yield "Let it go:", f"discard {item.id}"


def show_explanations(explanations: Mapping[str, Explanation]) -> None:
    """Print what mails would be read as."""
    made = table("File", "Kind", "From", "Says", "UID", "Trouble")
    for file, item in explanations.items():
        said = " ".join(filter(None, (item.method, item.participation, ", ".join(item.bounced))))
        made.add_row(file, item.sort, item.sender or "", said, item.uid, maybe(item.problem) or "")
    out.print(made)
