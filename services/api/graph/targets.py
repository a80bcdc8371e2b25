"""Graph of targets: what an indicator should reach, for a subject and a period."""

import strawberry

from services.api.graph.arguments import subject_of
from services.api.graph.authors import WHO, name_author
from services.api.graph.context import Asked
from services.api.graph.indicators import Indicator, find_indicator
from services.api.graph.nodes import link
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.store.targets import TargetFilter, read_page_of_targets
from services.schema.money import plain
from services.schema.shapes import targets as shapes
from services.schema.words import TargetLevel


@strawberry.type(description="A target as it was set; the highest revision holds.")
class Target:
    subject: str
    indicator: str
    period: str
    level: TargetLevel
    value: DecimalText
    reason: str | None
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    set_at: InstantText
    revision: int

    @link("What the indicator means.")
    async def definition(self, info: Asked) -> Indicator | None:
        return await find_indicator(info.context, self.indicator)

    @classmethod
    def from_shape(cls, target: shapes.Target) -> "Target":
        return cls(
            subject=str(target.subject),
            indicator=target.indicator,
            period=target.period,
            level=target.level,
            value=DecimalText(plain(target.value)),
            reason=target.reason,
            author=target.author,
            set_at=instant_text(target.set_at),
            revision=target.revision,
        )


async def targets(
    info: Asked,
    *,
    subject: str | None = None,
    indicator: str | None = None,
    period: str | None = None,
    history: bool = False,
    first: First = USUAL,
    after: After = None,
) -> Connection[Target]:
    """The targets in force that the caller sees, with `history` also those that they replaced."""
    context = info.context
    context.authorize("REST GET /v1/targets")
    view = await context.view()
    page = listing(context, "targets", first, after, length=6)
    subjects = view.subjects()
    if subject is not None:
        stated = subject_of(subject)
        subjects = frozenset({stated}) if view.sees(stated) else frozenset()
    last = page.after
    place = (last[0], last[1], last[2], last[3], last[4], int(last[5])) if last else None
    wanted = TargetFilter(subjects, indicator, period, history=history)
    async with context.read() as session:
        found, total = await read_page_of_targets(session, wanted, after=place, limit=page.limit)
    return page.show(found, total, node=Target.from_shape, place=_place)


def _place(target: shapes.Target) -> list[str]:
    subject = target.subject
    key = [subject.kind.value, subject.code, target.indicator, target.period, target.level.value]
    return [*key, str(target.revision)]
