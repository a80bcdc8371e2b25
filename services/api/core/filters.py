"""Filters: which facts a formula's conditions let pass, once shops and the period are known."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from services.api.core.measures import CAMPAIGN, SHOP
from services.schema.days import Period
from services.schema.shapes.measures import Condition, DailySum
from services.schema.shapes.people import Shop

NEW, OLD = "new", "old"
NEW_SHOP_DAYS = 365
"""A shop is new if it opened within so many days before the end of the period."""

FirstUses = Mapping[tuple[str, str], date]
"""By shop and campaign."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Conditions on what rows carry, and those that ask for a campaign's first day."""

    conditions: tuple[Condition, ...]
    """On shop, channel and campaign: what shops are is looked up already."""
    ages: tuple[Condition, ...]
    """On the age of a campaign."""
    start: date
    end: date
    """The period: a campaign is new that is first used in it."""

    @property
    def dimensions(self) -> frozenset[str]:
        """What rows must tell apart for this filter."""
        aged = {SHOP, CAMPAIGN} if self.ages else set()
        return frozenset({condition.dimension for condition in self.conditions} | aged)

    def passes(self, row: DailySum, first_uses: FirstUses) -> bool:
        """Whether a row's facts meet every condition."""
        for condition in self.conditions:
            if (getattr(row, condition.dimension) in condition.values) is condition.negated:
                return False
        if not self.ages:
            return True
        age = self._age(first_uses.get((row.shop, row.campaign)))
        return all((age in condition.values) is not condition.negated for condition in self.ages)

    def _age(self, first: date | None) -> str | None:
        """New or old; null where no campaign is, or its first use is unknown or to come."""
        if first is None or first >= self.end:
            return None
        return NEW if first >= self.start else OLD


def resolve(conditions: Collection[Condition], shops: Mapping[str, Shop], period: Period) -> Filter:
    """The filter of some conditions over a period: what shops are becomes which shops."""
    plain = [one for one in conditions if one.dimension in {"shop", "channel", "campaign"}]
    about_shops = [one for one in conditions if one.dimension in {"shop_kind", "shop_age"}]
    return Filter(
        conditions=(*plain, *(_which_shops(one, shops, period) for one in about_shops)),
        ages=tuple(one for one in conditions if one.dimension == "campaign_age"),
        start=period.start,
        end=period.end,
    )


def _which_shops(condition: Condition, shops: Mapping[str, Shop], period: Period) -> Condition:
    by_kind = condition.dimension == "shop_kind"
    matching = (
        shop.code
        for shop in shops.values()
        if (shop.kind if by_kind else _age_of(shop, period)) in condition.values
    )
    return Condition(SHOP, tuple(sorted(matching)), negated=condition.negated)


def _age_of(shop: Shop, period: Period) -> str:
    """A shop without a day of opening is old."""
    newest = period.end - timedelta(days=NEW_SHOP_DAYS)
    return NEW if shop.opened_on is not None and shop.opened_on >= newest else OLD
