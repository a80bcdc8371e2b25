"""The made-up company's promotions: three a month in each shop, each on days of its own."""

from dataclasses import dataclass
from datetime import date, timedelta

from sandbox.shops import SHOPS, Shop


@dataclass(frozen=True, slots=True)
class Campaign:
    """A promotion of one shop; its id is the marketplace's own activity number."""

    id: str
    shop: str
    name: str
    starts_on: date
    ends_on: date
    """The last day; a promotion is stated with both of its days."""
    target: int
    cost: int


_SOME_DAYS = timedelta(days=4)
_SILENT = {"jd", "pinduoduo", "douyin"}
"""Where an order does not say which promotion it came by; these shops run none."""

# First and last day in the month, and the name.
_CALENDAR = ((3, 9, "月初焕新"), (12, 18, "会员周"), (21, 27, "月末满减"))


def campaigns_of(shop: Shop, month: date) -> tuple[Campaign, ...]:
    """The promotions of a shop that start in a month."""
    if shop.marketplace in _SILENT:
        return ()
    return tuple(
        Campaign(
            id=f"mjs-{month:%Y%m}{number}{shop.number}",
            shop=shop.code,
            name=f"{month.month} 月{name}",
            starts_on=month.replace(day=first),
            ends_on=month.replace(day=last),
            target=int(shop.orders) * 7 * 220,
            cost=int(shop.orders) * 60,
        )
        for number, (first, last, name) in enumerate(_CALENDAR, start=1)
    )


def campaign_on(shop: Shop, day: date) -> Campaign | None:
    """The promotion that runs in a shop on a day."""
    for campaign in campaigns_of(shop, day.replace(day=1)):
        if campaign.starts_on <= day <= campaign.ends_on:
            return campaign
    return None


def campaigns_between(first: date, end: date) -> list[Campaign]:
    """Every promotion that has started by the end."""
    found: list[Campaign] = []
    month = first.replace(day=1)
    while month < end:
        found += [
            campaign
            for shop in SHOPS
            for campaign in campaigns_of(shop, month)
            if campaign.starts_on < end
        ]
        month = (month.replace(day=28) + _SOME_DAYS).replace(day=1)
    return found
