"""How often one operation of a marketplace may be asked: so many at once, then so many a second."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal


class Allowance:
    """The calls of one operation for one shop; the marketplace may tell another rate."""

    def __init__(self, per_second: str, burst: int, now: Callable[[], datetime]) -> None:
        self._rate = Decimal(per_second)
        self._burst = Decimal(burst)
        self._left = Decimal(burst)
        self._now = now
        self._seen_at = now()

    def take(self) -> float:
        """Take a call; or how many seconds there are to wait until there is one."""
        at = self._now()
        seconds = Decimal((at - self._seen_at) // timedelta(milliseconds=1)) / 1000
        self._left = min(self._burst, self._left + max(seconds, Decimal(0)) * self._rate)
        self._seen_at = at
        if self._left >= 1:
            self._left -= 1
            return 0
        return float(((1 - self._left) / self._rate).quantize(Decimal("0.1"), ROUND_CEILING))

    def used_up(self) -> None:
        """Nothing is left: the call that was waited for is taken, or somebody else took them all.

        A clock may say otherwise, or stand.
        """
        self._left, self._seen_at = Decimal(0), self._now()

    def learn(self, stated: str | None) -> None:
        """The rate as an answer states it: a text, that may be missing or be no number at all."""
        if stated is not None and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", stated, re.ASCII):
            self._rate = Decimal(stated) or self._rate
