"""Rows of one order become that order: lines joined, the rest said once, contradictions refused."""

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.ingest.core.mapping_checks import check_mapping
from services.ingest.core.mapping_groups import group_rows, last_rows
from services.ingest.core.mappings import MappedRow, Stated, bind
from services.ingest.rest.mapping_documents import StatedMapping
from services.schema.errors import Invalid
from tests.ingest.items import DONE, HEADS, ITEMS, PAID

ZONE = ZoneInfo("Asia/Shanghai")
STATED = Stated("s-1", "2026-11-30T12:00:00+00:00", {"s-1": ZONE}, ZONE)
FIRST = ("SO-1", "甲 13800000000", DONE, PAID, "30", "A", "1", "10")


def grouped(*rows: tuple[str, ...], **stated: Any) -> list[MappedRow]:
    mapping = StatedMapping.model_validate({**ITEMS, **stated}).to_shape("items")
    check_mapping(mapping)

    def read() -> Iterator[MappedRow]:
        lines = iter([(line, list(cells)) for line, cells in enumerate((HEADS, *rows), 1)])
        bound = bind(mapping, lines)
        return (bound.read(line, cells, STATED) for line, cells in lines)

    return list(group_rows(read(), last_rows(read()), mapping.sums))


def test_rows_of_one_order_are_its_lines_wherever_they_stand() -> None:
    # What is of the whole order may stand in each of its rows, or in one alone.
    other, empty, order = grouped(
        FIRST,
        ("SO-2", "乙", DONE, PAID, "5", "A", "1", "5"),
        ("", "", "", "", "", "", "", ""),
        ("SO-1", "", "", "", "", "B", "2", "15"),
        ("SO-1", *FIRST[1:5], "C", "1", "5"),
    )
    assert (other.line, empty.line, order.line) == (3, 4, 2)
    assert (other.unfit, empty.documents, order.unfit) == (None, (), None)
    (document,) = order.documents
    assert document["paid_amount"] == "30"
    assert document["buyer"] == "甲 13800000000"
    assert [(line["sku"], line["quantity"], line["amount"]) for line in document["lines"]] == [
        ("A", 1, "10"),
        ("B", 2, "15"),
        ("C", 1, "5"),
    ]
    assert [line["id"] for line in other.documents[0]["lines"]] == ["A"]


def test_an_amount_that_comes_in_parts_is_added_up_exactly() -> None:
    paid = {"A": "1", "B": "1", "C": "", "D": "0.1", "E": "0.2", "F": "1234567890123.4567"}
    rows = [("SO-1", "甲", DONE, PAID, part, sku, "1", "1") for sku, part in paid.items()]
    (order,) = grouped(*rows, sums=["paid_amount"])
    assert order.documents[0]["paid_amount"] == "1234567890125.7567"
    assert len(order.documents[0]["lines"]) == 6


@pytest.mark.parametrize(
    ("place", "other", "field"),
    [
        (1, "乙 13900000000", "buyer"),
        (3, "2026-11-04 10:00:00", "paid_at"),
        (4, "31", "paid_amount"),
    ],
)
def test_rows_that_contradict_each_other_are_refused_by_row_and_field(
    place: int, other: str, field: str
) -> None:
    second = (*FIRST[:place], other, *FIRST[place + 1 : 5], "B", "1", "20")
    good = ("SO-2", "乙", DONE, PAID, "5", "A", "1", "5")
    bad, kept = grouped(FIRST, second, good)
    assert kept.unfit is None
    assert bad.unfit is not None
    assert (bad.line, bad.unfit.code, bad.unfit.pointer) == (3, "rows_contradict", f"/{field}")
    assert "row 2 of the same order" in bad.unfit.detail
    assert "1390000" not in bad.unfit.detail + bad.unfit.cell


def test_an_order_with_a_row_that_cannot_be_read_is_refused_whole() -> None:
    (bad,) = grouped(FIRST, (*FIRST[:5], "B", "x", "20"), (*FIRST[:5], "C", "1", "y"))
    assert bad.unfit is not None
    assert (bad.line, bad.unfit.column) == (3, "数量")
    assert bad.documents[0]["id"] == "SO-1"


def test_an_order_is_given_when_its_last_row_was_read() -> None:
    """So few are held, however many the file has."""
    read = 0

    def rows() -> Iterator[MappedRow]:
        nonlocal read
        for line in range(6):
            read = line
            yield MappedRow(line, ({"id": f"SO-{line // 2}", "lines": [line]},))

    found = [(order.line, read) for order in group_rows(rows(), last_rows(rows()), ())]
    assert found == [(0, 1), (2, 3), (4, 5)]


@pytest.mark.parametrize(
    ("stated", "pointer"),
    [
        ({"fields": {k: v for k, v in ITEMS["fields"].items() if k != "lines"}}, "/grouped"),
        ({"grouped": False, "sums": ["paid_amount"]}, "/sums"),
        ({"sums": ["cost_amount"]}, "/sums"),
        ({"sums": ["buyer"]}, "/sums"),
    ],
)
def test_what_cannot_be_grouped_is_refused_in_the_mapping(
    stated: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(Invalid) as refused:
        grouped(FIRST, **stated)
    assert [fault.pointer for fault in refused.value.faults] == [pointer]
