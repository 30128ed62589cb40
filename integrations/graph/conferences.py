"""Teams meetings through Graph's ``onlineMeetings``.

Source: Graph documentation v1.0, "onlineMeeting: createOrGet", "Update onlineMeeting", "Delete
onlineMeeting" and "Configure application access to online meetings". What is created by
``createOrGet`` is identified by tenant, user and ``externalId``, so that repeating a lost request
finds the same meeting instead of making a second one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from integrations.graph.client import GraphClient
from integrations.graph.problems import ACCESS_POLICY, FORBIDDEN, LICENCE, NOT_FOUND
from orchestrator.domain.meetings.join_links import join_link
from orchestrator.errors import PermanentFailure, TransientFailure, Unfit
from orchestrator.facts import Fact
from orchestrator.ports import ConferenceInfo, ConferenceRequest

_CREATED = 201
_NO_ORGANIZER = "graph-organizer"
_FOR_CHECK = "id,userPrincipalName,accountEnabled,userType,assignedPlans"
_NO_MEETING = "https://teams.microsoft.com/l/meetup-join/none"
_TEAMS_SERVICES = ("teamspaceapi", "microsoftcommunicationsonline")
"""The services of a licence without which an account can own no Teams meeting."""


class TeamsConferences:
    """``ports.ConferenceProvider`` for Teams meetings owned by one account.

    ``organizer`` is the account's object id or its user principal name; the name is resolved once.
    ``seconds`` is the most that all requests for one meeting may take together, so that a claim on it
    outlasts them.
    """

    name = "teams"

    def __init__(self, client: GraphClient, organizer: str, seconds: float = 60.0) -> None:
        self._client = client
        self._seconds = seconds
        self._organizer = organizer
        self._resolved = organizer if _is_guid(organizer) else None

    def ensure(self, request: ConferenceRequest) -> ConferenceInfo:
        """Make the Teams meeting exist with this subject and time, and return it."""
        with self._explained():
            if request.provider_id is not None:
                changed = self._change(request.provider_id, request)
                if changed is not None:
                    return _info(changed)
            return _info(self._create_or_get(request))

    def delete(self, request: ConferenceRequest) -> None:
        """Remove the Teams meeting; succeeds when it is gone already."""
        with self._explained():
            provider_id = request.provider_id
            if provider_id is None:
                # The worker that created it may have died before the id was stored, so that not knowing an
                # id does not prove that there is nothing to remove.
                provider_id = _provider_id(self._find_or_create(request)[0])
            try:
                self._client.request("DELETE", self._meeting(provider_id))
            except PermanentFailure as error:
                if error.code != NOT_FOUND:
                    raise

    def check(self) -> str:
        """Sign in, find the organizer and read its meetings; change nothing and return what was found.

        Raises ``PermanentFailure`` or ``TransientFailure`` that tells apart a refused sign-in, an organizer
        that does not exist, is disabled or has no licence, a missing permission and a missing access policy.
        """
        with self._explained():
            self._client.sign_in()
            try:
                user = self._user(_FOR_CHECK)
            except PermanentFailure as error:
                # Reading users is a permission of its own that an object id makes unnecessary.
                if self._resolved is None or error.code != FORBIDDEN:
                    raise
                user = {}
            _require_able(user, self._organizer)
            self._require_meetings()
        if not user:
            return f"Signed in; the organizer is taken to be {self._resolved}, whose meetings can be read."
        name = user.get("userPrincipalName")
        return f"Signed in; the organizer is {name} ({user.get('id')}), whose meetings can be read."

    def _require_meetings(self) -> None:
        """Ask for a meeting that does not exist: a missing permission or access policy refuses even that."""
        try:
            self._client.request(
                "GET", self._meetings(), params={"$filter": f"JoinWebUrl eq '{_NO_MEETING}'"}
            )
        except PermanentFailure as error:
            if error.code != NOT_FOUND:
                raise

    def _change(self, provider_id: str, request: ConferenceRequest) -> Mapping[str, Any] | None:
        """Give the meeting its subject and time; None when it does not exist (any more)."""
        try:
            return self._client.request("PATCH", self._meeting(provider_id), body=_wanted(request)).body
        except PermanentFailure as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def _create_or_get(self, request: ConferenceRequest) -> Mapping[str, Any]:
        meeting, created = self._find_or_create(request)
        if created or _agrees(meeting, request):
            return meeting
        # Whether createOrGet changes a meeting that exists is not documented, so it is changed here.
        return self._client.request("PATCH", self._meeting(_provider_id(meeting)), body=_wanted(request)).body

    def _find_or_create(self, request: ConferenceRequest) -> tuple[Mapping[str, Any], bool]:
        answer = self._client.request(
            "POST",
            f"{self._meetings()}/createOrGet",
            body={"externalId": request.external_id, **_wanted(request)},
        )
        return answer.body, answer.status == _CREATED

    def _meetings(self) -> str:
        if self._resolved is None:
            self._resolved = str(self._user()["id"])
        return f"/users/{self._resolved}/onlineMeetings"

    def _meeting(self, provider_id: str) -> str:
        return f"{self._meetings()}/{quote(provider_id, safe='')}"

    def _user(self, fields: str = "id,userPrincipalName") -> Mapping[str, Any]:
        try:
            user = self._client.request(
                "GET", f"/users/{quote(self._organizer, safe='')}", params={"$select": fields}
            ).body
        except PermanentFailure as error:
            if error.code != NOT_FOUND:
                raise
            raise PermanentFailure(
                Fact.of("outside.graph.no-organizer", organizer=self._organizer),
                code=_NO_ORGANIZER,
                answer=error.answer,
            ) from error
        if "id" not in user:
            raise TransientFailure(Fact.of("outside.graph.answer-without-organizer-id"), answer="no id")
        return user

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Bound the requests of the block, and add to a missing access policy the commands that create it."""
        try:
            with self._client.within(self._seconds):
                yield
        except TransientFailure as error:
            if error.code != ACCESS_POLICY:
                raise
            raise TransientFailure(
                self._with_commands(error.fact),
                code=error.code,
                answer=error.answer,
                retry_after=error.retry_after,
                needs_person=True,
            ) from error

    def _with_commands(self, missing: Fact) -> Fact:
        return Fact.of(
            "outside.graph.policy-commands",
            missing=missing,
            application=self._client.client_id,
            organizer=self._resolved or self._organizer,
        )


def _require_able(user: Mapping[str, Any], organizer: str) -> None:
    """Raise ``PermanentFailure`` when the account, as far as it may be read, cannot own Teams meetings."""
    if user.get("accountEnabled") is False:
        raise PermanentFailure(
            Fact.of("outside.graph.organizer-disabled", organizer=organizer), code=_NO_ORGANIZER
        )
    if str(user.get("userType") or "").lower() == "guest":
        raise PermanentFailure(
            Fact.of("outside.graph.organizer-guest", organizer=organizer), code=_NO_ORGANIZER
        )
    plans = user.get("assignedPlans")
    if isinstance(plans, list) and not any(_grants_teams(item) for item in plans):
        raise PermanentFailure(
            Fact.of("outside.graph.organizer-unlicensed", organizer=organizer), code=LICENCE
        )


def _grants_teams(plan: object) -> bool:
    if not isinstance(plan, Mapping):
        return False
    service, status = str(plan.get("service")).lower(), str(plan.get("capabilityStatus")).lower()
    return service in _TEAMS_SERVICES and status in ("enabled", "warning")


def _wanted(request: ConferenceRequest) -> dict[str, str]:
    """Return subject and time as Graph writes them; start and end always go together."""
    return {
        "subject": request.subject,
        "startDateTime": _instant(request.starts_at),
        "endDateTime": _instant(request.ends_at),
    }


def _agrees(meeting: Mapping[str, Any], request: ConferenceRequest) -> bool:
    return (
        meeting.get("subject") == request.subject
        and _same_instant(meeting.get("startDateTime"), request.starts_at)
        and _same_instant(meeting.get("endDateTime"), request.ends_at)
    )


def _info(meeting: Mapping[str, Any]) -> ConferenceInfo:
    join_url = meeting.get("joinWebUrl")
    if not join_url:
        # It happens, and an invitation without a link must not go out.
        raise TransientFailure(Fact.of("outside.graph.answer-without-link"), answer="no joinWebUrl")
    try:
        return ConferenceInfo(provider_id=_provider_id(meeting), join_url=join_link(str(join_url)))
    except Unfit as error:
        # It would stand in every mail and calendar.
        odd = Fact.of("outside.graph.answer-with-odd-link", reason=error.fact)
        raise PermanentFailure(odd, answer="odd joinWebUrl") from error


def _provider_id(meeting: Mapping[str, Any]) -> str:
    provider_id = meeting.get("id")
    if not provider_id:
        raise TransientFailure(Fact.of("outside.graph.answer-without-meeting-id"), answer="no id")
    return str(provider_id)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _same_instant(written: object, moment: datetime) -> bool:
    """Compare by value and to the second: Graph answers with up to seven fractional digits."""
    try:
        found = datetime.fromisoformat(str(written))
    except ValueError:
        return False
    return found.tzinfo is not None and _instant(found) == _instant(moment)


def _is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
