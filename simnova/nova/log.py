"""The log door of Nova's services; the door itself is in the kernel, for oslo.messaging logs too."""

from simnova.kernel.log import LINE, Logger, class_name, format_exc, getLogger

__all__ = ["LINE", "Logger", "class_name", "format_exc", "getLogger"]
