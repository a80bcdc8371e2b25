"""What each release published once: a company as it was written down then, and what payroll read.

`python -m tests.golden.make 2026-11` makes a folder before a release; it is never made anew after.
"""

import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
READ = (
    "/v1/payroll/entries?after=0&limit=1000",
    *(f"/v1/payroll/entries?after={after}&limit=7" for after in (0, 7, 14, 21, 28)),
    "/v1/payroll/export?cycle=agent&format=csv",
    "/v1/payroll/export?cycle=agent&format=ndjson",
    "/v1/payroll/export?cycle=traffic&format=csv",
    "/v1/results?limit=500",
)
"""What is the same to the last byte for ever."""


@dataclass(frozen=True)
class Release:
    """One folder: the company, and the bodies of answers by what was asked."""

    name: str

    @property
    def file(self) -> Path:
        """What `kaohe tenant export` wrote."""
        return FOLDER / self.name / "tenant.zip"

    @property
    def answers_file(self) -> Path:
        return FOLDER / self.name / "answers.json"

    def answers(self) -> dict[str, bytes]:
        told: dict[str, str] = json.loads(self.answers_file.read_text(encoding="utf-8"))
        return {path: body.encode() for path, body in told.items()}


def releases() -> list[Release]:
    """Every release of which something is kept, oldest first."""
    return [Release(file.parent.name) for file in sorted(FOLDER.glob("*/tenant.zip"))]
