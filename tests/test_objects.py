"""Nova's objects on the wire: what crosses, and what of an object counts as changed after it has crossed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simnova.messaging.envelope import seal, unseal
from simnova.nova.objects.base import from_primitive, to_primitive
from simnova.nova.objects.flavor import Flavor
from simnova.nova.objects.instance import Instance

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def server():
    flavor = Flavor(name="m1.tiny", extra_specs={"hw:cpu_policy": "shared"})
    interfaces = [{"id": "port", "network": {"subnets": [{"ips": ["10.0.0.3"]}]}}]
    made = Instance(id=7, uuid="u", flavor=flavor, network_info=interfaces, metadata={"a": "b"})
    return made.obj_reset_changes()


def crossed(value):
    return from_primitive(unseal(seal({"args": value}))["args"])


def test_an_object_arrives_as_it_was_sent():
    assert crossed(server()) == server()
    assert crossed([{"objinst": server()}]) == [{"objinst": server()}]


def test_the_encoder_writes_what_the_primitive_says():
    sent = server()
    sent.task_state = "spawning"
    assert unseal(seal({"args": [sent, (1, 2)]}))["args"] == to_primitive([sent, (1, 2)])
    assert json.loads(json.dumps(sent.obj_to_primitive()))["nova_object.changes"] == ["task_state"]


def test_what_has_changed_is_known_on_the_other_side():
    sent = server()
    sent.task_state = "spawning"
    assert list(crossed(sent).obj_what_changed()) == ["task_state"]
    assert crossed(server()).obj_what_changed() == {}


def test_a_change_in_place_shows_after_crossing():
    """Trap: what was loaded and what is held would be one and the same list."""
    arrived = crossed(server())
    arrived.network_info[0]["network"]["subnets"][0]["ips"].append("10.0.0.4")
    arrived.metadata["c"] = "d"
    assert set(arrived.obj_what_changed()) == {"network_info", "metadata"}
    assert arrived.obj_reset_changes().obj_what_changed() == {}
    del arrived.metadata["a"]
    assert set(arrived.obj_what_changed()) == {"metadata"}


def test_fields_that_an_older_sender_did_not_know_have_their_defaults():
    primitive = server().obj_to_primitive()
    del primitive["nova_object.data"]["progress"]
    assert from_primitive(primitive).progress == 0
    primitive["nova_object.data"]["colour"] = "blue"
    with pytest.raises(TypeError, match="colour"):
        from_primitive(primitive)


def test_what_has_no_form_on_the_wire_is_refused():
    with pytest.raises(TypeError, match="not JSON serializable"):
        seal({"args": object()})


@given(JSON, JSON)
def test_any_field_arrives_and_any_other_value_is_a_change(fault, other):
    sent = server()
    sent.fault = {"details": fault}
    arrived = crossed(sent.obj_reset_changes())
    assert (arrived.fault, arrived.obj_what_changed()) == ({"details": fault}, {})
    arrived.fault["details"] = other
    assert bool(arrived.obj_what_changed()) == (fault != other)
