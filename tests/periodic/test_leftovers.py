"""Files that nobody needs: base images, disks of deleted servers, and of moves that came to nothing."""

COMPUTE = "nova-compute@compute1"
SHORT = {"manager_interval": 100, "remove_unused_original_minimum_age_seconds": 300}


def test_an_unused_base_image_goes_when_it_is_old_enough(make):
    bench = make(image_cache=SHORT)
    bench.after(200)
    assert len(bench.driver.cache.base) == 1, "a server uses it"
    assert "image is in use" in bench.said()
    bench.server.delete()
    bench.cloud.run()
    bench.after(200)
    assert len(bench.driver.cache.base) == 1
    assert "Base, swap or ephemeral file too young to remove: /var/lib/nova" in bench.said()
    bench.after(300)
    assert bench.driver.cache.base == {}
    said = bench.said("INFO")
    assert "Removing base, swap or ephemeral file: /var/lib/nova/instances/_base/" in said
    assert "Unknown base file: /var/lib/nova/instances/_base/" in said
    bench.cloud.fork().close()


def test_it_stays_where_base_images_are_not_to_be_removed(make):
    bench = make(image_cache={**SHORT, "remove_unused_base_images": False})
    bench.server.delete()
    bench.after(1000)
    assert len(bench.driver.cache.base) == 1
    assert "Removable base files: " in bench.said()


def test_it_stays_where_the_manager_is_off(make):
    bench = make(image_cache={**SHORT, "manager_interval": -1})
    bench.server.delete()
    bench.after(1000)
    assert len(bench.driver.cache.base) == 1


def test_a_disk_keeps_its_base_although_its_server_names_another_image(make):
    bench = make(image_cache=SHORT)
    bench.put(image_ref="11111111-2222-4333-8444-555555555555")
    bench.after(1000)
    assert len(bench.driver.cache.base) == 1
    assert "which does not appear in the image service" in bench.said("WARNING")


def cleaned(bench):
    table = "nova_cell1.instance_system_metadata"
    found = bench.cloud.sql(f"SELECT value FROM {table} WHERE key = 'clean_attempts'").rows
    return bench.row("cleaned")[0], [row[0] for row in found]


def test_the_files_of_a_server_that_was_deleted_while_its_host_was_down(make):
    """Its guest is another task's (here switched off); only the files are at stake."""
    bench = make(running_deleted_instance_action="noop")
    bench.cloud.crash(COMPUTE)
    bench.after(70)
    bench.server.delete()
    bench.cloud.run()
    assert bench.driver.disks == {bench.server.id}
    bench.cloud.start(COMPUTE)
    bench.after(400)
    assert bench.driver.disks == set()
    assert cleaned(bench) == (1, ["1"])
    assert "Instance has had 0 of 5 cleanup attempts" in bench.said()
    bench.cloud.fork().close()


def test_what_cannot_be_removed_is_tried_five_times(make):
    bench = make(running_deleted_instance_action="noop")
    bench.cloud.crash(COMPUTE)
    bench.after(70)
    bench.server.delete()
    bench.cloud.fail("compute1", "remove", "[Errno 30] Read-only file system", times=9)
    bench.cloud.start(COMPUTE)
    bench.after(800)
    assert cleaned(bench) == (0, ["2"])
    bench.after(2000)
    assert cleaned(bench) == (0, ["5"])
    assert "Failed to cleanup directory" in bench.said("ERROR")
    assert bench.driver.disks == {bench.server.id}


def test_an_ordinary_deletion_is_looked_at_once(bench):
    bench.server.delete()
    bench.after(1500)
    assert cleaned(bench) == (1, ["1"])


def test_the_disk_that_a_failed_move_has_left_on_another_host(make):
    """The row of the move outlives its server where it turned to error only afterwards."""
    bench = make(2)
    cloud, server = bench.cloud, bench.server
    server.migrate()
    cloud.run()
    assert server.host == "compute2"
    server.confirm_resize()
    cloud.run()
    bench.driver.disks.add(server.id)
    server.delete()
    cloud.run()
    bench.put("migrations", status="error", deleted=0, deleted_at=None)
    bench.after(400)
    assert bench.driver.disks == set()
    (status,) = cloud.sql("SELECT status FROM nova_cell1.migrations").rows[0]
    assert status == "failed"
