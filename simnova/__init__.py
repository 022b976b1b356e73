"""SimNova: a whole OpenStack Nova in a notebook.

    from simnova import Cloud

    cloud = Cloud(hosts=3)
    server = cloud.boot("web")
    cloud.run()
    print(server)
"""

from simnova.client import Refused
from simnova.cloud import Cloud
from simnova.config import Config
from simnova.exceptions import NovaError, UsageError
from simnova.hosts import Host
from simnova.nova.virt.profile import Profile
from simnova.server import Server

__version__ = "0.1.0"

__all__ = ["Cloud", "Config", "Host", "NovaError", "Profile", "Refused", "Server", "UsageError", "__version__"]
