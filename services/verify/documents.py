"""The other documents of a receipt: the card that the explanation makes, and its fingerprint."""

import hashlib
import json
from collections.abc import Mapping

from services.verify.arithmetic import Json
from services.verify.calibrations import origin_of
from services.verify.cards import shown_attainment, shown_level
from services.verify.lines import Found

_SPAN = ("from", "to", "days", "position", "unit", "scheme", "scheme_version")
_TARGET = ("level", "value", "stated", "from", "days", "of_days")

_STATED = ("marks", "behaviours", "chosen")
"""What people stated, by the kind of rule."""


def canonical(document: object) -> bytes:
    """A document as it is signed: keys in order, no spaces, UTF-8."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def fingerprint_of(explanation: Json) -> str:
    """SHA-256 of the inputs: scheme versions, values, targets, adjustments, in their own order."""
    inputs = {
        "cycle": explanation["cycle"],
        "subject": explanation["subject"],
        "segments": [
            {
                **{name: segment[name] for name in _SPAN},
                "items": {
                    line["item"]: _inputs(line)
                    for line in sorted(segment["lines"], key=lambda line: str(line["item"]))
                },
            }
            for segment in explanation["segments"]
        ],
        "adjustments": explanation["adjustments"]["stated"],
    }
    text = json.dumps(inputs, ensure_ascii=False, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def card_of(explanation: Json, found: Found) -> Found:
    """What the card must show, if the explanation is right."""
    segments = list(zip(explanation["segments"], found["segments"], strict=True))
    several = len(segments) > 1
    own = explanation["segments"][-1]
    return {
        "id": explanation["scorecard"],
        "cycle": explanation["cycle"],
        "subject": explanation["subject"],
        "scheme": own["scheme"],
        "scheme_version": own["scheme_version"],
        "revision": explanation["revision"],
        "total": found["total"],
        "grade": found["grade"],
        "coefficient": found["coefficient"],
        "lines": [
            {**_numbered(told, several=several), **_line(stated, line)}
            for told, made in segments
            for stated, line in zip(told["lines"], made["lines"], strict=True)
        ],
        "sections": [
            {**_numbered(told, several=several), "section": stated["section"], **section}
            for told, made in segments
            for stated, section in zip(told["sections"], made["sections"], strict=True)
        ],
        "gates": [
            {
                **_numbered(told, several=several),
                "when": gate["when"],
                "then": gate["then"],
                "actual": bite["actual"],
            }
            for told, made in segments
            for gate, bite in zip(told["gates"], made["gates"], strict=True)
            if bite["bites"]
        ],
        "adjustments": explanation["adjustments"]["stated"],
        "segments": [
            {**{name: told[name] for name in _SPAN}, "total": made["total"]}
            for told, made in segments
        ],
        "fingerprint": explanation["fingerprint"],
        **_origin(explanation, found),
    }


def _origin(explanation: Json, found: Found) -> Found:
    """What a card says of its grade once it was calibrated; nothing before."""
    stated = explanation.get("calibration")
    return {} if stated is None else {"grade_origin": origin_of(stated, found)}


def _inputs(line: Json) -> Mapping[str, object]:
    source = line["source"]
    stated = {name: line[name] for name in _STATED if name in line}
    others = {str(each["indicator"]): _inputs(each) for each in line.get("others", ())}
    return {
        "value": line["value"],
        "reason": line["reason"],
        "definition_version": None if source is None else source["definition_version"],
        "better": line["better"],
        "targets": [{name: target[name] for name in _TARGET} for target in line["targets"]],
        **stated,
        **({"others": {code: others[code] for code in sorted(others)}} if others else {}),
    }


def _numbered(segment: Json, *, several: bool) -> Found:
    return {"segment": segment["segment"]} if several else {}


def _line(stated: Json, found: Found) -> Found:
    targets = {target["level"]: target["value"] for target in stated["targets"]}
    return {
        "section": stated["section"],
        "item": stated["item"],
        "indicator": stated["indicator"],
        "value": stated["value"],
        "target": targets.get(shown_level(stated)),
        "attainment": shown_attainment(stated, found),
        "score": found["score"],
        "weight": found["weight"],
        "points": found["points"],
        "status": found["status"],
    }
