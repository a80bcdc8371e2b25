"""Which places of an operation name something of a company, and what stands there in a test.

`NAMES` says it by what a place is called, `PLACES` where that says too little; what stands in a
path is named by the part before it. A place that neither knows fails the test of the table.
"""

import os
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from services.schema.ids import IdKind, encode_id, is_id
from tests.api.matrix import NOUNS
from tests.api.places import (
    Place,
)
from tests.api.worlds import World

TEXT = "text that people read"
WORD = "a word that every company may use"
PERIOD = "a period"
PART = "a part of the document that it stands in, or of the one that it names"
BUILT_IN = "what is built in, the same for all"
NO_NOUNS = frozenset({TEXT, WORD, PERIOD, PART, BUILT_IN})
CURSOR = "cursor"

_BY_KIND: Mapping[str, str] = {
    "employee": "employee employees manager lead owner salesperson rater respondent respondents",
    "unit": "unit units parent",
    "shop": "shop also",
    "cycle": "cycle",
    "scheme": "scheme",
    "scorecard": "scorecard",
    "ladder": "ladder",
    "indicator": "indicator tie_breakers",
    "measure": "measure formula",
    "order": "order",
    "survey": "survey",
    "batch": "batch",
    "mapping": "mapping",
    "rule": "rule",
    "rating": "rating",
    "fact": "fact",
    CURSOR: "cursor after",
    TEXT: (
        "zh en name note comment reason finding remark remarks plan what text result cause opinion "
        "succeeded to_improve training own_standing help_wanted"
    ),
    PERIOD: "period periods month against fiscal_start",
    PART: "action behaviour behaviours item line section question grade level",
    WORD: (
        "position positions channel campaign payment_method buyer sku tags source grades to from "
        "currency timezone url gateway app_key secret session refresh column words missing sums "
        "sheet encoding delimiter constant"
    ),
    BUILT_IN: "template",
}
NAMES: Mapping[str, str] = {
    name: kind for kind, names in _BY_KIND.items() for name in names.split()
}
PLACES: Mapping[str, str] = {
    "GET /v1/scorecards/{id}/change query against": "cycle",
    "Scorecard.change variable against": "cycle",
    "POST /v1/cycles body /code": "cycle",
    "POST /v1/schemes body /code": "scheme",
    "POST /v1/ladders body /code": "ladder",
    "POST /v1/employees/batch body /-/code": "employee",
    "POST /v1/units/batch body /-/code": "unit",
    "POST /v1/shops/batch body /-/code": "shop",
    "Query.cycle variable code": "cycle",
    "Query.employee variable code": "employee",
    "Query.ladder variable code": "ladder",
    "Query.surveys variable code": "survey",
    "Query.node variable id": "node",
    "GET /v1/exclusions query order": "excluded",
    "Query.scorecard variable id": "scorecard",
    "PUT /v1/* body */-/code": PART,
    "POST /v1/facts/{kind} body /-/id orders": "order",
    "POST /v1/facts/{kind} body */id *": WORD,
    "POST /v1/reconciliations body /-/rows/-/id": "order",
    "POST /v1/exclusions* body *rule": WORD,
    "POST /v1/uses/decisions body /result": "result",
    "POST /v1/scorecards/{id}/adjustments body /withdraws": "adjustments",
    "POST /v1/scorecards/{id}/payouts body /withdraws": "payouts",
    "GET /v1/alerts query source": "standard",
    "Query.alerts variable source": "standard",
    "PUT /v1/standards/{code} body /subjects/-": "employee",
    "POST /v1/tokens/revocations body /subject": WORD,
    "POST /v1/targets/break-down body /weights/[*]": "employee",
    "PUT /v1/mappings/{code} body /measures/[*]": "measure",
    "PUT /v1/mappings/{code} body /fields/[*]": PART,
    "PUT /v1/mappings/{code} body *words/[*]": WORD,
    "PUT /v1/mappings/{code} body *words/[*]:": WORD,
    "PUT /v1/mappings/{code} body *members/[*]": PART,
    "PUT /v1/mappings/{code} body /notes/[*]": TEXT,
    "PUT /v1/mappings/{code} body /notes/[*]:": TEXT,
}
"""Patterns of places: `*` is anything, `[*]` the star of a pointer."""
_IN_PATHS: Mapping[str, str] = {
    **NOUNS, "scorecards": "scorecard", "templates": BUILT_IN, "ladder-templates": BUILT_IN,
}  # fmt: skip
_OF_OTHERS = frozenset({"result", "alert", "dispute", "case", "late", "exclusion"})
_NODES = ("employee", "unit", "shop", "indicator", "scheme", "cycle", "ladder", "survey")
_NODE_IDS = ("feed", "scorecard", "result", "alert", "case")


def pattern_of(place: Place) -> str | None:
    """The entry of `PLACES` that speaks for a place."""
    return next((each for each in PLACES if fnmatchcase(str(place), each)), None)


def kind_of_place(place: Place) -> str | None:
    """What a place names, or why it names nothing; null where no table knows it."""
    pattern = pattern_of(place)
    if pattern is not None:
        return PLACES[pattern]
    if place.where == "path":
        parts = place.operation.split()[1].split("/")
        return _IN_PATHS.get(parts[parts.index(f"{{{place.pointer}}}") - 1])
    return "subject" if place.about_any else NAMES.get(place.name)


def values(world: World, kind: str, prefix: str) -> Iterator[str]:
    """What can stand in a place: something that is there, of the company with the prefix."""
    about = f"{prefix}e-other"
    if kind == "subject":
        for each in ("employee", "unit", "shop"):
            yield f"{each}:{next(values(world, each, prefix))}"
    elif kind == "node":
        for each in _NODES:
            yield f"{each}:{next(values(world, each, prefix))}"
        for each in _NODE_IDS:
            yield next(values(world, each, prefix))
    else:
        plain = {
            "employee": about,
            "unit": f"{prefix}back",
            "shop": f"{prefix}s-a",
            "cycle": f"{prefix}published",
            "order": f"{about}-so",
            "excluded": f"{about}-ex",
            "fact": f"orders/erp/{about}-so",
        }
        of_others = {each: (each, about) for each in _OF_OTHERS}
        of_others["scorecard"] = ("scorecard published", about)
        of_roles = {"key": "viewer", "job": "hr"}
        if kind in plain:
            yield plain[kind]
        elif kind in of_others:
            yield world.things[of_others[kind]]
        else:
            yield world.things[kind, f"{prefix}{of_roles.get(kind, '')}"]


def nowhere(value: str) -> str:
    """What is nowhere, in the form of what is somewhere: as long, and of the same kind."""
    *above, code = re.split("([:/])", value)
    prefix = code.partition("_")[0]
    if prefix in set(IdKind) and is_id(IdKind(prefix), code):
        return encode_id(IdKind(prefix), 1, os.urandom(10))
    return f"{''.join(above)}q{code[1:]}"
