"""How Amazon's Selling Partner API lets itself be called: a token of an hour, and seldom."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from services.ingest.sources.allowances import Allowance
from services.ingest.sources.client import (
    ATTEMPTS,
    LONGEST_WAIT_SECONDS,
    Answer,
    Client,
    Question,
)
from services.ingest.sources.errors import (
    NotAuthorised,
    NotPermitted,
    Refused,
    SourceError,
    TooOften,
    TryLater,
    Unreadable,
)
from services.ingest.sources.reading import Credential, Row, read_document

T = TypeVar("T")

TOKENS = "https://api.amazon.com/auth/o2/token"
HOSTS = (
    "api.amazon.com",
    "sellingpartnerapi-na.amazon.com",
    "sellingpartnerapi-eu.amazon.com",
    "sellingpartnerapi-fe.amazon.com",
    # Where it puts the reports that it makes.
    "tortuga-prod-na.s3-external-1.amazonaws.com",
    "tortuga-prod-eu.s3-eu-west-1.amazonaws.com",
    "tortuga-prod-fe.s3-us-west-2.amazonaws.com",
)

# Calls a second, and at once.
_ALLOWED: Mapping[str, tuple[str, int]] = {
    "searchOrders": ("0.0056", 20),
    "getOrders": ("0.0167", 20),
    "getOrderItems": ("0.5", 30),
    "createReport": ("0.0167", 15),
    "getReport": ("2", 15),
    "getReportDocument": ("0.0167", 15),
    "getInventorySummaries": ("2", 2),
    "getOrderMetrics": ("0.5", 15),
}


class Calls:
    """The calls of one seller's application, each operation within its own allowance."""

    def __init__(
        self, client: Client, credential: Credential, gateway: str, *, now: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._credential = credential
        self._gateway = gateway
        self._now = now
        self._token, self._token_until = "", now()
        self._allowances = {
            name: Allowance(rate, burst, now) for name, (rate, burst) in _ALLOWED.items()
        }

    async def call(
        self,
        operation: str,
        path: str,
        params: Mapping[str, str],
        read: Callable[[Row], T],
        body: Mapping[str, object] | None = None,
    ) -> T:
        """Ask when it is allowed; a token that is refused is made anew, once.

        Of what another program has used up nothing is told but that: it is waited for as if it had
        been ours.
        """
        allowance = self._allowances[operation]
        url = f"{self._gateway}{path}"
        if params:
            url += f"?{urlencode(params, quote_via=quote, safe=',:')}"

        def read_well(answer: Answer) -> T:
            allowance.learn(answer.headers.get("x-amzn-ratelimit-limit"))
            if answer.status not in {200, 202}:
                raise _classify(operation, answer)
            document = read_document(answer.body)
            if not isinstance(document, dict):
                raise Unreadable(f"{operation} answers no object")
            return read(document)

        is_new = False
        for _ in range(ATTEMPTS):
            await self._wait_for(operation)
            question = await self._question(url, body)
            try:
                return await self._client.ask(question, read_well, counts_calls=True)
            except TooOften:
                allowance.used_up()
            except Forbidden:
                if is_new:
                    raise
                self._token, is_new = "", True
        raise TooOften(f"{operation} is asked too often")

    async def _wait_for(self, operation: str) -> None:
        """A short wait is sat out; a long one is left to the schedule, and other shops go on."""
        allowance = self._allowances[operation]
        if seconds := allowance.take():
            if seconds > LONGEST_WAIT_SECONDS:
                raise TryLater(f"{operation} may be asked again later", seconds=seconds)
            await self._client.wait(seconds)
            allowance.used_up()

    async def _question(
        self, url: str, body: Mapping[str, object] | None
    ) -> Callable[[], Question]:
        headers = {"x-amz-access-token": await self._access_token()}
        if body is None:
            return lambda: Question("GET", url, headers)
        headers["Content-Type"] = "application/json"
        return lambda: Question("POST", url, headers, json.dumps(body).encode())

    async def _access_token(self) -> str:
        """A token of an hour, for the seller's consent."""
        if self._token and self._now() < self._token_until:
            return self._token
        credential = self._credential
        parts = urlsplit(self._gateway)
        own = parts.hostname in HOSTS
        url = TOKENS if own else f"{parts.scheme}://{parts.netloc}{urlsplit(TOKENS).path}"
        form = {
            "grant_type": "refresh_token",
            "refresh_token": credential.session,
            "client_id": credential.app_key,
            "client_secret": credential.secret,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}

        def read(answer: Answer) -> tuple[str, timedelta]:
            document = read_document(answer.body)
            found = document if isinstance(document, dict) else {}
            if answer.status in {400, 401, 403}:
                raise _no_token(str(found.get("error", ""))[:40])
            token, seconds = found.get("access_token"), found.get("expires_in")
            if answer.status != 200 or not isinstance(token, str) or type(seconds) is not int:
                raise Unreadable("the answer has no token")
            return token, timedelta(seconds=seconds)

        question = Question("POST", url, headers, urlencode(form).encode())
        self._token, lasts = await self._client.ask(lambda: question, read)
        self._token_until = self._now() + lasts - timedelta(minutes=1)
        return self._token


class Forbidden(NotPermitted):
    """The token is refused: it may have run out, or the application may not ask this."""


class NoSuchPath(Refused):
    """There is nothing at this place."""


def hosts_of(_: Credential) -> tuple[str, ...]:
    return HOSTS


def _no_token(word: str) -> SourceError:
    problem = f"no token is given: {word}"
    # The seller has taken the consent back; anything else is the application's own trouble.
    return NotAuthorised(problem) if word == "invalid_grant" else NotPermitted(problem)


def _classify(operation: str, answer: Answer) -> SourceError:
    """What an error means for us; 429 and 5xx are the client's to wait for."""
    code = ""
    try:
        document = json.loads(answer.body)
        code = str(document["errors"][0]["code"])[:80]
    except (ValueError, KeyError, IndexError, TypeError):
        pass
    problem = f"{operation} is refused: {answer.status} {code}".rstrip()
    if answer.status in {401, 403}:
        return Forbidden(problem)
    if not code:
        return Unreadable(problem)
    return NoSuchPath(problem) if answer.status == 404 else Refused(problem)


def object_in(outer: object, name: str) -> Row:
    found = outer.get(name) if isinstance(outer, dict) else None
    if not isinstance(found, dict):
        raise Unreadable(f"the answer has no {name}")
    return found


def rows_in(outer: object, name: str) -> list[Any]:
    found = outer.get(name) if isinstance(outer, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable(f"the answer has no list of {name}")
    return found


def token_in(outer: object, name: str) -> str | None:
    """What names the next page; an empty name names none."""
    found = outer.get(name) if isinstance(outer, dict) else None
    return str(found) if found else None
