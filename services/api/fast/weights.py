"""The fast twin of `core.weights`: what lines weigh, shared out once for each pattern of lines."""

from collections.abc import Sequence

import numpy as np

from services.api.core.weights import line_weights, redistribute
from services.api.fast.columns import OK, LineColumns
from services.api.fast.numbers import Integers, Unfit, units_of
from services.schema.money import SCORE_PLACES
from services.schema.shapes.schemes import Scheme
from services.schema.words import Missing

_MOST_ITEMS = 62
"""Items of which a pattern is told by one number."""


def weight_columns(scheme: Scheme, lines: Sequence[LineColumns]) -> list[Integers]:
    """Each line's weights: redistributed once for each pattern of lines that keep none."""
    if len(lines) > _MOST_ITEMS:
        raise Unfit
    count = len(lines[0].statuses)
    patterns = np.zeros(count, np.int64)
    for place, line in enumerate(lines):
        if line.item.missing is Missing.REDISTRIBUTE:
            patterns |= (line.statuses != OK).astype(np.int64) << place
    stated = line_weights(scheme)
    if not patterns.any():
        plain = [units_of(weight, SCORE_PLACES) for section in stated for weight in section]
        return [np.full(count, weight) for weight in plain]
    found, of_card = np.unique(patterns, return_inverse=True)
    table = []
    for pattern in found.tolist():
        flags = iter([not pattern >> place & 1 for place in range(len(lines))])
        keeps = [[next(flags) for _ in section] for section in stated]
        shared = redistribute(stated, keeps)
        table.append([units_of(weight, SCORE_PLACES) for section in shared for weight in section])
    return list(np.array(table, np.int64).T[:, of_card])
