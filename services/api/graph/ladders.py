"""Graph of ladders of levels: what each level asks for, what was observed, who was assessed how."""

import strawberry

from services.api.graph.authors import WHO, name_author
from services.api.graph.context import Asked, GraphContext
from services.api.graph.documents import parse, read_document
from services.api.graph.levels import AssessedLevel
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.graph.schemes import Name
from services.api.store.ladders import (
    ObservationFilter,
    read_ladder,
    read_page_of_ladders,
    read_page_of_observations,
)
from services.api.store.levels import AssessmentFilter, read_page_of_assessments
from services.schema.shapes.levels import Assessment, KeptLadder, Observation
from services.schema.words import Of, Scope


@strawberry.type(description="So many chat sessions are drawn, all of them where there are fewer.")
class SampleSize:
    size: int


@strawberry.type(description="An indicator within a bound, or a behaviour that people observe.")
class Criterion:
    code: str
    name: Name
    indicator: str | None
    behaviour: str | None
    of: Of | None
    scope: Scope | None
    at_least: DecimalText | None
    at_most: DecimalText | None
    months: int = strawberry.field(description="How many whole months it looks back.")
    sample: SampleSize | None


@strawberry.type(description="A level with its criteria; without any everyone has it.")
class LadderLevel:
    code: str
    name: Name
    criteria: list[Criterion]


@strawberry.type(description="A version of a ladder; it never changes.")
class Ladder(Node):
    code: str
    version: int
    template: str | None = strawberry.field(description="What its first version was copied from.")
    changed_at: InstantText
    name: Name
    positions: list[str] = strawberry.field(description="Whose people are assessed; none: all.")
    levels: list[LadderLevel] = strawberry.field(description="The best first.")
    note: str | None

    @classmethod
    def from_shape(cls, kept: KeptLadder) -> "Ladder":
        return read_document(
            cls,
            parse(kept.document),
            id=node_id("ladder", kept.code),
            code=kept.code,
            version=kept.version,
            template=kept.template,
            changed_at=instant_text(kept.made_at),
        )


@strawberry.type(description="What somebody did in a month, or did not; the last revision holds.")
class LevelObservation:
    employee: str
    behaviour: str
    month: str
    holds: bool
    comment: str | None
    observer: str | None
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    observed_at: InstantText
    revision: int

    @classmethod
    def from_shape(cls, observation: Observation) -> "LevelObservation":
        stated = observation.stated
        return cls(
            employee=stated.employee,
            behaviour=stated.behaviour,
            month=stated.month,
            holds=stated.holds,
            comment=stated.comment,
            observer=observation.observer,
            author=observation.author,
            observed_at=instant_text(observation.observed_at),
            revision=observation.revision,
        )


async def ladders(info: Asked, first: First = USUAL, after: After = None) -> Connection[Ladder]:
    """The newest version of each ladder, in the order of codes."""
    context = info.context
    context.authorize("REST GET /v1/ladders")
    page = listing(context, "ladders", first, after, length=1)
    async with context.read() as session:
        found, total = await read_page_of_ladders(
            session, after=page.after[0] if page.after else None, limit=page.limit
        )
    return page.show(found, total, node=Ladder.from_shape, place=lambda ladder: [ladder.code])


async def ladder(info: Asked, code: str, version: int | None = None) -> Ladder | None:
    """A version of a ladder; without one the newest."""
    return await find_ladder(info.context, code, version)


async def find_ladder(
    context: GraphContext, code: str, version: int | None = None
) -> Ladder | None:
    """A ladder by its code."""
    context.authorize("REST GET /v1/ladders/{code}")
    async with context.read() as session:
        found = await read_ladder(session, code, version)
    return None if found is None else Ladder.from_shape(found)


async def assessments(
    info: Asked,
    *,
    ladder: str,
    employee: str | None = None,
    month: str | None = None,
    level: str | None = None,
    history: bool = False,
    first: First = USUAL,
    after: After = None,
) -> Connection[AssessedLevel] | None:
    """The levels of the people whom the caller sees, the newest month first; with `history` also
    those that were replaced. Null where there is no such ladder.
    """
    context = info.context
    context.authorize("REST GET /v1/ladders/{code}/assessments")
    page = listing(context, f"assessments by {ladder}", first, after, length=4)
    view = await context.view()
    wanted = AssessmentFilter(
        employees=None if view.whole else view.employees,
        employee=employee,
        ladder=ladder,
        month=month,
        level=level,
        history=history,
    )
    last = page.after
    place = (last[0], last[1], last[2], int(last[3])) if last else None
    async with context.read() as session:
        if await read_ladder(session, ladder) is None:
            return None
        found, total = await read_page_of_assessments(
            session, wanted, after=place, limit=page.limit
        )
    return page.show(found, total, node=_assessed, place=_place_of_assessed)


async def observations(
    info: Asked,
    *,
    ladder: str,
    employee: str | None = None,
    month: str | None = None,
    history: bool = False,
    first: First = USUAL,
    after: After = None,
) -> Connection[LevelObservation] | None:
    """What was observed of the people whom the caller sees; with `history` also what was replaced.
    Null where there is no such ladder.
    """
    context = info.context
    context.authorize("REST GET /v1/ladders/{code}/observations")
    page = listing(context, f"observations for {ladder}", first, after, length=4)
    view = await context.view()
    wanted = ObservationFilter(
        ladder=ladder,
        employees=None if view.whole else view.employees,
        employee=employee,
        month=month,
        history=history,
    )
    last = page.after
    place = (last[0], last[1], last[2], int(last[3])) if last else None
    async with context.read() as session:
        if await read_ladder(session, ladder) is None:
            return None
        found, total = await read_page_of_observations(
            session, wanted, after=place, limit=page.limit
        )
    return page.show(found, total, node=LevelObservation.from_shape, place=_place_of_observed)


def _assessed(kept: Assessment) -> AssessedLevel:
    return read_document(AssessedLevel, parse(kept.document))


def _place_of_assessed(kept: Assessment) -> list[str]:
    return [kept.month, kept.ladder, kept.employee, str(kept.revision)]


def _place_of_observed(kept: Observation) -> list[str]:
    stated = kept.stated
    return [stated.employee, stated.behaviour, stated.month, str(kept.revision)]
