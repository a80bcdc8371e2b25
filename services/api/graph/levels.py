"""Graph of levels: where people stand on ladders, as REST tells what was assessed."""

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.documents import parse, read_document
from services.api.graph.scalars import DayText, DecimalText, InstantText
from services.api.graph.schemes import Name
from services.schema.shapes.people import Subject
from services.schema.words import LineStatus, NoValue, Of, Scope, SubjectKind


@strawberry.type(description="A sample: its seed, and how many sessions were asked for and drawn.")
class DrawnSample:
    seed: str
    asked: int
    size: int
    of: int
    whole: bool = strawberry.field(description="Whether every session there is was taken.")


@strawberry.type(description="What was observed in a month; `holds` is null where nobody said.")
class SeenBehaviour:
    month: str
    holds: bool | None
    by: str | None
    at: InstantText | None


@strawberry.type(description="A criterion with its bound, its window, and what was found there.")
class CriterionCheck:
    criterion: str
    name: Name
    indicator: str | None
    behaviour: str | None
    of: Of | None
    scope: Scope | None
    at_least: DecimalText | None
    at_most: DecimalText | None
    months: int
    from_: DayText = strawberry.field(name="from")
    to: DayText
    definition_version: int | None
    value: DecimalText | None
    reason: NoValue | None
    target: DecimalText | None
    actual: DecimalText | None = strawberry.field(
        description="What the bound is held against: the value or the attainment."
    )
    sample: DrawnSample | None
    observations: list[SeenBehaviour] | None
    status: LineStatus
    holds: bool


@strawberry.type(description="A level, whether it is reached, and each of its criteria.")
class CheckedLevel:
    level: str
    name: Name
    holds: bool
    criteria: list[CriterionCheck]


@strawberry.type(description="A chat session by its source and id.")
class DrawnSession:
    source: str
    id: str


@strawberry.type(description="The sessions that were drawn for criteria of one window and size.")
class WindowSample:
    from_: DayText = strawberry.field(name="from")
    to: DayText
    asked: int
    size: int
    of: int
    sessions: list[DrawnSession]


@strawberry.type(description="A person's level for a month, and what keeps from the next one.")
class AssessedLevel:
    ladder: str
    ladder_version: int
    employee: str
    month: str
    level: str | None = strawberry.field(description="Null: not even the lowest.")
    next: str | None = strawberry.field(description="The level above; null at the top.")
    missing: list[CriterionCheck]
    levels: list[CheckedLevel]
    seed: str | None
    samples: list[WindowSample]
    revision: int
    assessed_by: str
    assessed_at: InstantText
    fingerprint: str


async def levels_of_employee(context: GraphContext, code: str) -> list[AssessedLevel] | None:
    """A person's level on each ladder by the newest assessment; null where the caller does not see
    the person's figures.
    """
    context.authorize("REST GET /v1/employees/{code}/levels")
    if not (await context.view()).sees(Subject(SubjectKind.EMPLOYEE, code)):
        return None
    found = await context.loaders.levels_by_employee.load(code)
    return [read_document(AssessedLevel, parse(document)) for document in found]
