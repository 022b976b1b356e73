"""Consoles: what a guest has written; where it can be reached, with a token that ends."""

from __future__ import annotations

from simnova.messaging.rpc import expected_exceptions
from simnova.nova import exception
from simnova.nova.compute.manager.base import Base
from simnova.nova.compute.manager.wrappers import wrap_instance_fault
from simnova.nova.context import RequestContext, get_admin_context
from simnova.nova.log import getLogger
from simnova.nova.objects.console_auth_token import ConsoleAuthToken
from simnova.nova.objects.instance import Instance
from simnova.nova.periodic_task import periodic_task
from simnova.nova.virt.driver import Console

LOG = getLogger("nova.compute.manager")

_NO_CONSOLE: tuple[type[Exception], ...] = (
    exception.ConsoleTypeInvalid,
    exception.InstanceNotReady,
    exception.InstanceNotFound,
)


class Consoles(Base):
    """Calls from the API."""

    @expected_exceptions(*_NO_CONSOLE, exception.ConsoleTypeUnavailable, NotImplementedError)
    @wrap_instance_fault
    async def get_vnc_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> dict[str, str | int]:
        """A VNC console: the proxy's address with a token for it."""
        LOG.debug("Getting vnc console", instance=instance)
        self._check_console(self.conf.vnc.enabled, console_type, "novnc")
        console = await self.driver.get_vnc_console(context, instance)
        base = self.conf.vnc.novncproxy_base_url
        return await self._authorized(context, instance, console, console_type, base)

    @expected_exceptions(*_NO_CONSOLE, exception.ConsoleTypeUnavailable, NotImplementedError)
    @wrap_instance_fault
    async def get_spice_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> dict[str, str | int]:
        """A SPICE console."""
        LOG.debug("Getting spice console", instance=instance)
        self._check_console(self.conf.spice.enabled, console_type, "spice-html5")
        console = await self.driver.get_spice_console(context, instance)
        base = self.conf.spice.html5proxy_base_url
        return await self._authorized(context, instance, console, console_type, base)

    @expected_exceptions(*_NO_CONSOLE, exception.ConsoleTypeUnavailable, NotImplementedError)
    @wrap_instance_fault
    async def get_serial_console(
        self, context: RequestContext, instance: Instance, console_type: str
    ) -> dict[str, str | int]:
        """A serial console."""
        LOG.debug("Getting serial console", instance=instance)
        self._check_console(self.conf.serial_console.enabled, console_type, "serial")
        console = await self.driver.get_serial_console(context, instance)
        base = self.conf.serial_console.base_url
        return await self._authorized(context, instance, console, console_type, base)

    @expected_exceptions(*_NO_CONSOLE)
    async def validate_console_port(
        self, context: RequestContext, instance: Instance, port: str, console_type: str
    ) -> bool:
        """Whether a console of that type still listens on that port; a proxy asks before it connects."""
        ask = {
            "spice-html5": self.driver.get_spice_console,
            "serial": self.driver.get_serial_console,
        }.get(console_type, self.driver.get_vnc_console)
        return str((await ask(context, instance)).port) == port

    def _check_console(self, enabled: bool, console_type: str, known: str) -> None:
        if not enabled:
            raise exception.ConsoleTypeUnavailable(console_type=console_type)
        if console_type != known:
            raise exception.ConsoleTypeInvalid(console_type=console_type)

    async def _authorized(
        self,
        context: RequestContext,
        instance: Instance,
        console: Console,
        console_type: str,
        base: str,
    ) -> dict[str, str | int]:
        auth = ConsoleAuthToken(
            console_type=console_type,
            host=console.host,
            port=console.port,
            instance_uuid=instance.uuid,
            access_url_base=base,
            context=context,
        )
        await auth.authorize(self.conf.consoleauth.token_ttl)
        return {
            "token": auth.token,
            "access_url": auth.access_url,
            "host": console.host,
            "port": console.port,
        }

    @expected_exceptions(
        NotImplementedError, exception.ConsoleNotAvailable, exception.InstanceNotFound
    )
    @wrap_instance_fault
    async def get_console_output(
        self, context: RequestContext, instance: Instance, tail_length: str | int | None
    ) -> str:
        """The last lines of the guest's console log; without a length all of it."""
        LOG.info("Get console output", instance=instance)
        output = await self.driver.get_console_output(context, instance)
        if tail_length is None:
            return output
        count = int(tail_length)
        return "\n".join(output.split("\n")[-count:]) if count else ""

    # --- their end ----------------------------------------------------------------------------------------------

    async def _clean_instance_console_tokens(
        self, context: RequestContext, instance: Instance
    ) -> None:
        conf = self.conf
        if conf.vnc.enabled or conf.spice.enabled or conf.serial_console.enabled:
            await ConsoleAuthToken.clean_console_auths_for_instance(context, instance.uuid)

    @periodic_task("console tokens whose time is over", spacing="instance_delete_interval")
    async def _cleanup_expired_console_auth_tokens(self) -> None:
        """Forget the tokens that nobody can use any more."""
        await ConsoleAuthToken.clean_expired_console_auths(get_admin_context(self.place))
