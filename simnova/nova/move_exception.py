"""Nova's errors about moving a server: resize, migration, live migration, evacuation (`nova/exception.py`)."""

from __future__ import annotations

from simnova.exceptions import NovaError


class CannotMigrateToSameHost(NovaError):
    """The server is there already."""

    msg_fmt = "Cannot migrate to the host where the server exists."
    code = 400


class CannotResizeDisk(NovaError):
    """The new flavor's disk cannot be had by resizing."""

    msg_fmt = "Server disk was unable to be resized because: %(reason)s"
    code = 400


class CannotResizeToSameFlavor(NovaError):
    """The server has that flavor already."""

    msg_fmt = "When resizing, instances must change flavor!"
    code = 400


class ComputeServiceInUse(NovaError):
    """The host works: there is no reason to evacuate it."""

    msg_fmt = "Compute service of %(host)s is still in use."
    code = 400


class ComputeServiceUnavailable(NovaError):
    """The host that is needed does not report."""

    msg_fmt = "Compute service of %(host)s is unavailable at this time."
    code = 400


class DestinationHypervisorTooOld(NovaError):
    """A guest does not move live to an older hypervisor."""

    msg_fmt = "The instance requires a newer hypervisor version than has been provided."
    code = 400


class InstanceEvacuateNotSupported(NovaError):
    """The driver cannot evacuate."""

    msg_fmt = "Instance evacuate is not supported."
    code = 400


class InvalidHypervisorType(NovaError):
    """A guest does not move live between different hypervisors."""

    msg_fmt = "The supplied hypervisor type of is invalid."
    code = 400


class InvalidMigrationState(NovaError):
    """The migration is not in the state that this needs."""

    msg_fmt = (
        "Migration %(migration_id)s state of instance %(instance_uuid)s is %(state)s. "
        "Cannot %(method)s while the migration is in this state."
    )
    code = 400


class InvalidSharedStorage(NovaError):
    """Disks are shared where they should not be, or the other way round."""

    msg_fmt = "%(path)s is not on shared storage: %(reason)s"
    code = 400


class MigrationError(NovaError):
    """A move has failed."""

    msg_fmt = "Migration error: %(reason)s"


class MigrationNotFound(NovaError):
    """No migration of that id."""

    msg_fmt = "Migration %(migration_id)s could not be found."
    code = 404


class MigrationNotFoundByStatus(MigrationNotFound):
    """The server has no migration in that state."""

    msg_fmt = "Migration not found for instance %(instance_id)s with status %(status)s."
    code = 404


class MigrationNotFoundForInstance(MigrationNotFound):
    """The migration is another server's, or none."""

    msg_fmt = "Migration %(migration_id)s not found for instance %(instance_id)s"
    code = 404


class MigrationPreCheckError(MigrationError):
    """The checks before a live migration have failed."""

    msg_fmt = "Migration pre-check error: %(reason)s"
    code = 400


class MigrationSchedulerRPCError(MigrationError):
    """The scheduler has failed while a host was looked for."""

    msg_fmt = "Migration select destinations error: %(reason)s"
    code = 400


class NoActiveMigrationForInstance(NovaError):
    """The driver sends no such guest at this moment."""

    msg_fmt = "Active live migration for instance %(instance_id)s not found"
    code = 404


class RequestSpecNotFound(NovaError):
    """The request with which the server was asked for is not there any more."""

    msg_fmt = "RequestSpec not found for instance %(instance_uuid)s"
    code = 404


class ResizeError(NovaError):
    """The hypervisor cannot resize the guest."""

    msg_fmt = "Resize error: %(reason)s"


class UnableToMigrateToSelf(NovaError):
    """The driver cannot migrate to the host where the server is."""

    msg_fmt = "Unable to migrate instance (%(instance_id)s) to current host (%(host)s)."
    code = 400
