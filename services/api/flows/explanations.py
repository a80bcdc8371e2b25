"""Explanations as they are read: the stored one, and the same as a tree with names and words."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from services.api.core.documents import to_bytes
from services.api.core.explanation_trees import Names, tree_of
from services.api.flows.indicators import known_indicators, known_measures
from services.api.store.schemes import read_versions
from services.schema.db import ReadSession
from services.schema.shapes.schemes import Name

Document = dict[str, Any]


async def told_explanations(session: ReadSession, explanations: Sequence[bytes]) -> list[bytes]:
    """Explanations as they were written, and `tree`, which tells each in both languages."""
    documents = [json.loads(explanation) for explanation in explanations]
    names = await names_of(session, documents)
    return [
        explanation[:-1] + b',"tree":' + to_bytes(tree_of(document, names)) + b"}"
        for explanation, document in zip(explanations, documents, strict=True)
    ]


async def names_of(session: ReadSession, explanations: Iterable[Document]) -> Names:
    """What the indicators, measures, sections and items of explanations are called."""
    segments = [segment for explanation in explanations for segment in explanation["segments"]]
    lines = [line for segment in segments for line in segment["lines"]]
    codes = {line["indicator"] for line in lines if line["indicator"] is not None}
    codes |= {other["indicator"] for line in lines for other in line.get("others", ())}
    indicators = await known_indicators(session, codes)
    measures = await known_measures(session)
    versions = {(each["scheme"], each["scheme_version"]) for each in segments}
    parts: dict[tuple[str, int, str], Name] = {}
    for key, version in (await read_versions(session, versions)).items():
        for section in json.loads(version.document)["sections"]:
            for part in (section, *section["items"]):
                if part["name"]:
                    parts[*key, part["code"]] = Name(part["name"]["zh"], part["name"]["en"])
    return Names(
        {code: Name(each.zh, each.en) for code, each in indicators.items()},
        {code: Name(each.zh, each.en) for code, each in measures.items()},
        parts,
    )
