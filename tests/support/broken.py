"""What tests ask of the journal of a cloud that was broken."""


def events(cloud, kind, **data):
    """The events of a kind with these data."""
    return [
        event
        for event in cloud.journal
        if event.kind == kind and all(event.data.get(name) == data[name] for name in data)
    ]


def logged(cloud, text, actor=""):
    """The log lines of an actor (those that begin so) that hold a text."""
    return [
        event.data["message"]
        for event in cloud.journal
        if event.kind == "log" and text in event.data["message"] and event.actor.startswith(actor)
    ]


def replays(cloud):
    """A fork does it all again, event by event."""
    cloud.fork().close()
    return True
