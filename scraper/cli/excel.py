"""The option for CSV with times that spreadsheets read."""

from __future__ import annotations

from typing import Final

import click

as_excel = click.option(
    "--excel",
    is_flag=True,
    help="Print CSV with Korean times that spreadsheets read: 2026-03-01 09:00:00.",
)

EXCEL: Final = "nalssi.excel"
"""The key of this option in the context of a command."""
