"""The catalogue of measures agrees with the tables that it is read from."""

from services.api.core.measures import (
    DISTINCT,
    KEPT,
    STOCK_STATED_DAYS,
    built_in_measures,
    column_of,
    own_measure,
    source_of,
    sources_of_presence,
)
from services.schema.catalogue import measure_entries
from services.schema.shapes.measures import Adds, Measure
from services.schema.tables.facts import measure_facts, stock_facts
from services.schema.tables.measures import (
    campaign_measures,
    chat_measures,
    order_measures,
    rating_measures,
    refund_measures,
    traffic_measures,
)
from services.schema.words import FactKind, IndicatorUnit

TABLES = {
    FactKind.ORDERS: order_measures,
    FactKind.REFUNDS: refund_measures,
    FactKind.RATINGS: rating_measures,
    FactKind.CHATS: chat_measures,
    FactKind.TRAFFIC: traffic_measures,
    FactKind.STOCK: stock_facts,
    FactKind.CAMPAIGNS: campaign_measures,
    FactKind.MEASURES: measure_facts,
}
KEYS = {"tenant_id", "day", "source", "measure", "modified_at", "content", "currency", "records"}


def test_every_measure_is_a_column_of_its_table() -> None:
    for measure in built_in_measures().values():
        columns = TABLES[measure.kind].c
        if measure.code not in DISTINCT:
            assert column_of(measure) in columns, measure.code
        assert set(measure.records) <= set(columns.keys()), measure.code
        assert measure.built_in


def test_every_column_is_a_measure() -> None:
    known = {(measure.kind, column_of(measure)) for measure in built_in_measures().values()}
    for kind, table in TABLES.items():
        columns = set(table.c.keys()) - KEYS - KEPT[kind]
        assert {column for column in columns if (kind, column) not in known} == set()


def test_what_a_kind_keeps_is_in_its_key() -> None:
    for kind, table in TABLES.items():
        dimensions = {"shop", "employee", "unit", "channel", "campaign"}
        assert KEPT[kind] == dimensions & {column.name for column in table.primary_key}, kind


def test_distinct_measures_say_so() -> None:
    said = {code for code, one in built_in_measures().items() if one.adds is Adds.DISTINCT}
    assert said == {*DISTINCT, STOCK_STATED_DAYS}
    assert {one.kind for code, one in built_in_measures().items() if code in DISTINCT} == {
        FactKind.ORDERS
    }


def test_only_stock_and_posted_measures_count_by_their_last_day() -> None:
    last = {one.kind for one in built_in_measures().values() if one.adds is Adds.LAST}
    assert last == {FactKind.STOCK, FactKind.MEASURES}


def test_every_measure_has_both_names_and_says_what_is_not_additive() -> None:
    for measure in built_in_measures().values():
        assert measure.zh
        assert measure.en
        assert measure.day
        if measure.adds in {Adds.DISTINCT, Adds.LAST}:
            assert measure.note, measure.code


def test_orders_and_refunds_vouch_for_each_other_and_a_posted_measure_for_itself() -> None:
    measures = built_in_measures()
    for code in ("paid_amount", "refund_amount", "buyers"):
        assert sources_of_presence(measures[code]) == ("orders", "refunds")
    assert sources_of_presence(measures["visitors"]) == ("traffic",)
    own = own_measure("calls", zh="电话", en="Calls", unit=IndicatorUnit.COUNT)
    assert sources_of_presence(own) == ("calls",)
    assert (source_of(own), column_of(own)) == ("calls", "amount")
    assert not own.built_in


def test_every_built_in_is_as_the_catalogue_states_it() -> None:
    stated = measure_entries()
    assert len(built_in_measures()) == len(stated)
    for entry in stated:
        measure = built_in_measures()[str(entry["code"])]
        assert {name: getattr(measure, name) for name in ("code", "zh", "en", "day")} == {
            name: entry[name] for name in ("code", "zh", "en", "day")
        }
        assert (measure.kind.value, measure.adds.value) == (entry["kind"], entry["adds"])
        assert measure.unit.value == entry["unit"]
        assert list(measure.records) == entry.get("records", [])
        assert (measure.note, measure.built_in) == (entry.get("note"), True)


def test_a_tenants_own_measure_is_what_is_posted_under_its_name() -> None:
    own = own_measure("calls", zh="电话", en="Calls", unit=IndicatorUnit.COUNT)
    assert own == Measure(
        code="calls",
        kind=FactKind.MEASURES,
        adds=Adds.POSTED,
        unit=IndicatorUnit.COUNT,
        zh="电话",
        en="Calls",
        day="stated",
        built_in=False,
    )
