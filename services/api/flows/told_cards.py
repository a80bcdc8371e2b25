"""Cards that were written are read back from how they came about, with what they were scored by."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.api.core.told_cards import ToldCard, read_told, segments_of
from services.api.flows.schemes import scheme_of
from services.api.store.schemes import read_versions
from services.schema.db import ReadSession
from services.schema.shapes.schemes import Scheme
from services.schema.shapes.scorecards import Scorecard


async def read_schemes_of(
    session: ReadSession, documents: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, int], Scheme]:
    """By code and version what the segments of cards, or of explanations, were scored by."""
    keys = {
        (each.scheme, each.scheme_version)
        for document in documents
        for each in segments_of(document)
    }
    versions = await read_versions(session, keys)
    return {key: scheme_of(version.document) for key, version in versions.items()}


async def read_told_cards(session: ReadSession, cards: Sequence[Scorecard]) -> dict[str, ToldCard]:
    """Cards read back from their explanations, by their ids."""
    explanations: dict[str, Any] = {card.id: json.loads(card.explanation) for card in cards}
    schemes = await read_schemes_of(session, explanations.values())
    return {card: read_told(explanation, schemes) for card, explanation in explanations.items()}


async def read_back(session: ReadSession, explanation: bytes) -> ToldCard:
    """A card read back from how it came about."""
    document = json.loads(explanation)
    return read_told(document, await read_schemes_of(session, [document]))
