"""How long a simulated hypervisor takes: ranges to draw from, one set for each kind of host."""

from __future__ import annotations

from typing import NamedTuple

from simnova.kernel.clock import Between


class Profile(NamedTuple):
    """Ranges in seconds; `download`, `convert`, `copy`, `extract` and `upload` are rates in MB a second.

    A live migration sends `bandwidth` MB a second while the guest dirties `dirty` MB a second.
    The default is of the order of a QEMU host with a local disk. `failure` is the chance, from 0
    to 1, that the start of a guest fails.
    """

    download: Between = Between(80, 120)
    convert: Between = Between(150, 300)
    overlay: Between = Between(0.02, 0.08)
    remove: Between = Between(0.001, 0.01)
    define: Between = Between(0.01, 0.05)
    start: Between = Between(0.3, 0.9)
    stop: Between = Between(0.1, 0.4)
    shutdown: Between = Between(1.0, 3.0)
    undefine: Between = Between(0.01, 0.05)
    pause: Between = Between(0.01, 0.03)
    unpause: Between = Between(0.01, 0.03)
    save: Between = Between(0.8, 2.5)
    restore: Between = Between(0.5, 1.0)
    copy: Between = Between(80, 120)
    extract: Between = Between(150, 300)
    upload: Between = Between(80, 120)
    redefine: Between = Between(0.01, 0.05)
    plug: Between = Between(0.05, 0.2)
    unplug: Between = Between(0.05, 0.2)
    password: Between = Between(0.05, 0.2)
    bandwidth: Between = Between(800, 1100)
    dirty: Between = Between(5, 40)
    failure: float = 0.0
