"""Upheld disputes of what is published correct it by themselves, for one person and nobody else."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.cli.operator import recompute_tenant
from services.schema.db import Database
from services.schema.tables.late_facts import late_facts
from services.verify.programs import check
from tests.api.appraisals import (
    ask,
    cards,
    digest,
    move,
    open_cycle,
    publish_scheme,
)
from tests.api.companies import Company, Json
from tests.api.disputing import (
    PUBLISHED,
    card_id,
    contested,
    feed,
    file,
    others,
    owed,
    rating_id,
    sell_whole,
    told,
    uphold,
)
from tests.api.facts import Sale
from tests.api.flows.test_leaders import CAPACITY, MEAN, led_by
from tests.api.rest.test_webhooks import hook
from tests.api.rest.test_webhooks import told as told_of
from tests.databases import TestDatabase

EXCLUDED: Json = {"fact": "orders/erp/SO-1"}
LINE: Json = {"line": "sales", "value": "250"}


async def sell_late(company: Company, sale: Sale) -> None:
    """Land an order and note it as ingest does where a period is over."""
    await sell_whole(company, sale)
    noted = {
        "tenant_id": company.number,
        "kind": "orders",
        "source": "erp",
        "fact": sale.id,
        "day": sale.paid_on,
        "shop": "a",
        "unit": "",
        "employee": sale.salesperson,
        "basis": "both",
        "modified_at": datetime(2026, 2, 1, tzinfo=UTC),
    }
    async with company.owner.write(company.number) as session:
        await session.execute(insert(late_facts).values(**noted))


def late(amount: str, *, id: str = "late", buyer: str | None = None) -> Sale:
    day = date(2026, 1, 30)
    return Sale(paid_on=day, salesperson="e-1", amount=amount, id=id, buyer=buyer)


async def decide_late(company: Company, decision: str) -> None:
    """By two of HR, as what is published is corrected."""
    path = f"/v1/late-facts/{await card_id(company)}/decision"
    for key in ("hr", "admin"):
        await ask(company, "POST", path, {"decision": decision, "reason": "seen"}, key=key)


async def test_a_decision_corrects_one_person_and_leaves_all_else_as_it_was(
    company: Company,
) -> None:
    await contested(company)
    await move(company, "jan", *PUBLISHED)
    before, first = await others(company), await feed(company)
    filed = await file(company, EXCLUDED)
    decided = await uphold(company, filed)
    new = (await feed(company))[len(first) :]
    originals = {each["plan"]: each["id"] for each in first if each["employee"] == "e-1"}
    reason = f"Dispute {filed['dispute']['id']} was upheld: it was"
    assert [
        (each["employee"], each["kind"], each["plan"], each["amount"], each["corrects"])
        for each in new
    ] == [
        ("e-1", "correction", "commission", "-1.10", originals["commission"]),
        ("e-1", "correction", "grade_bonus", "-250.00", originals["grade_bonus"]),
    ]
    assert {(each["total"], each["grade"], each["reason"]) for each in new} == {
        ("36.80", "C", reason)
    }
    assert [each["seq"] for each in await feed(company)] == list(range(1, len(first) + 3))
    cycle = (await company.get("/v1/cycles/jan")).json()
    assert (cycle["status"], cycle["revision"]) == ("published", 1)
    assert await others(company) == before, "the published card and its result among them"
    entries = [each["id"] for each in new]
    assert decided["correction"] == {
        "total": "36.80",
        "grade": "C",
        "pay": [
            {
                "place": 0, "plan": "commission", "before": "1.40", "after": "0.30",
                "difference": "-1.10", "currency": "CNY",
            },
            {
                "place": 1, "plan": "grade_bonus", "before": "500.00", "after": "250.00",
                "difference": "-250.00", "currency": "CNY",
            },
        ],
        "entries": entries,
    }  # fmt: skip
    path = f"/v1/disputes/{filed['dispute']['id']}"
    assert (await company.get(path, key="one")).json() == {"dispute": decided, "if_upheld": None}
    audit = (await company.get("/v1/audit?limit=500")).json()["items"]
    assert [each["action"] for each in audit][-1] == "dispute.uphold"
    detail = audit[-1]["detail"]
    assert (detail["entries"], detail["first_seq"], detail["last_seq"]) == (
        2, new[0]["seq"], new[1]["seq"],
    )  # fmt: skip
    query = (
        f'{{ scorecard(id: "{await card_id(company)}") {{ disputes {{ change {{ exclude amount'
        " salesperson } correction { total grade entries pay { place plan before after"
        " difference currency } } } } }"
    )
    shown = (await company.post("/graphql", {"query": query}, key="one")).json()
    told_pay = [{**each, "plan": each["plan"].upper()} for each in decided["correction"]["pay"]]
    assert shown["data"]["scorecard"]["disputes"] == [
        {"change": decided["change"], "correction": {**decided["correction"], "pay": told_pay}}
    ]
    assert decided["change"] == {"exclude": True, "amount": None, "salesperson": None}


async def test_who_decides_is_not_whom_it_is_about(company: Company) -> None:
    await contested(company)
    await move(company, "jan", *PUBLISHED)
    await company.make_key("hr in person", "hr", "e-1")
    filed = await file(company, EXCLUDED)
    path, body = f"/v1/disputes/{filed['dispute']['id']}/decision", {"uphold": True, "reason": "x"}
    before = await digest(company), await feed(company)
    for key, code in (("hr in person", "own_dispute"), ("one", "forbidden"), ("boss", "forbidden")):
        refused = await company.post(path, body, key=key)
        assert (refused.status_code, refused.json()["code"]) == (403, code)
    assert (await digest(company), await feed(company)) == before


async def test_corrections_are_told_to_webhooks(company: Company) -> None:
    await contested(company)
    webhook = await hook(company, "result.corrected")
    await move(company, "jan", *PUBLISHED)
    assert await told_of(company, webhook) == []
    await uphold(company, await file(company, EXCLUDED))
    new = (await feed(company))[-2:]
    heard = await told_of(company, webhook)
    assert {event for event, _ in heard} == {"result.corrected"}
    assert sorted((data["subject"], data["entry"]) for _, data in heard) == sorted(
        ("employee:e-1", each["id"]) for each in new
    )


async def test_the_mean_of_a_leader_follows_and_lines_of_the_team_do_not(
    company: Company,
) -> None:
    """A leader is paid by what members earned; what a team sold is said by its facts, for all."""
    await contested(company)
    await publish_scheme(company, "lead", led_by(MEAN, CAPACITY))
    await open_cycle(company, "boss", scheme="lead", population={"position": "boss"})
    await move(company, "jan", *PUBLISHED)
    await move(company, "boss", "closed", "review", *PUBLISHED)
    leader = (await cards(company, "boss"))["employee:e-boss"]
    shown = [
        (await company.get(f"/v1/scorecards/{leader['id']}{part}")).content
        for part in ("", "/explanation", "/receipt")
    ]
    first = await feed(company)
    filed = await file(company, EXCLUDED)
    decided = await uphold(company, filed)
    new = (await feed(company))[len(first) :]
    # (1.40 + 0.50) / 2 and (0.30 + 0.50) / 2, x 1.5, x 3 orders of 2.
    assert [(each["employee"], each["plan"], each["amount"]) for each in new] == [
        ("e-1", "commission", "-1.10"),
        ("e-1", "grade_bonus", "-250.00"),
        ("e-boss", "leader_mean", "-1.24"),
    ]
    assert decided["correction"]["entries"] == [each["id"] for each in new]
    assert new[-1]["reason"] == (
        "The pay of members was corrected in jan: "
        f"Dispute {filed['dispute']['id']} was upheld: it was"
    )
    assert shown == [
        (await company.get(f"/v1/scorecards/{leader['id']}{part}")).content
        for part in ("", "/explanation", "/receipt")
    ]
    assert (await company.get("/v1/cycles/boss")).json()["status"] == "published"


async def test_what_came_late_stays_out_of_what_is_upheld(company: Company) -> None:
    await contested(company)
    await move(company, "jan", *PUBLISHED)
    await sell_late(company, late("40"))
    filed = await file(company, EXCLUDED)
    assert filed["if_upheld"]["total"] == "36.80", "without the 40, which nobody has accepted"
    await uphold(company, filed)
    assert await owed(company) == {"commission": "0.30", "grade_bonus": "250.00"}
    # Accepted, it comes in beside what was upheld: 100 of 200, 2 orders of 4.
    await decide_late(company, "accepted")
    assert await owed(company) == {"commission": "0.50", "grade_bonus": "250.00"}
    assert await told(company) == ("50.00", "C")
    # Of what was accepted something may be contested again.
    again = await file(company, {"fact": "orders/erp/late", "amount": "140"})
    assert again["if_upheld"]["total"] == "68.00"
    await uphold(company, again)
    assert await owed(company) == {"commission": "2.00", "grade_bonus": "500.00"}
    await move(company, "jan", "open", reason="a second look")
    await move(company, "jan", "closed", "review", *PUBLISHED)
    assert await told(company) == ("68.00", "B")


async def test_a_late_fact_itself_is_decided_as_one(company: Company) -> None:
    await contested(company)
    await move(company, "jan", *PUBLISHED)
    await sell_late(company, late("40"))
    filed = await file(company, {"fact": "orders/erp/late", "amount": "400"})
    assert filed["if_upheld"] is None
    before = await digest(company), await feed(company)
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    refused = await company.post(path, {"uphold": True, "reason": "x"}, key="hr")
    assert (refused.status_code, refused.json()["code"]) == (409, "fact_came_late")
    assert (await digest(company), await feed(company)) == before
    await decide_late(company, "accepted")
    shown = (await company.get(path.removesuffix("/decision"), key="one")).json()
    assert shown["if_upheld"]["total"] == "81.20"


async def test_what_hangs_on_late_facts_is_not_guessed(company: Company) -> None:
    """Whether the buyer of an order that is left out is gone hangs on another order of theirs."""
    buyers = {
        "code": "buyers",
        "indicator": "buyers",
        "weight": "100",
        "scope": "own",
        "target": {"kind": "fixed", "value": "2"},
        "rule": {"kind": "ratio", "floor": "0", "cap": "120"},
        "missing": "zero",
    }
    section = {"code": "all", "name": {"zh": "x", "en": "x"}, "weight": "100", "items": [buyers]}
    await contested(company, sections=[section])
    await move(company, "jan", *PUBLISHED)
    filed = await file(company, EXCLUDED)
    assert filed["if_upheld"]["total"] == "50.00"
    await sell_late(company, late("40", buyer="b-1"))
    path = f"/v1/disputes/{filed['dispute']['id']}"
    assert (await company.get(path, key="one")).json()["if_upheld"] is None
    refused = await company.post(f"{path}/decision", {"uphold": True, "reason": "x"}, key="hr")
    assert (refused.status_code, refused.json()["code"]) == (409, "late_facts_waiting")
    await decide_late(company, "accepted")
    assert (await company.get(path, key="one")).json()["if_upheld"]["total"] == "100.00"
    decided = await uphold(company, filed)
    assert decided["correction"]["total"] == "100.00"


async def test_a_grade_that_calibration_gave_stays(company: Company) -> None:
    shares = [{"grade": "A", "share": "50"}, {"grade": "C", "share": "50"}]
    stated = {"shares": shares, "minimum_population": 2, "tie_breakers": ["net_sales"]}
    await contested(company, distribution=stated)
    await move(company, "jan", "calibration", *PUBLISHED)
    grades = {each["employee"]: each["grade"] for each in await feed(company)}
    assert grades == {"e-1": "A", "e-2": "C"}
    before = await others(company)
    # 40 in all, the least: ranked anew `e-1` would be the last.
    filed = await file(company, {"line": "sales", "value": "0"})
    assert (filed["if_upheld"]["total"], filed["if_upheld"]["grade"]) == ("32.00", "A")
    decided = await uphold(company, filed, value="0")
    assert decided["correction"]["grade"] == "A"
    assert await told(company) == ("32.00", "A")
    assert await others(company) == before


async def test_what_tells_equals_apart_follows_before_calibration(company: Company) -> None:
    shares = [{"grade": "A", "share": "50"}, {"grade": "C", "share": "50"}]
    stated = {"shares": shares, "minimum_population": 2, "tie_breakers": ["net_sales"]}
    await contested(company, distribution=stated)

    async def apart() -> dict[str, list[str]]:
        async with company.owner.read(company.number) as session:
            rows = await session.execute(text("SELECT subject, tie_breakers FROM scorecards"))
            return {row.subject: row.tie_breakers for row in rows}

    before = await apart()
    assert before["e-1"] == ["160.000000"]
    await uphold(company, await file(company, EXCLUDED))
    assert await apart() == {**before, "e-1": ["60.000000"]}


async def test_who_is_paid_by_no_plan_hears_of_the_grade(company: Company) -> None:
    await contested(company, pay=[])
    await move(company, "jan", *PUBLISHED)
    first = await feed(company)
    await uphold(company, await file(company, EXCLUDED))
    (new,) = (await feed(company))[len(first) :]
    assert (new["employee"], new["plan"], new["amount"], new["grade"], new["kind"]) == (
        "e-1", None, "0.00", "C", "correction",
    )  # fmt: skip


async def test_a_dispute_that_is_decided_while_the_cycle_is_open_is_followed_live(
    company: Company,
) -> None:
    await contested(company)
    filed = await file(company, EXCLUDED)
    await move(company, "jan", "open", reason="once more")
    path = f"/v1/disputes/{filed['dispute']['id']}"
    assert (await company.get(path, key="one")).json()["if_upheld"] is None
    decided = await uphold(company, filed)
    assert decided["correction"] is None
    await company.app.state.live.settle(company.number)
    card = (await cards(company))["employee:e-1"]
    assert (card["total"], card["status"]) == ("36.80", "live")
    await move(company, "jan", "closed", "review", *PUBLISHED)
    assert await owed(company) == {"commission": "0.30", "grade_bonus": "250.00"}


async def test_what_is_upheld_is_told_with_its_dispute_and_verifies(company: Company) -> None:
    await contested(company)
    filed = await file(company, EXCLUDED)
    await uphold(company, filed)
    path = f"/v1/scorecards/{await card_id(company)}/receipt"
    receipt = (await company.get(path)).json()["receipt"]
    sales, orders, *rated = receipt["explanation"]["segments"][0]["lines"]
    one = f"/v1/disputes/{filed['dispute']['id']}"
    for line in (sales, orders):
        assert line["source"]["links"][-1] == one
        assert line["source"]["formula"] is not None
    assert all(one not in str(line) for line in rated)
    assert check(receipt)[1] == [], "the receipt verifies"


async def test_no_fact_is_found_out_by_contesting_it(company: Company) -> None:
    await contested(company)
    await sell_whole(
        company,
        Sale(paid_on=date(2026, 1, 8), shop="b", salesperson="e-2", amount="70", id="SO-4"),
    )
    path = f"/v1/scorecards/{await card_id(company)}/disputes"
    answers = []
    for named in ("orders/erp/SO-4", "orders/erp/SO-none", "orders/crm/SO-1"):
        body = {"fact": named, "salesperson": "e-1", "reason": "mine"}
        refused = await company.post(path, body, key="one")
        answers.append((refused.status_code, refused.json()["code"], refused.json()["detail"]))
    assert set(answers) == {(409, "fact_unknown", answers[0][2])}
    body = {"fact": "orders/erp/SO-3", "salesperson": "e-9", "reason": "mine"}
    refused = await company.post(path, body, key="one")
    assert (refused.status_code, refused.json()["code"]) == (409, "unknown_employee")


@pytest.mark.parametrize(
    "body",
    [
        {"fact": "orders/erp/SO-1", "value": "1"},
        {"fact": "orders/erp/SO-1", "segment": 1},
        {"line": "sales", "exclude": True},
        {"rating": "rat_1", "amount": "1"},
        {"line": "sales", "values": [{"item": "sales", "value": "1"}]},
        {"fact": "orders/erp/SO-1", "values": []},
        {"fact": "orders/erp/SO-1", "exclude": False},
        {"fact": "orders/erp/SO-1", "amount": "1.00001"},
        {"fact": "orders/erp/SO-1", "amount": "1", "values": [{"item": "sales", "value": "1"}]},
        {"fact": "orders/erp/SO-1", "line": "sales"},
    ],
)
async def test_one_thing_is_contested_as_it_can_be(company: Company, body: Json) -> None:
    answer = await company.post("/v1/scorecards/sc_1/disputes", {**body, "reason": "x"})
    assert answer.status_code == 422, answer.text


async def test_what_was_upheld_is_no_drift(company: Company, database: TestDatabase) -> None:
    await contested(company)
    await move(company, "jan", *PUBLISHED)
    for body, stated in (
        (EXCLUDED, {}),
        (LINE, {"value": "250"}),
        ({"rating": await rating_id(company, "drive", "manager")}, {}),
    ):
        await uphold(company, await file(company, body), **stated)
    operating = Database(database.dsn("kaohe_migrate"), application="kaohe-operator", pool_size=1)
    try:
        (each,) = await recompute_tenant(operating, company.number)
    finally:
        await operating.close()
    assert (each.cards, each.drifts, each.unreadable) == (2, 0, ())
