"""What stands in a cell of a spreadsheet, as text.

A number of a spreadsheet is a binary double. It is read as its shortest notation, if that has at
most four decimals and fifteen digits; whatever else was meant cannot be told, and the cell says so.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from services.ingest.core.cells import Doubtful
from services.schema.money import AMOUNT_PLACES, places_of, plain

DIGITS = 15
"""Digits that a double keeps."""


def cell_words(value: object, number_format: str) -> str:
    """What stands in a cell, as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _number(Decimal(repr(value)), percent="%" in number_format)
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, timedelta):
        return clock_words(value)
    # A date and a time of day as they are told; a text, or the name of an error, as it is.
    return str(value)


def _number(number: Decimal, *, percent: bool) -> str:
    """What has more decimals or digits than are sure to be kept is told apart."""
    shown = number * 100 if percent else number
    if not shown.is_finite() or places_of(shown) > AMOUNT_PLACES:
        return Doubtful(number)
    text = plain(shown)
    if len(text.replace(".", "").lstrip("-0")) > DIGITS:
        return Doubtful(text)
    return f"{text}%" if percent else text


def clock_words(duration: timedelta) -> str:
    """Hours, which may be more than a day's, minutes and seconds."""
    seconds = int(duration.total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
