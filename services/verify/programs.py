"""`kaohe verify`: reads a receipt, recomputes it, prints what it found, and says so by its exit.

0: every figure agrees and the signature holds. 1: a figure differs, or the signature does not hold.
2: what was given cannot be read as a receipt.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from services.verify.arithmetic import Json, Unreadable
from services.verify.calibrations import statement_fingerprint
from services.verify.cards import recount
from services.verify.documents import card_of, fingerprint_of
from services.verify.lines import Found
from services.verify.reports import Difference, report
from services.verify.signatures import read_keys, standing_of

FORMAT = "kaohe-receipt/1"
LARGEST_BYTES = 16 * 1024 * 1024
AGREES, DIFFERS, UNREADABLE = 0, 1, 2
_TELLING = "What it writes can be read by hand: see docs/receipts.md."


def run(arguments: Sequence[str]) -> int:
    """The program; gives its exit code."""
    parser = argparse.ArgumentParser(
        prog="kaohe verify", description=__doc__.partition("\n")[0], epilog=_TELLING
    )
    parser.add_argument("receipt", type=Path, help="A saved answer of .../receipt.")
    parser.add_argument("--keys", type=Path, help="A saved answer of GET /v1/receipt-keys.")
    asked = parser.parse_args(arguments)
    return verify(asked.receipt, asked.keys)


def verify(path: Path, keys: Path | None) -> int:
    """Check the receipt in a file and print what was found."""
    try:
        document = read_receipt(path)
        standing = standing_of(document, None if keys is None else read_keys(keys))
        found, differences = check(document["receipt"])
    except Unreadable as error:
        sys.stderr.write(f"kaohe verify: {error}\n")
        return UNREADABLE
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, IndexError) as error:
        sys.stderr.write(f"kaohe verify: this is no receipt: {type(error).__name__}: {error}\n")
        return UNREADABLE
    for line in report(document, found, differences, standing):
        sys.stdout.write(f"{line}\n")
    return AGREES if standing.holds and not differences else DIFFERS


def read_receipt(path: Path) -> dict[str, Any]:
    """The document in a file; refuses what is no receipt of this format."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise Unreadable(f"{path} is too large for a receipt")
        document = json.loads(path.read_bytes(), parse_float=_refuse, parse_constant=_refuse)
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{path}: {error}") from None
    if not isinstance(document, dict) or not isinstance(document.get("receipt"), dict):
        raise Unreadable(f"{path} holds no receipt")
    if (stated := document["receipt"].get("format")) != FORMAT:
        raise Unreadable(f"{path} is of format {stated!r}; this program reads {FORMAT!r}")
    return document


def check(receipt: Json) -> tuple[Found, list[Difference]]:
    """All that was recomputed, and where the receipt says otherwise."""
    explanation = receipt["explanation"]
    found = recount(explanation)
    found["fingerprint"] = fingerprint_of(explanation)
    if explanation.get("calibration") is not None:
        # Equal inputs may have unlike grades: a calibrated card is known by the whole statement.
        found["calibration"]["inputs"] = found["fingerprint"]
        found["fingerprint"] = statement_fingerprint(explanation["calibration"])
    differences = list(compare("/explanation", explanation, found))
    differences += compare("/card", receipt["card"], card_of(explanation, found))
    return found, differences


def compare(place: str, stated: object, found: object) -> Iterator[Difference]:
    """Where a document says something else than what was recomputed for the same places."""
    if isinstance(found, dict) and isinstance(stated, dict):
        for name, own in found.items():
            if name not in stated:
                yield Difference(f"{place}/{name}", "nothing", own)
            else:
                yield from compare(f"{place}/{name}", stated[name], own)
    elif isinstance(found, list) and isinstance(stated, list) and len(found) == len(stated):
        for at, (one, own) in enumerate(zip(stated, found, strict=True)):
            yield from compare(f"{place}/{at}", one, own)
    elif type(stated) is not type(found) or stated != found:
        yield Difference(place, stated, found)


def _refuse(text: str) -> None:
    raise ValueError(f"a receipt has no number such as {text}")
