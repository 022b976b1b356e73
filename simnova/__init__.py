"""SimNova: a whole OpenStack Nova in a notebook.

from simnova import Cloud

cloud = Cloud(hosts=3)
server = cloud.boot("web")
cloud.run()
print(server)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simnova.cloud.client import Refused as Refused
    from simnova.cloud.cloud import Cloud as Cloud
    from simnova.cloud.conformance import conformance as conformance
    from simnova.cloud.hosts import Host as Host
    from simnova.cloud.machines import Machines as Machines
    from simnova.cloud.server import Server as Server
    from simnova.config import Config as Config
    from simnova.exceptions import NovaError as NovaError
    from simnova.exceptions import UsageError as UsageError
    from simnova.explore.search import search as search
    from simnova.kernel.journal import Journal as Journal
    from simnova.nova.virt.profile import Profile as Profile

__version__ = "0.1.0"

_HOMES = {
    "Cloud": "simnova.cloud.cloud",
    "Config": "simnova.config",
    "conformance": "simnova.cloud.conformance",
    "Host": "simnova.cloud.hosts",
    "Journal": "simnova.kernel.journal",
    "Machines": "simnova.cloud.machines",
    "NovaError": "simnova.exceptions",
    "Profile": "simnova.nova.virt.profile",
    "Refused": "simnova.cloud.client",
    "Server": "simnova.cloud.server",
    "UsageError": "simnova.exceptions",
    "search": "simnova.explore.search",
}

__all__ = [
    "Cloud",
    "Config",
    "Host",
    "Journal",
    "Machines",
    "NovaError",
    "Profile",
    "Refused",
    "Server",
    "UsageError",
    "__version__",
    "conformance",
    "search",
]


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext simnova` does: `%cloud`, `%step`, `%%scenario`, `%sql` and `%log` are there from now on."""
    from simnova.magics.magics import load

    load(shell)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: whoever needs one part does not wait for all."""
    if name not in _HOMES:
        raise AttributeError(f"module 'simnova' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
