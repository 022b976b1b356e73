"""An image that Glance has no more: a server that moves brings it from its own host (`_try_fetch_image_cache`)."""

import pytest

from simnova import Cloud, Host, NovaError


@pytest.fixture(params=[None, pytest.param("test:///", marks=pytest.mark.libvirt)])
def cloud(request):
    hosts = [Host(name, driver=request.param) for name in ("compute1", "compute2")]
    with Cloud(hosts) as made:
        made.images.create("mine")
        yield made


def moved(cloud, how):
    server = cloud.boot("web", image="mine", host="compute1").wait()
    cloud.run()
    cloud.images.delete("mine")
    assert "mine" not in cloud.images
    try:
        getattr(server, how)()
        cloud.run()
    except NovaError as error:  # the test hypervisor sends no running guest
        pytest.skip(str(error))
    return server


def copies(cloud):
    return [one.data for one in cloud.journal if one.data.get("step") == "copy_base"]


@pytest.mark.parametrize("how", ["migrate", "live_migrate"])
def test_the_image_comes_from_the_host_that_has_it(cloud, how):
    server = moved(cloud, how)
    if cloud.assembly.drivers["compute1"].driver.virt_type == "test" and how == "live_migrate":
        assert copies(cloud) == []
        return
    assert server.host == "compute2"
    assert server.status in ("VERIFY_RESIZE", "ACTIVE")
    [copy] = copies(cloud)
    assert (copy["source"], copy["bytes"]) == ("compute1", 1_000_000)
    said = "doesn't exist anymore on image service, attempting to copy image from compute1"
    assert said in str(cloud.log())
    assert "has copied the cached image (1 MiB) from compute1" in str(cloud.story())


def test_a_boot_has_nowhere_else_to_take_it_from(cloud):
    cloud.boot("web", image="mine", host="compute1").wait()
    call = cloud.submit("db", image="mine", host="compute2")
    cloud.run(until=lambda event: event.kind == "http.response" and "images" in str(event.data))
    cloud.images.delete("mine")
    cloud.run()
    assert call.server.status == "ERROR"
    assert copies(cloud) == []


def test_a_host_that_has_dropped_it_too_fails_the_resize():
    cloud = Cloud(2)
    cloud.images.create("mine")
    server = cloud.boot("web", image="mine", host="compute1").wait()
    cloud.images.delete("mine")
    cloud.assembly.drivers["compute1"].driver.cache.base.clear()
    server.migrate()
    cloud.run()
    assert server.status == "ERROR"
    assert "No such file or directory" in str(cloud.log())
