"""Facts that come after the close: they wait, are decided on, and correct what was published."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.api.appraisals import (
    ask,
    cards,
    digest,
    found,
    move,
    open_cycle,
    publish_scheme,
    scheme,
    sell,
    set_targets,
)
from tests.api.companies import Company, Json
from tests.api.facts import Sale
from tests.api.late_facts import close_january, decide, late, refund_late, sell_late, waiting
from tests.figures import Figures, Wrong

TO_APPROVED = ("review", "approved")


@pytest.fixture
async def closed(company: Company) -> Company:
    """Two agents whose January is closed for data."""
    await close_january(company)
    return company


async def feed(company: Company) -> list[Json]:
    entries: list[Json] = (await company.get("/v1/payroll/entries?limit=1000")).json()["items"]
    return entries


def figures(case: Json) -> dict[str, tuple[str | None, str | None]]:
    return {each["figure"]: (each["before"], each["after"]) for each in case["figures"]}


def pay(case: Json) -> list[tuple[str, str, str]]:
    return [(each["plan"], each["before"], each["after"]) for each in case["pay"]]


async def test_requirement_19_a_late_fact_waits_and_says_what_it_would_change(
    closed: Company,
) -> None:
    assert await waiting(closed) is None
    before = (await closed.get("/v1/scorecards?cycle=jan")).content
    await sell_late(
        closed, Sale(paid_on=date(2026, 1, 31), salesperson="e-1", amount="499.5", id="late")
    )
    case = await waiting(closed)
    assert (case["cycle"], case["status"], case["refusal"]) == ("jan", "closed", None)
    (fact,) = case["facts"]
    assert (fact["kind"], fact["id"], fact["day"], fact["employee"]) == (
        "orders", "late", "2026-01-31", "e-1",
    )  # fmt: skip
    assert (fact["counts_for"], fact["rejected"], case["facts_total"]) == ("both", False, 1)
    # 1,500.50 of 2,000 is 45.02 of 60; 2,000 all of it. One order of four is 10, two are 20.
    assert figures(case) == {
        "/total": ("55.02", "80.00"),
        "/grade": ("C", "B"),
        "/lines/sales/value": ("1500.5", "2000"),
        "/lines/sales/attainment": ("0.75025", "1"),
        "/lines/sales/score": ("75.025", "100"),
        "/lines/sales/points": ("45.015", "60"),
        "/lines/orders/value": ("1", "2"),
        "/lines/orders/attainment": ("0.25", "0.5"),
        "/lines/orders/score": ("25", "50"),
        "/lines/orders/points": ("10", "20"),
    }
    assert pay(case) == [("commission", "10.01", "30.00"), ("grade_bonus", "250.00", "500.00")]
    # Who shares the shop is asked about too; nothing of theirs changes.
    other = await waiting(closed, "employee:e-2")
    assert (figures(other), other["facts_total"]) == ({}, 1)
    assert (await closed.get("/v1/scorecards?cycle=jan")).content == before


async def test_before_calibration_an_accepted_fact_goes_into_the_card(closed: Company) -> None:
    await sell_late(closed, late(31, "499.5"))
    # A target set after the close is no fact: it stays as it was.
    await set_targets(closed, {"e-1": "1"})
    other = (await cards(closed))["employee:e-2"]
    decision = await decide(closed, "accepted")
    card = (await cards(closed))["employee:e-1"]
    assert (card["total"], card["grade"], card["rank"]) == ("80.00", "B", 1)
    assert (card["lines"][0]["target"], card["status"]) == ("2000", "in_review")
    assert (await cards(closed))["employee:e-2"] == other
    assert (decision["decision"], decision["entries"]) == ("accepted", [])
    assert await waiting(closed) is None
    assert (await closed.get("/v1/cycles/jan")).json()["pending_after_close"] == 1
    decided = (await closed.get("/v1/late-facts/decisions?cycle=jan")).json()
    assert (decided["items"], decided["total"]) == ([decision], 1)
    await move(closed, "jan", *TO_APPROVED, "published")
    assert [each["amount"] for each in await feed(closed)][:2] == ["30.00", "500.00"]


async def test_a_rejected_fact_stays_out_until_more_comes(closed: Company) -> None:
    await sell_late(
        closed, Sale(paid_on=date(2026, 1, 30), salesperson="e-1", amount="100", id="no")
    )
    before = (await closed.get("/v1/scorecards?cycle=jan")).content
    await decide(closed, "rejected")
    assert await waiting(closed) is None
    assert (await closed.get("/v1/scorecards?cycle=jan")).content == before
    entries = (await closed.get("/v1/audit?limit=500")).json()["items"]
    assert entries[-1]["action"] == "late_facts.rejected"
    await sell_late(
        closed, Sale(paid_on=date(2026, 1, 31), salesperson="e-1", amount="1", id="more")
    )
    case = await waiting(closed)
    assert [(fact["id"], fact["rejected"]) for fact in case["facts"]] == [
        ("no", True), ("more", False),
    ]  # fmt: skip
    assert figures(case)["/lines/sales/value"] == ("1500.5", "1601.5")


async def test_between_calibration_and_publication_nothing_is_accepted(closed: Company) -> None:
    await sell_late(closed, late(31, "499.5"))
    await move(closed, "jan", *TO_APPROVED)
    case = await waiting(closed)
    assert case["refusal"] == "cycle_settled"
    before = await digest(closed)
    body = {"decision": "accepted", "reason": "too late"}
    refused = await closed.post(f"/v1/late-facts/{case['id']}/decision", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "cycle_settled")
    assert await digest(closed) == before
    await move(closed, "jan", "published")
    assert [each["amount"] for each in await feed(closed)][:2] == ["10.01", "250.00"]
    await decide(closed, "accepted")
    assert [each["amount"] for each in await feed(closed)][4:] == ["19.99", "250.00"]


async def test_scenario_p06_a_correction_of_a_correction_sums_right(
    closed: Company, figure: Figures
) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    published = (await closed.get("/v1/payroll/entries")).content
    results = (await closed.get("/v1/results")).content
    shown = (await closed.get("/v1/scorecards?cycle=jan")).content
    first = (await feed(closed))[:4]

    await sell_late(closed, late(31, "499.5"))
    decision = await decide(closed, "accepted")
    new = (await feed(closed))[4:]
    assert [each["id"] for each in new] == decision["entries"]
    assert [(each["kind"], each["amount"], each["corrects"]) for each in new] == [
        ("correction", "19.99", first[0]["id"]),
        ("correction", "250.00", first[1]["id"]),
    ]
    assert {(each["employee"], each["total"], each["grade"]) for each in new} == {
        ("e-1", "80.00", "B")
    }
    assert {each["reason"] for each in new} == {"accepted by hand"}

    # A refund of February is January's pay: of 2,000 1,200 are left, and the grade stays.
    await refund_late(closed, order="first", on=date(2026, 2, 9), amount="800")
    case = await waiting(closed)
    assert [(fact["id"], fact["counts_for"]) for fact in case["facts"]] == [
        ("rf-first-2026-02-09", "pay")
    ]
    assert (figures(case), pay(case)) == (
        {}, [("commission", "30.00", "14.00"), ("grade_bonus", "500.00", "500.00")],
    )  # fmt: skip
    await decide(closed, "accepted")
    (last,) = (await feed(closed))[6:]
    assert (last["amount"], last["corrects"]) == ("-16.00", first[0]["id"])
    # 14 - (10.01 + 19.99) is -16: the original and its corrections are what is owed.
    assert [each["seq"] for each in await feed(closed)] == list(range(1, 8))
    assert (await closed.get("/v1/payroll/entries?limit=4")).json()["items"] == first
    assert published.startswith((await closed.get("/v1/payroll/entries")).content[:200])
    assert (await closed.get("/v1/results")).content == results
    assert (await closed.get("/v1/scorecards?cycle=jan")).content == shown
    # Taken up again as a new revision, it owes no cent more.
    await move(closed, "jan", "open", reason="once more")
    await move(closed, "jan", "closed", *TO_APPROVED, "published")
    whole = await feed(closed)
    assert whole[7:] == []
    paid = sum(Decimal(each["amount"]) for each in whole if each["employee"] == "e-1")
    cents = int(abs(paid - Decimal("514.00")) * 100)
    of = "entries, corrections of corrections among them"
    figure("P06", Wrong.CENTS, cents, tried=len(whole), of=of)


async def test_what_was_rejected_for_one_is_owed_by_no_revision_for_another(
    closed: Company,
) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    first = await feed(closed)
    await sell_late(closed, late(31, "499.5"))
    await decide(closed, "rejected")
    await decide(closed, "rejected", "employee:e-2")
    # Of `e-2` an order of the month is found, and the cycle is opened for its sake.
    await move(closed, "jan", "open", reason="an order of e-2")
    await sell(closed, Sale(paid_on=date(2026, 1, 20), salesperson="e-2", amount="400"))
    await move(closed, "jan", "closed", *TO_APPROVED, "published")
    new = (await feed(closed))[len(first) :]
    assert {each["employee"] for each in new} == {"e-2"}
    assert [(each["plan"], each["amount"]) for each in new] == [
        ("commission", "4.50"),
        ("grade_bonus", "250.00"),
    ]
    results = (await closed.get("/v1/results?employee=e-1")).json()["items"]
    assert [each["total"] for each in results] == ["55.02", "55.02"]


async def test_requirement_19_beyond_so_many_periods_nothing_is_accepted(closed: Company) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    await sell_late(closed, late(31, "499.5"))
    path = "/v1/late-facts/settings"
    assert await ask(closed, "GET", path, None) == {"correction_periods": None}
    await ask(closed, "PUT", path, {"correction_periods": 0})
    case = await waiting(closed)
    assert case["refusal"] == "period_too_old"
    before = await digest(closed)
    body = {"decision": "accepted", "reason": "old"}
    refused = await closed.post(f"/v1/late-facts/{case['id']}/decision", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "period_too_old")
    assert await digest(closed) == before
    await decide(closed, "rejected")
    assert len(await feed(closed)) == 4


async def test_a_decision_is_hrs_and_of_what_was_read(closed: Company) -> None:
    await sell_late(
        closed, Sale(paid_on=date(2026, 1, 30), salesperson="e-1", amount="100", id="one")
    )
    case = await closed.get(f"/v1/late-facts/{(await waiting(closed))['id']}")
    path = f"/v1/late-facts/{case.json()['id']}/decision"
    body = {"decision": "accepted", "reason": "seen"}
    for name, role, employee in (
        ("own", "employee", "e-1"),
        ("lead", "lead", "e-boss"),
        ("viewer", "viewer", None),
        ("payroll", "payroll", None),
        ("self", "hr", "e-1"),
    ):
        await closed.make_key(name, role, employee)
        refused = await closed.post(path, body, key=name)
        assert refused.status_code == 403, name
        if name != "self":
            for read in ("/v1/late-facts", "/v1/late-facts/decisions", "/v1/drifts"):
                assert (await closed.get(read, key=name)).status_code == 403
    await sell_late(
        closed, Sale(paid_on=date(2026, 1, 31), salesperson="e-1", amount="1", id="two")
    )
    stale = await closed.post(path, body, If_Match=case.headers["etag"])
    assert stale.status_code == 412
    current = await closed.get(f"/v1/late-facts/{case.json()['id']}")
    taken = await closed.post(path, body, If_Match=current.headers["etag"])
    assert taken.status_code == 201, taken.text
    assert (await closed.post(path, body)).status_code == 404
    assert (await closed.get("/v1/late-facts/sc_nobody")).status_code == 404


async def test_what_is_published_is_corrected_by_two_people(closed: Company) -> None:
    """Whichever keys they use; the second sees what the first has seen, or it begins anew."""
    await move(closed, "jan", *TO_APPROVED, "published")
    await closed.make_key("boss", "hr", "e-boss")
    await closed.make_key("boss again", "admin", "e-boss")
    await sell_late(closed, late(30, "100", id="one"))
    before = await waiting(closed)
    path = f"/v1/late-facts/{before['id']}"
    tag = (await closed.get(path)).headers["etag"]
    body = {"decision": "accepted", "reason": "ERP was late"}
    proposed = await closed.post(f"{path}/decision", body, key="boss", If_Match=tag)
    assert (before["proposal"], proposed.status_code) == (None, 202)
    proposal = proposed.json()["proposal"]
    assert (proposal["by"], proposal["reason"]) == ("e-boss", "ERP was late")
    assert await waiting(closed) == proposed.json() == {**before, "proposal": proposal}

    unchanged = await digest(closed)
    for key in ("boss", "boss again"):
        alone = await closed.post(f"{path}/decision", body, key=key)
        assert (alone.status_code, alone.json()["code"]) == (409, "accepted_alone")
        assert alone.json()["detail"].startswith("e-boss has proposed to accept it")
    unseen = await closed.post(f"{path}/decision", body, If_Match=tag)
    assert unseen.status_code == 412
    assert await digest(closed) == unchanged
    assert (await closed.get("/v1/late-facts/decisions")).json()["items"] == []
    assert len(await feed(closed)) == 4

    # What comes meanwhile nobody has proposed to accept.
    await sell_late(closed, late(31, "399.5", id="two"))
    assert (await waiting(closed))["proposal"] is None
    assert (await closed.post(f"{path}/decision", body)).status_code == 202
    taken = await closed.post(f"{path}/decision", {**body, "reason": "so it was"}, key="boss")
    assert taken.status_code == 201, taken.text
    decided = taken.json()
    assert (decided["proposal"]["by"][:8], decided["reason"]) == ("key:key_", "so it was")
    assert (await closed.get("/v1/late-facts/decisions")).json()["items"] == [decided]
    # Of 2,000 by three orders, grade A: 30 and 500, times 1.2, less 10.01 and 250.
    assert [each["amount"] for each in (await feed(closed))[4:]] == ["25.99", "350.00"]
    audit = (await closed.get("/v1/audit?limit=500")).json()["items"]
    deeds = [each for each in audit if each["object"] == f"scorecard:{before['id']}"]
    assert [each["action"] for each in deeds] == [
        *["late_facts.proposed"] * 2, "late_facts.accepted",
    ]  # fmt: skip
    # What comes later is another case.
    await sell_late(closed, late(29, "1", id="three"))
    assert (await waiting(closed))["proposal"] is None


async def test_what_somebody_would_accept_may_be_rejected(closed: Company) -> None:
    await move(closed, "jan", *TO_APPROVED, "published")
    await sell_late(closed, late(31, "499.5"))
    path = f"/v1/late-facts/{(await waiting(closed))['id']}/decision"
    assert (await closed.post(path, {"decision": "accepted", "reason": "x"})).status_code == 202
    await decide(closed, "rejected")
    assert (await waiting(closed), len(await feed(closed))) == (None, 4)


async def test_a_calibrated_grade_stays_as_pay_is_corrected(company: Company) -> None:
    """Nobody is ranked again for one person's late fact."""
    people = [f"e-{number}" for number in range(1, 5)]
    await found(company, people)
    shares = [{"grade": "A", "share": "25"}, {"grade": "B", "share": "50"}]
    shares.append({"grade": "C", "share": "25"})
    stated = {"shares": shares, "minimum_population": 4, "tie_breakers": []}
    await publish_scheme(company, document=scheme(distribution=stated))
    await set_targets(company, dict.fromkeys(people, "1000"))
    await sell(
        company,
        *(
            Sale(paid_on=date(2026, 1, 5), salesperson=code, amount=f"{number}00")
            for number, code in enumerate(people, 1)
        ),
    )
    await open_cycle(company)
    await move(company, "jan", "closed", "review", "calibration", "approved", "published")
    assert [
        (each["employee"], each["grade"])
        for each in await feed(company)
        if each["plan"] == "grade_bonus"
    ] == [("e-1", "C"), ("e-2", "B"), ("e-3", "B"), ("e-4", "A")]
    await sell_late(company, late(31, "900"))
    case = await waiting(company)
    assert "/grade" not in figures(case)
    await decide(company, "accepted")
    commission, bonus = (await feed(company))[8:]
    # 1 % of 1,000 times 0.5, less the 0.50 of 100; of the bonus the total alone is new.
    assert (commission["amount"], commission["grade"]) == ("4.50", "C")
    assert (bonus["amount"], bonus["total"]) == ("0.00", commission["total"])


async def test_what_a_close_still_took_is_not_late(closed: Company) -> None:
    await move(closed, "jan", "open", reason="one more")
    await sell_late(closed, late(31, "499.5"))
    await move(closed, "jan", "closed")
    assert (await cards(closed))["employee:e-1"]["total"] == "80.00"
    assert (await closed.get("/v1/late-facts")).json()["items"] == []
    async with closed.owner.read(closed.number) as session:
        assert await session.scalar(text("SELECT count(*) FROM late_facts")) == 0
