"""Values that cards are made of: of the facts as they are, but for what was upheld of a card."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from services.api.core.cards import CardPlan
from services.api.core.values import Prepared
from services.api.flows.values import read_explained
from services.schema.db import ReadSession
from services.schema.shapes.indicators import Explained, Wanted
from services.schema.shapes.people import Tenant

Values = Mapping[Wanted, Explained]


@dataclass(frozen=True, slots=True)
class CardValues:
    """The values of each card by its id, and whose facts of which days they asked for."""

    of: Mapping[str, Values]
    prepared: Mapping[Wanted, Prepared]


async def read_card_values(
    session: ReadSession,
    plans: Sequence[CardPlan],
    wanted: Mapping[str, Collection[Wanted]],
    *,
    tenant: Tenant,
    refunds_by_order: bool = False,
) -> CardValues:
    """What each card asks for, by its id: as many statements for one as for hundreds.

    A card of which a fact was contested and upheld is read once more by itself.
    """
    read = await read_explained(
        session,
        {one for own in wanted.values() for one in own},
        tenant=tenant,
        refunds_by_order=refunds_by_order,
    )
    own: dict[str, Values] = {}
    for plan in plans:
        if plan.stated.facts:
            changed = await read_explained(
                session,
                wanted[plan.card.id],
                tenant=tenant,
                changed=plan.stated.facts,
                refunds_by_order=refunds_by_order,
            )
            own[plan.card.id] = told_of(plan, read.values, changed.values)
    return CardValues(
        {plan.card.id: own.get(plan.card.id, read.values) for plan in plans}, read.prepared
    )


def told_of(plan: CardPlan, without: Values, now: Values) -> Values:
    """Values with changed facts: those that these make another say of which disputes it comes."""
    links = tuple(f"/v1/disputes/{each.dispute}" for each in plan.stated.facts if each.dispute)
    return {
        one: value
        if value == without[one]
        else replace(value, links=tuple(dict.fromkeys((*value.links, *links))))
        for one, value in now.items()
    }
