"""The log door of Nova's services; the door itself is in the kernel, for oslo.messaging logs too."""

from simnova.kernel.log import LINE, Logger, format_exc, getLogger

__all__ = ["LINE", "Logger", "format_exc", "getLogger"]
