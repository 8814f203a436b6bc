"""``python -m nalssi`` is ``nalssi``."""

from nalssi import command

command()
