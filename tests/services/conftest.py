"""A cloud of two hosts, for a test of its own or for all that only ask."""

import pytest

from simnova import Cloud


@pytest.fixture
def cloud():
    return Cloud(hosts=2)


@pytest.fixture(scope="module")
def asked():
    return Cloud(hosts=2)


def hosts_of(cloud, count=3):
    return {cloud.boot(f"s{n}", flavor="m1.tiny").wait().host for n in range(count)}
