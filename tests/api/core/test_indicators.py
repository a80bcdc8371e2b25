"""The catalogue of indicators is whole and sound; definitions are checked."""

from dataclasses import replace

import pytest

from services.api.catalogue import FAMILIES, indicator_entries
from services.api.core.formulas import parse_formula
from services.api.core.indicators import (
    built_in_indicators,
    check_formula,
    check_own_code,
    days_counted_on,
    is_additive,
    takes_posted_values,
)
from services.api.core.measures import built_in_measures, own_measure
from services.schema.errors import Conflict, Invalid
from services.schema.words import Better, IndicatorUnit

# Every code that `domain.md`, section 4 names, in its order.
NAMED = {
    "sales": """gross_sales net_sales orders units_sold average_order_value new_shop_sales_share
        old_shop_sales_growth new_product_sales_share profit_product_sales_share
        hit_product_sales_share gross_profit profit_rate discount_rate buyers new_buyers
        repurchase_rate returning_buyer_rate alipay_growth online_share sales_growth orders_growth
        aov_growth attach_rate member_sales_share vip_repurchase_rate user_retention_rate
        active_users partner_sales_share group_buy_sales_share exclusive_sales_share
        operating_cost_rate channel_price_gap repurchase_rate_30 repurchase_rate_90
        repurchase_rate_365""",
    "traffic": """visitors page_views new_visitor_share returning_visitor_share source_share
        conversion_rate core_product_conversion_rate bounce_rate dwell_seconds click_through_rate
        campaign_ctr_index campaign_visitor_share campaign_order_share
        campaign_order_conversion_rate new_campaign_visitor_ratio organic_visitor_share
        paid_visitor_share paid_conversion_rate pages_per_visitor registration_rate message_rate
        cart_rate favourite_rate funnel_order_rate funnel_payment_rate search_rank
        social_followers""",
    "marketing": """campaigns_run campaign_quality campaign_target_attainment roi ad_cost
        cost_per_order cost_per_click budget_use_rate campaign_applications campaign_approval_rate
        campaign_review_on_time_rate campaign_creativity resource_integration campaign_flow_design
        media_placements channel_partners_added channel_quality partner_accounts
        partner_quality""",
    "service": """inquiries inquiry_conversion_rate first_response_seconds
        average_response_seconds unanswered_rate satisfaction_rate service_attitude_score
        bad_reviews complaint_rate order_bounce_rate refund_dispute_rate quality_inspection_score
        service_slips knowledge_errors survey_score survey_score_shopping survey_score_product
        survey_score_after_sales survey_response_rate rectification_closed_rate
        rectification_feedback_rate after_sales_resolution_rate refund_hours
        late_parcel_followup_rate care_message_rate callback_rate parcel_query_closed_rate
        outbound_success_rate""",
    "fulfilment": """processing_hours processed_within_24h_rate cancel_rate return_rate
        exchange_rate refund_rate on_time_delivery_rate error_shipment_rate""",
    "merchandise": """stockout_rate supply_fill_rate new_sku_share inventory_turns
        sell_through_rate active_sku_rate dead_stock_rate hit_product_count life_stage_share
        category_breadth forecast_accuracy stock_days capital_turns warehouse_use_rate
        gross_margin_rate listing_on_time_rate supplier_on_time_rate supplier_defect_rate
        delivery_hours delivery_cost_per_order""",
    "design": """design_on_time_rate design_pass_rate design_satisfaction design_revisions
        asset_archived_rate page_description_execution shop_activity_execution""",
    "people": """attendance_faults discipline_faults training_hours staff_retention_rate
        turnover_rate report_on_time_rate suggestions_adopted team_building_score
        collaboration_score communication_skill analysis_ability team_satisfaction
        internal_customer_satisfaction supervisor_satisfaction""",
    "live": """live_sessions live_hours live_hours_per_day live_viewers viewers_per_session
        live_sales live_gross_profit live_sales_per_hour live_conversion_rate live_follow_rate
        live_dwell_seconds live_likes_per_viewer followers_gained""",
    "content": """copy_pieces_on_time_rate copy_pass_rate copy_errors market_info_gaps
        content_ctr""",
}
# Those marked `↓`, and what is derived from them.
LOWER = """operating_cost_rate bounce_rate search_rank ad_cost cost_per_order cost_per_click
    budget_use_rate first_response_seconds average_response_seconds unanswered_rate bad_reviews
    negative_feedback negative_feedback_rate complaint_rate order_bounce_rate refund_dispute_rate
    service_slips knowledge_errors
    refund_hours processing_hours cancel_rate return_rate exchange_rate return_exchange_rate
    refund_rate error_shipment_rate stockout_rate dead_stock_rate dead_stock_value_rate
    life_stage_share_decline stock_days supplier_defect_rate delivery_hours
    delivery_cost_per_order design_revisions attendance_faults discipline_faults turnover_rate
    copy_errors market_info_gaps"""
WITH_FORMULAS = ("sales", "traffic", "service", "fulfilment", "merchandise")
MEASURES = built_in_measures()


def test_the_catalogue_has_every_indicator_of_the_domain_in_its_family() -> None:
    catalogue = built_in_indicators()
    for family, codes in NAMED.items():
        for code in codes.split():
            assert catalogue[code].family == family, code


def test_families_that_facts_or_posted_measures_give_have_formulas() -> None:
    without = {
        code
        for code, one in built_in_indicators().items()
        if one.family in WITH_FORMULAS and one.formula is None
    }
    # Users cannot be added up over days, so nothing that is posted daily gives them.
    assert without == {"active_users"}


def test_every_formula_is_sound_and_every_entry_is_named_in_both_languages() -> None:
    for code, one in built_in_indicators().items():
        assert one.zh, code
        assert one.en, code
        assert (one.code, one.version) == (code, 0)
        if one.formula is not None:
            check_formula(parse_formula(one.formula), MEASURES)


def test_lower_is_better_where_the_domain_says_so() -> None:
    lower = {code for code, one in built_in_indicators().items() if one.better is Better.LOWER}
    assert lower == set(LOWER.split())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('visitors[salesperson = "e-1"]', "filter_unknown"),
        ('inquiries[channel = "search"]', "filter_not_kept"),
        ('stock_value[campaign = "x"]', "filter_not_kept"),
        ('buyers[campaign_age = "new"]', "filter_not_kept"),
        ('visitors[shop_kind = "virtual"]', "filter_value_unknown"),
        ('visitors[shop_age != "middle"]', "filter_value_unknown"),
        ("paid_amount + visitors", "units_differ"),
        ("paid_amount - processing_seconds", "units_differ"),
        ("1 - (paid_amount + visitors)", "units_differ"),
        ("paid_amount / (ad_cost - visitors)", "units_differ"),
    ],
)
def test_an_unsound_formula_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_formula(parse_formula(text), MEASURES)
    (fault,) = caught.value.faults
    assert (fault.pointer, fault.code) == ("/formula", code)


@pytest.mark.parametrize(
    "text",
    [
        "paid_amount + 100",
        "1 - paid_amount / ad_cost",
        "paid_amount / visitors + ad_cost / clicks",
        "visitors + ratings * 2",
        "processing_seconds / 3600 + 1",
        'inquiries[shop in ("a", "b")]',
        'visitors[campaign_age = "new", shop_kind = "online", shop_age != "new"]',
        "(2 + 3) * period_days",
    ],
)
def test_a_sound_formula_passes(text: str) -> None:
    check_formula(parse_formula(text), MEASURES)


def test_a_measure_that_is_not_known_is_named_with_its_place() -> None:
    with pytest.raises(Conflict) as caught:
        check_formula(parse_formula("paid_amount / calls"), MEASURES)
    (fault,) = caught.value.faults
    assert (fault.pointer, fault.code) == ("/formula", "unknown_measure")
    assert "'calls' (at character 15 " in fault.detail
    calls = own_measure("calls", zh="电话", en="Calls", unit=IndicatorUnit.COUNT)
    check_formula(parse_formula("paid_amount / calls"), {**MEASURES, "calls": calls})


def test_built_in_and_reserved_codes_are_not_the_tenants() -> None:
    for code in ("net_sales", "previous", "period_days", "in"):
        with pytest.raises(Conflict) as caught:
            check_own_code(code, built_in_indicators(), "indicator")
        assert caught.value.code == "built_in"
    check_own_code("my_sales", built_in_indicators(), "indicator")


def test_a_formula_names_the_days_its_facts_count_on() -> None:
    def days(text: str) -> tuple[str, ...]:
        return days_counted_on(parse_formula(text), MEASURES)

    assert days("paid_amount - refund_amount - cost_amount") == ("paid", "refunded")
    assert days("cancelled_orders / placed_orders") == ("placed",)
    assert days("shipped_orders") == ("shipped",)
    assert days("period_days") == ()


def test_values_are_posted_where_facts_alone_give_none() -> None:
    catalogue = built_in_indicators()
    posted = {code for code, one in catalogue.items() if takes_posted_values(one)}
    assert {"design_on_time_rate", "core_product_conversion_rate", "live_sales"} <= posted
    computed = {"net_sales", "visitors", "inventory_turns", "roi", "repurchase_rate_30"}
    assert not computed & posted
    assert takes_posted_values(replace(catalogue["net_sales"], formula="calls / visitors"))


@pytest.mark.parametrize(
    ("formula", "unit", "additive"),
    [
        ("paid_amount - refund_amount", "money", True),
        ("buyers", "count", True),
        ("2 * paid_amount / 3", "money", True),
        ("-(visitors + 2 * clicks) * 0.5", "count", True),
        ("live_seconds / 3600", "hours", True),
        ("calls", "count", True),
        ("paid_amount / paid_orders", "money", False),
        ("paid_amount * visitors", "money", False),
        ("paid_amount + 1", "money", False),
        ("3600 / processing_seconds", "hours", False),
        ("previous(paid_amount)", "money", False),
        ("social_followers", "count", False),
        ("paid_amount / period_days", "money", False),
        (None, "count", True),
        (None, "money", True),
        (None, "hours", True),
        (None, "ratio", False),
        (None, "score", False),
        (None, "seconds", False),
    ],
)
def test_sums_are_additive_and_ratios_are_not(
    formula: str | None, unit: str, *, additive: bool
) -> None:
    indicator = replace(
        built_in_indicators()["net_sales"], formula=formula, unit=IndicatorUnit(unit)
    )
    assert is_additive(indicator) is additive


def test_every_built_in_is_as_the_catalogue_states_it() -> None:
    stated = [(family, entry) for family in FAMILIES for entry in indicator_entries(family)]
    assert len(built_in_indicators()) == len(stated)
    for family, entry in stated:
        indicator = built_in_indicators()[str(entry["code"])]
        assert {name: getattr(indicator, name) for name in ("code", "zh", "en", "formula")} == {
            name: entry[name] for name in ("code", "zh", "en", "formula")
        }
        assert (indicator.unit.value, indicator.better.value) == (entry["unit"], entry["better"])
        assert (indicator.family, indicator.version) == (family, 0)
        assert indicator.note == entry.get("note")
        assert indicator.leading is entry.get("leading", False)
