"""A cloud of one or more hosts, and what its nova-compute says in its log."""

import pytest

from simnova import Cloud

COMPUTE = "nova-compute@compute1"


class Bench:
    """A cloud, its server web on compute1, and the clock turned on until a periodic task has had its turn."""

    def __init__(self, hosts=1, **config):
        self.cloud = Cloud(hosts=hosts, config=config)
        self.server = self.cloud.boot("web", host="compute1").wait("ACTIVE")

    @property
    def driver(self):
        return self.cloud.assembly.simulated("compute1")

    @property
    def guest(self):
        return self.driver.guests.get(self.server.id)

    def after(self, seconds):
        self.cloud.run(until=self.cloud.now + seconds)
        self.cloud.run()
        return self.cloud

    def back(self):
        """nova-compute starts again; its first rounds are over."""
        self.cloud.start(COMPUTE)
        return self.after(70)

    def put(self, table="instances", **columns):
        """Write columns of the server's row, past Nova."""
        database = self.cloud.assembly.databases["nova_cell1"]
        key = "uuid" if table == "instances" else "instance_uuid"

        async def write():
            await database.update(table, {key: self.server.id}, columns)

        life = self.cloud.assembly.running["nova-conductor"]
        self.cloud.clock.spawn(write(), service=life)
        self.cloud.run()

    def row(self, columns):
        found = self.cloud.sql(
            f"SELECT {columns} FROM nova_cell1.instances WHERE uuid = '{self.server.id}'"
        )
        return tuple(found.rows[0])

    def said(self, level="DEBUG"):
        """What nova-compute has logged, its own errands too."""
        log = self.cloud.log(service=COMPUTE, level=level, background=True)
        return "\n".join(line.message for line in log)


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.cloud.close()


@pytest.fixture
def make():
    """Benches with options of their own."""
    made = []

    def build(*hosts, **config):
        made.append(Bench(*hosts, **config))
        return made[-1]

    yield build
    for one in made:
        one.cloud.close()
