"""A body is read exactly or refused with the place; nothing is bent to fit."""

import gzip
from decimal import Decimal

import pytest

from services.door.problems import TooLarge, Unreadable
from services.door.requests import BODY_LIMIT, StrictRequest, parse_json
from services.schema.errors import Invalid


def request_of(*chunks: bytes, **headers: str) -> StrictRequest:
    parts = list(chunks)

    async def receive() -> dict[str, object]:
        body = parts.pop(0) if parts else b""
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return StrictRequest({"type": "http", "method": "POST", "headers": raw}, receive)


def test_numbers_are_exact() -> None:
    assert parse_json(b'[12345678901234567890.123456789, 1e2, 7, "7"]') == [
        Decimal("12345678901234567890.123456789"),
        Decimal("1E+2"),
        7,
        "7",
    ]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"NaN", "NaN is not"),
        (b"[-Infinity]", "-Infinity is not"),
        (b'{"a": 1, "a": 2}', "'a' stands twice"),
        (b"[" * 33 + b"]" * 33, "more than 32 deep"),
        (b"[" * 200_000, "more than 32 deep"),
        (b"1" * 65, "too long"),
        (b"1." + b"1" * 65, "too long"),
        (b"9" * 4301, "too long"),
        (b"\xff", "not UTF-8 at byte 0"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b'{"a": }', "line 1, column 7"),
        (b'"\x01"', "not JSON"),
        (b"", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
    ],
)
def test_what_is_not_plain_json_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse_json(body)


def test_brackets_in_texts_do_not_count_as_depth() -> None:
    assert parse_json(b'["' + b"[" * 100 + b'\\""]') == ["[" * 100 + '"']


def test_32_deep_is_taken() -> None:
    assert parse_json(b"[" * 32 + b"]" * 32)


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\uDFFF"])
def test_characters_that_cannot_be_kept_are_refused_with_their_place(escape: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_json(f'[{{"ok": "\\ud83d\\ude00", "name": "a{escape}"}}]'.encode())
    assert [fault.pointer for fault in refusal.value.faults] == ["/0/name"]


def test_paired_surrogates_are_a_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"') == "😀"


async def test_gzip_is_undone_also_in_pieces_and_members() -> None:
    packed = gzip.compress(b'{"a":') + gzip.compress(b"1}")
    pieces = [packed[i : i + 3] for i in range(0, len(packed), 3)]
    assert await request_of(*pieces, content_encoding="gzip").json() == {"a": 1}


async def test_a_gzip_bomb_is_refused_before_it_is_large() -> None:
    bomb = gzip.compress(b" " * (300 << 20))
    with pytest.raises(TooLarge):
        await request_of(bomb, content_encoding="gzip").body()


async def test_a_body_one_byte_too_long_is_refused_and_the_longest_taken() -> None:
    assert len(await request_of(b" " * BODY_LIMIT).body()) == BODY_LIMIT
    with pytest.raises(TooLarge):
        await request_of(b" " * BODY_LIMIT, b" ").body()


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    async def receive() -> dict[str, object]:
        pytest.fail("the body was read")

    headers = [(b"content-length", str(BODY_LIMIT + 1).encode())]
    scope = {"type": "http", "method": "POST", "headers": headers}
    with pytest.raises(TooLarge):
        await StrictRequest(scope, receive).body()


@pytest.mark.parametrize("packed", [b"no gzip", gzip.compress(b"{}", mtime=0)[:-4]])
async def test_broken_gzip_is_refused(packed: bytes) -> None:
    with pytest.raises(Unreadable):
        await request_of(packed, content_encoding="gzip").body()


async def test_other_packings_are_refused_by_name() -> None:
    with pytest.raises(Unreadable, match="'br'"):
        await request_of(b"", content_encoding="br").body()
