"""The sandbox's online meetings, kept in a file so that they outlive the process."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any

from integrations.sandbox.atomic_file import replace_file

Meeting = dict[str, Any]
"""An ``onlineMeeting`` as Graph answers it."""


class MeetingBook:
    """All online meetings of the sandbox's one organizer.

    A meeting belongs to (organizer, externalId) for ``createOrGet`` and has its own id otherwise.
    """

    def __init__(self, file: Path, organizer_id: str) -> None:
        self._file = file
        self._organizer_id = organizer_id
        self._meetings: dict[str, Meeting] = json.loads(file.read_bytes()) if file.exists() else {}

    def all(self) -> list[Meeting]:
        """Return all meetings, oldest first."""
        return list(self._meetings.values())

    def get(self, meeting_id: str) -> Meeting | None:
        """Return the meeting with this id."""
        return self._meetings.get(meeting_id)

    def by_external_id(self, external_id: str) -> Meeting | None:
        """Return the meeting that ``createOrGet`` made for this external id."""
        return next((each for each in self.all() if each["externalId"] == external_id), None)

    def create(self, values: Meeting, created: str) -> Meeting:
        """Add a meeting with these values; ``created`` is its creation time as Graph writes it."""
        thread = f"19:meeting_{secrets.token_urlsafe(24)}@thread.v2"
        meeting_id = base64.urlsafe_b64encode(f"1*{self._organizer_id}*0**{thread}".encode()).decode()
        meeting: Meeting = {
            "id": meeting_id,
            "creationDateTime": created,
            "startDateTime": created,
            "endDateTime": created,
            "subject": None,
            "externalId": None,
            # The host cannot be resolved: nobody may land in a stranger's meeting from a demo.
            "joinWebUrl": f"https://teams.example/l/meetup-join/{secrets.token_urlsafe(32)}",
            "chatInfo": {"threadId": thread, "messageId": "0"},
            **values,
        }
        self._meetings[meeting_id] = meeting
        self._save()
        return meeting

    def change(self, meeting: Meeting, values: Meeting) -> None:
        """Give a meeting new values for some of its properties."""
        meeting.update(values)
        self._save()

    def remove(self, meeting: Meeting) -> None:
        """Remove a meeting for good."""
        del self._meetings[meeting["id"]]
        self._save()

    def _save(self) -> None:
        replace_file(self._file, json.dumps(self._meetings, indent=1).encode())
