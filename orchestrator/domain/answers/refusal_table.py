"""What enhanced codes and texts of refusals mean: the table behind ``refusal_targets``.

Codes are those of RFC 3463, RFC 7372, the register of IANA, Exchange Online and Gmail; texts are those that
Postfix, Exim, Sendmail, qmail, Exchange, Gmail, Amazon SES, Proton and policy services send, in lower case
and without addresses. A new text is one line here and one in the list of real texts beside the tests.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Target(StrEnum):
    """What is refused."""

    ADDRESS = "address"
    """Nobody has the recipient's address or its domain, or the mailbox is closed for good."""
    MAILBOX = "mailbox"
    """The recipient's mailbox is there and takes nothing for now: full, or flooded."""
    RECIPIENT = "recipient"
    """The recipient, or the recipient's organization, takes no mail from us."""
    SIZE = "size"
    CONTENT = "content"
    LOGIN = "login"
    PROTECTION = "protection"
    """The connection must be encrypted first."""
    SENDER = "sender"
    """Our own address, account or domain: not owned, not verified, SPF, DKIM, DMARC, blocked."""
    CLIENT = "client"
    """The machine that sends: its address, its name, block lists."""
    RELAY = "relay"
    """The server passes nothing on for us."""
    QUOTA = "quota"
    """We have sent as much as we may for now."""
    SYSTEM = "system"
    """The server's own trouble."""
    ROUTE = "route"
    """The next server could not be reached, or not in time."""
    POLICY = "policy"
    """Some rule that is not named."""
    UNSAID = "unsaid"
    """Nothing is said that could be read."""

    @property
    def ours(self) -> bool:
        """Whether the trouble is on the sending side, so that no recipient's address is to be corrected."""
        return self in _OURS


_OURS: Final = frozenset(
    {
        Target.LOGIN,
        Target.PROTECTION,
        Target.SENDER,
        Target.CLIENT,
        Target.RELAY,
        Target.QUOTA,
        Target.SYSTEM,
        Target.POLICY,
        Target.UNSAID,
    }
)


CERTAIN: Final = {
    Target.QUOTA: "1.90 7.28 7.508 7.232 7.233 7.236",
    Target.SENDER: "1.7 2.251 2.252 7.20 7.21 7.22 7.23 7.24 7.26 7.27 7.60 7.501 7.502 7.503 "
    "7.509 7.510 7.514 7.515 7.750",
    Target.CLIENT: "7.25 7.506 7.511 7.708",
    Target.RECIPIENT: "2.4 7.2 7.51 7.124 7.129 7.133 7.134 7.135 7.136 7.137 7.504 7.505 7.507 7.513 7.703",
    Target.RELAY: "7.54 7.64",
    Target.LOGIN: "7.8 7.9 7.11 7.13 7.14 7.57 7.139",
    Target.PROTECTION: "7.10 7.29 7.30",
    Target.CONTENT: "7.512",
    Target.MAILBOX: "2.121 2.122",
    Target.ADDRESS: "1.10 4.310 7.17 7.18",
}
"""Codes that mean one thing whoever uses them, without their first digit."""

RANGES: Final = ((range(606, 650), Target.CLIENT), (range(700, 750), Target.QUOTA))
"""Details of x.7 that Exchange Online gives by the hundred: banned addresses, exceeded thresholds."""

TEXTS: Final = (
    (
        Target.PROTECTION,
        (
            r"starttls",
            r"(?:encryption|tls) (?:is )?(?:required|needed)",
            r"requires? (?:a )?(?:tls|encr)",
        ),
    ),
    (
        Target.SIZE,
        (
            r"too (?:big|large)",
            r"message is too long",
            r"sizelimit",
            r"size limit",
            r"maximum (?:message |fixed |allowed )?size",
            r"(?:message|mail|fixed)(?:'?s)? size",
            r"exceeds? size",
            r"size exceed",
            r"message exceeds",
        ),
    ),
    (
        Target.MAILBOX,
        (
            r"receiving (?:mail|messages?|e-?mails?)? ?(?:too|at a rate)",
            r"limit for receiving",
            r"storedrv\.deliver",
        ),
    ),
    (
        Target.CLIENT,
        (r"\bips?\b.{0,40}not (?:allowed|authori[sz]ed|permitted)",),
    ),
    (
        Target.SENDER,
        (
            r"relaying disallowed as",
            r"invalid sender",
            r"send-?as ?(?:denied|right)",
        ),
    ),
    (
        Target.QUOTA,
        (
            (
                r"(?:submission|sending|send|relay|outbound|outgoing|hourly|daily|monthly|message count"
                r"|message rate|sender(?:'s)?)(?: \w+){0,4} (?:quota|limits?|rate|threshold)\b"
            ),
            r"limits? (?:exceeded )?(?:for|on) (?:sending|outgoing|message recipients|recipients per)",
            r"(?:per|every) (?:hour|day|minute|month)",
            r"throttl",
            r"rate.?limit",
            r"sending rate",
            r"maximum credits",
            r"too (?:much|many) (?:e-?)?(?:mail|messages|emails|recipients this|connections|concurrent)",
            r"unusual (?:rate|sending|number)",
            r"policy rejection.*quota",
            r"quota.*policy",
            r"submissionquota",
            r"concurrent connections limit",
            r"thread limit",
            r"exceeded threshold",
            r"max(?:imum)? (?:e-?mails|defers)",
            r"out of credits?",
            r"insufficient credits?",
            r"credits? exceeded",
        ),
    ),
    (
        Target.RELAY,
        (
            r"relay(?:ing)?(?: access| is)? (?:denied|not|prohibited|forbidden|disallowed|refused|blocked)",
            (
                r"(?:not|never|unable to|cannot|can't|don't|won't|no|open|unauthorized|unauthenticated"
                r"|for) relay"
            ),
            r"(?:allowed|permitted) to relay",
            r"allowed rcpthosts",
            r"tenantattribution",
            r"relay.{0,20}non-accepted",
        ),
    ),
    (
        Target.RECIPIENT,
        (
            r"resolver\.rst",
            r"by (?:the )?recipient\b",
            r"customer block list",
            r"suppression list",
            r"suppressed",
            r"address (?:is )?(?:blacklisted|suppressed)",
            (
                r"recipient(?:'s)? (?:domain|organi[sz]ation|server|policy).{0,40}(?:block|reject|refus"
                r"|does not accept|not allow)"
            ),
            r"delivery not authorized",
            (
                r"(?:recipient|mailbox|group|list|user|domain|address|we|host)(?: only| does not| doesn't"
                r"| do not| don't| not)* accepts? (?:only )?(?:e-?mails?|messages?|mails?)"
            ),
            r"restricted (?:recipient|group|list)",
            r"permission to (?:post|send)",
            r"not (?:in|on) (?:the |its |the recipient's )?allowed.senders",
        ),
    ),
    (
        Target.SENDER,
        (
            r"\bspf\b",
            r"sender policy framework",
            r"\bdkim\b",
            r"\bdmarc\b",
            r"unauthenticated (?:e-?)?mail",
            r"mail is unauthenticated",
            r"send.?as\b",
            (
                r"sender (?:address |domain |e-?mail )?(?:is )?(?:rejected|denied|refused|verif|invalid"
                r"|not |unknown|blocked|banned|does|must)"
            ),
            r"(?:domain|address) (?:name )?(?:required )?(?:of|for) sender",
            r"sending (?:domain|account|address|suspended|paused|disabled|has been|is)",
            r"outbound sender",
            r"banned sender",
            r"not owned by",
            r"not logged in as",
            r"(?:address|identity|identities|domain) (?:is |are )?(?:not (?:yet )?verified|unverified)",
            r"verified sender",
            r"from (?:address|header|domain|command).{0,60}(?:match|not |invalid|unverified)",
            r"(?:account|user|outgoing (?:e-?)?mail)\b.{0,60}\b(?:suspended|blocked) (?:from|for) ",
            r"outgoing (?:e-?)?mail.{0,60}suspended",
            r"not authori[sz]ed to perform",
            r"unregistered domain",
            r"(?:may|can)\s?not send (?:as|from|on behalf)",
            r"not (?:allowed|permitted|authori[sz]ed) to send",
            r"verification failed",
            r"callout",
            r"invalid mail from",
        ),
    ),
    (
        Target.CLIENT,
        (
            r"client host",
            r"\bhelo\b",
            r"\behlo\b",
            r"reverse (?:dns|hostname|lookup)",
            r"\bptr\b",
            r"cannot find your",
            r"no rdns",
            r"dnsbl",
            r"\brbl\b",
            r"spamhaus",
            r"spamcop",
            r"barracuda",
            r"sorbs",
            r"senderscore",
            r"reputation",
            r"black ?list",
            r"block ?list",
            r"deny ?list",
            (
                r"\b(?:ip|ipv4|ipv6|host|server|network)\b.{0,60}\b(?:blocked|banned|listed|rejected"
                r"|denied|refused|not (?:allowed|authori[sz]ed|permitted))"
            ),
            r"(?:blocked|banned|not accepted|rejected).{0,30}\bips?\b",
        ),
    ),
    (
        Target.LOGIN,
        (
            r"authentication (?:is )?(?:required|unsuccessful|fail|credentials|needed)",
            r"auth(?:enticate)? (?:first|required)",
            r"not (?:been )?authenticated",
            r"unauthenticated",
            r"must (?:be )?(?:authenticate|log ?in)",
            r"log ?in (?:required|first)",
            r"invalid credentials",
            r"password not accepted",
            r"application-specific password",
            r"clientauthentication is disabled",
        ),
    ),
    (
        Target.ADDRESS,
        (
            (
                r"(?:user|recipient|account|mailbox|address|person|domain|host|inbox"
                r"|alias)\b[^;]{0,60}?\b(?:unknown|not (?:be )?found|(?:does not|doesn't|not|didn't) exist"
                r"|is invalid|not (?:a )?valid|not known|not listed|no longer (?:exists|valid|in use"
                r"|available))"
            ),
            (
                r"(?:unknown|no such|invalid|non-?existent|bad|undeliverable) (?:\w+ )?(?:user|recipient"
                r"|address|mailbox|account|person|local|domain|destination)"
            ),
            r"unrouteable",
            r"unroutable",
            r"not our customer",
            r"no mailbox",
            r"recip(?:ient)?notfound",
            r"(?:couldn't|weren't able to) (?:be )?f(?:ou|i)nd",
            r"fully-qualified address",
            r"null mx",
            r"not a known user",
            r"name or service not known",
            r"nxdomain",
        ),
    ),
    (
        Target.MAILBOX,
        (
            r"over.?quota",
            r"quota",
            r"(?:mailbox|account|user|recipient|inbox)\b.{0,60}\b(?:full|exceeded|out of storage)",
            r"(?:exceeded|out of) storage",
            r"not enough (?:disk )?space in (?:the )?mailbox",
        ),
    ),
    (
        Target.ADDRESS,
        (
            (
                r"(?:mailbox|account|user|recipient|inbox)\b.{0,60}\b(?:disabled|inactive|suspended|locked"
                r"|closed|deactivated|expired|not active|blocked)"
            ),
            r"^disabled|\bis disabled|\bis inactive",
        ),
    ),
    (
        Target.SYSTEM,
        (
            r"system (?:problem|storage|config|resources)",
            r"server (?:busy|config|error)",
            r"configuration error",
            r"disk (?:full|space)",
            r"local (?:problem|error)",
            r"lookup fail",
            r"service (?:not available|unavailable)",
            r"internal error",
            r"try again later",
            r"please try (?:again )?later",
            r"out of memory",
            r"maintenance",
        ),
    ),
    (
        Target.POLICY,
        (
            r"organi[sz]ation(?:al)? policy",
            r"prohibition",
            r"policy (?:reasons|violation)",
            r"transport\.rules",
        ),
    ),
    (
        Target.CONTENT,
        (
            r"spam",
            r"unsolicited",
            r"virus",
            r"malware",
            r"phish",
            r"content",
            r"attachment",
            r"header",
            r"\bmime\b",
            r"malformed",
            r"line(?:s)? (?:is |are )?too",
            r"line length",
            r"rfc ?(?:2822|5322|822)",
            r"message (?:was |has been |is )?(?:rejected|refused|blocked|not accepted)",
        ),
    ),
    (
        Target.RECIPIENT,
        (r"recipient (?:address )?(?:rejected|refused|denied|not)",),
    ),
)
"""What texts say, in lower case. The first that fits counts, so the more special stands first."""

GENERIC: Final = {
    "1": Target.ADDRESS,
    "2": Target.MAILBOX,
    "3": Target.SYSTEM,
    "4": Target.ROUTE,
    "5": Target.SYSTEM,
    "6": Target.CONTENT,
    "7": Target.POLICY,
}
GENERIC_DETAILS: Final = {
    "1.8": Target.SENDER,
    "2.1": Target.ADDRESS,
    "4.4": Target.ADDRESS,
    "1.9": Target.SYSTEM,
    "2.3": Target.SIZE,
    "3.4": Target.SIZE,
    "4.5": Target.QUOTA,
    "7.12": Target.RECIPIENT,
    "7.4": Target.CONTENT,
    "7.5": Target.CONTENT,
    "7.6": Target.CONTENT,
    "7.7": Target.CONTENT,
}
