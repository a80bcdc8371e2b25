"""REST of rewards and penalties in money: stated for a scorecard, listed, never edited."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.flows.pay_adjustments import state_adjustment
from services.api.rest.documents import bytes_of
from services.api.store.pay_adjustments import read_pay_adjustments
from services.api.store.people import read_tenant
from services.api.store.scorecards import read_card
from services.door.authors import Names, read_author_names
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import AmountIn, Currency, DecimalText, Instant, LongText, Model
from services.schema.db import ReadSession
from services.schema.errors import NotFound
from services.schema.money import fixed, minor_places
from services.schema.shapes.payouts import PayAdjustment
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import SubjectKind

router = new_router()

CardId = Annotated[str, Field(max_length=64)]


class AdjustmentIn(Model):
    """A reward (above 0) or a penalty (below), or the one that is taken back; and why."""

    amount: AmountIn | None = None
    withdraws: Annotated[str | None, Field(max_length=64)] = None
    reason: LongText

    @model_validator(mode="after")
    def _states_one(self) -> "AdjustmentIn":
        if (self.amount is None) == (self.withdraws is None):
            raise ValueError("either an amount or what it withdraws is expected")
        return self


class PayAdjustmentDocument(Model):
    """A reward or a penalty in money; one that withdraws has the opposite amount."""

    id: str
    amount: DecimalText
    currency: Currency
    reason: str
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    stated_at: Instant
    withdraws: str | None

    @classmethod
    def from_shape(
        cls, stated: PayAdjustment, currency: str, names: Names
    ) -> "PayAdjustmentDocument":
        return cls(
            id=stated.id,
            amount=fixed(stated.amount, minor_places(currency)),
            currency=currency,
            reason=stated.reason,
            author=stated.author,
            author_name=names.get(stated.author),
            stated_at=stated.stated_at,
            withdraws=stated.withdraws,
        )


@router.post("/v1/scorecards/{id}/payouts", status_code=201)
async def post_adjustment(
    id: CardId, stated: AdjustmentIn, caller: Asking, session: Writing
) -> PayAdjustmentDocument:
    """State a reward or a penalty in money, until the cycle is approved; the result pays the sum.

    The scheme must have a plan `adjustment`. Nothing is edited: it is withdrawn by one more.
    """
    at = datetime.now(UTC)
    adjustment = await state_adjustment(
        session,
        await _card(session, id),
        amount=stated.amount,
        withdraws=stated.withdraws,
        reason=stated.reason,
        caller=caller,
        at=at,
    )
    currency = (await read_tenant(session)).currency
    view = await view_of(session, caller, at)
    names = await read_author_names(session, [adjustment.author], view)
    return PayAdjustmentDocument.from_shape(adjustment, currency, names)


@router.get("/v1/scorecards/{id}/payouts", response_model=Listed[PayAdjustmentDocument])
async def list_adjustments(
    request: Request, id: CardId, caller: Asking, session: Reading
) -> Response:
    """All that was stated for a card, oldest first: a hundred at most."""
    card = await _card(session, id)
    found = await read_pay_adjustments(session, card.cycle, card.subject.code)
    own = found.get(card.subject.code, [])
    currency = (await read_tenant(session)).currency
    view = await view_of(session, caller, datetime.now(UTC))
    names = await read_author_names(session, (each.author for each in own), view)
    items = [PayAdjustmentDocument.from_shape(each, currency, names) for each in own]
    page = Listed[PayAdjustmentDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


async def _card(session: ReadSession, card_id: str) -> Scorecard:
    card = await read_card(session, card_id)
    if card is None or card.subject.kind is not SubjectKind.EMPLOYEE:
        raise NotFound("scorecard of a person")
    return card
