"""The services beside Nova: what each answers with, and its tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from simnova.glance.app import Glance
from simnova.glance.schema import METADATA as GLANCE
from simnova.keystone.app import Keystone
from simnova.keystone.schema import METADATA as KEYSTONE
from simnova.messaging.rest import App
from simnova.neutron.app import Neutron
from simnova.neutron.schema import METADATA as NEUTRON
from simnova.placement.app import Placement
from simnova.placement.schema import METADATA as PLACEMENT


class Neighbour(NamedTuple):
    """Makes the service's application from a clock and its database, which has the same name and these tables."""

    app: Callable[..., App]
    tables: sa.MetaData


NEIGHBOURS = {
    "keystone": Neighbour(Keystone, KEYSTONE),
    "glance": Neighbour(Glance, GLANCE),
    "neutron": Neighbour(Neutron, NEUTRON),
    "placement": Neighbour(Placement, PLACEMENT),
}
"""By name, in the order in which they start."""
