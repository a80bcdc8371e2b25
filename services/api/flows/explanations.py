"""Explanations as they are read: the stored one, and the same as a tree with names and words."""

import json
from typing import Any

from services.api.core.documents import to_bytes
from services.api.core.explanation_trees import Names, tree_of
from services.api.flows.indicators import known_indicators, known_measures
from services.api.store.schemes import read_versions
from services.schema.db import ReadSession
from services.schema.shapes.schemes import Name

Document = dict[str, Any]


async def told_explanation(session: ReadSession, explanation: bytes) -> bytes:
    """The explanation as it was written, and `tree`, which tells it in both languages."""
    document = json.loads(explanation)
    tree = tree_of(document, await names_of(session, document))
    return explanation[:-1] + b',"tree":' + to_bytes(tree) + b"}"


async def names_of(session: ReadSession, explanation: Document) -> Names:
    """What an explanation's indicators, measures, sections and items are called."""
    segments = explanation["segments"]
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
