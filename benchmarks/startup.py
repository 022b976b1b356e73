"""How long it takes until there is a cloud: imports in a fresh Python, then clouds of some sizes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Line, best, show
from simnova import Cloud

FRESH = (
    ("import simnova", "import simnova"),
    ("from simnova import Cloud", "from simnova import Cloud"),
    ("from import to the first cloud of 3 hosts", "from simnova import Cloud; Cloud(hosts=3)"),
)


def lines() -> Iterator[Line]:
    """The first time in a Python process, and every further time."""
    for what, code in FRESH:
        yield Line(what, min(_fresh(code) for _ in range(5)) * 1e3, "ms", "fresh Python")
    for hosts in (3, 10, 100):
        rounds = 2 if hosts == 100 else 5
        taken = best(lambda hosts=hosts: Cloud(hosts=hosts), rounds)
        yield Line(f"a further cloud of {hosts} hosts", taken * 1e3, "ms")


def _fresh(code: str) -> float:
    timed = f"import time; start = time.process_time()\n{code}\nprint(time.process_time() - start)"
    ran = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    return float(ran.stdout)


if __name__ == "__main__":
    show(lines())
