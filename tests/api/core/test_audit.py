"""Heads as lines: written once, read back to the byte, and nothing else taken for one."""

from datetime import UTC, datetime

import pytest

from services.api.core.audit import NoHead, head_line, read_heads
from services.schema.shapes.audit import Head

AT = datetime(2026, 11, 30, 22, tzinfo=UTC)
DIGEST = bytes(range(32))
LINE = head_line(7, "acme", Head(42, DIGEST), at=AT)


def test_a_line_says_whose_head_it_is_and_of_when() -> None:
    assert (
        '{"tenant":7,"code":"acme","entries":42,'
        f'"head":"sha256:{DIGEST.hex()}","at":"2026-11-30T22:00:00Z"}}\n'
    ) == LINE


def test_lines_of_many_days_and_tenants_are_read_together() -> None:
    other = head_line(8, "other", Head(1, bytes(32)), at=AT)
    later = head_line(7, "acme", Head(50, bytes(32)), at=AT)
    heads = read_heads(f"{LINE}\n{other}{later}{LINE}")
    assert heads == {7: {42: DIGEST, 50: bytes(32)}, 8: {1: bytes(32)}}
    assert read_heads("") == {}


@pytest.mark.parametrize(
    "line",
    ["x", "{}", "[]", "7", '{"tenant":7}', LINE.replace("42", '"42"'), LINE.replace("7", "true", 1),
     LINE.replace("sha256:", ""), LINE.replace("0102", "01")],
)  # fmt: skip
def test_what_is_no_head_is_named_by_its_line(line: str) -> None:
    with pytest.raises(NoHead, match="line 2 is no head"):
        read_heads(f"{LINE}{line}")


def test_two_heads_of_one_moment_cannot_both_be_true() -> None:
    with pytest.raises(NoHead, match="line 2 says otherwise"):
        read_heads(LINE + head_line(7, "acme", Head(42, bytes(32)), at=AT))
