"""What makes a scheme lopsided: both sides of each bound, and what is not known."""

import pytest

from services.api.catalogue import FAMILIES
from services.api.core.indicators import built_in_indicators
from services.api.core.lopsided import warnings_of
from services.api.core.schemes import parse_scheme
from services.api.templates import templates
from tests.api.core.rated import rated, rating, rubric
from tests.api.core.scoring import Document, document, flat, item, section

Told = tuple[str, str | None, str | None, str]


def told(scheme: Document) -> list[Told]:
    return [
        (each.code.value, each.item, each.family, f"{each.figure.normalize():f}")
        for each in warnings_of(parse_scheme(scheme))
    ]


BALANCED = (item("net_sales", "50"), item("visitors", "50"))
FAMILY = ("one_family", None, "sales", "2")
NO_LEADING = ("no_leading_indicator", None, None, "0")


def test_a_scheme_in_balance_is_warned_of_nothing() -> None:
    assert told(flat(*BALANCED)) == []
    assert told(document()) == []


def test_an_item_above_half_of_the_whole_is_named_with_its_weight() -> None:
    heavy = flat(item("net_sales", "50.0001"), item("visitors", "49.9999"))
    assert told(heavy) == [("item_above_half", "net_sales", None, "50.0001")]
    # A section's items weigh what the section leaves them.
    two = document(section("a", "70", item("net_sales", "100")), section("b", "30", *BALANCED[1:]))
    assert told(two) == [("item_above_half", "net_sales", None, "70")]
    even = document(section("a", "50", item("net_sales", "100")), section("b", "50", *BALANCED[1:]))
    assert told(even) == []


def test_more_than_eight_items_are_counted_over_all_sections() -> None:
    def of(number: int) -> Document:
        items = [
            item(f"i{each}", "10", indicator="visitors" if each else "net_sales")
            for each in range(number)
        ]
        return document(section("a", "50", *items[:4]), section("b", "50", *items[4:]))

    assert told(of(8)) == []
    assert told(of(9)) == [("many_items", None, None, "9")]


def test_indicators_of_one_family_are_told_with_their_number() -> None:
    assert told(flat(item("net_sales", "50"), item("orders", "50"))) == [FAMILY, NO_LEADING]
    # Which people rate is no indicator; which a rubric names is.
    people = rated("team", "40", rating())
    assert told(flat(item("net_sales", "30"), item("orders", "30"), people)) == [FAMILY, NO_LEADING]
    judged = rubric({"all": [{"indicator": "visitors", "at_least": "1"}], "score": "5"})
    assert told(flat(item("net_sales", "50"), item("orders", "50", judged))) == []


def test_none_that_leads_is_told_also_where_people_rate_alone() -> None:
    assert told(flat(item("net_sales", "50"), item("roi", "50"))) == [NO_LEADING]
    assert told(flat(rated("a", "50", rating()), rated("b", "50", rating()))) == [NO_LEADING]


def test_of_a_tenants_own_indicator_nobody_knows_what_it_is() -> None:
    assert told(flat(item("net_sales", "50"), item("mine", "50"))) == []
    assert told(flat(item("mine", "100"))) == [("item_above_half", "mine", None, "100")]


def test_templates_are_lopsided_as_their_sources_are() -> None:
    """The operations support of `domain.md` is scored by conversion alone, for one."""
    found = {
        code: warnings
        for code, template in templates().items()
        if isinstance(scheme := template["scheme"], dict) and (warnings := told(scheme))
    }
    assert found == {
        "after_sales_agent": [("one_family", None, "service", "7")],
        "ecommerce_general": [("many_items", None, None, "11")],
        "operations_planning": [("many_items", None, None, "26")],
        "operations_support": [
            ("item_above_half", "conversion_rate", None, "100"),
            ("one_family", None, "traffic", "1"),
            NO_LEADING,
        ],
        "traffic_manager": [("one_family", None, "traffic", "5")],
        "traffic_manager_sections": [("one_family", None, "traffic", "5")],
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_says_which_of_it_lead(family: str) -> None:
    leading = {
        each.code
        for each in built_in_indicators().values()
        if each.family == family and each.leading
    }
    assert leading
    # What a sale is made of, or comes to, has happened by then.
    assert not leading & {
        "net_sales", "gross_profit", "orders", "conversion_rate", "roi", "refund_rate",
        "inquiry_conversion_rate", "live_sales", "inventory_turns", "turnover_rate",
    }  # fmt: skip
