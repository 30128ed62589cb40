"""Attaching minutes to a concluded meeting; distributing them follows by itself."""

from __future__ import annotations

from orchestrator.domain.meetings.lifecycle import require_status
from orchestrator.domain.meetings.meeting import MeetingStatus
from orchestrator.domain.minutes.minutes import media_type_of, safe_filename
from orchestrator.domain.people.caller import Caller
from orchestrator.facts import Fact
from orchestrator.ports import Clock, DocumentStore, WakeUp
from orchestrator.services.timelines.explaining import Explainer
from orchestrator.services.timelines.planner import Planner
from orchestrator.services.timelines.views import Outcome
from orchestrator.store.engine import Database
from orchestrator.store.meetings import history
from orchestrator.store.meetings import meetings as store
from orchestrator.store.rows.minutes import DocumentRow


class Minutes:
    """The use cases around the minutes of a meeting."""

    def __init__(
        self,
        database: Database,
        planner: Planner,
        documents: DocumentStore,
        *,
        clock: Clock,
        wake_up: WakeUp,
        largest: int,
    ) -> None:
        """``largest`` is the greatest size of a file, in bytes."""
        self._database = database
        self._planner = planner
        self._documents = documents
        self._clock = clock
        self._wake_up = wake_up
        self._largest = largest
        self._explainer = Explainer(planner)

    def attach(
        self, name: str, filename: str, content: bytes, *, caller: Caller, preview: bool = False
    ) -> Outcome:
        """Attach the next version of the minutes and plan its distribution to all who were invited.

        Raises ``InvalidInput`` for a file that minutes cannot be, ``Conflict`` before the meeting is
        concluded, ``NotFound``.
        """
        now = self._clock.now()
        filename = safe_filename(filename)
        media_type = media_type_of(filename, content, self._largest)
        # The document goes first: kept without a record it harms nobody, a record without it would.
        digest = self._documents.put(content)
        unit = self._database.rehearsal() if preview else self._database.transaction()
        with unit as session:
            meeting = store.load(session, store.find_id(session, name), lock=True)
            require_status(meeting, "given minutes", MeetingStatus.CONCLUDED)
            document = DocumentRow(digest=digest, filename=filename, media_type=media_type, size=len(content))
            version = store.add_minutes(session, meeting.id, document, now)
            before, meeting = meeting, store.save(session, store.load(session, meeting.id), now)
            result = self._planner.replan(session, meeting, now, before=before)
            history.note(
                session,
                meeting.id,
                caller,
                Fact.of("minutes.history.attached"),
                now,
                f"version {version}: {filename}",
            )
            consequences = self._explainer.explain(session, meeting, result)
        if not preview:
            self._wake_up.notify()
        return Outcome(meeting.reference, meeting.version, preview, consequences)

    def content(self, name: str, version: int) -> tuple[str, str, bytes]:
        """Return file name, media type and content of one version; raises ``NotFound``."""
        with self._database.reading() as session:
            document = store.minutes_document(session, store.find_id(session, name), version)
        return document.filename, document.media_type, self._documents.get(document.digest)
