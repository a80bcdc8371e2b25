"""The made-up company tells the same story whenever it is asked, and its books add up."""

import hashlib
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest

from sandbox import company, truth
from sandbox.doors import credentials
from sandbox.lives import first_day, midnight, sales_of, sales_until
from sandbox.people import employee_list, unit_list
from sandbox.plans import rounds
from sandbox.shops import MARKETPLACE_SHOPS, SHOP_OF, SHOPS
from services.api.templates import templates
from services.schema.catalogue import posted_measures
from services.schema.days import Calendar, parse_period
from services.schema.words import PayPlan, WeekStart

TODAY = date(2026, 11, 22)
NOW = midnight(TODAY)


def digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:16]


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 11, 22), date(2026, 9, 24)),
        (date(2026, 11, 23), date(2026, 9, 24)),
        (date(2026, 11, 30), date(2026, 9, 24)),
        (date(2026, 11, 21), date(2026, 9, 23)),
        (date(2026, 12, 31), date(2026, 10, 25)),
        (date(2026, 1, 1), date(2025, 11, 3)),
        (date(2026, 3, 31), date(2026, 1, 25)),
        (date(2028, 2, 29), date(2027, 12, 25)),
        (date(2028, 3, 1), date(2028, 1, 2)),
    ],
)
def test_the_story_holds_last_month_a_week_before_it_and_sixty_days(
    today: date, first: date
) -> None:
    assert first_day(today) == first
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    assert first <= last_month - timedelta(days=7)


def test_a_day_is_told_the_same_a_month_later() -> None:
    day = date(2026, 11, 3)
    of_day = [
        [row for row in company.erp_facts(today)["chats"] if row["id"].startswith("c-11-20261103-")]  # type: ignore[attr-defined]  # the id is a text
        for today in (TODAY, date(2026, 12, 20))
    ]
    assert of_day[0] == of_day[1]
    assert len(of_day[0]) > 20
    before = sales_of(SHOP_OF["tm-qinghe"], day)
    sales_of.cache_clear()
    assert sales_of(SHOP_OF["tm-qinghe"], day) == before


def test_the_story_is_the_one_that_was_told_first() -> None:
    """A change here changes every demo's figures: it must be meant."""
    sales = sales_of(SHOP_OF["tm-qinghe"], date(2026, 11, 3))
    assert len(sales) == 56
    assert digest([[str(s.id), str(s.paid_amount), s.guide] for s in sales]) == "2e23ee877b5db60c"


def test_every_posted_number_of_an_order_is_its_own() -> None:
    sales = [sale for shop in SHOPS for sale in sales_until(shop, first_day(TODAY), NOW)]
    assert len(sales) == len({sale.id for sale in sales}) > 6000
    assert all(2**53 < sale.id < 2**63 and len(str(sale.id)) == 19 for sale in sales)
    lines = [line.id for sale in sales for line in sale.lines]
    claims = [claim.id for sale in sales for claim in sale.claims]
    assert len(lines) == len(set(lines))
    assert len(claims) == len(set(claims)) > 300


def test_every_state_of_an_order_occurs() -> None:
    shop = SHOP_OF["tm-qinghe"]
    found: set[str] = set()
    for hours in range(0, 24 * 40, 7):
        at = NOW - timedelta(hours=hours)
        found |= {sale.status(at) for sale in sales_until(shop, at.date() - timedelta(days=2), at)}
    assert found == {
        "unpaid", "paid", "part_shipped", "shipped", "completed", "cancelled", "refunded"
    }  # fmt: skip


def test_shares_of_a_discount_sum_to_it_and_no_line_goes_below_zero() -> None:
    for sale in sales_until(SHOP_OF["tm-qinghe"], first_day(TODAY), NOW):
        total = sum((line.total for line in sale.lines), Decimal(0))
        share = sum((line.share for line in sale.lines), Decimal(0))
        assert total - share + sale.postage == sale.paid_amount
        assert all(line.paid > 0 for line in sale.lines)
        assert sum((c.amount for c in sale.claims), Decimal(0)) <= sale.paid_amount
        assert (sale.campaign is not None) == (share > 0)


def test_a_life_runs_forward() -> None:
    for sale in sales_until(SHOP_OF["tb-qinghe"], first_day(TODAY), NOW):
        stages = [sale.created_at, sale.paid_at, sale.part_shipped_at, sale.shipped_at]
        known = [moment for moment in [*stages, sale.completed_at] if moment]
        assert known == sorted(known)
        for claim in sale.claims:
            assert sale.paid_at is not None
            assert sale.paid_at < claim.requested_at < claim.settled_at
            assert claim.agreed_at is None or claim.requested_at < claim.agreed_at


def test_books_are_the_sum_of_their_days_and_count_a_refund_on_its_own() -> None:
    shop = SHOP_OF["tm-life"]
    books = truth.books(shop, first_day(TODAY), NOW)
    whole = truth.total(books)
    paid = [s for s in sales_until(shop, first_day(TODAY), NOW) if s.paid_at and s.paid_at <= NOW]
    assert whole.orders == len(paid)
    assert whole.paid_amount == sum((sale.paid_amount for sale in paid), Decimal(0))
    assert whole.refund_amount == sum((sale.refunded_by(NOW) for sale in paid), Decimal(0))
    assert whole.refunds > 30
    assert sum(truth.statuses(shop, first_day(TODAY), NOW).values()) == len(
        sales_until(shop, first_day(TODAY), NOW)
    )


def test_staff_orders_are_left_out_of_the_books() -> None:
    shop = SHOP_OF["st-hangzhou"]
    sales = sales_until(shop, first_day(TODAY), NOW)
    excluded = [sale for sale in sales if sale.exclusion]
    assert excluded
    orders = truth.total(truth.books(shop, first_day(TODAY), NOW)).orders
    assert orders == len([s for s in sales if s.paid_at and s.paid_at <= NOW]) - len(excluded)


def test_people_stand_in_a_tree_of_known_units_and_managers_and_shares_fit() -> None:
    units = {str(unit["code"]): unit for unit in unit_list()}
    people = employee_list(TODAY)
    codes = [str(person["code"]) for person in people]
    assert len(codes) == len(set(codes)) == 49
    seen: set[object] = {None}
    for person in people:
        assert person["manager"] in seen
        seen.add(person["code"])
    before: set[object] = {None}
    for unit in units.values():
        assert unit["parent"] in before
        assert unit["lead"] in seen
        before.add(unit["code"])
    shares: dict[tuple[str, str], int] = {}
    for person in people:
        assignments = person["assignments"]
        assert isinstance(assignments, list)
        last = assignments[-1]
        assert last["unit"] in units
        for shop in last["shops"]:
            key = (last["position"], shop["shop"])
            assert shop["shop"] in SHOP_OF
            shares[key] = shares.get(key, 0) + int(shop["share"])
    assert max(shares.values()) == 100


def test_positions_cover_the_front_line_and_the_position_library() -> None:
    held = {
        assignment["position"]
        for person in employee_list(TODAY)
        for assignment in person["assignments"]  # type: ignore[attr-defined]  # it is a list
    }
    assert held >= {
        "traffic_manager", "design_manager", "product_manager", "operations_manager",
        "live_operations", "live_host", "operations_specialist", "promotion_specialist",
        "pre_sales_agent", "after_sales_agent", "copywriter", "designer",
    }  # fmt: skip


def test_the_erp_posts_no_sessions_that_a_desk_tells_of() -> None:
    talking = {row["shop"] for row in company.erp_facts(TODAY)["chats"]}
    shops = cast("list[Any]", credentials("x", "http://sandbox.test:8100", TODAY)["shops"])
    asked = {shop["shop"] for shop in shops if "service" in shop.get("also", ())}
    assert asked == {"jd-qinghe"}
    assert talking & asked == set()
    assert {"tm-qinghe", "tb-qinghe", "tm-life"} <= talking


def test_every_named_person_and_shop_of_the_posted_rows_exists() -> None:
    people = {person["code"] for person in employee_list(TODAY)} | {None}
    rows = company.erp_facts(TODAY)
    for kind, listed in rows.items():
        for row in listed:
            assert row.get("shop") in {*SHOP_OF, None}, kind
            assert row.get("salesperson") in people
            assert row.get("employee") in people
            assert str(row["modified_at"]) <= NOW.isoformat()


DAYS = [
    date(2026, 11, 22), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1), date(2027, 3, 31),
    date(2028, 2, 29), date(2028, 3, 1), date(2028, 7, 1),
]  # fmt: skip


def test_every_template_is_taken_and_scores_somebody_last_month_and_this() -> None:
    from_templates = {scheme["template"] for scheme in company.schemes()}
    assert from_templates == set(templates())
    people = {f"employee:{person['code']}" for person in employee_list(TODAY)}
    units = {f"unit:{unit['code']}" for unit in unit_list()}
    for today in DAYS:
        found = rounds(today)
        for month in company.months(today):
            scored = {each.plan.code for each in found if each.start <= month < each.end}
            assert scored == from_templates, (today, month)
        assert all(each.plan.subjects for each in found)
        assert {subject for each in found for subject in each.plan.subjects} <= people | units


@pytest.mark.parametrize("today", DAYS)
def test_what_a_template_leaves_to_be_set_or_rated_is(today: date) -> None:
    targets = {(row["subject"], row["indicator"], row["period"]) for row in company.targets(today)}
    rated = {
        (row["cycle"], row["subject"], row["rating"]["item"]) for row in company.ratings(today)
    }
    for each in rounds(today):
        for subject in each.plan.subjects:
            for item in _items_of(each.plan.code):
                if item["rule"]["kind"] in {"rating", "ladder"}:
                    key = (each.code, subject, item["code"])
                    assert (key in rated) == (each.start < today), key
                elif (item["target"] or {}).get("kind") == "set":
                    assert (subject, item["indicator"], each.period) in targets


@pytest.mark.parametrize("today", DAYS)
def test_periods_are_what_they_say_and_end_when_they_are_over(today: date) -> None:
    calendar = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
    ended = company.ended_cycles(today)
    for each in rounds(today):
        period = parse_period(each.period, calendar)
        assert (period.start, period.end) == (each.start, each.end)
        assert (each.code in ended) == (period.end <= today)
    last = f"{company.months(today)[0]:%Y-%m}"
    assert {code for code in ended if code.startswith(f"{last}-")} >= {company.late_cycle(today)}
    (refund,) = company.late_refunds(today)
    assert refund["refunded_at"] == midnight(today).isoformat()


def test_each_way_to_pay_is_taken() -> None:
    plans = {pay["plan"] for scheme in company.schemes() for pay in scheme["draft"]["pay"]}
    assert plans == set(PayPlan)


def _items_of(code: str) -> list[dict[str, Any]]:
    scheme = cast("dict[str, Any]", templates()[code]["scheme"])
    return [item for section in scheme["sections"] for item in section["items"]]


def test_a_credential_file_names_every_marketplace_shop() -> None:
    document = company.credentials("demo", "http://127.0.0.1:1", TODAY)
    shops = document["shops"]
    assert isinstance(shops, list)
    assert [shop["shop"] for shop in shops] == [shop.code for shop in MARKETPLACE_SHOPS]
    since = {shop["shop"]: shop["since"] for shop in shops}
    # It tells of refunds by the half hour.
    assert since.pop("pdd-qinghe") == "2026-11-08"
    assert set(since.values()) == {"2026-09-24"}


def test_every_posted_measure_is_one_that_can_be_posted() -> None:
    rows = company.erp_facts(TODAY)["measures"]
    assert {row["measure"] for row in rows} <= posted_measures()
    assert {row["measure"] for row in rows} >= {"core_product_visitors", "ad_budget", "live_amount"}
    keys = [(row["day"], row["measure"], row.get("shop"), row.get("employee")) for row in rows]
    assert len(keys) == len(set(keys))
