"""The payroll feed over REST: complete, in order, the same to the last byte, exported exactly."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from time_machine import travel

from services.api.core.exports import COLUMNS
from services.api.rest.payouts import EntryDocument
from tests.api.appraisals import (
    ask,
    digest,
    found,
    move,
    open_cycle,
    person,
    publish_scheme,
    refund,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.figures import Figures, Wrong

PUBLISHED = ("closed", "review", "approved", "published")
EPOCH = "kaohe-feed-epoch"


@pytest.fixture
async def paid(company: Company) -> Company:
    """Three agents whose month was published, and a key of payroll."""
    await found(company)
    await publish_scheme(company)
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100"),
    )
    await open_cycle(company)
    await move(company, "jan", *PUBLISHED)
    await company.make_key("payroll", "payroll")
    return company


async def feed(company: Company, *, limit: int = 500, after: int = 0) -> list[Json]:
    """Every entry that follows, page by page."""
    items: list[Json] = []
    while True:
        path = f"/v1/payroll/entries?after={after}&limit={limit}"
        page = (await company.get(path, key="payroll")).json()
        if not page["items"]:
            assert page["next_cursor"] == after
            return items
        items += page["items"]
        after = page["next_cursor"]
        assert after == items[-1]["seq"]


async def test_an_entry_is_exactly_this(paid: Company) -> None:
    entries = await feed(paid)
    first = entries[0]
    EntryDocument.model_validate(first, strict=False)
    result = (await paid.get("/v1/results?employee=e-1")).json()["items"][0]
    assert first["id"].startswith("pay_")
    assert list(first) == list(COLUMNS)
    assert first == {
        "seq": 1,
        "id": first["id"],
        "kind": "result",
        "corrects": None,
        "employee": "e-1",
        "cycle": "jan",
        "period": "2026-01",
        "plan": "commission",
        "amount": "20.01",
        "currency": "CNY",
        "grade": "B",
        "total": "82.00",
        "reason": None,
        "fingerprint": result["fingerprint"],
        "published_at": result["published_at"],
    }
    assert [(entry["employee"], entry["plan"], entry["amount"]) for entry in entries] == [
        ("e-1", "commission", "20.01"),
        ("e-1", "grade_bonus", "500.00"),
        ("e-2", "commission", "0.50"),
        ("e-2", "grade_bonus", "250.00"),
        ("e-3", "commission", "0.00"),
        ("e-3", "grade_bonus", "250.00"),
    ]


async def test_a_result_without_pay_plans_has_one_entry_without_a_plan(company: Company) -> None:
    await found(company, ["e-1"])
    await publish_scheme(company, document=scheme(pay=[]))
    await set_targets(company, {"e-1": "100"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="100"))
    await open_cycle(company)
    await move(company, "jan", *PUBLISHED)
    (entry,) = (await company.get("/v1/payroll/entries")).json()["items"]
    assert (entry["plan"], entry["amount"], entry["total"]) == (None, "0.00", "70.00")


async def test_the_feed_is_the_same_bytes_however_it_is_paged(paid: Company) -> None:
    whole = await paid.get("/v1/payroll/entries?limit=500", key="payroll")
    for limit in (1, 7, 500):
        assert await feed(paid, limit=limit) == whole.json()["items"]
        for after in range(7):
            path = f"/v1/payroll/entries?after={after}&limit={limit}"
            page = await paid.get(path, key="payroll")
            again = await paid.get(path, key="payroll")
            assert page.content == again.content
            assert page.headers[EPOCH] == again.headers[EPOCH] == whole.headers[EPOCH]
            for entry in page.json()["items"]:
                text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
                assert text.encode() in whole.content


async def test_numbers_go_on_without_a_gap_over_cycles(paid: Company) -> None:
    before = await feed(paid)
    await set_targets(paid, {"e-1": "10", "e-2": "10", "e-3": "10"}, "2026-02")
    await sell(paid, Sale(paid_on=date(2026, 2, 5), salesperson="e-1", amount="10"))
    await open_cycle(paid, "feb", period="2026-02")
    refused = await paid.post("/v1/cycles/feb/moves", {"to": "published"})
    assert refused.status_code == 409
    await move(paid, "feb", *PUBLISHED)
    after = await feed(paid)
    assert after[:6] == before
    assert [entry["seq"] for entry in after] == list(range(1, 13))
    assert await feed(paid, after=6) == after[6:]
    assert after[5]["published_at"] < after[6]["published_at"]


SENSELESS = ("after=-1", "after=x", "after=9223372036854775808", "limit=0", "limit=1001", "wish=1")


async def test_a_senseless_page_is_refused(paid: Company) -> None:
    for query in SENSELESS:
        refused = await paid.get(f"/v1/payroll/entries?{query}", key="payroll")
        assert refused.status_code == 422, query
    last = await paid.get("/v1/payroll/entries?after=9223372036854775807", key="payroll")
    assert last.json() == {"items": [], "next_cursor": 9223372036854775807}


async def test_payroll_hr_and_admin_read_the_feed_and_nobody_else(paid: Company) -> None:
    for name, role, employee in (
        ("hr", "hr", None),
        ("lead", "lead", "e-boss"),
        ("own", "employee", "e-1"),
        ("viewer", "viewer", None),
        ("erp", "erp", None),
    ):
        await paid.make_key(name, role, employee)
    for path in ("/v1/payroll/entries", "/v1/payroll/export?cycle=jan"):
        for key in ("payroll", "hr", "admin"):
            assert (await paid.get(path, key=key)).status_code == 200
        for key in ("lead", "own", "viewer", "erp"):
            assert (await paid.get(path, key=key)).status_code == 403
    for key in ("admin", "hr", "viewer"):
        taken = await paid.post("/v1/payroll/acknowledgements", {"through": 1}, key=key)
        assert taken.status_code == 403


async def test_requirement_23_acknowledging_twice_is_harmless(paid: Company) -> None:
    path = "/v1/payroll/acknowledgements"
    assert await ask(paid, "POST", path, {"through": 4}, key="payroll") == {"through": 4}
    before = await digest(paid)
    for again in (4, 2, 0):
        assert await ask(paid, "POST", path, {"through": again}, key="payroll") == {"through": 4}
    assert await digest(paid) == before
    for senseless, status in ((7, 409), (-1, 422), ("4", 422)):
        refused = await paid.post(path, {"through": senseless}, key="payroll")
        assert refused.status_code == status, refused.text
        assert refused.json()["errors"][0]["pointer"] == "/through"
    assert await digest(paid) == before
    state = (await paid.get(path, key="admin")).json()
    assert state == {"through": 4, "last": 6, "unacknowledged": 2}
    assert await ask(paid, "POST", path, {"through": 6}, key="payroll") == {"through": 6}
    state = (await paid.get(path, key="payroll")).json()
    assert state == {"through": 6, "last": 6, "unacknowledged": 0}


async def test_requirement_07_a_refund_counts_against_the_period_of_its_order(
    company: Company,
) -> None:
    await found(company, ["e-1"])
    await publish_scheme(
        company,
        document=scheme(pay=[{"plan": "commission", "indicator": "net_sales", "rate": "0.04"}]),
    )
    await set_targets(company, {"e-1": "1000"})
    await sell(company, Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000", id="so"))
    await open_cycle(company)
    await refund(company, order="so", on=date(2026, 2, 9), amount="200")
    await refund(company, order="unknown", on=date(2026, 2, 9), amount="1")
    await move(company, "jan", *PUBLISHED)
    (entry,) = (await company.get("/v1/payroll/entries")).json()["items"]
    # The indicator counts the refund on its own day, the commission on its order's.
    card = (await company.get("/v1/scorecards?cycle=jan")).json()["items"][0]
    assert (card["lines"][0]["value"], entry["amount"]) == ("1000", "32.00")


async def test_requirement_07_a_full_refund_of_any_later_period_nets_to_nothing(
    company: Company,
) -> None:
    """Of what was paid, and of what never was: neither leaves a line below 0."""
    await company.make_key("payroll", "payroll")
    await found(company, ["e-1"])
    await publish_scheme(
        company,
        document=scheme(pay=[{"plan": "commission", "indicator": "net_sales", "rate": "0.04"}]),
    )
    for period in ("2026-01", "2026-06"):
        await set_targets(company, {"e-1": "1000"}, period)
    await sell(
        company,
        *(
            Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000", id=order)
            for order in ("paid", "unsettled")
        ),
    )
    await open_cycle(company)
    # One is refunded in whole before January is settled, though in a month of its own.
    await refund(company, order="unsettled", on=date(2026, 2, 1), amount="1000")
    await refund(company, order="paid", on=date(2026, 3, 31), amount="200")
    await move(company, "jan", *PUBLISHED)
    # The rest comes half a year after the sale, and lies on June's cards alone.
    await refund(company, order="paid", on=date(2026, 6, 30), amount="800")
    await open_cycle(company, "jun", period="2026-06")
    june = (await company.get("/v1/scorecards?cycle=jun")).json()["items"][0]
    assert june["lines"][0]["value"] == "-800"
    await move(company, "jun", *PUBLISHED)
    await move(company, "jan", "open", reason="refunded in June")
    await move(company, "jan", *PUBLISHED)
    entries = await feed(company)
    assert [(each["cycle"], each["kind"], each["amount"]) for each in entries] == [
        ("jan", "result", "32.00"),
        ("jun", "result", "0.00"),
        ("jan", "correction", "-32.00"),
    ]


async def test_requirement_20_a_new_revision_corrects_those_alone_whom_it_changes(
    paid: Company,
) -> None:
    before = await feed(paid)
    await ask(paid, "PUT", "/v1/employees/e-3", person("cashier"))
    await ask(paid, "PUT", "/v1/employees/e-4", person())
    await set_targets(paid, {"e-4": "100"})
    await move(paid, "jan", "open", reason="=1+1 an order was missing")
    await sell(paid, Sale(paid_on=date(2026, 1, 7), salesperson="e-1", amount="500"))
    cycle = await move(paid, "jan", *PUBLISHED)
    assert cycle["revision"] == 2
    after = await feed(paid)
    assert after[:6] == before
    new = after[6:]
    assert [entry["seq"] for entry in new] == list(range(7, 13))
    assert {entry["employee"] for entry in new} == {"e-1", "e-3", "e-4"}
    by_plan = {(entry["employee"], entry["plan"]): entry for entry in new}
    # 2,000.50 pays 10 + 20.01 by the bands, and two orders raise the grade to A: times 1.2.
    owed = by_plan["e-1", "commission"]
    assert (owed["kind"], owed["corrects"]) == ("correction", before[0]["id"])
    assert (owed["grade"], owed["amount"]) == ("A", "16.00")
    assert owed["reason"] == "=1+1 an order was missing"
    assert by_plan["e-1", "grade_bonus"]["amount"] == "100.00"
    # Who is no longer of the population gives back all; who is new is paid from nothing.
    gone = by_plan["e-3", "grade_bonus"]
    assert (gone["amount"], gone["corrects"]) == ("-250.00", before[5]["id"])
    joined = by_plan["e-4", "grade_bonus"]
    assert (joined["kind"], joined["corrects"], joined["amount"]) == ("result", None, "250.00")

    await move(paid, "jan", "open", reason="once more")
    await move(paid, "jan", *PUBLISHED)
    assert await feed(paid) == after, "nothing is new, and who is gone gives back but once"


async def test_an_export_holds_what_the_feed_holds(paid: Company) -> None:
    entries = await feed(paid)
    path = "/v1/payroll/export?cycle=jan"
    lines = await paid.get(f"{path}&format=ndjson", key="payroll")
    assert [json.loads(line) for line in lines.text.splitlines()] == entries
    assert lines.headers["content-disposition"] == 'attachment; filename="payroll-jan.ndjson"'
    whole = (await paid.get("/v1/payroll/entries", key="payroll")).content
    assert all(line in whole for line in lines.content.splitlines())
    texts = [["" if value is None else str(value) for value in entry.values()] for entry in entries]
    for written in (await paid.get(path, key="payroll"), await paid.get(f"{path}&format=csv")):
        rows = list(csv.reader(io.StringIO(written.text)))
        assert rows == [list(COLUMNS), *texts]
    book = await paid.get(f"{path}&format=xlsx", key="payroll")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    head, *table = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert head == list(COLUMNS)
    for row, wanted in zip(table, texts, strict=True):
        for column, value, shown in zip(COLUMNS, row, wanted, strict=True):
            if column in {"seq", "amount", "total"}:
                assert Decimal(str(value)) == Decimal(shown)
            else:
                assert (value or "") == shown


async def test_an_export_is_the_same_bytes_whenever_it_is_written(paid: Company) -> None:
    """A workbook would tell in each of its parts when that was."""
    told = []
    for later in (timedelta(), timedelta(hours=3)):
        with travel(datetime.now(UTC) + later):
            for kind in ("csv", "ndjson", "xlsx"):
                path = f"/v1/payroll/export?cycle=jan&format={kind}"
                told.append((await paid.get(path, key="payroll")).content)
    assert told[:3] == told[3:]


async def test_scenario_x03_exports_show_formulas_as_text_and_alter_no_amount(
    paid: Company, figure: Figures
) -> None:
    await ask(paid, "PUT", "/v1/employees/e-3", person("cashier"))
    await move(paid, "jan", "open", reason="=HYPERLINK(1)")
    await move(paid, "jan", *PUBLISHED)
    path = "/v1/payroll/export?cycle=jan"
    table = await paid.get(path, key="payroll")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert (rows[-1]["amount"], rows[-1]["reason"]) == ("-250.00", "'=HYPERLINK(1)")
    book = await paid.get(f"{path}&format=xlsx", key="payroll")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    shown = [(cell.value, cell.data_type) for cell in list(sheet.iter_rows())[-1]]
    assert shown[COLUMNS.index("reason")] == ("=HYPERLINK(1)", "s")
    assert shown[COLUMNS.index("amount")] == (-250, "n")
    with ZipFile(io.BytesIO(book.content)) as parts:
        written = parts.read("xl/worksheets/sheet1.xml")
    # Digit by digit as the feed has it; and no formula stands anywhere.
    assert b"<v>-250.00</v>" in written
    cells = written.count(b"<c ")
    figure("X03", Wrong.ACCEPTED, written.count(b"<f>"), tried=cells, of="cells of a workbook")


async def test_a_senseless_export_is_refused(paid: Company) -> None:
    senseless = {"cycle=feb": 404, "": 422, "cycle=a b": 422, "cycle=jan&format=pdf": 422}
    for query, status in senseless.items():
        refused = await paid.get(f"/v1/payroll/export?{query}", key="payroll")
        assert refused.status_code == status, query


async def test_a_live_cycle_has_nothing_to_export(paid: Company) -> None:
    await open_cycle(paid, "feb", period="2026-02")
    assert (await paid.get("/v1/payroll/export?cycle=feb", key="payroll")).status_code == 404
