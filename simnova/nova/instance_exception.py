"""Nova's errors about operations on a server: its state, its lock, its host, its image (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class InstanceIsLocked(NovaError):
    """The server is locked; only an administrator may change it."""

    msg_fmt = "Instance %(instance_uuid)s is locked"
    code = 409


class InstanceNotReady(NovaError):
    """The server has no host (yet)."""

    msg_fmt = "Instance %(instance_id)s is not ready"
    code = 409


class InstanceNotRescuable(NovaError):
    """The server cannot be started from a rescue image."""

    msg_fmt = "Instance %(instance_id)s cannot be rescued: %(reason)s"
    code = 400


class InstanceTagNotFound(NovaError):
    """A server has no such tag."""

    msg_fmt = "Instance %(instance_id)s has no tag '%(tag)s'"
    code = 404


class InstanceFaultRollback(NovaError):
    """An operation failed, but the server is as it was: no ERROR; `inner_exception` is what went wrong."""

    def __init__(self, inner_exception: Exception) -> None:
        super().__init__(f"Instance rollback performed due to: {inner_exception}")
        self.inner_exception = inner_exception


class InstancePasswordSetFailed(NovaError):
    """The guest did not take the new password."""

    msg_fmt = "Failed to set admin password on %(instance)s because %(reason)s"
    code = 500


class UnshelveException(NovaError):
    """A shelved server cannot come back."""

    msg_fmt = "Error during unshelve instance %(instance_id)s: %(reason)s"


class UnshelveHostNotInAZ(NovaError):
    """The host asked for lies in another zone than the server."""

    msg_fmt = 'Host "%(host)s" is not in the availability zone "%(availability_zone)s".'
    code = 409


class UnshelveInstanceInvalidState(NovaError):
    """A zone or a host can be asked for only where the server has none."""

    msg_fmt = (
        'Specifying an availability zone or a host when unshelving server "%(instance_uuid)s" with status '
        '"%(state)s" is not supported. The server status must be SHELVED_OFFLOADED.'
    )
    code = 409


class UnsupportedRescueImage(NovaError):
    """No image to rescue with."""

    msg_fmt = "Requested rescue image '%(image)s' is not supported"
    code = 400


class InvalidRequest(NovaError):
    """The request cannot be carried out, for the reason given."""

    msg_fmt = "The request is invalid."
    code = 400


class AttachInterfaceNotSupported(NovaError):
    """The hypervisor plugs no cards into a guest."""

    msg_fmt = "Attaching interfaces is not supported for instance %(instance_uuid)s."
    code = 400


class ConsoleNotAvailable(NovaError):
    """The guest has no console now."""

    msg_fmt = "Guest does not have a console available."
    code = 404


class ConsoleTypeInvalid(NovaError):
    """No console of that kind is known."""

    msg_fmt = "Invalid console type %(console_type)s"
    code = 400


class ConsoleTypeUnavailable(NovaError):
    """Consoles of that kind are switched off."""

    msg_fmt = "Unavailable console type %(console_type)s."
    code = 400


class DeviceDetachFailed(NovaError):
    """A guest does not let go of a device."""

    msg_fmt = "Device detach failed for %(device)s: %(reason)s"


class InterfaceAttachFailed(NovaError):
    """A card could not be plugged in."""

    msg_fmt = "Failed to attach network adapter device to %(instance_uuid)s"


class InterfaceDetachFailed(NovaError):
    """A card could not be pulled out."""

    msg_fmt = "Failed to detach network adapter device from %(instance_uuid)s"
    code = 400


class InvalidToken(NovaError):
    """No console is open to this token (any more)."""

    msg_fmt = "The token '%(token)s' is invalid or has expired"
    code = 400


class SocketPortRangeExhaustedException(NovaError):
    """All ports for serial consoles are taken."""

    msg_fmt = "Not able to acquire a free port for %(host)s"


class ImageSerialPortNumberInvalid(NovaError):
    """A number of serial ports is none."""

    msg_fmt = (
        "Number of serial ports specified in flavor is invalid: expected an integer, got "
        "'%(num_ports)s'"
    )
    code = 400


class ImageSerialPortNumberExceedFlavorValue(NovaError):
    """An image wants more serial ports than the flavor has."""

    msg_fmt = "Forbidden to exceed flavor value of number of serial ports passed in image meta."
    code = 400


class SerialPortNumberLimitExceeded(NovaError):
    """More serial ports than QEMU has."""

    msg_fmt = "Maximum number of serial port exceeds %(allowed)d for %(virt_type)s"
    code = 400
