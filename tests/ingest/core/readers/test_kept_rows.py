"""What is kept of a row of any marketplace: all that is used as it came, the names of the rest."""

from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers import (
    amazon,
    doudian,
    jd,
    pinduoduo,
    shopify,
    taobao,
    woocommerce,
)
from services.ingest.core.readers.rows import kept
from services.schema.shapes.feeds import Known, Origin
from services.schema.words import FactKind
from services.schema.written import read_written, write_again
from tests.ingest.core.readers import (
    test_amazon,
    test_doudian,
    test_jd,
    test_pinduoduo,
    test_shopify,
    test_woocommerce,
)
from tests.ingest.core.readers.test_woocommerce_stock import day, shelf
from tests.ingest.core.readers.trades import refund, trade

SEAL = sealer(b"0" * 32, 1)
ROWS: dict[ModuleType, dict[str, Any]] = {
    amazon: dict(test_amazon.order()),
    doudian: dict(test_doudian.order()),
    jd: dict(test_jd.order()),
    pinduoduo: dict(test_pinduoduo.order()),
    shopify: dict(test_shopify.order()),
    taobao: dict(trade()),
    woocommerce: dict(test_woocommerce.order()),
}
BUYERS = {
    amazon: "buyer", doudian: "doudian_open_id", jd: "open_id_buyer", shopify: "customer",
    taobao: "buyer_open_uid", woocommerce: "customer_id",
}  # fmt: skip
OTHERS: list[tuple[ModuleType, FactKind, dict[str, Any]]] = [
    (amazon, FactKind.ORDERS, dict(test_amazon.old_order())),
    (amazon, FactKind.TRAFFIC, dict(test_amazon.visits(5))),
    (doudian, FactKind.REFUNDS, dict(test_doudian.refund())),
    (jd, FactKind.REFUNDS, dict(test_jd.returned())),
    (jd, FactKind.REFUNDS, dict(test_jd.cancelled())),
    (pinduoduo, FactKind.REFUNDS, dict(test_pinduoduo.refund())),
    (shopify, FactKind.TRAFFIC, dict(test_shopify.visits())),
    (taobao, FactKind.REFUNDS, dict(refund())),
    (
        woocommerce,
        FactKind.STOCK,
        dict(day(shelf("A", 1))),
    ),
]
ODD = [
    *("true", "1e3", "[]", "[1]", "{}", '{"id":[1],"buyerEmail":1.5}', "null", '""', "NaN", "-0"),
    *('[{"id":1}]', "99999999999999999999999", '"\\ud800"'),
]


def test_values_stay_as_they_were_written_and_other_names_are_told() -> None:
    row = read_written(
        '{"id":1,"paid":1.10,"nick":"x","lines":[{"id":1e1,"mobile":"1"},{"id":2}],'
        '"paid":1e3,"1 street":"x","2 street":"x"}'
    )
    assert write_again(kept(row, {"id", "paid", "lines"})) == (
        '{"id":1,"paid":1.10,"paid":1e3,"lines":[{"id":1e1,"withheld":["mobile"]},{"id":2}],'
        '"withheld":["nick","*"]}'
    )


def test_what_a_name_says_twice_is_withheld_in_each() -> None:
    row = read_written('{"lines":{"id":1,"nick":"x"},"lines":[{"nick":"y"}]}')
    text = write_again(kept(row, {"id", "lines"}))
    assert text == (
        '{"lines":{"id":1,"withheld":["nick"]},"lines":[{"withheld":["nick"]}]}'
    )  # fmt: skip


def places_in(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a row; of a list its first value is enough."""
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for name, each in inner:
        yield (name,)
        if isinstance(each, dict | list):
            yield from ((name, *rest) for rest in places_in(each))


def with_odd(row: Any, place: tuple[str | int, ...], odd: object) -> Any:
    whole = deepcopy(row)
    inner = whole
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = odd
    return whole


@pytest.mark.parametrize(
    ("reader", "kind", "row"),
    [(reader, FactKind.ORDERS, row) for reader, row in ROWS.items()] + OTHERS,
    ids=lambda each: getattr(each, "__name__", "").rpartition(".")[2] or str(each)[:8],
)
def test_a_row_that_is_odd_anywhere_is_at_fault_and_still_kept(
    reader: ModuleType, kind: FactKind, row: dict[str, Any]
) -> None:
    """One such row must not stop those beside it, wherever it is odd."""
    origin, known = Origin("x:shop", "shop", {}), Known({}, {}, {})
    beside: dict[str, Any] = dict.fromkeys((*BUYERS.values(), "meta_data"))
    whole = {**(beside if kind is FactKind.ORDERS else {}), **row}
    for place, odd in product(places_in(whole), ODD):
        changed = with_odd(whole, place, read_written(odd))
        reader.number_of(kind, changed)
        reader.changed_at(kind, changed)
        reader.lacks_detail(kind, changed, known)
        again: Any = read_written(write_again(reader.row_to_keep(changed, origin, SEAL)))
        for each in (changed, again):
            with suppress(Unfit):
                reader.read_fact(kind, each, origin, known)


@pytest.mark.parametrize(("reader", "name"), list(BUYERS.items()), ids=list(BUYERS.values()))
def test_a_buyer_that_cannot_be_read_is_withheld_and_the_row_stays_at_fault(
    reader: ModuleType, name: str
) -> None:
    """Retried it must not land as a sale to nobody."""
    origin, known = Origin("x:shop", "shop", {}), Known({}, {}, {})
    for odd in (True, ["canary"], {"name": "canary"}, Decimal("1.5")):
        inner = {"buyer": "buyerEmail", "customer": "id"}.get(name)
        row = {**ROWS[reader], name: {inner: odd} if inner else odd}
        document = reader.row_to_keep(row, origin, SEAL)
        assert name in document["withheld"]
        assert "canary" not in str(document)
        for each in (row, document):
            with pytest.raises(Unfit):
                reader.read_fact(FactKind.ORDERS, each, origin, known)


def test_what_plugins_have_noted_stays_unreadable() -> None:
    row = {**ROWS[woocommerce], "meta_data": {"canary": 1}}
    origin, known = Origin("x:shop", "shop", {}), Known({}, {}, {})
    for each in (row, woocommerce.row_to_keep(row, origin, SEAL)):
        with pytest.raises(Unfit, match="meta_data"):
            woocommerce.read_fact(FactKind.ORDERS, each, origin, known)
