"""How facts are added up to measures: one text for whoever adds and for whoever asks what if."""

from functools import cache
from pathlib import Path

from services.schema.shapes.facts import LINE_TAGS
from services.schema.statements import blocks_of, fill
from services.schema.words import FactKind

_FILE = Path(__file__).with_suffix(".sql")


@cache
def sums_of(kind: FactKind) -> str:
    """A SELECT of what `stage_<kind>`, less `old_<kind>`, adds to the measures of a kind.

    Whoever asks says what these two are: staged rows, or queries of a `WITH`.
    """
    tags = (
        f"coalesce(sum(f.{tag}_amount) FILTER (WHERE e.paid AND f.{tag}_amount <> 0), 0)"
        f" AS {tag}_amount"
        for tag in LINE_TAGS
    )
    return fill(
        blocks_of(_FILE)[kind],
        {
            "tag_sums": ", ".join(tags),
            "tags": ", ".join(f"{tag}_amount" for tag in LINE_TAGS),
            "minus_tags": ", ".join(f"-{tag}_amount" for tag in LINE_TAGS),
        },
    )
