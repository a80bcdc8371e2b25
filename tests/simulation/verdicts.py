"""What became of one seed, safety and liveness apart."""

from dataclasses import dataclass


@dataclass(slots=True)
class Verdict:
    """What became of one seed."""

    seed: int
    weather: str
    unsafe: list[str]
    """Promises that were broken."""
    behind: list[str]
    """What had not caught up long after all was well again."""
    digest: str
    events: list[str]
    """The last ones."""
    commits: int
    calls: int

    @property
    def is_good(self) -> bool:
        return not self.unsafe and not self.behind

    def told(self) -> str:
        return "\n".join(
            [
                f"seed {self.seed}: {'; '.join([*self.unsafe, *self.behind][:5]) or 'good'}",
                f"  weather: {self.weather}",
                *(f"  {event}" for event in self.events),
            ]
        )
