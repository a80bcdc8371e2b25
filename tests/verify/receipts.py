"""Receipts for tests: of cards drawn by chance, signed by a key of the test's."""

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from services.api.core.card_documents import card_document
from services.api.core.explanations import explanation_document
from services.api.core.receipts import canonical_bytes, receipt_document, receipt_of
from services.api.core.scorecards import score
from services.door.signing_keys import ALGORITHM, SigningKeys, key_id, key_text, signing_keys_of
from services.schema.shapes.receipts import Signature, Signed
from services.schema.shapes.scorecards import Adjustment, SegmentInput
from tests.api.core.chance import random_adjustments, random_inputs, random_scheme
from tests.api.core.scoring import head
from tests.api.core.test_explanations import _segment as segment_of

Json = dict[str, Any]
Path_ = tuple[str | int, ...]
KEYS = signing_keys_of(b"a secret of the tests, long enough")


def receipt_by(
    segments: Sequence[SegmentInput], adjustments: Sequence[Adjustment] = ()
) -> dict[str, object]:
    """What a receipt of a card of these inputs says."""
    made = score(segments, adjustments)
    own = head(segments, adjustments)
    explanation = explanation_document(own, segments, made)
    return receipt_of(Signed(card_document(own, made), explanation, None))


def random_receipt(chance: Random) -> dict[str, object]:
    """Of one segment or two, each with a scheme of its own."""
    schemes = [random_scheme(chance) for _ in range(chance.choice((1, 1, 2)))]
    segments = [
        SegmentInput(segment_of(chance, at), scheme, random_inputs(chance, scheme))
        for at, scheme in enumerate(schemes)
    ]
    return receipt_by(segments, random_adjustments(chance))


def signed(receipt: dict[str, object], keys: SigningKeys = KEYS) -> Json:
    """The document as it is served."""
    own = keys.public[0]
    value = key_text(keys.sign(canonical_bytes(receipt)))
    signature = Signature(ALGORITHM, key_id(own), key_text(own), value)
    document: Json = json.loads(receipt_document(receipt, signature))
    return document


def saved(folder: Path, document: object, name: str = "receipt.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2), encoding="utf-8")
    return path


def leaves(document: object, place: Path_ = ()) -> Iterator[tuple[Path_, object]]:
    """Every value of a document that holds no other, with the way to it."""
    if isinstance(document, dict):
        for name, part in document.items():
            yield from leaves(part, (*place, name))
    elif isinstance(document, list):
        for at, part in enumerate(document):
            yield from leaves(part, (*place, at))
    else:
        yield place, document


def changed(document: Json, place: Path_, value: object) -> Json:
    """A copy with another value at one place."""
    copied = copy.deepcopy(document)
    part: Any = copied
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    return copied


def another(value: object) -> object:
    """A value of the same kind that is not this one, as near to it as its kind allows."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() if value and value.lstrip("-").replace(".", "", 1).isdigit():
            last = "8" if value[-1] == "9" else str(int(value[-1]) + 1)
            return value[:-1] + last
        case str():
            return f"{value}x"
        case _:
            return "1"
