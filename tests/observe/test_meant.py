"""Which step somebody means, and what is said where there is none."""

import pytest

from simnova import Cloud, UsageError


@pytest.fixture(scope="module")
def cloud():
    """Two servers fill the hosts, the third finds none."""
    cloud = Cloud(2)
    for name in ("one", "two", "three"):
        cloud.boot(name, flavor="m1.large")
    cloud.run()
    return cloud


def test_a_server_stands_for_the_last_that_happened_to_it(cloud):
    told = cloud.why("three")
    sentences = [sentence for _, _, sentence in told]
    assert "server three" in sentences[0]
    assert any("NoValidHost" in sentence for sentence in sentences)
    assert sentences[-1] == "You ask the API: POST /v2.1/servers."
    server = cloud.servers["three"]
    assert list(cloud.why(server)) == list(cloud.why(server.id)) == list(told)


def test_a_query_stands_for_the_last_step_that_it_means(cloud):
    errors = [event.seq for event in cloud.journal if event.kind == "rpc.error"]
    assert cloud.why("kind:rpc.error")[0][0] == errors[-1]
    assert cloud.why("NoValidHost")[0][0] == errors[-1]
    published = [event.seq for event in cloud.journal if event.kind == "amqp.publish"]
    assert cloud.why("kind:amqp.publish")[0][0] in published


def test_nothing_is_the_last_step(cloud):
    assert list(cloud.why()) == list(cloud.why(cloud.steps()[-1]))
    empty = Cloud(1)
    assert (list(empty.why()), str(empty.why())) == ([], "Nothing has happened yet.")


def test_what_means_no_step_is_told(cloud):
    with pytest.raises(UsageError, match="'four': no server is called so, and no sentence"):
        cloud.why("four")
    with pytest.raises(UsageError, match="unknown server 'four': known: one, three, two"):
        cloud.why("server:four")
    with pytest.raises(UsageError, match="an empty query means no step"):
        cloud.why("")


def test_a_story_without_a_step_says_which_detail_has_some(cloud):
    assert str(Cloud(1).story()) == "Nothing has happened yet."
    assert "Nothing has happened yet." in Cloud(1).story()._repr_html_()
    assert str(cloud.story(only="amqp")) == (
        "No step is told by that: with detail='messages' some are."
    )
    assert list(cloud.story("messages", only="amqp"))
    assert str(cloud.story(only="service")) == "No step is told by that."
