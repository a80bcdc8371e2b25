"""`make bench`: measure each figure beside its limit, print the tables, keep them in var/bench."""

import argparse
import asyncio
import importlib
import time
from collections.abc import Awaitable, Callable

from rich.console import Console

from bench import grounds
from bench.figures import Figure, Options, keep, show
from services.local.database import Server

FIGURES = (
    "facts_in",
    "landing",
    "period_measures",
    "scoring",
    "back_test",
    "live",
    "reads",
    "pulled",
)
LONG_FIGURES = ("history", "backfill")
"""Minutes each: measured where they are named."""
WIDTH = 100
_HELP = f"which of {', '.join(FIGURES)} (all of these if none), {', '.join(LONG_FIGURES)}"


Measured = Callable[[Server, Options], Awaitable[list[Figure]]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("figures", nargs="*", help=_HELP)
    parser.add_argument("--rows", type=int, default=100_000, help="orders (default 100000)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each way (default 3)")
    arguments = parser.parse_args()
    if unknown := set(arguments.figures) - {*FIGURES, *LONG_FIGURES}:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    options = Options(arguments.rows, arguments.rounds)
    with grounds.start() as server:
        for name in arguments.figures or FIGURES:
            asyncio.run(_measure(name, server, options))


async def _measure(name: str, server: Server, options: Options) -> None:
    console = Console(width=WIDTH)
    began = time.perf_counter()
    run: Measured = importlib.import_module(f"bench.{name}").run
    for figure in await run(server, options):
        show(figure, console)
        keep(figure)
    console.print(f"[dim]{name}: {time.perf_counter() - began:.0f} s[/dim]\n")


if __name__ == "__main__":
    main()
