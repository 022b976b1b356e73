"""A cloud to break."""

import pytest

from simnova import Cloud


@pytest.fixture
def cloud():
    with Cloud(hosts=2) as made:
        yield made
