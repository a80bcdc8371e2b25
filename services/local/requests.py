"""The head of an HTTP/1.1 request, read so strictly that two readers cannot disagree about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

HEADERS = 100
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(" + _TOKEN + rb") (/[\x21-\x7e]*) HTTP/1\.([01])")
_HEADER = re.compile(rb"(" + _TOKEN + rb"):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
# What one connection says to the next only, and what only we may say of the caller.
_NOT_FORWARDED = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"upgrade"),
        *(b"forwarded", b"x-real-ip"),
    }
)


# What must never be lost on the way, whatever a `Connection` header names.
_END_TO_END = frozenset({b"host", b"content-length", b"transfer-encoding"})


class Refused(Exception):
    """The head is not one that every reader understands alike."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


class Framing(Enum):
    NONE = "none"
    LENGTH = "length"
    CHUNKED = "chunked"


@dataclass(frozen=True, slots=True)
class Head:
    method: bytes
    target: bytes
    minor: int
    headers: tuple[tuple[bytes, bytes], ...]
    framing: Framing
    length: int
    upgrade: bool

    @property
    def path(self) -> bytes:
        return self.target.split(b"?", 1)[0]

    def forwarded(self, caller: str) -> bytes:
        """For the service: one request, told by us who asks."""
        kept = [pair for pair in self.headers if not self._is_ours(pair[0].lower())]
        named = b"Upgrade" if self.upgrade else b"close"
        ours = [
            (b"X-Forwarded-For", caller.encode()),
            (b"X-Forwarded-Proto", b"http"),
            (b"Connection", named),
            *([(b"Upgrade", b"websocket")] if self.upgrade else []),
        ]
        lines = [b"%s: %s\r\n" % pair for pair in [*kept, *ours]]
        return b"%s %s HTTP/1.%d\r\n%s\r\n" % (
            self.method,
            self.target,
            self.minor,
            b"".join(lines),
        )

    def _is_ours(self, name: bytes) -> bool:
        return (
            name in _NOT_FORWARDED
            or name.startswith(b"x-forwarded-")
            or name in _named_by(self.headers, b"connection")
        )


def read_head(raw: bytes) -> Head:
    """From the request line to the empty line, which must be the end of `raw`."""
    first, *lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    line = _LINE.fullmatch(first)
    if line is None:
        raise Refused(400, "bad_request_line", "The request line is not of HTTP/1.1.")
    if len(lines) > HEADERS:
        raise Refused(431, "too_many_headers", f"A request has at most {HEADERS} headers.")
    headers = tuple(_read_header(line) for line in lines)
    minor = int(line[3])
    _check_host(headers, minor)
    if _named_by(headers, b"connection") & _END_TO_END:
        raise Refused(400, "bad_header", "A Connection header names what is not its own.")
    framing, length = _read_framing(headers, minor)
    return Head(
        method=line[1],
        target=line[2],
        minor=minor,
        headers=headers,
        framing=framing,
        length=length,
        upgrade=line[1] == b"GET" and framing is Framing.NONE and _is_upgrade(headers),
    )


def _read_header(line: bytes) -> tuple[bytes, bytes]:
    """A folded line begins with a blank and so has no name: it is refused here, too."""
    header = _HEADER.fullmatch(line)
    if header is None:
        raise Refused(400, "bad_header", "A header line is not of HTTP/1.1.")
    return header[1], header[2]


def _check_host(headers: Sequence[tuple[bytes, bytes]], minor: int) -> None:
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or (not hosts and minor == 1):
        raise Refused(400, "bad_host", "A request names its host once.")


def _read_framing(headers: Sequence[tuple[bytes, bytes]], minor: int) -> tuple[Framing, int]:
    """A body has one length, said once and in one way: all else is request smuggling."""
    lengths = _values(headers, b"content-length")
    codings = _values(headers, b"transfer-encoding")
    if codings:
        if lengths or minor == 0 or [coding.lower() for coding in codings] != [b"chunked"]:
            raise Refused(400, "bad_framing", "A body is chunked or has a length, not both.")
        return Framing.CHUNKED, 0
    if not lengths:
        return Framing.NONE, 0
    if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
        raise Refused(400, "bad_framing", "A body's length is one number.")
    return Framing.LENGTH, int(lengths[0])


def _is_upgrade(headers: Sequence[tuple[bytes, bytes]]) -> bool:
    return b"upgrade" in _named_by(headers, b"connection") and [
        value.lower() for value in _values(headers, b"upgrade")
    ] == [b"websocket"]


def _named_by(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> frozenset[bytes]:
    words = b",".join(_values(headers, name)).split(b",")
    return frozenset(word.strip().lower() for word in words)


def _values(headers: Sequence[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for header, value in headers if header.lower() == name]
