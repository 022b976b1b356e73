"""The cards of real guests: each has a wire of this process's, from its first start or from when it is plugged in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simnova.config import Config
from simnova.messaging.rest import Response
from simnova.nova.context import RequestContext
from simnova.nova.objects.image_meta import ImageMeta
from simnova.nova.virt.driver import Guest, Instance, NetworkInfo
from simnova.nova.virt.libvirt.driver import LibvirtDriver
from simnova.nova.virt.libvirt.gateway import Card
from simnova.nova.virt.libvirt.http import answered
from simnova.nova.virt.libvirt.wires import Serve, Wires

__door__ = True


class CardsDriver(LibvirtDriver):
    """What Neutron has for a guest's cards is what the guest gets, and its questions are the metadata service's."""

    def __init__(self, *about: Any, **more: Any) -> None:
        super().__init__(*about, **more)
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
        try:
            await super().attach_interface(context, instance, image_meta, vif)
        except Exception:
            self._drop(instance.uuid, vif["address"])
            raise

    async def detach_interface(
        self, context: RequestContext, instance: Instance, vif: Mapping[str, Any]
    ) -> None:
        """Pull it out; a card that the guest has not let go of keeps its wire."""
        await super().detach_interface(context, instance, vif)
        self._drop(instance.uuid, vif["address"])

    def _drop(self, uuid: str, mac: str) -> None:
        self._cards.get(uuid, {}).pop(mac, None)
        self.wires.take_up(uuid, mac)

    # --- on the worker thread ---

    def _lay(self, uuid: str, mac: str | None = None) -> None:
        """Wires for all cards of a guest, in the place of those that it had; or for one more."""
        if mac is None:
            self.wires.take_up(uuid)
        for address, card in self._cards.get(uuid, {}).items():
            if mac in (None, address):
                self.wires.lay(uuid, card, self._server_of(uuid, card))

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
