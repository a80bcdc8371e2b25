"""What may stand against the forced distribution of a scheme, each with its place."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from services.api.core.faults import repeated, unknown_grade, unknown_indicator
from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.schemes import Scheme

_WHOLE = Decimal(100)


def faults_of_distribution(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    if scheme.distribution is None:
        return
    pointer = "/distribution/shares"
    shares = scheme.distribution.shares
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
    for index, code in enumerate(scheme.distribution.tie_breakers):
        if code not in known_indicators:
            yield unknown_indicator(f"/distribution/tie_breakers/{index}", code)
