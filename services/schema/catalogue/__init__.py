"""The built-in measures as data: what ingest takes posted amounts of, and what the api adds up."""

import json
from functools import cache
from importlib.resources import files

_KIND = "measures"


@cache
def measure_entries() -> tuple[dict[str, object], ...]:
    """The entries of `measures.json`."""
    text = files(__name__).joinpath("measures.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


@cache
def posted_measures() -> frozenset[str]:
    """Codes of the built-in measures that no fact gives and that are posted as daily amounts."""
    return frozenset(str(entry["code"]) for entry in measure_entries() if entry["kind"] == _KIND)
