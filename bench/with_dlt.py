"""A program of its own: rows of a file into PostgreSQL by dlt, by key; prints the seconds."""

import json
import os
import secrets
import sys
import time
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"

import dlt


def main() -> None:
    file, dsn, folder = sys.argv[1:]
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line, parse_int=_whole) for line in lines]
    pipeline = dlt.pipeline(
        pipeline_name="beside",
        pipelines_dir=folder,
        # It wants a host and a password; those of the query are the ones that count.
        destination=dlt.destinations.postgres(dsn.replace("@/", ":none@localhost/")),
        dataset_name=f"beside_{secrets.token_hex(4)}",
    )
    began = time.perf_counter()
    merge = {"disposition": "merge", "strategy": "upsert"}
    pipeline.run(rows, table_name="orders", primary_key="number", write_disposition=merge)
    print(time.perf_counter() - began)


def _whole(digits: str) -> int | str:
    """It knows no whole number beyond 64 bits, as some marketplaces number their orders."""
    number = int(digits)
    return number if number.bit_length() < 64 else digits


if __name__ == "__main__":
    main()
