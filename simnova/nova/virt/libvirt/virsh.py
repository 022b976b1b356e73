"""libvirt's own shell, as an operator uses it beside Nova."""

from __future__ import annotations

import shlex
import shutil
import subprocess

from simnova.exceptions import UsageError

__door__ = True

HOW_TO_GET = "apt-get install libvirt-clients"
PATIENCE = 30.0
"""Seconds that a command may take."""


class Printed(str):
    """What a program has printed; it shows itself as it was."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def virsh(uri: str, command: str) -> Printed:
    """What `virsh -c URI COMMAND` prints. Raises UsageError with what it says where it fails, or is missing."""
    found = shutil.which("virsh")
    if found is None:
        raise UsageError(f"there is no virsh on this machine: {HOW_TO_GET}")
    asked = [found, "-c", uri, *shlex.split(command)]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"virsh {command}: no answer in {PATIENCE:g} s") from None
    if done.returncode:
        raise UsageError(f"virsh {command}: {done.stderr.strip() or done.returncode}")
    return Printed(done.stdout.strip("\n"))
