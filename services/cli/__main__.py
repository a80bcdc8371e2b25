"""`python -m services.cli` is `kaohe`."""

from services.cli.commands import main

main()
