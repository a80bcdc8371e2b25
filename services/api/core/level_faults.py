"""What the rules refuse of a ladder: every reason, with its place."""

from collections.abc import Iterator, Mapping
from itertools import pairwise

from services.api.core.faults import repeated, unknown_indicator
from services.api.core.formulas import parse_formula
from services.api.core.indicators import is_additive
from services.api.core.samples import can_be_sampled
from services.schema.errors import Conflict, Fault
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.levels import Criterion, LevelLadder
from services.schema.shapes.measures import Measure
from services.schema.words import Of


def check_ladder(
    ladder: LevelLadder, indicators: Mapping[str, Indicator], measures: Mapping[str, Measure]
) -> None:
    """Refuse a ladder that nobody could be assessed by, or whose levels are out of order."""
    faults = [
        *_faults_of_codes(ladder),
        *_faults_of_criteria(ladder, indicators, measures),
        *_faults_of_order(ladder),
    ]
    if faults:
        raise Conflict(faults[0].code, " ".join(fault.detail for fault in faults[:5]), faults)


def _faults_of_codes(ladder: LevelLadder) -> Iterator[Fault]:
    if not ladder.levels:
        yield Fault("/levels", "levels_missing", "A ladder has a level at least.")
    for code in repeated([level.code for level in ladder.levels]):
        yield Fault("/levels", "code_repeated", f"The level {code} stands there twice.")
    for at, level in enumerate(ladder.levels):
        for code in repeated([each.code for each in level.criteria]):
            detail = f"The criterion {code} stands in {level.code} twice."
            yield Fault(f"/levels/{at}/criteria", "code_repeated", detail)


def _faults_of_criteria(
    ladder: LevelLadder, indicators: Mapping[str, Indicator], measures: Mapping[str, Measure]
) -> Iterator[Fault]:
    for at, level in enumerate(ladder.levels):
        for index, criterion in enumerate(level.criteria):
            if criterion.indicator is None:
                continue
            place = f"/levels/{at}/criteria/{index}"
            indicator = indicators.get(criterion.indicator)
            if indicator is None:
                yield unknown_indicator(f"{place}/indicator", criterion.indicator)
            else:
                yield from _faults_of_window(place, criterion, indicator)
                yield from _faults_of_sample(place, criterion, indicator, measures)


def _faults_of_window(place: str, criterion: Criterion, indicator: Indicator) -> Iterator[Fault]:
    """Posted ratios of months cannot be put together, nor can the targets of ratios."""
    if criterion.months == 1 or is_additive(indicator):
        return
    if indicator.formula is None:
        detail = f"{indicator.code} is posted and no sum: it can look back one month."
        yield Fault(f"{place}/months", "window_not_additive", detail)
    elif criterion.of is Of.ATTAINMENT:
        detail = f"{indicator.code} is no sum: its targets of several months are not added."
        yield Fault(f"{place}/of", "attainment_not_additive", detail)


def _faults_of_sample(
    place: str, criterion: Criterion, indicator: Indicator, measures: Mapping[str, Measure]
) -> Iterator[Fault]:
    if criterion.sample is None:
        return
    if indicator.formula is None or not can_be_sampled(parse_formula(indicator.formula), measures):
        detail = f"{indicator.code} does not come of chat sessions alone."
        yield Fault(f"{place}/sample", "not_of_chats", detail)


def _faults_of_order(ladder: LevelLadder) -> Iterator[Fault]:
    """A lower level that asks for more of the same would keep out whom the higher one takes."""
    for at, (higher, lower) in enumerate(pairwise(ladder.levels), 1):
        above = {each.code: each for each in higher.criteria}
        for index, criterion in enumerate(lower.criteria):
            better = above.get(criterion.code)
            if better is not None and _asks_more(criterion, better):
                detail = f"{lower.code} asks for more of {criterion.code} than {higher.code} does."
                place = f"/levels/{at}/criteria/{index}"
                yield Fault(place, "levels_crossed", detail)


def _asks_more(criterion: Criterion, above: Criterion) -> bool:
    if (criterion.indicator, criterion.of) != (above.indicator, above.of):
        return False
    if criterion.at_least is not None and above.at_least is not None:
        return criterion.at_least > above.at_least
    if criterion.at_most is not None and above.at_most is not None:
        return criterion.at_most < above.at_most
    return False
