"""What stands against the pay of a scheme: every reason, with its place."""

from collections.abc import Collection, Iterator, Sequence

from services.api.core.faults import unknown_indicator
from services.schema.errors import Fault
from services.schema.shapes.schemes import Band, Pay, Scheme
from services.schema.words import CoefficientOf, PayPlan


def faults_of_pay(scheme: Scheme, known_indicators: Collection[str]) -> Iterator[Fault]:
    for index, pay in enumerate(scheme.pay):
        pointer = f"/pay/{index}"
        if pay.coefficient is CoefficientOf.GRADE and not scheme.grades:
            detail = f"The plan {pay.plan} multiplies by the grade, and there are no grades."
            yield Fault(pointer, "grades_missing", detail)
        if pay.plan is PayPlan.GRADE_BONUS and (pay.base is None or pay.base < 0):
            yield Fault(f"{pointer}/base", "base_negative", "A base bonus is from 0 up.")
        if pay.plan is PayPlan.COMMISSION:
            yield from _faults_of_commission(pointer, pay, known_indicators)


def _faults_of_commission(
    pointer: str, pay: Pay, known_indicators: Collection[str]
) -> Iterator[Fault]:
    if pay.indicator is None or pay.indicator not in known_indicators:
        yield unknown_indicator(f"{pointer}/indicator", pay.indicator or "")
    if not pay.bands or pay.bands[0].start != 0:
        yield Fault(f"{pointer}/bands", "bands_not_from_0", "The first band is from 0.")
    yield from _faults_of_bands(f"{pointer}/bands", pay.bands)


def _faults_of_bands(pointer: str, bands: Sequence[Band]) -> Iterator[Fault]:
    for index, band in enumerate(bands):
        if band.rate < 0:
            yield Fault(f"{pointer}/{index}/rate", "rate_negative", "A rate is from 0 up.")
        if index and band.start <= bands[index - 1].start:
            detail = "Each band begins above the one before it."
            yield Fault(f"{pointer}/{index}/from", "bands_unordered", detail)
