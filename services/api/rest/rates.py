"""REST of the rates of exchange."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Body, Request
from pydantic import Field

from services.api.flows.rates import put_rates
from services.api.rest.batches import MOST_ROWS
from services.api.store.rates import read_page_of_rates
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Currency, Day, DecimalText, Model, RateIn
from services.schema.money import plain
from services.schema.shapes.people import Rate

router = new_router()

From = Annotated[Currency, Field(alias="from")]


class StatedRate(Model):
    """What one unit of `from` is worth in `to`, from a day until a later one is stated."""

    from_: From
    to: Currency
    day: Day
    rate: RateIn

    def to_shape(self) -> Rate:
        return Rate(self.from_, self.to, self.day, self.rate)


class RateDocument(Model):
    """A rate as it is kept."""

    from_: From
    to: Currency
    day: Day
    rate: DecimalText

    @classmethod
    def from_shape(cls, rate: Rate) -> "RateDocument":
        fields = {"from": rate.from_currency, "to": rate.to_currency, "day": rate.day}
        return cls.model_validate({**fields, "rate": plain(rate.rate)})


class RatesAnswer(Model):
    """How many rates came, and how many of them say something new."""

    received: int
    changed: int


@router.put("/v1/rates")
async def put_stated_rates(
    stated: Annotated[list[StatedRate], Body(min_length=1, max_length=MOST_ROWS)],
    caller: Asking,
    session: Writing,
) -> RatesAnswer:
    """State rates, all or none; another rate for the same day replaces the one before."""
    rates = [rate.to_shape() for rate in stated]
    changed = await put_rates(session, rates, caller=caller, at=datetime.now(UTC))
    return RatesAnswer(received=len(rates), changed=changed)


@router.get("/v1/rates")
async def list_rates(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[RateDocument]:
    last = decode_cursor(request, cursor, 3)
    after = (last[0], last[1], date.fromisoformat(last[2])) if last else None
    rates, total = await read_page_of_rates(session, after=after, limit=limit + 1)
    return page_of(
        request,
        rates,
        limit=limit,
        total=total,
        key=lambda rate: (rate.from_currency, rate.to_currency, rate.day.isoformat()),
        document=RateDocument.from_shape,
    )
