"""Graph of targets broken down: a whole beside its parts, as REST tells it."""

from decimal import Decimal

import strawberry

from services.api.flows.breakdown import compare_targets
from services.api.flows.indicators import known_subjects
from services.api.graph.arguments import subject_of
from services.api.graph.context import Asked
from services.api.graph.scalars import DecimalText
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes import targets as shapes
from services.schema.shapes.people import Subject
from services.schema.words import Parts, TargetLevel

strawberry.enum(Parts, name="TargetParts", description=Parts.__doc__)


@strawberry.type(description="A part, and its target in force.")
class TargetPart:
    subject: str
    period: str
    value: DecimalText | None

    @classmethod
    def from_shape(cls, subject: Subject, period: str, value: DecimalText | None) -> "TargetPart":
        return cls(subject=str(subject), period=period, value=value)


@strawberry.type(description="The parts of one level beside their whole.")
class TargetDifferenceLevel:
    level: TargetLevel
    whole: DecimalText | None
    sum: DecimalText
    difference: DecimalText | None = strawberry.field(description="What no part has.")
    parts: list[TargetPart]

    @classmethod
    def from_shape(cls, level: shapes.PartsOfTarget) -> "TargetDifferenceLevel":
        def text(value: Decimal | None) -> DecimalText | None:
            return None if value is None else DecimalText(plain(value))

        return cls(
            level=level.level,
            whole=text(level.whole),
            sum=DecimalText(plain(level.sum)),
            difference=text(level.difference),
            parts=[
                TargetPart.from_shape(subject, period, text(value))
                for subject, period, value in level.parts
            ],
        )


@strawberry.type(description="A target and its parts of one kind, level by level.")
class TargetDifference:
    subject: str
    indicator: str
    period: str
    into: Parts
    complete: bool = strawberry.field(description="Whether the caller sees every part.")
    levels: list[TargetDifferenceLevel]


async def target_differences(
    info: Asked, *, subject: str, indicator: str, period: str, into: Parts | None = None
) -> list[TargetDifference]:
    """A target beside the sum of its parts; without `into` all that have a target."""
    context = info.context
    context.authorize("REST GET /v1/targets/differences")
    stated, view = subject_of(subject), await context.view()
    async with context.read() as session:
        if not view.sees(stated) or stated not in await known_subjects(session, [stated]):
            raise NotFound("subject")
        found = await compare_targets(session, (stated, period), indicator, into=into, view=view)
    return [
        TargetDifference(
            subject=str(stated),
            indicator=indicator,
            period=period,
            into=compared.into,
            complete=compared.complete,
            levels=[TargetDifferenceLevel.from_shape(level) for level in compared.levels],
        )
        for compared in found
    ]
