"""`python -m simnova` is the command `simnova`."""

from __future__ import annotations

import sys

from simnova.cli import main

if __name__ == "__main__":
    sys.exit(main())
