"""The words of iTIP (RFC 5546) that revisions and calendar objects share."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """The iTIP method, in the calendar and in the MIME type alike (RFC 6047 section 2.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


class EventStatus(StrEnum):
    """STATUS of the event (RFC 5545 section 3.8.1.11); a save-the-date is ``TENTATIVE``."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"
