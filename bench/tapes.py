"""What a marketplace answered, said again in the same order, so that its own work is left out."""

from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True, slots=True)
class _Said:
    path: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


@dataclass
class Tape(httpx.AsyncBaseTransport):
    """Asks the sandbox the first time through, and answers from memory ever after."""

    sandbox: httpx.ASGITransport
    said: list[_Said] = field(default_factory=list)
    recording: bool = True
    _next: int = 0

    @property
    def size(self) -> int:
        """Bytes of all answers."""
        return sum(len(each.body) for each in self.said)

    def rewind(self) -> None:
        """From the beginning, and nothing new any more."""
        self.recording, self._next = False, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.recording:
            response = await self.sandbox.handle_async_request(request)
            body = await response.aread()
            path = request.url.path
            self.said.append(_Said(path, response.status_code, response.headers.raw, body))
        said = self.said[self._next]
        self._next += 1
        assert said.path == request.url.path, "another call than the one on the tape"
        return httpx.Response(
            said.status, headers=said.headers, stream=httpx.ByteStream(said.body), request=request
        )
