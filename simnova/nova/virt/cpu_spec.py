"""CPUs written as a text (`parse_cpu_spec` of `nova/virt/hardware.py`)."""

from __future__ import annotations

from simnova.nova import exception


def parse_cpu_spec(spec: str) -> list[int]:
    """The CPUs of a text such as `0-3,^2,8`; raises Invalid."""
    chosen: set[int] = set()
    left_out: set[int] = set()
    for part in filter(None, (part.strip() for part in spec.split(","))):
        (left_out if part.startswith("^") else chosen).update(_cpus(part))
    return sorted(chosen - left_out)


def _cpus(part: str) -> range:
    first, between, last = part.removeprefix("^").partition("-")
    what = "range" if between else "exclusion" if part.startswith("^") else "inclusion"
    try:
        found = range(int(first), int(last if between else first) + 1)
    except ValueError:
        raise exception.Invalid(f"Invalid {what} expression {part!r}") from None
    if not found:
        raise exception.Invalid(f"Invalid range expression {part!r}")
    return found
