"""Graph of what the caller is asked to rate: of the cards of others the items in question alone."""

from typing import Self

import strawberry

from services.api.core.rule_documents import rule_to_wire
from services.api.flows import rating_requests as flow
from services.api.graph.context import GraphContext
from services.api.graph.documents import read_document
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.graph.schemes import Name, Rule
from services.schema.money import plain
from services.schema.words import RaterRole


@strawberry.type(description="An item to rate: its rule says which marks or levels there are.")
class AskedItem:
    item: str
    name: Name | None
    full_mark: DecimalText
    rule: Rule
    mark: DecimalText | None = strawberry.field(
        description="What the caller has given last; null where nothing yet, or a level."
    )
    level: int | None
    stated_at: InstantText | None

    @classmethod
    def from_shape(cls, asked: flow.AskedItem) -> Self:
        item = asked.item
        given = None if asked.given is None else asked.given.stated
        mark = None if given is None else given.mark
        return cls(
            item=item.code,
            name=None if item.name is None else Name(zh=item.name.zh, en=item.name.en),
            full_mark=DecimalText(asked.full_mark),
            rule=read_document(Rule, Rule.members(rule_to_wire(item.rule))),
            mark=None if mark is None else DecimalText(plain(mark)),
            level=None if given is None else given.level,
            stated_at=None if given is None else instant_text(given.stated_at),
        )


@strawberry.type(description="Whom the caller is asked to rate, and as what.")
class RatingRequest:
    scorecard: str
    cycle: str
    subject: str
    name: str
    role: RaterRole
    items: list[AskedItem]

    @classmethod
    def from_shape(cls, asked: flow.Asked) -> Self:
        request = asked.request
        return cls(
            scorecard=request.scorecard,
            cycle=request.cycle,
            subject=str(request.subject),
            name=asked.name,
            role=request.role,
            items=[AskedItem.from_shape(each) for each in asked.items],
        )


async def requests_of_caller(context: GraphContext) -> list[RatingRequest]:
    """What the caller is asked to rate in cycles that still take it; of a machine nothing."""
    context.authorize("REST GET /v1/rating-requests")
    employee = context.caller.employee
    if employee is None:
        return []
    async with context.read() as session:
        found = await flow.requests_of(session, employee)
    return [RatingRequest.from_shape(each) for each in found]
