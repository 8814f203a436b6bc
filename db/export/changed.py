"""Updates a folder of months: only months whose facts changed are written again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from db.errors import OutputError
from db.export import parquet
from db.export.manifest import Renewed
from db.export.tables import TABLES
from db.file import atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from db.export.manifest import Manifest, Month
    from db.export.months import Monthly
    from db.export.tables import What


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """
    A folder ``year=2026/month=03/WHAT.parquet`` with its manifest, ``_manifest.WHAT.json``.

    Attributes:
        path: The folder.
        what: The table.
        about: The metadata of each file.
        clean: Cleans each text.
    """

    path: Path
    what: What
    about: Mapping[str, str]
    clean: Callable[[str], str] = str

    def keep_up(
        self, source: Monthly, *, progress: Callable[[float], None] = lambda _done: None
    ) -> Renewed:
        """
        Write the months that differ from the folder; each file is complete, or unchanged.

        Raises:
            DatabaseError: The database is damaged.
            OutputError: It cannot be written, or has other files.
            MissingExtra: It is not installed.
        """
        parquet.refuse_without()
        here, there = source.manifest(), self._manifest()
        changed = [x for x in sorted({*here, *there}) if here.get(x) != there.get(x)]
        rows = 0
        for nth, month in enumerate(changed, 1):
            there.pop(month, None)
            if month in here:
                rows += self._write(source, month)
                there[month] = here[month]
            else:
                self._file(month).unlink(missing_ok=True)
            self._record(there)
            progress(nth / len(changed))
        return Renewed(months=len(changed), all_months=len(here), rows=rows)

    @property
    def _place(self) -> Path:
        return self.path / f"_manifest.{self.what}.json"

    def _manifest(self) -> Manifest:
        """The manifest of the folder."""
        if not self._place.exists():
            if self.path.exists() and any(self.path.rglob(f"{self.what}.parquet")):
                raise OutputError(self.path, "has months but no manifest; give another folder")
            return {}
        try:
            read: dict[str, Any] = json.loads(self._place.read_text("utf-8"))
            return {str(month): dict(digests) for month, digests in read["months"].items()}
        except (ValueError, TypeError, LookupError, AttributeError) as exc:
            raise OutputError(self._place, f"is no manifest of ours: {exc}") from exc

    def _file(self, month: Month) -> Path:
        year, number = month.split("-")
        return self.path / f"year={year}" / f"month={number}" / f"{self.what}.parquet"

    def _write(self, source: Monthly, month: Month) -> int:
        """Write a month, and return the number of its rows."""
        slices = (some for some in source.month(self.what, month) if len(some))
        rows = 0
        place = self._file(month)
        with atomic.naming(self.path):
            place.parent.mkdir(parents=True, exist_ok=True)
        with atomic.of_file(place) as draft, draft.open("wb") as stream:
            file = parquet.Parquet(stream, TABLES[self.what], clean=self.clean, about=self.about)
            for some in slices:
                file.write(some)
                rows += len(some)
            file.close()
        return rows

    def _record(self, months: Manifest) -> None:
        text = json.dumps({"table": self.what, "months": months}, ensure_ascii=False, indent=1)
        with atomic.of_file(self._place) as draft:
            draft.write_text(f"{text}\n", encoding="utf-8")
