"""Indicators over REST: definitions in versions, refusals that change nothing, and values."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.api.catalogue import FAMILIES, indicator_entries
from tests.api.companies import Company, Json
from tests.api.facts import Sale, add_sales
from tests.figures import Figures, Wrong

NAME = {"zh": "搜索占比", "en": "Share of search"}
STATED = {
    "name": NAME,
    "formula": 'paid_amount[channel = "search"] / paid_amount',
    "unit": "ratio",
    "better": "higher",
}
POSTED = {"name": NAME, "unit": "score", "better": "higher"}


async def values(company: Company, code: str, query: str, *, key: str = "admin") -> Json:
    answer = await company.get(f"/v1/indicators/{code}/values?{query}", key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def sell(company: Company, *sales: Sale) -> None:
    async with company.owner.write(company.number) as session:
        await add_sales(session, *sales)


async def people(company: Company) -> None:
    shop = {"name": "a", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    assert (await company.put("/v1/shops/a", shop)).status_code == 201
    assert (await company.put("/v1/units/sales", {"name": "Sales"})).status_code == 201
    for code in ("ann", "bob"):
        assigned = {"position": "agent", "unit": "sales", "from": "2026-01-01"}
        shared = {**assigned, "shops": [{"shop": "a", "share": "50"}]}
        made = await company.put(f"/v1/employees/{code}", {"name": code, "assignments": [shared]})
        assert made.status_code == 201, made.text


async def test_a_definition_is_put_and_read_back(company: Company) -> None:
    made = await company.put("/v1/indicators/search_share", STATED)
    assert made.status_code == 201
    assert made.json() == {
        "code": "search_share",
        **STATED,
        "family": "own",
        "version": 1,
        "counts_on": ["paid"],
        "posted": False,
        "note": None,
        "leading": None,
    }
    read = await company.get("/v1/indicators/search_share")
    assert (read.status_code, read.content) == (200, made.content)
    tag = made.headers["etag"]
    assert read.headers["etag"] == tag
    assert (await company.get("/v1/indicators/search_share", If_None_Match=tag)).status_code == 304


async def test_another_definition_is_another_version_and_the_same_is_none(
    company: Company,
) -> None:
    await company.put("/v1/indicators/mine", STATED)
    before = await company.digest()
    same = await company.put("/v1/indicators/mine", STATED)
    assert (same.status_code, same.json()["version"]) == (200, 1)
    assert await company.digest() == before
    other = await company.put("/v1/indicators/mine", POSTED)
    assert (other.status_code, other.json()["version"]) == (200, 2)
    assert (other.json()["formula"], other.json()["posted"]) == (None, True)


async def test_a_writer_who_has_an_old_definition_is_refused(company: Company) -> None:
    tag = (await company.put("/v1/indicators/mine", STATED)).headers["etag"]
    fresh = (await company.put("/v1/indicators/mine", POSTED, If_Match=tag)).headers["etag"]
    before = await company.digest()
    stale = await company.put("/v1/indicators/mine", STATED, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert await company.digest() == before
    assert (await company.put("/v1/indicators/mine", STATED, If_Match=fresh)).status_code == 200


REFUSED: list[tuple[dict[str, Any], int, str, str]] = [
    ({"name": {"zh": "a"}}, 422, "/name/en", "missing"),
    ({"name": "a"}, 422, "/name", "invalid"),
    ({"name": {"zh": "a", "en": "b\u0007"}}, 422, "/name/en", "invalid"),
    ({"unit": "yuan"}, 422, "/unit", "invalid"),
    ({"better": "more"}, 422, "/better", "invalid"),
    ({"formula": 5}, 422, "/formula", "invalid"),
    ({"surplus": 1}, 422, "/surplus", "unknown_field"),
    ({"formula": ""}, 422, "/formula", "formula_unreadable"),
    ({"formula": "paid_amount +"}, 422, "/formula", "formula_unreadable"),
    ({"formula": "__import__('os').system('id')"}, 422, "/formula", "formula_unreadable"),
    ({"formula": "paid_amount / 0"}, 422, "/formula", "division_by_zero"),
    ({"formula": "(" * 2000}, 422, "/formula", "formula_too_deep"),
    ({"formula": "1" + " + 1" * 250_000}, 422, "/formula", "formula_too_long"),
    ({"formula": "paid_amount + visitors"}, 422, "/formula", "units_differ"),
    ({"formula": 'chats[channel = "x"]'}, 422, "/formula", "filter_not_kept"),
    ({"formula": "calls / visitors"}, 409, "/formula", "unknown_measure"),
]


@pytest.mark.parametrize(("change", "status", "pointer", "code"), REFUSED)
async def test_scenario_e09_a_definition_at_fault_is_refused_and_nothing_changes(
    company: Company,
    change: dict[str, Any],
    status: int,
    pointer: str,
    code: str,
    figure: Figures,
) -> None:
    before = await company.digest()
    answer = await company.put("/v1/indicators/mine", {**STATED, **change})
    failed = answer.status_code >= 500
    figure("E09", Wrong.FAILED, int(failed), tried=1, of="formulas and definitions at fault")
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (pointer, code)
    assert len(answer.content) < 2000
    assert await company.digest() == before


HOSTILE = [
    ("(" * 20 + "paid_amount" + ")" * 20, "128"),
    ("paid_amount / (paid_amount - paid_amount)", "no_denominator"),
    ("paid_amount" + " * 99999999999999" * 100, "too_large"),
    ("paid_amount" + " / 0.0000000001" * 100, "too_large"),
]


@pytest.mark.parametrize(("formula", "wanted"), HOSTILE)
async def test_scenario_e09_a_hostile_formula_comes_to_a_number_or_to_no_data(
    company: Company, formula: str, wanted: str, figure: Figures
) -> None:
    """A formula that is refused is among those above."""
    await sell(company, Sale(paid_on=date(2026, 10, 5), amount="128"))
    stated = {**STATED, "unit": "money", "formula": formula}
    assert (await company.put("/v1/indicators/mine", stated)).status_code == 201
    answer = await company.get("/v1/indicators/mine/values?subject=company&period=2026-10")
    failed = answer.status_code != 200
    figure("E09", Wrong.FAILED, int(failed), tried=1, of="formulas and definitions at fault")
    (item,) = answer.json()["items"]
    assert wanted in {item["value"], item["reason"]}


async def test_a_body_of_more_than_a_megabyte_is_too_large(company: Company) -> None:
    answer = await company.put("/v1/indicators/mine", {**STATED, "formula": "1" * 1_048_576})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_built_in_code_is_not_the_tenants(company: Company) -> None:
    before = await company.digest()
    answer = await company.put("/v1/indicators/net_sales", STATED)
    assert (answer.status_code, answer.json()["code"]) == (409, "built_in")
    assert (await company.put("/v1/indicators/Bad-Code", STATED)).status_code == 422
    assert await company.digest() == before


async def test_the_list_walks_over_built_in_and_own(company: Company) -> None:
    await company.put("/v1/indicators/a_first", STATED)
    codes: list[str] = []
    cursor = ""
    while True:
        page = (await company.get(f"/v1/indicators?limit=100{cursor}")).json()
        codes += [item["code"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert codes == sorted(set(codes))
    built_in = sum(len(indicator_entries(family)) for family in FAMILIES)
    assert len(codes) == page["total"] == built_in + 1
    assert codes[0] == "a_first"
    single = (await company.get("/v1/indicators/net_sales")).json()
    assert single == next(
        item
        for item in (await company.get("/v1/indicators?limit=500")).json()["items"]
        if item["code"] == "net_sales"
    )
    assert single["counts_on"] == ["paid", "refunded"]
    assert (await company.get("/v1/indicators?limit=501")).status_code == 422
    assert (await company.get("/v1/indicators/none")).status_code == 404


async def test_values_of_a_period_and_of_its_parts(company: Company) -> None:
    await people(company)
    await sell(
        company,
        Sale(paid_on=date(2026, 10, 5), amount="100", salesperson="ann", buyer="p"),
        Sale(paid_on=date(2026, 10, 6), amount="50.5", buyer="p"),
    )
    whole = await values(company, "gross_sales", "subject=company&period=2026-10")
    assert whole == {
        "items": [{"period": "2026-10", "value": "150.5", "reason": None}],
        "total": 1,
        "next_cursor": None,
        "definition": {"version": 0, "changes": []},
    }
    none = await values(company, "gross_sales", "subject=company&period=2026-11")
    assert none["items"] == [{"period": "2026-11", "value": None, "reason": "no_rows"}]

    async def one(code: str, query: str) -> str | None:
        (item,) = (await values(company, code, f"period=2026-10&{query}"))["items"]
        value: str | None = item["value"]
        return value

    assert await one("gross_sales", "subject=employee:ann") == "100"
    assert await one("gross_sales", "subject=employee:ann&scope=own") == "100"
    assert await one("gross_sales", "subject=employee:ann&scope=shops") == "75.25"
    assert await one("buyers", "subject=employee:ann&scope=shops") == "0.5"
    assert await one("gross_sales", "subject=unit:sales") == "150.5"
    assert await one("gross_sales", "subject=unit:sales&scope=own") == "100"
    assert await one("gross_sales", "subject=shop:a") == "150.5"
    weeks = await values(company, "buyers", "subject=company&period=2026-10&grain=week")
    assert [item["value"] for item in weeks["items"]] == [None, "1", None, None, None]
    assert weeks["items"][1]["period"] == "2026-10-05/2026-10-12"


async def test_a_series_is_walked_page_by_page(company: Company) -> None:
    await sell(company, Sale(paid_on=date(2026, 12, 31), amount="1"))
    query = "subject=company&period=2026&grain=day"
    first = await values(company, "orders", query)
    assert (len(first["items"]), first["total"]) == (50, 365)
    found: list[Json] = []
    page: Json = {"next_cursor": None}
    while not found or page["next_cursor"] is not None:
        more = f"&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        page = await values(company, "orders", f"{query}&limit=150{more}")
        found += page["items"]
    assert [item["period"] for item in found[:2]] == ["2026-01-01", "2026-01-02"]
    assert len({item["period"] for item in found}) == 365
    assert found[-1] == {"period": "2026-12-31", "value": "1", "reason": None}


async def test_requirement_29_a_series_names_its_version_and_when_it_changed(
    company: Company,
) -> None:
    began = datetime.now(UTC)
    await company.put("/v1/indicators/mine", STATED)
    await company.put("/v1/indicators/mine", {**STATED, "formula": "paid_amount / visitors"})
    series = await values(company, "mine", "subject=company&period=2026-10&grain=day")
    definition = series["definition"]
    assert definition["version"] == 2
    assert [change["version"] for change in definition["changes"]] == [1, 2]
    times = [datetime.fromisoformat(change["at"]) for change in definition["changes"]]
    assert began <= times[0] <= times[1] <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("query", "status", "pointer"),
    [
        ("subject=company&period=2026-13", 422, "?period"),
        ("subject=company&period=2026-1", 422, "?period"),
        ("subject=company&period=1899", 422, "?period"),
        ("subject=company", 422, "?period"),
        ("period=2026-10", 422, "?subject"),
        ("subject=person:ann&period=2026-10", 422, "?subject"),
        ("subject=company&period=2026-10&grain=hour", 422, "?grain"),
        ("subject=company&period=2026-10&scope=company", 422, "?scope"),
        ("subject=company&period=2026-10&limit=0", 422, "?limit"),
        ("subject=company&period=2026-10&cursor=x", 422, "?cursor"),
        ("subject=company&period=2026-10&surplus=1", 422, "?surplus"),
        ("subject=employee:none&period=2026-10", 404, None),
        ("subject=shop:none&period=2026-10", 404, None),
    ],
)
async def test_a_question_at_fault_is_refused(
    company: Company, query: str, status: int, pointer: str | None
) -> None:
    answer = await company.get(f"/v1/indicators/net_sales/values?{query}")
    assert answer.status_code == status, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == ([pointer] if pointer else [])


async def test_values_are_posted_row_by_row(company: Company) -> None:
    await people(company)
    good = {
        "indicator": "design_on_time_rate",
        "subject": "employee:ann",
        "period": "2026-10",
        "value": "0.95",
        "source": "design",
        "note": None,
    }
    rows: list[Json] = [
        good,
        {**good, "value": "0.97"},
        {**good, "value": "0.97"},
        {**good, "indicator": "net_sales"},
        {**good, "indicator": "none"},
        {**good, "subject": "employee:none"},
        {**good, "subject": "nobody"},
        {**good, "period": "2026-13"},
        {**good, "value": "0.1234567"},
        {**good, "value": "NaN"},
        {**good, "value": True},
        {**good, "surplus": 1},
        7,
        {**good, "subject": "company", "value": 3},
    ]
    answer = await company.post("/v1/indicators/values", rows)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told.pop("batch").startswith("bat_")
    refused = [
        (row["row"], row["outcome"], row["code"], row["pointer"]) for row in told.pop("rows")
    ]
    assert refused == [
        (4, "invalid", "indicator_computed", "/indicator"),
        (5, "invalid", "unknown_indicator", "/indicator"),
        (6, "invalid", "unknown_employee", "/subject"),
        (7, "invalid", "invalid", "/subject"),
        (8, "invalid", "period_invalid", "/period"),
        (9, "invalid", "invalid", "/value"),
        (10, "invalid", "invalid", "/value"),
        (11, "invalid", "invalid", "/value"),
        (12, "invalid", "unknown_field", "/surplus"),
        (13, "invalid", "invalid", ""),
    ]
    assert told == {
        "received": 14,
        "created": 2,
        "updated": 1,
        "duplicate": 1,
        "stale": 0,
        "invalid": 10,
        "conflict": 0,
    }
    code = "design_on_time_rate"
    ann = await values(company, code, "subject=employee:ann&period=2026-10")
    assert ann["items"] == [{"period": "2026-10", "value": "0.97", "reason": None}]
    whole = await values(company, code, "subject=company&period=2026-10")
    assert whole["items"][0]["value"] == "3"
    before = await company.digest()
    again = await company.post("/v1/indicators/values", [{**good, "value": 0.97}])
    assert again.json()["duplicate"] == 1
    assert await company.digest() == before


async def test_a_posted_batch_under_a_key_is_answered_once(company: Company) -> None:
    rows = [
        {"indicator": "training_hours", "subject": "company", "period": "2026-10", "value": "4"}
    ]
    first = await company.post("/v1/indicators/values", rows, Idempotency_Key="k-1")
    before = await company.digest()
    again = await company.post("/v1/indicators/values", rows, Idempotency_Key="k-1")
    assert again.content == first.content
    assert await company.digest() == before


async def test_everyone_sees_what_the_matrix_says(company: Company) -> None:
    await people(company)
    for name, role, employee in (
        ("ann", "employee", "ann"),
        ("erp", "erp", None),
        ("payroll", "payroll", None),
        ("viewer", "viewer", None),
    ):
        await company.make_key(name, role, employee)

    async def status(subject: str, key: str) -> int:
        path = f"/v1/indicators/net_sales/values?subject={subject}&period=2026-10"
        return (await company.get(path, key=key)).status_code

    assert await status("employee:ann", "ann") == 200
    assert await status("employee:bob", "ann") == 404
    assert await status("unit:sales", "ann") == 404
    assert await status("company", "ann") == 404
    assert await status("company", "viewer") == 200
    assert await status("company", "erp") == 403
    assert await status("company", "payroll") == 403
    before = await company.digest()
    for key in ("ann", "erp", "viewer", "payroll"):
        assert (await company.put("/v1/indicators/mine", STATED, key=key)).status_code == 403
        assert (await company.put("/v1/measures/calls", {}, key=key)).status_code == 403
        assert (await company.get("/v1/indicators", key=key)).status_code == 200
    for key in ("ann", "viewer", "payroll"):
        assert (await company.post("/v1/indicators/values", [], key=key)).status_code == 403
    assert (await company.post("/v1/indicators/values", [], key="erp")).status_code == 200
    assert await company.digest() == before


async def test_another_company_sees_none_of_it(companies: list[Company]) -> None:
    here, there = companies
    await here.put("/v1/indicators/mine", STATED)
    await sell(here, Sale(paid_on=date(2026, 10, 5)))
    assert (await there.get("/v1/indicators/mine")).status_code == 404
    other = await values(there, "gross_sales", "subject=company&period=2026-10")
    assert other["items"][0]["reason"] == "no_rows"
