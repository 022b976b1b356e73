"""Where the journal says that a message was: at the line of a service that waits, or on the wire, where nobody does."""

from simnova.kernel.clock import Clock
from simnova.messaging.amqp import Broker


def published(then_declares):
    clock = Clock()
    channel = Broker(clock).connect("web").channel()
    channel.queue_declare("hello")

    async def serve():
        channel.basic_publish("", "hello", "Hello World!")
        if then_declares:
            channel.queue_declare("other")

    clock.spawn(serve(), service=channel.connection.service)
    clock.run()
    return next(event for event in clock.journal if event.kind == "amqp.publish").where


def test_a_message_that_arrives_by_itself_has_no_place():
    assert published(then_declares=False) is None


def test_one_that_a_declaration_pushes_out_has_the_line_of_the_declaration():
    assert published(then_declares=True).startswith("test_places.py:")
