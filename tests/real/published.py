"""Where the published data lie: beside the checkout, or where KAOHE_DATA says. Tests only read."""

import csv
import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def data_folder() -> Path:
    """Skips the test that asks where the data are missing."""
    folder = Path(os.environ.get("KAOHE_DATA") or BESIDE)
    if not (folder / "SHA256SUMS").is_file():
        pytest.skip(f"the published data are not at {folder}; KAOHE_DATA may say where they are")
    return folder


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """The lines of a CSV file, plain or compressed, each by its header."""
    opens = gzip.open if path.suffix == ".gz" else open
    with opens(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def read_columns(path: Path, *names: str) -> Iterator[tuple[str, ...]]:
    """Some columns of a CSV file with many lines: without a dictionary for each."""
    with gzip.open(path, "rt", newline="") as file:
        lines = csv.reader(file)
        header = next(lines)
        places = [header.index(name) for name in names]
        for line in lines:
            yield tuple(line[place] for place in places)
