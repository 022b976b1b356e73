"""A small scenario to change: two hosts alike, one server asked for."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def host() -> dict[str, Any]:
    sizes = {"vcpus": 8, "total_ram_mb": 16384, "total_disk_gb": 500}
    return {"name": "a", **sizes}


@pytest.fixture
def small(host: dict[str, Any]) -> dict[str, Any]:
    flavor = {"vcpus": 1, "ram_mb": 1024, "disk_gb": 10}
    return {
        "name": "small",
        "hosts": [{**host}, {**host, "name": "b"}],
        "aggregates": [],
        "request": {"flavor": flavor},
    }
