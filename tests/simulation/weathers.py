"""What the world is like in one seed: how often each thing goes wrong, from never to heavily."""

from dataclasses import dataclass, fields, replace
from random import Random

HOUR = 3600.0
LARGEST_SKEW = 180
_SHARES = (0.0, 0.0, 0.0, 0.02, 0.08, 0.25)
BEHIND = 0.15
"""Of the seeds, whose copies are behind as often as can be."""


@dataclass(slots=True)
class Weather:
    """Shares of calls, commits or rows; seconds where the name says so."""

    throttled: float = 0.0
    """The marketplace's own ban."""
    too_many: float = 0.0
    """HTTP 429, with Retry-After in one of its forms."""
    failing: float = 0.0
    """HTTP 5xx."""
    cut: float = 0.0
    stalled: float = 0.0
    garbled: float = 0.0
    hollow: float = 0.0
    """A page of some that comes without its rows."""
    heavy: float = 0.0
    doubled: float = 0.0
    """Rows twice on a page, and beside an older self."""
    shuffled: float = 0.0
    moving: float = 0.0
    """A row of the page changes as soon as it was read."""
    lagging: float = 0.0
    """An answer from a copy that is behind."""
    late: float = 0.0
    """Changes that are seen only after a while."""
    poisoned: float = 0.0
    """Rows in words that nobody knows."""
    lost_before: float = 0.0
    """Commits that fail and take no effect."""
    lost_after: float = 0.0
    """Commits that take effect and are said to have failed."""
    kills_an_hour: float = 0.0
    backfills_an_hour: float = 0.0
    """Days that an operator lets read again."""
    asleep: float = 0.0
    """Calls after which a worker sleeps, perhaps past its lease."""
    skew_seconds: int = 0
    """Of the marketplace's clock."""
    workers: int = 1
    page_size: int = 4
    every_seconds: int = 1200
    span_seconds: float = 2 * HOUR
    orders: int = 12
    is_hasty: bool = False
    """What happens to an order happens within seconds."""
    outage: tuple[float, float] | None = None
    revoked: tuple[float, float] | None = None

    def told(self) -> str:
        """Whatever is not as in fair weather, in one line."""
        parts = []
        for each in fields(self):
            value = getattr(self, each.name)
            if value not in (0.0, None, ()):
                parts.append(f"{each.name}={value:g}" if isinstance(value, float) else
                             f"{each.name}={value}")  # fmt: skip
        return " ".join(parts)


def draw_weather(chance: Random) -> Weather:
    """Each fault by itself; one seed in ten has none."""
    weather = Weather(
        workers=chance.choice((1, 2)),
        page_size=chance.choice((2, 3, 5, 40)),
        every_seconds=chance.choice((150, 150, 600, 1800)),
        span_seconds=chance.uniform(1, 3) * HOUR,
        orders=chance.randint(3, 20),
        is_hasty=chance.random() < 0.6,
    )
    if weather.every_seconds < 200:
        weather.span_seconds *= 0.4
    if chance.random() < 0.1:
        return weather
    for each in fields(weather):
        if each.type is float and not each.name.endswith(("seconds", "hour")):
            setattr(weather, each.name, chance.choice(_SHARES))
    moving: tuple[float, ...] = (0.0, 0.0, 0.1, 0.4)
    lagging: tuple[float, ...] = (0.0, 0.0, 0.2, 0.5)
    if chance.random() < BEHIND:
        # Copies that are behind, rows that move and rows that are mended meet too seldom by chance.
        weather.orders, weather.page_size = 20, 2
        weather.every_seconds = chance.choice((150, 1800))
        weather.poisoned = 0.25
        moving, lagging = (0.4,), (0.5,)
    weather.hollow = chance.choice((0.0, 0.0, 0.1, 0.4))
    weather.moving = chance.choice(moving)
    weather.lagging = chance.choice(lagging)
    weather.backfills_an_hour = chance.choice((0.0, 0.0, 0.0, 2.0))
    weather.kills_an_hour = chance.choice((0.0, 0.0, 0.5, 4.0))
    weather.asleep = chance.choice((0.0, 0.03, 0.1)) if weather.workers > 1 else 0.0
    weather.skew_seconds = chance.choice(
        (0, 0, chance.randint(1, LARGEST_SKEW), -chance.randint(1, LARGEST_SKEW))
    )
    span = weather.span_seconds
    if chance.random() < 0.15:
        begin = chance.uniform(0, span)
        days = 24 if chance.random() < 0.05 else 1
        length = chance.uniform(0.3, 1.5) * HOUR * days
        weather.outage = begin, begin + length
        weather.span_seconds = span = max(span, begin + length)
    if chance.random() < 0.15:
        begin = chance.uniform(0, span)
        weather.revoked = begin, begin + chance.uniform(0.1, 0.5) * span
    return weather


MOST_ORDERS, LONGEST_SPAN = 8, 2400.0


def smaller(weather: Weather) -> Weather:
    """The same faults in less time, where each transaction costs a thousandth of a second."""
    span = min(weather.span_seconds, LONGEST_SPAN)

    def shorter(stretch: tuple[float, float] | None) -> tuple[float, float] | None:
        if stretch is None:
            return None
        share = span / weather.span_seconds
        return stretch[0] * share, stretch[1] * share

    return replace(
        weather,
        span_seconds=span,
        orders=min(weather.orders, MOST_ORDERS),
        every_seconds=min(max(weather.every_seconds, 300), 600),
        kills_an_hour=weather.kills_an_hour * 4,
        backfills_an_hour=weather.backfills_an_hour * 4,
        outage=shorter(weather.outage),
        revoked=shorter(weather.revoked),
    )
