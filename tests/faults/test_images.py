"""A store of images that is full: Glance refuses, Nova cleans up."""

import pytest
from broken import events, replays

from simnova import UsageError


def images(cloud):
    return {row[0]: row[1] for row in cloud.sql("SELECT name, status FROM glance.images").rows}


def test_a_snapshot_that_finds_no_room_is_deleted_and_the_server_goes_on(cloud):
    server = cloud.boot("web").wait()
    before = images(cloud)
    cloud.fill_images()
    server.create_image("backup")
    cloud.run()
    (answer,) = events(cloud, "http.response", status=413)
    assert "There is not enough disk space on the image storage media." in answer.data["body"]
    assert images(cloud) == before
    assert (server.status, server.task_state) == ("ACTIVE", None)
    faults = cloud.sql("SELECT message FROM nova_cell1.instance_faults").column("message")
    assert any("Quota exceeded or out of space for image" in text for text in faults)
    assert replays(cloud)


def test_a_server_that_cannot_be_shelved(cloud):
    server = cloud.boot("web").wait()
    before = images(cloud)
    cloud.fill_images()
    server.shelve()
    cloud.run()
    assert server.task_state is None
    assert server.vm_state in ("active", "stopped")
    assert (
        cloud.sql("SELECT result FROM nova_cell1.instance_actions_events").column("result")[-1]
        == "Error"
    )
    assert set(images(cloud)) - set(before) <= {"web-shelved"}
    assert "active" not in {status for name, status in images(cloud).items() if name not in before}


def test_what_fits_is_taken_until_the_room_is_used_up(cloud):
    server = cloud.boot("web").wait()
    cloud.fill_images(left_gb=0.03)
    for name in ("one", "two"):
        server.create_image(name)
        cloud.run()
    assert "one" in images(cloud)
    assert "two" not in images(cloud)
    cloud.fill_images(None)
    server.create_image("three")
    cloud.run()
    assert images(cloud)["three"] == "active"
    assert replays(cloud)


def test_an_upload_of_ones_own_is_refused_in_glances_words(cloud):
    cloud.fill_images(0)
    assert list(cloud.faults) == ["Glance's store is full but for 0 GiB"]
    with pytest.raises(UsageError, match="Image storage media is full"):
        cloud.images.create("mine")
    with pytest.raises(UsageError, match="left_gb=-1 is no size"):
        cloud.fill_images(-1)
