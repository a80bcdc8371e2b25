"""`python -m services.verify receipt.json` does what `kaohe verify receipt.json` does."""

import sys

from services.verify.programs import run

sys.exit(run(sys.argv[1:]))
