"""`python -m simnova` is the command `simnova`."""

from __future__ import annotations

import sys

from simnova.cli import main

sys.exit(main())
