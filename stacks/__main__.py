"""`python -m stacks`: for whoever deploys, before it is done."""

from __future__ import annotations

import sys

from stacks.check import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
