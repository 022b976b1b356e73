"""A service that started while its bus was down has no connection yet; it may be cut off all the same."""

from simnova import Cloud


def test_a_service_without_a_connection_is_cut_off_and_finds_its_way_back():
    with Cloud(hosts=1, config={"scheduler.workers": 2}) as cloud:
        cloud.crash("rabbitmq")
        cloud.restart("nova-scheduler:2")
        cloud.cut_off("nova-scheduler:2")
        cloud.start("rabbitmq")
        cloud.reconnect("nova-scheduler:2")
        cloud.crash("nova-scheduler")
        cloud.run()
        assert cloud.boot("web").wait("ACTIVE").status == "ACTIVE"
        cloud.fork().close()
