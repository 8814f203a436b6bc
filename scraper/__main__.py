"""``python -m scraper`` is ``nalssi``."""

from scraper.cli import main

main(prog_name="nalssi")
