"""What may stand against the forced distribution of a scheme, each with its place."""

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from services.api.core.faults import repeated, unknown_grade, unknown_indicator
from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.schemes import DistributionShare, Scheme, ScoreBands

_WHOLE = Decimal(100)


def faults_of_distribution(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    if scheme.distribution is None:
        return
    if scheme.distribution.bands is not None:
        yield from _faults_of_bands(scheme, scheme.distribution.bands)
    if scheme.distribution.shares or scheme.distribution.bands is None:
        yield from _faults_of_shares(scheme, scheme.distribution.shares)
    for index, code in enumerate(scheme.distribution.tie_breakers):
        if code not in known_indicators:
            yield unknown_indicator(f"/distribution/tie_breakers/{index}", code)


def _faults_of_shares(scheme: Scheme, shares: Sequence[DistributionShare]) -> Iterator[Fault]:
    pointer = "/distribution/shares"
    grades = {grade.grade for grade in scheme.grades}
    for index, each in enumerate(shares):
        if each.grade not in grades:
            yield unknown_grade(f"{pointer}/{index}/grade", each.grade)
        if each.share < 0:
            yield Fault(f"{pointer}/{index}/share", "share_negative", "A share is from 0 up.")
    for grade in repeated([each.grade for each in shares]):
        yield Fault(pointer, "grade_repeated", f"The grade {grade} stands there twice.")
    if (whole := sum((each.share for each in shares), Decimal(0))) != _WHOLE:
        detail = f"The shares of the distribution sum to {plain(whole)}, not 100."
        yield Fault(pointer, "shares_not_100", detail)


def _faults_of_bands(scheme: Scheme, bands: ScoreBands) -> Iterator[Fault]:
    """Against quotas of scores, which need not be of grades at all."""
    pointer = "/distribution/bands"
    if bands.section is not None and bands.section not in {each.code for each in scheme.sections}:
        detail = f"There is no section {bands.section}."
        yield Fault(f"{pointer}/section", "section_unknown", detail)
    for index, each in enumerate(bands.shares):
        if each.share < 0:
            yield Fault(
                f"{pointer}/shares/{index}/share", "share_negative", "A share is from 0 up."
            )
    for start in repeated([each.start for each in bands.shares]):
        yield Fault(f"{pointer}/shares", "bands_overlap", f"Two bands begin at {plain(start)}.")
    if (whole := sum((each.share for each in bands.shares), Decimal(0))) != _WHOLE:
        detail = f"The shares of the score bands sum to {plain(whole)}, not 100."
        yield Fault(f"{pointer}/shares", "shares_not_100", detail)
