"""Server groups: servers that belong together or apart (`nova/objects/instance_group.py`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from simnova.nova.objects.base import NovaObject


@dataclass
class InstanceGroup(NovaObject):
    """A group with its policy, the UUIDs of its servers and, while one is scheduled, their hosts.

    The rule `max_server_per_host` loosens the policy anti-affinity.
    """

    VERSION: ClassVar[str] = "1.11"

    uuid: str = ""
    name: str = ""
    user_id: str | None = None
    project_id: str | None = None
    policy: str = ""
    rules: dict[str, Any] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)

    @property
    def policies(self) -> list[str]:
        """The policy as the list that it once was."""
        return [self.policy]
