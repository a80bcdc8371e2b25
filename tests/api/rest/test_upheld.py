"""What is upheld is owed to the cent as it was shown, and corrects by itself what is published."""

import pytest

from tests.api.appraisals import cards, move
from tests.api.companies import Company, Json
from tests.api.disputing import (
    BLOCKING,
    PUBLISHED,
    contested,
    feed,
    file,
    others,
    owed,
    rating_id,
    told,
    uphold,
)

# As the card is closed: sales 160 of 200 at 60 % of 60, orders 2 of 4 at 40 % of 60, marks of 50;
# pay is on 140, of which the refund of February is taken.
TOTAL, PAID = "60.80", {"commission": "1.40", "grade_bonus": "500.00"}
EXCLUDED = {"fact": "orders/erp/SO-1", "exclude": True}
CASES: dict[str, tuple[Json, Json, str, dict[str, str]]] = {
    # 60 of 200, 1 order of 4; C. The refund goes with its order.
    "fact excluded": (EXCLUDED, {}, "36.80", {"commission": "0.30", "grade_bonus": "250.00"}),
    "fact that should not count": (
        {"fact": "orders/erp/SO-2"}, {}, "44.00", {"commission": "0.40", "grade_bonus": "250.00"},
    ),
    # 210 of 200; pay is on 190.
    "amount": (
        {"fact": "orders/erp/SO-1", "amount": "150"}, {}, "69.80",
        {"commission": "1.90", "grade_bonus": "500.00"},
    ),
    "amount as HR found it": (
        {"fact": "orders/erp/SO-1", "amount": "150"}, {"value": "140"}, "68.00",
        {"commission": "1.80", "grade_bonus": "500.00"},
    ),
    # 260 and 3 orders; 240.
    "salesperson": (
        {"fact": "orders/erp/SO-3", "salesperson": "e-1"}, {}, "81.20",
        {"commission": "2.40", "grade_bonus": "500.00"},
    ),
    # A refund of February counts for January's pay alone.
    "refund": (
        {"fact": "refunds/erp/rf-SO-1-2026-02-09", "exclude": True}, {}, TOTAL,
        {"commission": "1.60", "grade_bonus": "500.00"},
    ),
    # Of 160 it is 250: of the base of 140 it is 230.
    "line": (
        {"line": "sales", "value": "250"}, {"value": "250"}, "75.20",
        {"commission": "2.30", "grade_bonus": "500.00"},
    ),
    "line without pay": (
        {"line": "orders", "value": "4"}, {"value": "4"}, "72.80", PAID,
    ),
    "fact that never came": (
        {"fact": "orders/erp/SO-9", "values": [{"item": "sales", "value": "250"}]}, {}, "75.20",
        {"commission": "2.30", "grade_bonus": "500.00"},
    ),
}  # fmt: skip


def shown(filed: Json) -> tuple[str, dict[str, str]]:
    upheld = filed["if_upheld"]
    return upheld["total"], {each["plan"]: each["amount"] for each in upheld["payouts"]}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("published", [False, True])
async def test_what_is_owed_is_what_was_shown(
    company: Company, case: str, *, published: bool
) -> None:
    body, decision, total, paid = CASES[case]
    await contested(company)
    assert (await cards(company))["employee:e-1"]["total"] == TOTAL
    if published:
        await move(company, "jan", *PUBLISHED)
        assert await owed(company) == PAID
    filed = await file(company, body)
    if "value" not in decision or body.get("value") == decision["value"]:
        assert shown(filed) == (total, paid)
    await uphold(company, filed, **decision)
    if not published:
        card = (await cards(company))["employee:e-1"]
        assert (card["total"], card["status"]) == (total, "in_review")
        await move(company, "jan", *PUBLISHED)
    assert await owed(company) == paid
    assert (await told(company))[0] == total
    # It survives: opened again by hand it comes to the same, and payroll hears nothing.
    entries = await feed(company)
    await move(company, "jan", "open", reason="a second look")
    await move(company, "jan", "closed", "review", *PUBLISHED)
    assert (await cards(company))["employee:e-1"]["total"] == total
    assert (await feed(company))[len(entries) :] == []


@pytest.mark.parametrize("published", [False, True])
@pytest.mark.parametrize(
    ("item", "role", "value", "total"),
    [
        # The self's 50 alone are left of the role: the same.
        ("team", "manager", None, TOTAL),
        # Nobody rates it then: its weight goes to `team`.
        ("drive", "manager", None, TOTAL),
        ("drive", "manager", "90", "68.80"),
        ("team", "self", "100", "65.80"),
    ],
)
async def test_what_is_owed_after_a_rating_is_what_was_shown(
    company: Company, item: str, role: str, value: str | None, total: str, *, published: bool
) -> None:
    await contested(company)
    if published:
        await move(company, "jan", *PUBLISHED)
    rating = await rating_id(company, item, role)
    given = {} if value is None else {"value": value}
    filed = await file(company, {"rating": rating, **given})
    assert shown(filed) == (total, PAID)
    if value is not None:
        path = f"/v1/disputes/{filed['dispute']['id']}/decision"
        refused = await company.post(path, {"uphold": True, "reason": "yes"}, key="hr")
        assert (refused.status_code, refused.json()["code"]) == (409, "value_expected")
    await uphold(company, filed, **given)
    if not published:
        card = (await cards(company))["employee:e-1"]
        assert card["total"] == total
        lines = {line["item"]: line for line in card["lines"]}
        drive = value is None and item == "drive"
        assert (lines["drive"]["weight"], lines["team"]["weight"]) == (
            ("0", "40") if drive else ("20", "20")
        )
        await move(company, "jan", *PUBLISHED)
    assert await owed(company) == PAID
    assert (await told(company))[0] == total


async def test_a_mark_without_which_a_published_card_has_no_total_is_stated(
    company: Company,
) -> None:
    await contested(company, sections=BLOCKING)
    await move(company, "jan", *PUBLISHED)
    rating = await rating_id(company, "team", "manager")
    filed = await file(company, {"rating": rating})
    assert filed["if_upheld"]["total"] is None
    path = f"/v1/disputes/{filed['dispute']['id']}/decision"
    before = await others(company), await feed(company)
    for body, code in (
        ({"uphold": True, "reason": "yes"}, "value_expected"),
        ({"uphold": True, "reason": "yes", "value": "101"}, "mark_out_of_bounds"),
    ):
        refused = await company.post(path, body, key="hr")
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/value"]
    assert (await others(company), await feed(company)) == before
    decided = await uphold(company, filed, value="100")
    assert decided["correction"]["total"] == "80.80"
    # Contested again, by the id of what HR stated.
    again = await file(company, {"rating": filed["dispute"]["id"], "value": "60"})
    assert again["dispute"]["named"] == rating
    assert again["if_upheld"]["total"] == "64.80"
    await uphold(company, again, value="60")
    assert (await told(company))[0] == "64.80"
