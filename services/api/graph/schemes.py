"""Graph of schemes: drafts for who writes them, published versions for whom they score."""

from collections.abc import Mapping
from typing import Any

import strawberry

from services.api.core.lopsided import warnings_of
from services.api.core.views import writes_schemes
from services.api.flows.schemes import scheme_of
from services.api.graph.context import Asked, GraphContext
from services.api.graph.documents import parse, read_document
from services.api.graph.nodes import Node, node_id
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.api.store.schemes import (
    read_draft,
    read_page_of_drafts,
    read_page_of_published,
    read_published,
)
from services.schema.money import plain
from services.schema.shapes import schemes as shapes
from services.schema.shapes.drafts import Draft, Published
from services.schema.shapes.schemes import Lopsided
from services.schema.words import (
    Approver,
    CoefficientOf,
    CycleKind,
    GateOf,
    Missing,
    Of,
    PayPlan,
    RankedBy,
    RaterRole,
    RuleKind,
    Scope,
    TargetKind,
    TargetLevel,
)

strawberry.enum(Lopsided, description=Lopsided.__doc__)


@strawberry.type(description="A name in both languages.")
class Name:
    zh: str
    en: str


@strawberry.type(description="A condition, one bound of it stated, and the score that it gives.")
class Step:
    level: TargetLevel | None
    at_least: DecimalText | None
    at_most: DecimalText | None
    score: DecimalText


@strawberry.type(description="A role whose marks count, and its part of the whole.")
class Rater:
    role: RaterRole
    weight: DecimalText


@strawberry.type(description="The marks that a rater may give: both ends, and by steps between.")
class MarkScale:
    from_: DecimalText = strawberry.field(name="from")
    to: DecimalText
    step: DecimalText


@strawberry.type(description="A bound on an indicator's value or attainment.")
class RubricCondition:
    indicator: str
    of: Of
    at_least: DecimalText | None
    at_most: DecimalText | None
    below: DecimalText | None


@strawberry.type(description="Of a rating, a mark and its text; of a rubric, conditions and score.")
class RuleLevel:
    mark: DecimalText | None
    text: Name | None
    all: list[RubricCondition] | None
    any: list[RubricCondition] | None
    score: DecimalText | None
    range: list[DecimalText] | None = strawberry.field(
        description="The low and the high end; the manager chooses."
    )


@strawberry.type(description="How a line is scored; which members there are depends on the kind.")
class Rule:
    kind: RuleKind
    of: Of | None
    floor: DecimalText | None
    cap: DecimalText | None
    steps: list[Step] | None
    points: list[list[DecimalText]] | None = strawberry.field(
        description="Of a curve: pairs of a figure and its score."
    )
    per_occurrence: DecimalText | None
    free: DecimalText | None
    at_least: DecimalText | None
    at_most: DecimalText | None
    raters: list[Rater] | None
    levels: list[RuleLevel] | None
    behaviours: list[Name] | None
    marks: list[DecimalText] | None = strawberry.field(
        description="Of a ladder: one for each behaviour."
    )
    mark_scale: MarkScale | None = strawberry.field(
        description="Of a rating, as REST's marks: what raters may give."
    )

    @staticmethod
    def members(document: Mapping[str, Any]) -> Mapping[str, Any]:
        """What REST says in `marks` is a list of a ladder, a scale of a rating."""
        if document["kind"] == RuleKind.RATING:
            return {**document, "marks": None, "mark_scale": document["marks"]}
        return document


@strawberry.type(description="A target that is set for each subject, or fixed by the scheme.")
class ItemTarget:
    kind: TargetKind
    value: DecimalText | None
    challenge: DecimalText | None


@strawberry.type(description="One indicator with its weight inside the section, target and rule.")
class Item:
    code: str
    name: Name | None
    indicator: str | None = strawberry.field(description="Null where people rate.")
    weight: DecimalText
    scope: Scope
    target: ItemTarget | None
    rule: Rule
    missing: Missing
    full_mark: DecimalText | None


@strawberry.type(description="A category of items.")
class Section:
    code: str
    name: Name | None
    weight: DecimalText
    items: list[Item]


@strawberry.type(description="What a gate reads, and the one bound that it is held against.")
class GateCondition:
    section: str | None
    item: str | None
    of: GateOf
    below: DecimalText | None
    at_least: DecimalText | None
    at_most: DecimalText | None


@strawberry.type(description="What a gate does: one of these.")
class GateEffect:
    fail: bool | None
    cap: DecimalText | None
    grade: str | None


@strawberry.type(description="A condition that fails, caps or limits the whole.")
class Gate:
    when: GateCondition
    then: GateEffect


@strawberry.type(description="What rewards and penalties may sum to.")
class Bounds:
    minimum: DecimalText
    maximum: DecimalText


@strawberry.type(description="A grade, the lowest total that reaches it, its coefficient of pay.")
class Grade:
    grade: str
    from_: DecimalText = strawberry.field(name="from")
    coefficient: DecimalText


@strawberry.type(description="The share of a population that a grade may have.")
class GradeShare:
    grade: str
    share: DecimalText


@strawberry.type(description="The share of a population whose scores may lie in a band.")
class BandShare:
    from_: DecimalText = strawberry.field(name="from")
    share: DecimalText


@strawberry.type(description="Quotas of scores, of the total or of one section.")
class ScoreBands:
    section: str | None
    shares: list[BandShare]


@strawberry.type(description="A forced distribution of grades.")
class Distribution:
    shares: list[GradeShare]
    minimum_population: int
    tie_breakers: list[str]
    by: RankedBy | None = strawberry.field(description="Null: the whole cycle.")
    bands: ScoreBands | None


@strawberry.type(description="A marginal band of a commission: the rate holds from here on.")
class Band:
    from_: DecimalText = strawberry.field(name="from")
    rate: DecimalText


@strawberry.type(
    description="A coefficient: a number, the grade's or the score, or what an item attained."
)
class Factor:
    number: DecimalText | None
    of: CoefficientOf | None
    item: str | None


@strawberry.type(description="What a level of a ladder is worth.")
class LevelAmount:
    level: str
    amount: DecimalText


@strawberry.type(description="A pay plan; which members there are depends on the plan.")
class Pay:
    plan: PayPlan
    indicator: str | None
    bands: list[Band] | None
    base: DecimalText | None
    coefficient: CoefficientOf | None
    task: Factor | None
    business: Factor | None
    staffing: Factor | None
    incentive: Factor | None
    ladder: str | None
    amounts: list[LevelAmount] | None
    minimum: DecimalText | None = strawberry.field(description="Of rewards and penalties.")
    maximum: DecimalText | None = strawberry.field(description="Of rewards and penalties.")


@strawberry.type(description="What makes a scheme lopsided; it may be published all the same.")
class SchemeWarning:
    code: Lopsided
    item: str | None = strawberry.field(description="Whose weight is above half.")
    family: str | None = strawberry.field(description="To which all indicators belong.")
    figure: DecimalText = strawberry.field(
        description="The item's weight in percent of the whole, or how many: items, indicators of"
        " the one family, leading indicators."
    )

    @classmethod
    def from_shape(cls, warning: shapes.SchemeWarning) -> "SchemeWarning":
        return cls(
            code=warning.code,
            item=warning.item,
            family=warning.family,
            figure=DecimalText(plain(warning.figure)),
        )


@strawberry.type(description="A scheme: a draft has no version, a published version never changes.")
class Scheme(Node):
    code: str
    version: int | None
    latest_version: int | None
    template: str | None = strawberry.field(description="What the draft was copied from.")
    changed_at: InstantText
    name: Name
    cycle: CycleKind
    full_mark: DecimalText
    sections: list[Section]
    gates: list[Gate]
    adjustments: Bounds | None
    grades: list[Grade]
    distribution: Distribution | None
    approval: list[Approver]
    pay: list[Pay]
    note: str | None
    appeal_days: int | None = strawberry.field(
        description="After the day of a result, on which it may be contested; null: 7."
    )
    warnings: list[SchemeWarning] = strawberry.field(
        description="What makes it lopsided, as REST tells at publishing."
    )

    @classmethod
    def from_draft(cls, draft: Draft) -> "Scheme":
        return read_document(
            cls,
            parse(draft.document),
            id=node_id("scheme", draft.code),
            code=draft.code,
            version=None,
            latest_version=draft.latest,
            template=draft.template,
            changed_at=instant_text(draft.changed_at),
            warnings=_warnings_of(draft.document),
        )

    @classmethod
    def from_published(cls, published: Published) -> "Scheme":
        return read_document(
            cls,
            parse(published.document),
            id=node_id("scheme", published.code),
            code=published.code,
            version=published.version,
            latest_version=published.version,
            template=None,
            changed_at=instant_text(published.published_at),
            warnings=_warnings_of(published.document),
        )


def _warnings_of(document: str) -> list[SchemeWarning]:
    return [SchemeWarning.from_shape(each) for each in warnings_of(scheme_of(document))]


async def schemes(info: Asked, first: First = USUAL, after: After = None) -> Connection[Scheme]:
    """Of each scheme its draft, for who may write it, or its newest version for all others."""
    context = info.context
    context.authorize("REST GET /v1/schemes")
    page = listing(context, "schemes", first, after, length=1)
    last = page.after[0] if page.after else None
    async with context.read() as session:
        if writes_schemes(context.caller.role):
            drafts, total = await read_page_of_drafts(session, after=last, limit=page.limit)
            found = [Scheme.from_draft(draft) for draft in drafts]
        else:
            kept, total = await read_page_of_published(session, after=last, limit=page.limit)
            found = [Scheme.from_published(version) for version in kept]
    return page.show(found, total, node=lambda one: one, place=lambda one: [one.code])


async def find_scheme(context: GraphContext, code: str) -> Scheme | None:
    """The draft of a scheme, for who may write it, or its newest version."""
    context.authorize("REST GET /v1/schemes/{code}")
    async with context.read() as session:
        draft = await read_draft(session, code)
        if draft is None or writes_schemes(context.caller.role):
            return Scheme.from_draft(draft) if draft else None
        latest = draft.latest
        published = None if latest is None else await read_published(session, code, latest)
    return Scheme.from_published(published) if published else None
