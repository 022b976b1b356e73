"""What is shown does not hang on when somebody looked: a player that went along shows what one opened later shows."""

import pytest

from simnova import Cloud
from simnova.widgets.player import Player
from simnova.widgets.views import VIEWS

pytestmark = pytest.mark.thorough

QUERIES = [
    "server:web",
    "-server:web",
    "web",
    "front",
    "server:front",
    "state:active",
    "to:compute",
    "host:compute1",
]


def looking_on(cloud):
    """A player with stops that looks every tenth event."""
    player = Player(cloud, detail="everything")
    for query in QUERIES:
        player.stop_at(query)
    cloud.journal.after.append(lambda event: event.seq % 10 == 0 and player.refresh())
    return player


def test_who_went_along_finds_what_one_finds_who_came_later():
    cloud = Cloud(hosts=2)
    early = looking_on(cloud)
    server = cloud.boot("web")
    cloud.run()
    early.find("web")
    server.rename("front")
    cloud.boot("web")
    cloud.run()
    early.refresh()
    early.find("web")
    late = Player(cloud, detail="everything")
    for query in QUERIES:
        late.stop_at(query)
    late.find("web")
    assert early.asked["stops"] == late.asked["stops"]
    assert early.found["count"] == late.found["count"]
    assert early.ticks == late.ticks
    for view in VIEWS:
        early.view = late.view = view
        for seq in late._reel.places[::40]:
            early.seek(seq)
            late.seek(seq)
            assert (early.frame, early.pane, early.score) == (late.frame, late.pane, late.score)
