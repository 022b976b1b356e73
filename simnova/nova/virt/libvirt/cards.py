"""The cards of real guests: each has a wire of this process's, from its first start or from when it is plugged in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simnova.config import Config
from simnova.messaging.rest import Response
from simnova.nova.context import RequestContext
from simnova.nova.log import getLogger
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo
from simnova.nova.virt.libvirt import nat
from simnova.nova.virt.libvirt.driver import LibvirtDriver
from simnova.nova.virt.libvirt.gateway import Card
from simnova.nova.virt.libvirt.http import answered
from simnova.nova.virt.libvirt.wires import Serve, Wires

__door__ = True

LOG = getLogger("nova.virt.libvirt.driver")


class CardsDriver(LibvirtDriver):
    """What Neutron has for a guest's cards is what the guest gets, and its questions are the metadata service's.

    With `nat` a network of libvirt's carries the cards, where that can be.
    """

    def __init__(self, *about: Any, nat: bool = False, **more: Any) -> None:
        super().__init__(*about, **more)
        self.nat = nat
        self.wires = Wires(self.hypervisor.directory)
        self._cards: dict[str, dict[str, Card]] = {}
        self._projects: dict[str, str] = {}

    def close(self) -> None:
        """Remove all that this cloud made here."""
        super().close()
        self.wires.close()

    def join(self, conf: Config, hypervisors: Mapping[str, Any], network_api: Any = None) -> None:
        """Guests of one network are joined, on whichever real host they are."""
        super().join(conf, hypervisors, network_api)
        known = [door.driver for door in hypervisors.values()]
        switches = [one.wires.switch for one in known if isinstance(one, CardsDriver)]
        self.wires.switch = switches[0] if switches else self.wires.switch

    # --- plugged in ---

    async def _define(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        network_info: NetworkInfo | None,
        guest: Guest,
    ) -> None:
        """Its cards get what Neutron has for them."""
        self._cards[guest.uuid] = {}
        for vif in network_info or ():
            self._know(instance, vif)
        await self._join(instance, self._cards[guest.uuid])
        await super()._define(context, instance, image_meta, network_info, guest)

    def _know(self, instance: Instance, vif: Mapping[str, Any]) -> None:
        card = Card.of(vif)
        if card is not None:
            self._cards.setdefault(instance.uuid, {})[vif["address"]] = card
        self._projects[instance.uuid] = str(instance.project_id)

    async def attach_interface(
        self,
        context: RequestContext,
        instance: Instance,
        image_meta: ImageMeta,
        vif: Mapping[str, Any],
    ) -> None:
        """Plug a card in: from its first frame on it has its wire."""
        self._know(instance, vif)
        await self._join(instance, [vif["address"]])
        try:
            await super().attach_interface(context, instance, image_meta, vif)
        except Exception:
            macs = self._take_up(instance.uuid, vif["address"])
            if macs:
                await self.hypervisor.call("leave", nat.left, macs=macs)
            raise

    # --- networks of libvirt's ---

    async def _try_nat(self) -> None:
        """Find out whether there can be any, where the host is to have them."""
        if not self.nat:
            return
        reason = await self.hypervisor.call("nat", nat.refusal)
        self.nat = not reason
        if reason:
            LOG.warning(
                "%s can have no NAT network, its guests have user-mode networking: %s",
                self.host,
                reason,
            )

    async def _join(self, instance: Instance, macs: Iterable[str]) -> None:
        """Put cards on such networks; those that cannot be are carried by QEMU itself."""
        cards = self._cards.get(instance.uuid, {})
        wanted = [cards[mac] for mac in macs if mac in cards]
        if not self.nat or not wanted:
            return
        for mac, lan, reason in await self.hypervisor.call("join", nat.join, cards=wanted):
            cards[mac] = cards[mac]._replace(lan=lan)
            if reason:
                text = "Card %s has user-mode networking, not NAT: %s"
                LOG.warning(text, mac, reason, instance=instance)

    def hand_over(self, uuid: str, other: CardsDriver) -> None:
        """A guest has gone to another host while it ran: its cards and their wires are that one's."""
        other.wires.adopt(uuid, self.wires)
        if uuid in self._cards:
            other._cards[uuid], other._projects[uuid] = self._cards.pop(uuid), self._projects[uuid]

    def _lans(self) -> dict[str, str]:
        """The networks that cards are on, by MAC."""
        cards = [one for known in self._cards.values() for one in known.items()]
        return {mac: card.lan for mac, card in cards if card.lan}

    # --- on the worker thread ---

    def _lay(self, uuid: str, mac: str | None = None) -> None:
        """Wires for all cards of a guest, in the place of those that it had; or for one more."""
        if mac is None:
            self.wires.take_up(uuid)
        for address, card in self._cards.get(uuid, {}).items():
            if mac in (None, address):
                self.wires.lay(uuid, card, self._server_of(uuid, card))

    def _take_up(self, uuid: str, mac: str | None = None) -> list[str]:
        """The wires of a guest, or of one card; tells which cards are gone from a network of libvirt's."""
        self.wires.take_up(uuid, mac)
        cards = self._cards.get(uuid, {})
        gone = {one: cards.pop(one) for one in list(cards) if mac in (None, one)}
        return [one for one, card in gone.items() if card.lan]

    def _server_of(self, uuid: str, card: Card) -> Serve:
        """Who answers a card's requests: the cloud's metadata service, which knows by the card whose it is."""
        about = {"server": uuid, "project": self._projects[uuid]}

        def answer(method: str, path: str, body: str | None) -> Response | None:
            if self.asked is None:
                return None
            asked = {"method": method, "path": path, "body": body, "address": card.address}
            found: Response | None = self.asked(**about, **asked)
            return found

        return lambda request: answered(request, answer)
