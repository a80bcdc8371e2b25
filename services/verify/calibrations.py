"""A calibrated grade: held against its quotas, gates and moves, as far as one card can show it.

Who stood above somebody is not on their card, so the place in the population is taken as stated.
"""

import hashlib
import json
from collections.abc import Sequence

from services.verify.arithmetic import Json, Unreadable, divided, number
from services.verify.lines import Found


def recount_calibration(
    stated: Json, names: Sequence[str], uncalibrated: int, limit: int
) -> tuple[Found, int]:
    """What a calibration must say, and the place of the grade that comes of it.

    A grade better than the gates leave is recounted as the best that they do.
    """
    given = uncalibrated
    if stated["unforced"] is None:
        given = max(limit, _place(names, stated["grade"]))
    moves, place = [], given
    for move in stated["moves"]:
        before, place = place, max(limit, _place(names, move["to"]))
        moves.append({"from": names[before], "to": names[place]})
    found: Found = {
        "quotas": _quotas(stated, names),
        "limit": names[limit] if limit else None,
        "grade": names[given],
        "moves": moves,
    }
    return found, place


def origin_of(stated: Json, found: Found) -> str | None:
    """What gave a calibrated card its grade."""
    if found["grade"] is None:
        return None
    if stated["moves"]:
        return "calibration"
    if stated["unforced"] is None:
        return "distribution"
    return "band" if found["grade"] == found["band"] else "gate"


def recount_ungraded() -> Found:
    """The same where the scheme has no grades: quotas of scores alone, which set nothing."""
    return {"quotas": [], "limit": None, "grade": None, "moves": []}


def statement_fingerprint(stated: Json) -> str:
    """SHA-256 of a calibration, its keys in order and without spaces."""
    text = json.dumps(stated, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _quotas(stated: Json, names: Sequence[str]) -> list[Found]:
    """People by shares, by largest remainder, equal remainders to the better grade."""
    if stated["unforced"] is not None:
        return []
    shares = [number(each["share"]) for each in stated["quotas"]]
    people = number(str(stated["people"]))
    quotas = divided(people, shares, 0)
    return [{"grade": name, "quota": int(quota)} for name, quota in zip(names, quotas, strict=True)]


def _place(names: Sequence[str], grade: object) -> int:
    if grade not in names:
        raise Unreadable(f"{grade!r} is no grade of the scheme")
    return names.index(str(grade))
