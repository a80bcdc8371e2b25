"""Filters: which rows pass, and what new and old mean for shops and campaigns."""

from datetime import date

import pytest

from services.api.core.filters import Filter, resolve
from services.schema.days import Period
from services.schema.shapes.measures import Condition, DailySum
from services.schema.words import ShopKind
from tests.api.facts import shop

OCTOBER = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
SHOPS = {
    one.code: one
    for one in (
        shop("old", opened_on=date(2025, 10, 31)),
        shop("new", opened_on=date(2025, 11, 1)),
        shop("street", opened_on=date(2026, 10, 5), kind=ShopKind.OFFLINE),
        shop("undated"),
    )
}


def row(*, shop: str = "", channel: str = "", campaign: str = "") -> DailySum:
    return DailySum(OCTOBER.start, shop, "", "", channel, campaign, "", None, 1, ())


def passing(shops: Filter) -> set[str]:
    return {code for code in SHOPS if shops.passes(row(shop=code), {})}


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        (Condition("shop", ("old", "new")), {"old", "new"}),
        (Condition("shop", ("old",), negated=True), {"new", "street", "undated"}),
        (Condition("shop_kind", ("offline",)), {"street"}),
        (Condition("shop_kind", ("offline",), negated=True), {"old", "new", "undated"}),
        (Condition("shop_age", ("new",)), {"new", "street"}),
        (Condition("shop_age", ("old",)), {"old", "undated"}),
        (Condition("shop_age", ("new", "old")), set(SHOPS)),
        (Condition("shop_kind", ()), set()),
    ],
)
def test_shops_are_looked_up(condition: Condition, codes: set[str]) -> None:
    """New is opened within 365 days before the end of the period: from 1 November on."""
    assert passing(resolve([condition], SHOPS, OCTOBER)) == codes


def test_all_conditions_must_hold() -> None:
    conditions = [Condition("shop_age", ("new",)), Condition("shop_kind", ("online",))]
    assert passing(resolve(conditions, SHOPS, OCTOBER)) == {"new"}
    any_channel = resolve(
        [Condition("channel", ("",), negated=True), Condition("campaign", ("x",))], SHOPS, OCTOBER
    )
    assert any_channel.passes(row(channel="ads", campaign="x"), {})
    assert not any_channel.passes(row(campaign="x"), {})
    assert not any_channel.passes(row(channel="ads"), {})
    assert any_channel.dimensions == {"channel", "campaign"}


def test_a_campaign_is_new_in_the_period_of_its_first_use_at_the_shop() -> None:
    first_uses = {
        ("a", "eve"): date(2026, 9, 30),
        ("a", "first"): OCTOBER.start,
        ("a", "last"): date(2026, 10, 31),
        ("a", "next"): OCTOBER.end,
        ("b", "eve"): date(2026, 10, 2),
    }

    def names(*values: str, negated: bool = False) -> set[str]:
        aged = resolve([Condition("campaign_age", values, negated=negated)], {}, OCTOBER)
        assert aged.dimensions == {"shop", "campaign"}
        known = {*first_uses, ("a", "never"), ("a", "")}
        return {
            f"{shop}/{campaign}"
            for shop, campaign in known
            if aged.passes(row(shop=shop, campaign=campaign), first_uses)
        }

    assert names("new") == {"a/first", "a/last", "b/eve"}
    assert names("old") == {"a/eve"}
    assert names("old", negated=True) == {
        "a/first", "a/last", "b/eve", "a/next", "a/never", "a/",
    }  # fmt: skip
