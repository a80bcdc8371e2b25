"""The built-in schemes: each can be published as it is, with the figures of `domain.md`, 6.1."""

from decimal import Decimal

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.publishing import check_publishable
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.templates import templates
from services.schema.shapes.schemes import Ratio, Scheme

# Indicator, target (`None`: set for each person) and weight.
FIGURES: dict[str, list[tuple[str, str | None, str]]] = {
    "traffic_manager": [
        ("visitors", None, "25"),
        ("campaign_visitor_share", "0.45", "15"),
        ("campaign_order_share", "0.55", "10"),
        ("campaign_order_conversion_rate", "0.1", "30"),
        ("new_campaign_visitor_ratio", "0.1", "20"),
    ],
    "design_manager": [
        ("net_sales", None, "30"),
        ("campaign_ctr_index", "1.3", "25"),
        ("core_product_conversion_rate", "0.06", "15"),
        ("dwell_seconds", "450", "10"),
        ("design_on_time_rate", "1", "20"),
    ],
    "product_manager": [
        ("net_sales", None, "30"),
        ("gross_profit", None, "20"),
        ("supply_fill_rate", "0.99", "20"),
        ("new_sku_share", "0.2", "10"),
        ("inventory_turns", "3.5", "20"),
    ],
}


def scheme_of(code: str) -> Scheme:
    document = templates()[code]["scheme"]
    assert isinstance(document, dict)
    return parse_scheme(document)


def test_every_template_is_here_once() -> None:
    assert list(templates()) == sorted(FIGURES)


@pytest.mark.parametrize("code", FIGURES)
def test_a_template_can_be_published_as_it_is(code: str) -> None:
    scheme = scheme_of(code)
    check_publishable(scheme, built_in_indicators())
    assert parse_scheme(scheme_to_wire(scheme)) == scheme


@pytest.mark.parametrize("code", FIGURES)
def test_a_template_has_the_figures_of_its_source(code: str) -> None:
    scheme = scheme_of(code)
    (section,) = scheme.sections
    found = [
        (
            item.indicator,
            None if item.target is None or item.target.value is None else item.target.value,
            item.weight,
        )
        for item in section.items
    ]
    assert found == [
        (indicator, None if target is None else Decimal(target), Decimal(weight))
        for indicator, target, weight in FIGURES[code]
    ]
    assert all(item.rule == Ratio(Decimal(0), Decimal(120)) for item in section.items)
    assert (scheme.full_mark, scheme.cycle) == (Decimal(100), "month")


@pytest.mark.parametrize("code", FIGURES)
def test_a_template_speaks_both_languages_and_says_what_is_ours(code: str) -> None:
    template = templates()[code]
    assert set(template) == {"code", "name", "note", "scheme"}
    for text in (template["name"], template["note"]):
        assert isinstance(text, dict)
        assert set(text) == {"zh", "en"}
    note = template["note"]
    assert isinstance(note, dict)
    assert "?" in note["zh"]
    assert "(?)" in note["en"]
    scheme = scheme_of(code)
    assert scheme.name.zh
    assert all(item.name is not None for section in scheme.sections for item in section.items)


def test_templates_cannot_be_added_to() -> None:
    with pytest.raises(TypeError):
        templates()["mine"] = {}  # type: ignore[index]  # the mistake itself
