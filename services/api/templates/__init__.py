"""The built-in schemes of `domain.md`, section 6, as data: one JSON file each, read once."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

FAMILIES = (
    "front_line",
    "front_line_sections",
    "departments",
    "positions",
    "team_leader",
    "five_point",
    "further_positions",
)
"""The parts of section 6, in its order."""


@cache
def templates() -> Mapping[str, Mapping[str, object]]:
    """Every template by its code: where its figures are from, and the scheme that is adopted.

    `sources` marks each item's target: `s` of the specification's sources, `p` of published tables
    of the same kind, `?` ours. A file with `based_on` states only in what it differs from another.
    """
    texts = {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".json")
    }
    stated = {each["code"]: each for each in (json.loads(texts[name]) for name in sorted(texts))}
    return MappingProxyType({code: _whole(each, stated) for code, each in stated.items()})


@cache
def interview_form() -> Mapping[str, object]:
    """The form of the interview after a result (`domain.md`, section 7)."""
    form = json.loads(files(__name__).joinpath("forms/interview.json").read_text(encoding="utf-8"))
    return MappingProxyType(form)


def _whole(stated: dict[str, Any], others: Mapping[str, dict[str, Any]]) -> dict[str, object]:
    document = dict(stated)
    if (base := others.get(document.pop("based_on", ""))) is not None:
        document = {**base, **document, "scheme": {**base["scheme"], **stated["scheme"]}}
    scheme = document.pop("scheme")
    return {**document, "interview": dict(interview_form()), "scheme": scheme}
