"""SimNova: a whole OpenStack Nova in a notebook."""

__version__ = "0.1.0"
