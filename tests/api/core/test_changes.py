"""A change is told by the fields that differ, in values that JSON has."""

from datetime import UTC, date, datetime
from decimal import Decimal

from services.api.core.changes import change_of
from services.schema.shapes.people import (
    ApiKey,
    Assignment,
    Employee,
    Shop,
    ShopShare,
)
from services.schema.words import Role, ShopKind

SHOP = Shop("s", "店", None, "UTC", "CNY", ShopKind.ONLINE, date(2020, 2, 29))


def test_a_creation_has_nothing_before() -> None:
    assert change_of(None, SHOP) == {
        "before": None,
        "after": {
            "code": "s",
            "name": "店",
            "marketplace": None,
            "timezone": "UTC",
            "currency": "CNY",
            "kind": "online",
            "opened_on": "2020-02-29",
        },
    }


def test_what_stays_is_not_told() -> None:
    other = Shop("s", "铺", None, "UTC", "CNY", ShopKind.ONLINE, None)
    assert change_of(SHOP, other) == {
        "before": {"name": "店", "opened_on": "2020-02-29"},
        "after": {"name": "铺", "opened_on": None},
    }
    assert change_of(SHOP, SHOP) == {"before": {}, "after": {}}


def test_decimals_instants_and_parts_are_plain() -> None:
    share = ShopShare("s", Decimal("33.3300"))
    held = Assignment("agent", "u", (share,), date(2026, 1, 1), None)
    after = change_of(None, Employee("e", "e", None, None, None, (held,)))["after"]
    assert isinstance(after, dict)
    assert after["assignments"] == [
        {
            "position": "agent",
            "unit": "u",
            "shops": [{"shop": "s", "share": "33.33"}],
            "start": "2026-01-01",
            "end": None,
        }
    ]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    made = change_of(None, ApiKey("k", Role.HR, None, at, None, None))["after"]
    assert isinstance(made, dict)
    assert (made["role"], made["created_at"]) == ("hr", "2026-01-01T00:00:00+00:00")
