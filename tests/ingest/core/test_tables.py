"""Bytes of text files as rows: encodings, byte-order marks, delimiters, what is refused."""

from collections.abc import Iterator

import pytest

from services.ingest.core.bodies import BodyBroken, RowTooLong
from services.ingest.core.tables import Blocks, encoding_of, read_cells

TEXT = '日期,访客数\r\n2026-11-03,"1,234"\r\n\r\n2026-11-04,𠮷😀\n'
ROWS = [(1, ["日期", "访客数"]), (2, ["2026-11-03", "1,234"]), (3, []), (4, ["2026-11-04", "𠮷😀"])]


def blocks(body: bytes, size: int = 5) -> Blocks:
    """Cut where characters are cut too."""
    return lambda: (body[at : at + size] for at in range(0, len(body), size))


def rows(body: bytes, delimiter: str = ",") -> list[tuple[int, list[str]]]:
    return list(read_cells(blocks(body), encoding_of(blocks(body)), delimiter))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_encodings_are_found_out(encoding: str) -> None:
    assert rows(TEXT.encode(encoding)) == ROWS


@pytest.mark.parametrize("delimiter", ["\t", ";", "|"])
def test_delimiters(delimiter: str) -> None:
    body = f"a{delimiter}b\n1{delimiter}'2'\n".encode()
    assert rows(body, delimiter) == [(1, ["a", "b"]), (2, ["1", "'2'"])]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (TEXT.encode("utf-16"), "UTF-16"),
        (b"a,b\n\xff\xff\xff\n", "neither UTF-8 nor GB18030"),
        (b'a,b\n"1,2\n', "not CSV"),
        (b'a,b\n"1"2,3\n', "not CSV"),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(BodyBroken, match=says):
        rows(body)


def test_an_encoding_that_is_stated_must_hold() -> None:
    body = TEXT.encode("gb18030")
    with pytest.raises(BodyBroken, match="not utf-8"):
        list(read_cells(blocks(body), "utf-8", ","))


def test_a_row_without_an_end_is_refused_in_bounded_memory() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * (1 << 16)

    with pytest.raises(RowTooLong):
        list(read_cells(endless, "utf-8", ","))
    assert taken < 40
