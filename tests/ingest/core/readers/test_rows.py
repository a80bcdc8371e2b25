"""What every marketplace's rows have in common: when they last changed, whatever else is wrong."""

from datetime import UTC, datetime

import pytest

from services.ingest.flows.connectors import CONNECTORS
from services.schema.words import FactKind, Marketplace

ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS
AT = datetime(2026, 10, 31, 16, 0, 1, tzinfo=UTC)
CHINESE, GREENWICH = "2026-11-01 00:00:01", "2026-10-31T16:00:01"


@pytest.mark.parametrize(
    ("marketplace", "kind", "name", "value"),
    [
        (Marketplace.TMALL, ORDERS, "modified", CHINESE),
        (Marketplace.TMALL, REFUNDS, "modified", CHINESE),
        (Marketplace.TMALL, RATINGS, "created", CHINESE),
        (Marketplace.JD, ORDERS, "modified", CHINESE),
        (Marketplace.JD, REFUNDS, "modified", CHINESE),
        (Marketplace.PINDUODUO, ORDERS, "updated_at", CHINESE),
        (Marketplace.PINDUODUO, REFUNDS, "updated_time", CHINESE),
        (Marketplace.DOUYIN, ORDERS, "update_time", int(AT.timestamp())),
        (Marketplace.DOUYIN, REFUNDS, "update_time", int(AT.timestamp())),
        (Marketplace.AMAZON, ORDERS, "lastUpdatedTime", f"{GREENWICH}Z"),
        (Marketplace.AMAZON, ORDERS, "LastUpdateDate", f"{GREENWICH}Z"),
        (Marketplace.AMAZON, FactKind.TRAFFIC, "readAt", f"{GREENWICH}Z"),
        (Marketplace.SHOPIFY, ORDERS, "updatedAt", f"{GREENWICH}Z"),
        (Marketplace.SHOPIFY, REFUNDS, "createdAt", f"{GREENWICH}Z"),
        (Marketplace.SHOPIFY, FactKind.TRAFFIC, "readAt", f"{GREENWICH}Z"),
        (Marketplace.WOOCOMMERCE, ORDERS, "date_modified_gmt", GREENWICH),
        (Marketplace.WOOCOMMERCE, REFUNDS, "date_created_gmt", GREENWICH),
    ],
)
def test_a_row_at_fault_says_when_it_last_changed(
    marketplace: Marketplace, kind: FactKind, name: str, value: object
) -> None:
    reader = CONNECTORS[marketplace].reader
    assert reader.changed_at(kind, {name: value, "status": "of a new kind"}) == AT
    odd: tuple[object, ...] = (None, "", "yesterday", [], 10**30, True)
    for unreadable in odd:
        assert reader.changed_at(kind, {name: unreadable}) is None
    assert reader.changed_at(kind, {}) is None


def test_what_time_alone_has_completed_at_amazon_changed_then() -> None:
    row = {"lastUpdatedTime": "2026-10-01T16:00:01Z", "completedTime": f"{GREENWICH}Z"}
    assert CONNECTORS[Marketplace.AMAZON].reader.changed_at(ORDERS, row) == AT
