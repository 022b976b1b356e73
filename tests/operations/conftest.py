"""A server on a cloud whose other services have stopped: what the API accepts stays as it is, to be looked at."""

import pytest

from simnova import Cloud
from simnova.cloud.client import Refused
from simnova.exceptions import NovaError


class Bench:
    """One server of the project demo, to be put into any state."""

    def __init__(self, owner="demo", **config):
        self.cloud = Cloud(1, config=config)
        body = {
            "name": "web",
            "flavorRef": self.cloud.flavors.id_of("m1.tiny"),
            "imageRef": self.cloud.images.id_of("cirros"),
            "networks": "auto",
        }
        call = self.cloud.send("POST", "/v2.1/servers", {"server": body}, user=owner)
        self.cloud.run()
        self.server = call.server

    def isolate(self):
        """Nobody but the API works from here on."""
        self.cloud.stop("nova-compute@compute1")
        self.cloud.stop("nova-conductor")
        self.cloud.run()

    def put(self, **columns):
        """Write columns of the server's row."""
        database = self.cloud.assembly.databases["nova_cell1"]

        async def write():
            await database.update("instances", {"uuid": self.server.id}, columns)

        self.cloud.clock.spawn(write(), service=self.cloud.assembly.running["nova-api"])
        self.cloud.run()

    def row(self):
        """The server's state as its row has it."""
        sql = "SELECT vm_state, task_state, locked, deleted FROM nova_cell1.instances"
        return tuple(self.cloud.sql(sql).rows[0])

    def ask(self, method, path, body=None, **how):
        """The answer to a request: None, or status and text of a refusal."""
        path = f"/v2.1/servers/{self.server.id}{path}"
        try:
            self.cloud.request(method, path, body, **how)
        except Refused as refused:
            return refused.code, refused.message
        except NovaError as error:
            return 500, str(error)
        return None


@pytest.fixture
def cloud():
    """A cloud in which, to the end, no state is left for one that Nova has no move to."""
    with Cloud(hosts=2) as made:
        yield made
        assert [e.data for e in made.journal if e.kind == "state.unexpected"] == []


@pytest.fixture
def server(cloud):
    """One that runs on that cloud."""
    booted = cloud.boot("web", flavor="m1.tiny").wait()
    cloud.run()
    return booted


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.cloud.close()


@pytest.fixture(scope="module")
def isolated():
    """Everyone but the API has stopped; who waits for an answer gives up soon, and nobody notices the absence."""
    consoles = {"spice": {"enabled": True}, "serial_console": {"enabled": True}}
    made = Bench(quota={"ram": -1}, rpc_response_timeout=1, service_down_time=10**6, **consoles)
    made.isolate()
    yield made
    made.cloud.close()


@pytest.fixture(scope="module")
def strangers():
    """The server of an administrator's project."""
    made = Bench(owner="admin")
    yield made
    made.cloud.close()
