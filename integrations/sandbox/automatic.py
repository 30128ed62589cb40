"""Answers that no person wrote: out of office, and mail that came back."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime

from integrations.sandbox.writing import Writing, headers, with_thread


def out_of_office(writing: Writing) -> EmailMessage:
    """Write that the recipient is away."""
    message = headers(writing, f"Automatic reply: {writing.letter.subject}")
    message["Auto-Submitted"] = "auto-replied"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(writing.answer.comment + "\n")
    return with_thread(message, writing)


_BOUNCE = """\
From: MAILER-DAEMON@{host} (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {sender}
Date: {date}
Message-ID: <{message}@{host}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="{boundary}"
Content-Transfer-Encoding: 8bit

This is a MIME-encapsulated message.

--{boundary}
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host {host}.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{recipient}>: {diagnostic}

--{boundary}
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; {host}
X-Postfix-Queue-ID: {queue}
X-Postfix-Sender: rfc822; {sender}
Arrival-Date: {date}

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; {diagnostic}

--{boundary}
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

"""


def bounce(writing: Writing) -> bytes:
    """Write the report of RFC 3464 as Postfix does: with the whole mail, invitation and all, behind it."""
    boundary = f"{writing.digest('queue')[:10].upper()}.{int(writing.now.timestamp())}/mx.{writing.domain}"
    head = _BOUNCE.format(
        host=f"mx.{writing.domain}",
        sender=writing.request.organizer,
        recipient=writing.letter.recipient,
        date=format_datetime(writing.now),
        message=writing.digest("message"),
        queue=writing.digest("queue")[:10].upper(),
        boundary=boundary,
        diagnostic=writing.answer.comment,
    )
    return head.replace("\n", "\r\n").encode() + writing.letter.content + f"\r\n--{boundary}--\r\n".encode()
