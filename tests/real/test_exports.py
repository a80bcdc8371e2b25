"""Published exports read as they are, by mappings: what comes of them is the truth's.

The files' licence is not verified: tests read them, nothing of them is kept here.
"""

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from services.ingest.core.facts import check_row
from services.ingest.core.mapping_checks import check_mapping
from services.ingest.core.mappings import MappedRow, Stated, bind
from services.ingest.core.tables import Blocks, encoding_of, read_cells
from services.ingest.rest.mapping_documents import StatedMapping
from services.schema.money import round_half_up
from tests.databases import TestDatabase
from tests.ingest.doors import open_door
from tests.real.published import read_rows

ZONE = ZoneInfo("Europe/Zurich")
STATED = Stated("s-1", "2026-11-30T12:00:00+00:00", {"s-1": ZONE}, ZONE)
CALLS: dict[str, Any] = {
    "name": {"zh": "呼叫", "en": "calls"},
    "kind": "chats",
    "fields": {
        "id": {"column": "Call Id"},
        "employee": {"column": "Agent"},
        "started_at": {"join": [{"column": "Date"}, {"column": "Time"}]},
        "answered": {"column": "Answered (Y/N)"},
        "first_response_seconds": {"column": "Speed of answer in seconds"},
        "response_seconds": {"column": "Speed of answer in seconds"},
        "responses": {"column": "Answered (Y/N)", "words": {"Y": 1, "N": None}},
        "satisfied": {
            "column": "Satisfaction rating",
            "words": {"4": True, "5": True, "": None, "*": False},
        },
    },
}
TALKS: dict[str, Any] = {
    "name": {"zh": "通话", "en": "talks"},
    "kind": "measures",
    "fields": {
        "day": {"column": "Date"},
        "employee": {"column": "Agent"},
        "campaign": {"column": "Call Id"},
    },
    "measures": {
        "talk_seconds": {"column": "AvgTalkDuration"},
        "after_sales_resolved": {"column": "Resolved", "words": {"Y": "1", "N": "0", "": None}},
    },
}


def _measure(**stated: Any) -> dict[str, Any]:
    return {"name": {"zh": "量", "en": "amount"}, "kind": "measures", **stated}


def blocks(path: Path) -> Blocks:
    def read() -> Iterator[bytes]:
        with gzip.open(path) as file:
            while block := file.read(1 << 16):
                yield block

    return read


def read(path: Path, document: dict[str, Any]) -> list[MappedRow]:
    mapping = StatedMapping.model_validate(document).to_shape("m")
    check_mapping(mapping)
    bytes_ = blocks(path)
    rows = read_cells(bytes_, encoding_of(bytes_), ",")
    bound = bind(mapping, rows)
    found = [bound.read(line, cells, STATED) for line, cells in rows]
    for row in found:
        for document_ in () if row.unfit else row.documents:
            check_row(mapping.kind, document_)
    return found


def documents(rows: Iterable[MappedRow]) -> list[dict[str, Any]]:
    assert not [row.unfit for row in rows if row.unfit]
    return [document for row in rows for document in row.documents]


def share(part: int | Decimal, whole: int) -> Decimal:
    return round_half_up(Fraction(part) / whole, 6)


def test_calls_by_agent_and_month_are_the_truth_s(data: Path) -> None:
    calls, talks = defaultdict(list), defaultdict(list)
    for call in documents(read(data / "contact_centre/calls.csv.gz", CALLS)):
        calls[call["started_at"][:7], call["employee"]].append(call)
    for talk in documents(read(data / "contact_centre/calls.csv.gz", TALKS)):
        talks[talk["day"][:7], talk["employee"], talk["measure"]].append(Decimal(talk["amount"]))
    truth = list(read_rows(data / "truth/contact_centre/agent_month.csv"))
    assert len(truth) == 16
    for true in truth:
        month, agent = true["month"][:7], true["agent"]
        mine = calls[month, agent]
        answered = [call for call in mine if call["answered"]]
        resolved = talks[month, agent, "after_sales_resolved"]
        seconds = talks[month, agent, "talk_seconds"]
        waits = [Decimal(call["response_seconds"]) for call in mine if "response_seconds" in call]
        satisfied = [call["satisfied"] for call in mine if "satisfied" in call]
        assert sum(call.get("responses", 0) for call in mine) == len(waits) == len(answered)
        found = {
            "calls": len(mine),
            "answered": len(answered),
            "abandon_rate": share(len(mine) - len(answered), len(mine)),
            "resolved": sum(resolved),
            "resolved_of_answered": share(sum(resolved), len(answered)),
            "mean_answer_seconds": share(sum(waits), len(waits)),
            "mean_talk_seconds": share(sum(seconds), len(seconds)),
            "csat_share_4_5": share(sum(satisfied), len(satisfied)),
        }
        assert found == {name: Decimal(true[name]) for name in found}, (month, agent)


def test_stock_by_category_is_the_truth_s(data: Path) -> None:
    stock = _measure(
        fields={
            "day": {"constant": "2022-05-31"},
            "channel": {"column": "Category"},
            "campaign": {"column": "index"},
        },
        measures={"stock_units": {"column": "Stock"}},
    )
    rows = read(data / "marketplace_exports/stock_report.csv.gz", stock)
    units: dict[str, list[Decimal]] = defaultdict(list)
    for document in documents(rows):
        units[document.get("channel", "(none)")].append(Decimal(document["amount"]))
    truth = {
        row["category"]: row
        for row in read_rows(data / "truth/marketplace_exports/stock_category.csv")
    }
    assert set(units) == set(truth)
    for category, true in truth.items():
        stated = units[category]
        assert sum(stated) == int(true["units_in_stock"]), category
        assert len(stated) == int(true["rows_"]) - int(true["unknown_stock_rows"]), category
        assert stated.count(Decimal(0)) == int(true["out_of_stock_rows"]), category
    # What is not stated is no fact and no zero.
    unstated = sum(int(true["unknown_stock_rows"]) for true in truth.values())
    assert sum(not row.documents for row in rows) == unstated == 36


def test_padded_prices_are_read_and_what_is_no_price_is_named(data: Path) -> None:
    path = data / "marketplace_exports/price_list_2021_03.csv.gz"
    prices = _measure(
        fields={"day": {"constant": "2021-03-31"}, "campaign": {"column": "Sku"}},
        measures={"list_price": {"column": "Amazon MRP"}, "cost": {"column": "TP 1"}},
        missing=["Nill"],
    )
    with gzip.open(path, "rt") as file:
        lines = [[cell.strip() for cell in line] for line in csv.reader(file)]
    amazon, cost = lines[0].index("Amazon MRP"), lines[0].index("TP 1")
    rows = read(path, prices)
    assert len(rows) == len(lines) - 1
    odd = Counter(
        line[place] for line in lines[1:] for place in (amazon, cost)
        if not line[place].replace(".", "").isdigit() and line[place] not in {"", "Nill"}
    )  # fmt: skip
    named = Counter(row.unfit.cell for row in rows if row.unfit)
    assert named == odd
    wanted = Counter(
        Decimal(line[place]) for line in lines[1:] for place in (amazon, cost)
        if line[place].replace(".", "").isdigit()
    )  # fmt: skip
    found = Counter(
        Decimal(each["amount"]) for row in rows if not row.unfit for each in row.documents
    )
    assert found <= wanted
    assert found.total() >= wanted.total() - 2 * odd.total()


def test_of_tables_stacked_in_a_file_only_the_first_lands(data: Path) -> None:
    path = data / "marketplace_exports/wholesale_orders.csv.gz"
    sales = _measure(
        fields={
            "day": {"column": "DATE", "order": "mdy"},
            "channel": {"column": "CUSTOMER"},
            "campaign": {"column": "index"},
        },
        measures={"wholesale": {"column": "GROSS AMT"}},
    )
    with gzip.open(path, "rt") as file:
        first = [line for line in csv.reader(file) if line[1][2:3] == line[1][5:6] == "-"]
    wanted = {line[0]: line for line in first if line[9] and line[1].replace("-", "").isdigit()}
    found = {}
    for row in read(path, sales):
        if row.unfit is None:
            for each in row.documents:
                found[each["campaign"]] = each
    assert len(found) == len(wanted) > 18_000
    assert sum(Decimal(each["amount"]) for each in found.values()) == sum(
        Decimal(line[9]) for line in wanted.values()
    )
    day = wanted["0"][1]
    assert found["0"]["day"] == f"20{day[6:]}-{day[:2]}-{day[3:5]}"


async def test_calls_through_the_door_are_added_up_as_the_truth_has_them(
    data: Path, real_database: TestDatabase
) -> None:
    body = gzip.decompress((data / "contact_centre/calls.csv.gz").read_bytes())
    async with open_door(real_database) as door:
        headers = {"Authorization": f"Bearer {door.keys['erp']}"}
        put = await door.client.put("/v1/mappings/calls", json=CALLS, headers=headers)
        assert put.status_code == 201, put.text
        for outcome in ("created", "duplicate"):
            answer = await door.client.post(
                "/v1/facts/chats",
                content=body,
                params={"mapping": "calls", "shop": "s-1"},
                headers={**headers, "Content-Type": "text/csv"},
            )
            tally = answer.json()
            assert (tally["received"], tally[outcome], tally["rows"]) == (5000, 5000, [])
        rows = await door.owner.fetch(
            "SELECT to_char(day, 'YYYY-MM') AS month, employee, sum(chats) AS calls,"
            " sum(answered_chats) AS answered, sum(response_seconds) AS seconds"
            " FROM chat_measures WHERE tenant_id = $1 GROUP BY 1, 2",
            door.tenant,
        )
    found = {(row["month"], row["employee"]): row for row in rows}
    for true in read_rows(data / "truth/contact_centre/agent_month.csv"):
        row = found[true["month"][:7], true["agent"]]
        assert (row["calls"], row["answered"]) == (int(true["calls"]), int(true["answered"]))
        mean = share(row["seconds"], int(row["answered"]))
        assert mean == Decimal(true["mean_answer_seconds"])
