"""Nova's options, under Nova's names and sections; `Config` is a nova.conf."""

from simnova.config.config import Config

__all__ = ["Config"]
