"""What is approved and published: a mistake redoes one person alone, and nothing else moves."""

from collections.abc import Awaitable, Callable
from datetime import date
from decimal import Decimal
from operator import itemgetter

import pytest
from sqlalchemy import text

from tests.api.appraisals import (
    ask,
    cards,
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
from tests.api.late_facts import decide, late, refund_late, sell_late

COMMISSION: Json = [{"plan": "commission", "indicator": "net_sales", "rate": "0.05"}]
TO_PUBLISHED = ("closed", "review", "approved", "published")
KEPT = {
    "results": "encode(document_sha256, 'hex') || md5(scorecard_document) || md5(explanation)"
    " || fingerprint",
    "payouts": "encode(document_sha256, 'hex')",
}


async def hashes(company: Company) -> dict[str, str]:
    """What is kept of everything published, by id."""
    found: dict[str, str] = {}
    async with company.owner.read(company.number) as session:
        for table, kept in KEPT.items():
            rows = await session.execute(text(f"SELECT id, {kept} AS kept FROM {table}"))  # noqa: S608  of ours
            found |= {row.id: row.kept for row in rows}
    return found


async def feed(company: Company) -> list[Json]:
    entries: list[Json] = (await company.get("/v1/payroll/entries?limit=1000")).json()["items"]
    return entries


async def accept_late(company: Company, sale: Sale) -> None:
    await sell_late(company, sale)
    await decide(company, "accepted")


async def publish_anew(company: Company, sale: Sale) -> None:
    await move(company, "jan", "open", reason=f"{sale.id} was missing")
    await sell(company, sale)
    await move(company, "jan", *TO_PUBLISHED)


@pytest.mark.parametrize("correct", [accept_late, publish_anew])
async def test_requirement_20_a_mistake_adds_entries_for_one_person_and_all_else_stays(
    company: Company, correct: Callable[[Company, Sale], Awaitable[None]]
) -> None:
    """50,000 are published, 5,000 corrected, and 70,000 owed in the end: 15,000 are still due."""
    await found(company)
    await publish_scheme(company, document=scheme(pay=COMMISSION))
    await set_targets(company, dict.fromkeys(("e-1", "e-2", "e-3"), "1000000"))
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1000000", id="first"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="300000.40"),
        Sale(paid_on=date(2026, 1, 7), salesperson="e-3", amount="70"),
    )
    await open_cycle(company)
    await move(company, "jan", *TO_PUBLISHED)
    first, kept = await feed(company), await hashes(company)
    assert [(each["employee"], each["amount"]) for each in first] == [
        ("e-1", "50000.00"), ("e-2", "15000.02"), ("e-3", "3.50"),
    ]  # fmt: skip
    shown = {subject: card["fingerprint"] for subject, card in (await cards(company)).items()}
    for day, amount, owed, due in (
        (30, "100000", "5000.00", "55000"),
        (31, "300000", "15000.00", "70000"),
    ):
        entries = await feed(company)
        await correct(company, late(day, amount, f"late-{amount}"))
        new = (await feed(company))[len(entries) :]
        assert [
            (each["employee"], each["kind"], each["corrects"], each["amount"]) for each in new
        ] == [("e-1", "correction", first[0]["id"], owed)]
        stands = await hashes(company)
        assert {each: stands[each] for each in kept} == kept
        assert (await feed(company))[: len(entries)] == entries
        paid = [Decimal(each["amount"]) for each in await feed(company)]
        assert sum(paid) == Decimal(due) + Decimal("15003.52")
        fingerprints = {
            subject: card["fingerprint"] for subject, card in (await cards(company)).items()
        }
        changed = {subject for subject in shown if fingerprints[subject] != shown[subject]}
        assert changed <= {"employee:e-1"}
    # Those of a new revision whom nothing concerns have the results that they had.
    async with company.owner.read(company.number) as session:
        others = await session.execute(
            text(
                "SELECT subject, count(DISTINCT fingerprint), count(DISTINCT total) FROM results"
                " WHERE subject <> 'e-1' GROUP BY 1"
            )
        )
        assert {tuple(row)[1:] for row in others} == {(1, 1)}


async def published_bytes(company: Company) -> dict[str, bytes]:
    """All that tells of what is published, as it leaves the door."""
    paths = [
        "/v1/results?cycle=jan", "/v1/scorecards?cycle=jan", "/v1/payroll/entries",
        *(f"/v1/payroll/export?cycle=jan&format={form}" for form in ("csv", "xlsx", "ndjson")),
    ]  # fmt: skip
    results = (await company.get("/v1/results?cycle=jan")).json()["items"]
    paths += [f"/v1/results/{each['id']}" for each in results]
    for card in (await cards(company)).values():
        parts = ("", "/explanation", "/receipt", "/history")
        paths += [f"/v1/scorecards/{card['id']}{part}" for part in parts]
    answers = {path: await company.get(path) for path in paths}
    wrong = {path: each.text for path, each in answers.items() if each.status_code != 200}
    assert wrong == {}
    query = {"query": '{ scorecards(cycle: "jan") { nodes { id total grade fingerprint } } }'}
    graph = await company.post("/graphql", query)
    return {path: each.content for path, each in answers.items()} | {"graph": graph.content}


RATED: Json = {
    "code": "attitude",
    "name": {"zh": "态度", "en": "Attitude"},
    "weight": "40",
    "items": [
        {
            "code": "attitude",
            "indicator": None,
            "weight": "100",
            "target": {"kind": "set"},
            "rule": {"kind": "rating", "raters": [{"role": "hr", "weight": "100"}]},
            "missing": "full",
        },
    ],
}


async def approve(company: Company) -> None:
    """Three agents who are rated, with targets, sales and posted values, in an approved cycle."""
    await found(company)
    (sales,) = scheme()["sections"]
    await publish_scheme(company, document=scheme(sections=[{**sales, "weight": "60"}, RATED]))
    await set_targets(company, {"e-1": "1000", "e-2": "500", "e-3": "100"})
    await sell(
        company,
        Sale(paid_on=date(2026, 1, 5), salesperson="e-1", amount="1500.5", id="first"),
        Sale(paid_on=date(2026, 1, 6), salesperson="e-2", amount="100", id="second"),
    )
    await open_cycle(company)
    await rate(company, "50", wanted=201)
    await move(company, "jan", "closed", "review", "approved")


async def rate(company: Company, mark: str, *, wanted: int) -> None:
    card = (await cards(company))["employee:e-1"]["id"]
    body = {"item": "attitude", "role": "hr", "mark": mark, "comment": None}
    answer = await company.post(f"/v1/scorecards/{card}/ratings", body)
    assert answer.status_code == wanted, answer.text


async def write_all(company: Company) -> None:
    """Goals, facts, ratings, schemes, and all else that a score is made of."""
    await set_targets(company, dict.fromkeys(("e-1", "e-2", "e-3"), "1"))
    await sell_late(company, late(7, "9999", "late"))
    await refund_late(company, order="first", on=date(2026, 1, 9), amount="1500.5")
    await refund(company, order="second", on=date(2026, 2, 9), amount="100", salesperson="e-2")
    await rate(company, "100", wanted=409)
    card = (await cards(company))["employee:e-1"]["id"]
    reward = {"points": "1", "reason": "late"}
    answer = await company.post(f"/v1/scorecards/{card}/adjustments", reward)
    assert answer.status_code == 409, answer.text
    value = {"indicator": "attendance_faults", "subject": "employee:e-1", "period": "2026-01"}
    await ask(company, "POST", "/v1/indicators/values", [
        {**value, "value": "9", "source": "hr", "note": "late"},
    ])  # fmt: skip
    await publish_scheme(company, document=scheme(grades=[], pay=[]))
    await ask(company, "PUT", "/v1/rates", [
        {"from": "CNY", "to": "USD", "day": "2026-01-01", "rate": "7"},
    ])  # fmt: skip
    await ask(company, "PUT", "/v1/employees/e-2", person("cashier"))
    await ask(company, "PUT", "/v1/employees/e-4", person())
    await ask(company, "PUT", "/v1/units/front", {"name": "new", "parent": None})
    shop = {"name": "new", "timezone": "America/New_York", "currency": "CNY", "kind": "offline"}
    await ask(company, "PUT", "/v1/shops/a", shop)
    tenant = (await company.get("/v1/tenant")).json()
    await ask(company, "PUT", "/v1/tenant", {**tenant, "timezone": "UTC", "week_start": "sunday"})


async def test_requirement_22_what_is_written_after_publication_changes_no_byte_of_it(
    company: Company,
) -> None:
    await approve(company)
    await move(company, "jan", "published")
    before = await published_bytes(company)
    await write_all(company)
    after = await published_bytes(company)
    assert [path for path in before if after.get(path) != before[path]] == []
    assert len(before) == len(after) > 20


async def test_requirement_22_what_is_written_after_approval_changes_nothing_published(
    companies: list[Company],
) -> None:
    """One of two companies like each other writes before it publishes: both publish the same."""
    told = []
    for company, writes in zip(companies, (False, True), strict=True):
        await approve(company)
        if writes:
            await write_all(company)
        await move(company, "jan", "published")
        results = (await company.get("/v1/results?cycle=jan")).json()["items"]
        told.append(
            {
                "results": sorted(results, key=itemgetter("subject")),
                "cards": sorted((await cards(company)).values(), key=itemgetter("subject")),
                "entries": await feed(company),
            }
        )
    plain, written = (_without_names(each) for each in told)
    assert written == plain
    assert {each["total"] for each in plain["results"]} == {"69.20", "53.20", "40.00"}


def _without_names(document: Json) -> Json:
    """A document without what two companies cannot share: ids and moments."""
    if isinstance(document, list):
        return [_without_names(each) for each in document]
    if isinstance(document, dict):
        return {
            name: _without_names(value)
            for name, value in document.items()
            if name not in {"id", "scorecard", "by", "at"} and not name.endswith("_at")
        }
    return document
