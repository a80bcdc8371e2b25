"""Serve the sandbox on loopback: `python -m sandbox --port 8100`."""

import argparse
from datetime import datetime

import uvicorn

from sandbox.app import make_app
from sandbox.shops import ZONE


def main() -> None:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--now", type=datetime.fromisoformat, help="start the clock here instead")
    parser.add_argument("--control", action="store_true", help="let tests make things go wrong")
    parser.add_argument("--hooks", help="let shops send what changes to this address")
    arguments = parser.parse_args()
    ahead = arguments.now - datetime.now(ZONE) if arguments.now else None

    def now() -> datetime:
        return datetime.now(ZONE) + ahead if ahead else datetime.now(ZONE)

    app = make_app(now, control=arguments.control, hooks=arguments.hooks)
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
