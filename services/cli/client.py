"""Asks Kaohe as any other system would: JSON over HTTP with a key, again when it is told to."""

import gzip
import http.client
import json
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

_ATTEMPTS = 40
_PAUSE_SECONDS = 0.5
"""Where nobody says how long: no answer at all, or one of a proxy."""
_LONGEST_SECONDS = 60
_BATCH_ROWS = 5000
_PAGE_ITEMS = 500

Row = dict[str, object]


class Refused(Exception):
    """Kaohe refused what it was asked; the message says why, and in which place."""

    def __init__(self, method: str, path: str, status: int, body: bytes) -> None:
        super().__init__(f"{method} {path} answered {status}: {_why(body)}")
        self.status = status


class Client:
    """One caller of the one origin."""

    def __init__(
        self, port: int, key: str, *, host: str = "127.0.0.1", secure: bool = False
    ) -> None:
        self._port = port
        self._key = key
        self._host = host
        self._secure = secure

    def get(self, path: str) -> Any:
        return self._ask("GET", path, None)

    def put(self, path: str, document: object) -> Any:
        return self._ask("PUT", path, document)

    def post(self, path: str, document: object, *, key: str | None = None) -> Any:
        return self._ask("POST", path, document, key=key)

    def delete(self, path: str) -> None:
        self._ask("DELETE", path, None)

    def with_key(self, key: str) -> "Client":
        """The same origin, asked by somebody else."""
        return Client(self._port, key, host=self._host, secure=self._secure)

    def list(self, path: str) -> list[Any]:
        """Everything that a list holds, page by page."""
        start = f"{path}{'&' if '?' in path else '?'}limit={_PAGE_ITEMS}"
        page = self.get(start)
        items = list(page["items"])
        while page["next_cursor"] is not None:
            page = self.get(f"{start}&cursor={quote(page['next_cursor'], safe='')}")
            items += page["items"]
        return items

    def find(self, path: str) -> Any | None:
        """The document of a path, or null where there is none."""
        try:
            return self.get(path)
        except Refused as refusal:
            if refusal.status == 404:
                return None
            raise

    def post_facts(self, kind: str, rows: Sequence[Row], *, key: str) -> Iterator[int]:
        """Post rows in batches, yielding how many each held; a row refused stops everything."""
        for start in range(0, len(rows), _BATCH_ROWS):
            batch = rows[start : start + _BATCH_ROWS]
            self._post_batch(f"/v1/facts/{kind}", batch, key=f"{key}-{start}")
            yield len(batch)

    def post_file(self, path: str, body: bytes, *, form: str, key: str) -> Any:
        """Post a file as it is; the answer says what became of each row."""
        headers = {"Content-Type": form, "Idempotency-Key": key}
        return self._send("POST", path, body, headers)

    def post_batch(self, path: str, rows: Sequence[Row]) -> None:
        """Post a batch of named things; a row refused stops everything."""
        _check_batch(path, self.post(path, rows))

    def _post_batch(self, path: str, rows: Sequence[Row], *, key: str) -> None:
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": key,
        }
        body = gzip.compress(lines.encode(), compresslevel=1)
        _check_batch(path, self._send("POST", path, body, headers))

    def _ask(self, method: str, path: str, document: object, *, key: str | None = None) -> Any:
        body = None if document is None else json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if key is not None:
            headers["Idempotency-Key"] = key
        return self._send(method, path, body, headers)

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        """Every request here may be sent again: it replaces whole, or carries its key."""
        headers = {**headers, "Authorization": f"Bearer {self._key}"}
        for attempt in range(_ATTEMPTS):
            wait = None
            try:
                status, answer, wait = self._once(method, path, body, headers)
            except (OSError, http.client.HTTPException):
                if attempt == _ATTEMPTS - 1:
                    raise
                status, answer = 503, b""
            if status < 300:
                return json.loads(answer) if answer else None
            if status not in {429, 502, 503, 504} or attempt == _ATTEMPTS - 1:
                raise Refused(method, path, status, answer)
            time.sleep(_seconds_of(wait))
        raise AssertionError("the last attempt answers or raises")

    def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, str | None]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=120)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers.get("retry-after")
        finally:
            connection.close()


def _seconds_of(retry_after: str | None) -> float:
    """How long to wait: what `Retry-After` says in seconds, as Kaohe does."""
    if retry_after is None or not retry_after.isascii() or not retry_after.isdigit():
        return _PAUSE_SECONDS
    return min(int(retry_after), _LONGEST_SECONDS)


def _check_batch(path: str, answer: dict[str, Any]) -> None:
    if answer["rows"]:
        raise Refused(
            "POST", path, 200, json.dumps(answer["rows"][:3], ensure_ascii=False).encode()
        )


def _why(body: bytes) -> str:
    """A problem document as a line for each fault; of anything else its beginning."""
    try:
        problem = json.loads(body)
        lines = [f"{problem['code']}: {problem['detail']}"]
        lines += [f"  {each['pointer']}: {each['detail']}" for each in problem["errors"]]
    except (ValueError, TypeError, KeyError):
        return body[:2000].decode(errors="replace")
    return "\n".join(lines)
