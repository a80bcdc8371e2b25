"""Exports: a text that a spreadsheet would compute is shown, an amount is left as it is."""

import json

import pytest

from services.api.core.exports import COLUMNS, cells_of, csv_head, csv_rows, disarm, is_number
from tests.figures import Figures, Wrong

ENTRY = {
    **dict.fromkeys(COLUMNS),
    "seq": 7,
    "employee": "e-1",
    "amount": "-1234.50",
    "total": "0.00",
    "reason": None,
}


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]
)
def test_scenario_x03_a_text_that_acts_is_disarmed(text: str, figure: Figures) -> None:
    acts = int(disarm(text) != f"'{text}")
    figure("X03", Wrong.ACCEPTED, acts, tried=1, of="texts that a spreadsheet would compute")


@pytest.mark.parametrize("text", ["", "e-1", "1", "a=b", "'=1", "订单", " =1"])
def test_a_text_that_does_not_is_left_alone(text: str) -> None:
    assert disarm(text) == text


@pytest.mark.parametrize(
    ("column", "text", "number"),
    [
        ("amount", "-1234.50", True),
        ("amount", "9999999999999.99", True),
        ("amount", "-99999999999999.99", False),
        ("seq", "7", True),
        ("total", "0.00", True),
        ("employee", "7", False),
        ("employee", "-7", False),
        ("amount", "", False),
    ],
)
def test_scenario_x03_a_figure_is_a_number_as_far_as_a_spreadsheet_keeps_it(
    figure: Figures, *, column: str, text: str, number: bool
) -> None:
    altered = int(is_number(column, text) is not number)
    figure("X03", Wrong.CHANGES, altered, tried=1, of="figures, as far as a spreadsheet keeps them")


def test_a_row_has_every_column_and_a_null_is_empty() -> None:
    cells = cells_of(json.dumps(ENTRY).encode())
    assert dict(zip(COLUMNS, cells, strict=True)) == {
        **dict.fromkeys(COLUMNS, ""),
        "seq": "7",
        "employee": "e-1",
        "amount": "-1234.50",
        "total": "0.00",
    }


def test_csv_quotes_what_it_must_and_alters_no_amount() -> None:
    entry = {**ENTRY, "employee": "-e", "reason": 'he said "no",\nthen yes', "grade": "=A"}
    head, row = csv_head().decode(), csv_rows([json.dumps(entry).encode()]).decode()
    assert head == ",".join(COLUMNS) + "\r\n"
    assert row == ('7,,,,\'-e,,,,-1234.50,,\'=A,0.00,"he said ""no"",\nthen yes",,\r\n')
