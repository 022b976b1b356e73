"""The wires between guests' cards and their gateways: every frame that a guest sends passes here first.

QEMU's filters hand it over (`filter-redirector`): one socket for what the guest sends, one for what of it may go on to
QEMU's own network, one for what the gateway has to say to the guest. Only who may enter the directory can connect.
"""

from __future__ import annotations

import selectors
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from simnova.nova.virt.libvirt.gateway import Card, Gateway

__door__ = True

OUT, ON, IN = "out", "on", "in"
"""What a guest sends, what of it goes on, what comes in to it."""

PATIENCE = 1.0
"""Seconds that a QEMU may take to read a frame; one that stands still loses it."""

TAP_HEAD = 12
"""Bytes in front of a tap's frame (`virtio_net_hdr`), until the guest has shown how many it has."""

Serve = Callable[[bytes], bytes]
"""Called on a thread of its own with a whole HTTP request; returns the whole answer."""


def folder(directory: Path) -> Path:
    """Where the sockets of a host's cards are."""
    return directory / "net"


def socket_of(directory: Path, mac: str, end: str) -> Path:
    """One of a card's three sockets."""
    return folder(directory) / f"{mac.replace(':', '')}.{end}"


class Wire:
    """A card's three sockets, and its gateway."""

    def __init__(
        self, directory: Path, card: Card, serve: Serve, loop: Loop, switch: Switch
    ) -> None:
        self.gateway = Gateway(card, self._ask)
        self.card, self.serve, self.loop, self.switch = card, serve, loop, switch
        self._sending = threading.Lock()
        self._ends: dict[str, list[socket.socket]] = {OUT: [], ON: [], IN: []}
        self._held: dict[socket.socket, bytes] = {}
        self._speaker: socket.socket | None = None
        self._offload = TAP_HEAD if card.lan else 0
        folder(directory).mkdir(parents=True, exist_ok=True, mode=0o700)
        self.paths = [socket_of(directory, card.mac.hex(), end) for end in (OUT, ON, IN)]
        self.listening = [self._listen(path) for path in self.paths]
        switch.wires.append(self)

    def _listen(self, path: Path) -> socket.socket:
        path.unlink(missing_ok=True)
        made = socket.socket(socket.AF_UNIX)
        made.bind(str(path))
        made.listen(2)
        self.loop.watch(made, lambda: self._accept(made, path.suffix[1:]))
        return made

    def _accept(self, listening: socket.socket, end: str) -> None:
        """While a guest moves there are two QEMUs, each at the same place in all three lists."""
        made, _ = listening.accept()
        made.settimeout(PATIENCE)
        self._ends[end].append(made)
        self.loop.watch(made, lambda: self._read(made, end))

    def _read(self, came: socket.socket, end: str) -> None:
        data = b""
        with suppress(OSError):
            data = came.recv(65536)
        if not data:
            self.loop.forget(came)
            self._ends[end].remove(came)
            self._held.pop(came, None)
        elif end == OUT:
            self._speaker = came
            self._pass_frames(came, self._held.get(came, b"") + data)

    def _pass_frames(self, came: socket.socket, held: bytes) -> None:
        head = 8 if self.card.lan else 4
        while len(held) >= head:
            size = head + struct.unpack("!I", held[:4])[0]
            if len(held) < size:
                break
            if self.card.lan:
                self._offload = struct.unpack("!I", held[4:8])[0]
            frame, held = held[head + self._offload : size], held[size:]
            self._pass(frame)
        self._held[came] = held

    def _pass(self, frame: bytes) -> None:
        """To the guest that it is for; else to the gateway, and to all or outside where that has no answer."""
        target, others = frame[:6], self.switch.others(self)
        if target in others:
            others[target]._send(IN, frame)
            return
        replies, onward = self.gateway.receive(frame)
        self._say(replies)
        if onward:
            self._send(ON, frame)
        if target[0] & 1 and not replies:
            for other in others.values():
                other._send(IN, frame)

    def _send(self, end: str, frame: bytes) -> None:
        found = self._answered(end)
        if found is not None:
            with self._sending, suppress(OSError):
                found.sendall(self._packed(frame))

    def _packed(self, frame: bytes) -> bytes:
        """A frame as QEMU's filters want it: a tap's have a head before it, in which we ask for nothing."""
        if not self.card.lan:
            return struct.pack("!I", len(frame)) + frame
        head = bytes(self._offload)
        return struct.pack("!II", len(head) + len(frame), len(head)) + head + frame

    def _answered(self, end: str) -> socket.socket | None:
        """That of the QEMU in which the guest runs: it has spoken last."""
        speakers, ends = list(self._ends[OUT]), list(self._ends[end])
        at = speakers.index(self._speaker) if self._speaker in speakers else len(ends) - 1
        return ends[min(at, len(ends) - 1)] if ends else None

    def _ask(self, port: int, request: bytes) -> None:
        work = threading.Thread(target=self._answer, args=(port, request), daemon=True)
        work.name = "metadata of a guest"
        work.start()

    def _answer(self, port: int, request: bytes) -> None:
        answer = self.serve(request)
        self.loop.soon(lambda: self._say(self.gateway.answer(port, answer)))

    def _say(self, said: list[bytes]) -> None:
        for frame in said:
            self._send(IN, frame)

    def close(self) -> None:
        """Hang up; once."""
        if self not in self.switch.wires:
            return
        self.switch.wires.remove(self)
        for one in [*self.listening, *(one for ends in self._ends.values() for one in ends)]:
            self.loop.forget(one)
        for path in self.paths:
            path.unlink(missing_ok=True)


class Switch:
    """What joins the cards of a network, on whichever host of the cloud their guests are."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []

    def others(self, one: Wire) -> dict[bytes, Wire]:
        """The other cards of the same network, by MAC, but for those that a bridge joins to it already."""
        wires, lan = list(self.wires), one.card.lan
        return {
            wire.card.mac: wire
            for wire in wires
            if wire is not one
            and wire.card.network_id == one.card.network_id
            and not (lan and wire.card.lan == lan)
        }


class Loop:
    """The thread that looks after all wires of a host."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._todo: list[Callable[[], Any]] = []
        self._lock = threading.Lock()
        self._woken, self._wake = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        self._thread = threading.Thread(target=self._run, daemon=True, name="cards of guests")
        self._going = True
        self._thread.start()

    def watch(self, one: socket.socket, act: Callable[[], None]) -> None:
        """Call `act` whenever there is something to read."""
        self.soon(lambda: self._selector.register(one, selectors.EVENT_READ, act))

    def forget(self, one: socket.socket) -> None:
        """Close it."""
        self.soon(lambda: self._close(one))

    def soon(self, act: Callable[[], Any]) -> None:
        """Have the loop's thread do something."""
        with self._lock:
            self._todo.append(act)
        with suppress(OSError):
            self._wake.send(b".")
        if not self._thread.is_alive():
            self._work_off()

    def end(self) -> None:
        """Stop, when all that was asked for is done."""
        self.soon(lambda: setattr(self, "_going", False))
        self._thread.join(PATIENCE * 2)

    def _work_off(self) -> None:
        with self._lock:
            todo, self._todo = self._todo, []
        for act in todo:
            act()

    def _close(self, one: socket.socket) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(one)
        one.close()

    def _run(self) -> None:
        while self._going:
            for key, _ in self._selector.select():
                if key.data is not None and key.fileobj.fileno() >= 0:  # type: ignore[union-attr]
                    with suppress(OSError):
                        key.data()
            with suppress(BlockingIOError):
                self._woken.recv(4096)
            self._work_off()
        self._selector.close()
        self._woken.close()
        self._wake.close()


class Wires:
    """The wires of one host's guests, by the server's UUID."""

    def __init__(self, directory: Path, switch: Switch | None = None) -> None:
        self.directory, self.switch = directory, switch or Switch()
        self._loop: Loop | None = None
        self._wires: dict[str, list[Wire]] = {}

    def lay(self, uuid: str, card: Card, serve: Serve) -> None:
        """A new one for a card of a guest's, in the place of the one that it had."""
        self.take_up(uuid, card.mac.hex(":"))
        self._loop = self._loop or Loop()
        made = Wire(self.directory, card, serve, self._loop, self.switch)
        self._wires.setdefault(uuid, []).append(made)

    def adopt(self, uuid: str, other: Wires) -> None:
        """A guest has come from another host while it ran: its QEMU still reaches its wires there."""
        self._wires.setdefault(uuid, []).extend(other._wires.pop(uuid, ()))

    def take_up(self, uuid: str, mac: str | None = None) -> None:
        """A guest is gone, or one card of its."""
        kept: list[Wire] = []
        for wire in self._wires.pop(uuid, ()):
            if mac in (None, wire.card.mac.hex(":")):
                wire.close()
            else:
                kept.append(wire)
        if kept:
            self._wires[uuid] = kept

    def close(self) -> None:
        """All are gone."""
        for uuid in list(self._wires):
            self.take_up(uuid)
        if self._loop is not None:
            self._loop.end()
            self._loop = None
