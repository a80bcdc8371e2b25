"""Graph of uses of results besides pay: rules over past grades, proposals, decisions."""

from typing import Self

import strawberry

from services.api.flows.uses import cards_looked_at, read_uses, shown_people
from services.api.graph.authors import WHO, name_author
from services.api.graph.context import Asked
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.graph.schemes import Name
from services.api.store.uses import read_use_rules
from services.schema.money import TOTAL_PLACES, fixed
from services.schema.shapes import uses as shapes
from services.schema.words import CycleKind

strawberry.enum(shapes.Use, description=shapes.Use.__doc__)
strawberry.enum(shapes.UseState, description=shapes.UseState.__doc__)


@strawberry.type(description="So many of these grades among the last ones propose a use.")
class UseRule:
    code: str
    name: Name
    use: shapes.Use
    position: str | None = strawberry.field(description="Of whom it speaks; null is everybody.")
    to: str | None
    cycle: CycleKind
    grades: list[str]
    at_least: int
    of_last: int
    active: bool

    @classmethod
    def from_shape(cls, rule: shapes.UseRule) -> Self:
        return cls(
            code=rule.code,
            name=Name(zh=rule.zh, en=rule.en),
            use=rule.use,
            position=rule.position,
            to=rule.to,
            cycle=rule.cycle,
            grades=list(rule.grades),
            at_least=rule.at_least,
            of_last=rule.of_last,
            active=rule.active,
        )


@strawberry.type(description="A result that a rule looked at, in its newest revision.")
class PastGrade:
    result: str
    cycle: str
    period: str
    grade: str | None
    total: DecimalText


@strawberry.type(description="What people decided, and why.")
class UseDecision:
    reason: str
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    decided_at: InstantText


@strawberry.type(description="What a rule proposes for somebody, on what grounds, and its fate.")
class ProposedUse:
    rule: str
    use: shapes.Use
    employee: str
    position: str | None
    to: str | None
    result: str = strawberry.field(
        description="The newest result looked at: the next one makes another proposal."
    )
    met: int
    grades: list[PastGrade] = strawberry.field(description="Those looked at, the newest first.")
    state: shapes.UseState
    decision: UseDecision | None

    @classmethod
    def from_shape(cls, shown: shapes.ShownUse) -> Self:
        proposal, decision = shown.proposal, shown.decision
        return cls(
            rule=proposal.rule,
            use=proposal.use,
            employee=proposal.employee,
            position=proposal.position,
            to=proposal.to,
            result=proposal.result,
            met=proposal.met,
            grades=[
                PastGrade(
                    result=past.result,
                    cycle=past.cycle,
                    period=past.period,
                    grade=past.grade,
                    total=DecimalText(fixed(past.total, TOTAL_PLACES)),
                )
                for past in proposal.grades
            ],
            state=shown.state,
            decision=None
            if decision is None
            else UseDecision(
                reason=decision.reason,
                author=decision.author,
                decided_at=instant_text(decision.decided_at),
            ),
        )


async def use_rules(
    info: Asked, *, first: First = USUAL, after: After = None
) -> Connection[UseRule]:
    """The rules that propose uses of results, in the order of their codes."""
    context = info.context
    context.authorize("REST GET /v1/use-rules")
    page = listing(context, "useRules", first, after, length=1)
    async with context.read() as session:
        known = await read_use_rules(session)
    codes = [code for code in sorted(known) if not page.after or code > page.after[0]]
    return page.show(
        [known[code][1] for code in codes[: page.limit]],
        len(known),
        node=UseRule.from_shape,
        place=lambda rule: [rule.code],
    )


async def uses(
    info: Asked,
    *,
    employee: str | None = None,
    rule: str | None = None,
    state: shapes.UseState | None = None,
    first: First = USUAL,
    after: After = None,
) -> Connection[ProposedUse]:
    """What rules propose by the grades published, and what was decided; a lead's of the team."""
    context = info.context
    context.authorize("REST GET /v1/uses")
    page = listing(context, "uses", first, after, length=3)
    people = shown_people(await context.view(), employee)
    async with context.read() as session:
        found = await read_uses(session, people, at=context.at, rule=rule, state=state)
        last = list(page.after) if page.after else None
        rest = [each for each in found if last is None or each.place > last]
        session.shown |= await cards_looked_at(session, rest[: page.first])
    return page.show(
        rest[: page.limit],
        len(found),
        node=ProposedUse.from_shape,
        place=lambda each: each.place,
    )
