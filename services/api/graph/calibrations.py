"""Graph of calibration: a cycle's distribution of grades, as REST writes it."""

from typing import Any

import strawberry

from services.api.graph.authors import WHO, name_author
from services.api.graph.context import Asked
from services.api.graph.documents import parse, read_document
from services.api.graph.nodes import link
from services.api.graph.pages import USUAL, After, Connection, First, listing
from services.api.graph.scalars import DecimalText, InstantText
from services.schema.shapes.people import parse_subject
from services.schema.words import CycleStatus, GradeOrigin, RankedBy, Unforced


@strawberry.type(description="How many people a grade may have, and has.")
class GradeQuota:
    grade: str
    share: DecimalText
    quota: int | None = strawberry.field(description="Null where nothing is forced.")
    before: int = strawberry.field(description="By bands and gates.")
    after: int = strawberry.field(description="By the distribution, and by what people moved.")


@strawberry.type(description="Equal people who share a grade that had too few places left.")
class BoundaryTie:
    grade: str
    places: int
    scorecards: list[str]


@strawberry.type(description="A move of the smallest set that meets the quotas.")
class CalibrationProposal:
    scorecard: str
    subject: str
    from_: str = strawberry.field(name="from")
    to: str


@strawberry.type(description="How many people's scores may lie in a band, and do.")
class BandQuota:
    from_: DecimalText = strawberry.field(name="from")
    share: DecimalText
    quota: int
    people: int


@strawberry.type(description="The scores of a population, held against the quotas of bands.")
class BandQuotas:
    people: int
    within: bool
    bands: list[BandQuota]
    proposals: list[CalibrationProposal]


@strawberry.type(description="People who are ranked together.")
class RankedPopulation:
    code: str
    units: list[str] | None = strawberry.field(description="Null where the whole cycle is.")
    people: int
    forced: bool
    reason: Unforced | None = strawberry.field(description="Why nothing is forced.")
    grades: list[GradeQuota]
    meets: bool = strawberry.field(description="Whether the cards' grades meet the quotas.")
    ties: list[BoundaryTie]
    proposals: list[CalibrationProposal]
    bands: BandQuotas | None


@strawberry.type(description="What tells people of equal totals apart.")
class TieBreaker:
    indicator: str
    value: DecimalText | None


@strawberry.type(description="Where somebody stands, and what grade comes of it.")
class RankedPerson:
    scorecard: str
    subject: str
    population: str
    place: int = strawberry.field(description="By total and tie-breakers, in the population.")
    total: DecimalText
    score: DecimalText | None = strawberry.field(description="What the score bands are about.")
    tie_breakers: list[TieBreaker]
    band: str | None
    limit: str | None = strawberry.field(description="No better than this, say gates.")
    before: str | None
    after: str | None
    origin: GradeOrigin = strawberry.field(description="What gives the grade `after`.")


@strawberry.type(description="A grade that people moved.")
class CalibrationMove:
    number: int
    scorecard: str
    from_: str = strawberry.field(name="from")
    to: str
    reason: str
    author: str
    author_name: str | None = strawberry.field(resolver=name_author, description=WHO)
    moved_at: InstantText


@strawberry.type(description="The distribution of grades in a cycle.")
class CycleDistribution:
    cycle: str
    revision: int
    status: CycleStatus
    round: int | None = strawberry.field(
        description="The cycle's move that began it; null where it shows what one would give."
    )
    by: RankedBy
    minimum_population: int
    section: str | None = strawberry.field(description="Whose score the bands are about.")
    populations: list[RankedPopulation]
    moves: list[CalibrationMove]
    everyone: strawberry.Private[list[dict[str, Any]]]

    @link("Everyone who is ranked, population by population, best first.")
    async def people(
        self, info: Asked, first: First = USUAL, after: After = None
    ) -> Connection[RankedPerson]:
        name = f"distribution of {self.cycle} {self.revision} {self.round}"
        page = listing(info.context, name, first, after, length=1)
        start = int(page.after[0]) + 1 if page.after else 0
        shown = self.everyone[start : start + page.limit - 1]
        info.context.note_shown(
            {each["scorecard"]: parse_subject(each["subject"]) for each in shown}
        )
        return page.show(
            list(enumerate(self.everyone))[start : start + page.limit],
            len(self.everyone),
            node=lambda row: read_document(RankedPerson, row[1]),
            place=lambda row: [str(row[0])],
        )


def distribution_from(document: bytes) -> CycleDistribution:
    """A distribution as REST shows it."""
    shown = parse(document)
    return read_document(CycleDistribution, shown, everyone=shown["people"])
