"""Graph of cycles: a scheme applied to a population in a period."""

import strawberry

from services.api.core.cycles import closes_at, pending_after_close
from services.api.graph.authors import WHO, name_author
from services.api.graph.calibrations import CycleDistribution, distribution_from
from services.api.graph.context import Asked, GraphContext
from services.api.graph.loaders import CycleNow, read_standing
from services.api.graph.nodes import Node, link, node_id
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DayText, InstantText, day_text, instant_text
from services.api.store.cycles import read_page_of_cycles
from services.schema.shapes import cycles as shapes
from services.schema.shapes.views import View
from services.schema.words import CycleStatus


@strawberry.type(description="Whom a cycle appraises: who meets all that is named, or the units.")
class Population:
    position: str | None
    unit: str | None
    employees: list[str] | None
    units: list[str] | None


@strawberry.type(description="One step of a cycle.")
class Move:
    number: int
    from_: CycleStatus = strawberry.field(name="from")
    to: CycleStatus
    reason: str | None
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    moved_at: InstantText

    @classmethod
    def from_shape(cls, move: shapes.Move) -> "Move":
        return cls(
            number=move.number,
            from_=move.from_status,
            to=move.to_status,
            reason=move.reason,
            author=move.author,
            moved_at=instant_text(move.moved_at),
        )


@strawberry.type(description="A cycle; who sees a part of the company is told of that part alone.")
class Cycle(Node):
    code: str
    scheme: str
    scheme_version: int | None
    period: str
    from_: DayText = strawberry.field(name="from")
    to: DayText
    population: Population | None = strawberry.field(description="Null for leads and employees.")
    timezone: str
    grace_days: int
    closes_at: InstantText = strawberry.field(
        description="The first instant at which data may be closed."
    )
    status: CycleStatus
    revision: int
    scorecards: int = strawberry.field(description="How many there are.")
    incomplete: int = strawberry.field(description="How many of them have no total.")
    pending_after_close: int = strawberry.field(
        description="How many of them facts came for after data were closed."
    )
    closed_at: InstantText | None
    published_at: InstantText | None
    moves: list[Move] | None = strawberry.field(description="Null for leads and employees.")

    @link("How grades are distributed; null for leads and employees, and without a quota.")
    async def distribution(self, info: Asked) -> CycleDistribution | None:
        context = info.context
        if not (await context.view()).whole:
            return None
        context.authorize("REST GET /v1/cycles/{code}/distribution")
        found = await context.loaders.distribution_by_cycle.load(self.code)
        return None if found is None else distribution_from(found)

    @classmethod
    def seen_in(cls, view: View, now: CycleNow) -> "Cycle":
        """As much of a cycle as a view shows."""
        cycle, tally = now.cycle, now.tally
        period, closed, published = cycle.period, cycle.closed_at, cycle.published_at
        return cls(
            id=node_id("cycle", cycle.code),
            code=cycle.code,
            scheme=cycle.scheme,
            scheme_version=cycle.scheme_version,
            period=period.code,
            from_=day_text(period.start),
            to=day_text(period.end),
            population=_population(cycle.population) if view.whole else None,
            timezone=cycle.timezone,
            grace_days=cycle.grace_days,
            closes_at=instant_text(closes_at(cycle)),
            status=cycle.status,
            revision=cycle.revision,
            scorecards=tally.scorecards,
            incomplete=tally.incomplete,
            pending_after_close=pending_after_close(cycle.status, tally.pending),
            closed_at=instant_text(closed) if closed else None,
            published_at=instant_text(published) if published else None,
            moves=None if now.moves is None else [Move.from_shape(move) for move in now.moves],
        )


async def cycles(info: Asked, first: First = USUAL, after: After = None) -> Connection[Cycle]:
    """All cycles, or for leads and employees those that hold a scorecard they may see."""
    context = info.context
    context.authorize("REST GET /v1/cycles")
    await context.settle()
    view = await context.view()
    page = listing(context, "cycles", first, after, length=1)
    last = page.after[0] if page.after else None
    async with context.read() as session:
        rows, total = await read_page_of_cycles(
            session, view.subjects(), after=last, limit=page.limit
        )
        standing = await read_standing(session, rows, view)
    return page.show(
        rows,
        total,
        node=lambda cycle: Cycle.seen_in(view, standing[cycle.code]),
        place=lambda cycle: [cycle.code],
    )


async def cycle(info: Asked, code: str) -> Cycle | None:
    """A cycle that the caller sees."""
    return await find_cycle(info.context, code)


async def find_cycle(context: GraphContext, code: str) -> Cycle | None:
    """A cycle by its code, as far as the caller sees it."""
    context.authorize("REST GET /v1/cycles/{code}")
    await context.settle()
    found = await context.loaders.cycle_by_code.load(code)
    return None if found is None else Cycle.seen_in(await context.view(), found)


def _population(population: shapes.Population) -> Population:
    people, units = population.employees, population.units
    return Population(
        position=population.position,
        unit=population.unit,
        employees=None if people is None else list(people),
        units=None if units is None else list(units),
    )
