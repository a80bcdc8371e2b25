"""What calibration made of a grade, in both languages: place, quota, tie and moves of people."""

from collections.abc import Mapping
from typing import Any

from services.schema.shapes.schemes import Name

Document = Mapping[str, Any]

_UNFORCED = {
    "below_minimum": Name("人数不足，不强制分布", "too few people for a quota, so none is forced"),
    "no_shares": Name("方案只限分数段", "the scheme has quotas of scores alone"),
}


def distribution_words(calibration: Document) -> Name:
    """Why the distribution gave this grade."""
    people, place = calibration["people"], calibration["place"]
    zh, en = f"{people} 人中第 {place} 名", f"place {place} of {people}"
    for each in calibration["tie_breakers"]:
        value = each["value"] or "-"
        zh, en = f"{zh}，{each['indicator']} {value}", f"{en}, {each['indicator']} {value}"
    if (unforced := calibration["unforced"]) is not None:
        told = _UNFORCED[unforced]
        return Name(f"{zh}；{told.zh}", f"{en}; {told.en}")
    quotas = " / ".join(f"{each['grade']} {each['quota']}" for each in calibration["quotas"])
    zh, en = f"{zh}；名额：{quotas}", f"{en}; quotas: {quotas}"
    if (tie := calibration["tie"]) is not None:
        equal, left = tie["people"], tie["places"]
        zh = f"{zh}；{equal} 人并列，名额剩 {left} 个，同取较高等级"
        en = f"{en}; {equal} equal people share the better grade, for which {left} places were left"
    if (limit := calibration["limit"]) is not None:
        zh, en = f"{zh}；门槛限定不高于 {limit}", f"{en}; a gate leaves no better than {limit}"
    return Name(zh, en)


def move_words(move: Document) -> Name:
    """Who moved a grade, from where, and why."""
    before, after, told = move["from"], move["to"], f"{move['reason']} ({move['author']})"
    return Name(f"校准：{before} → {after}，{told}", f"calibrated from {before} to {after}: {told}")
