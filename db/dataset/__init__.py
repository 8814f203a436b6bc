"""
A dataset: a folder to publish and cite, with units, credit, codebook, provenance and checksums.

It covers whole hours up to the last successful look, and does not contain the time at which it was
made: from the same database, the same version of nalssi makes the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from db.dataset import describe, netcdf, provenance, readme
from db.dataset.about import About, Metadata
from db.dataset.describe import File
from db.dataset.grid import Grid
from db.export import formats, parquet
from db.export.blocks import of_rows
from db.export.slices import Selection, exported
from db.export.tables import TABLES, table
from db.file import atomic
from db.file.connection import VERSION
from db.moments import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from db.export.blocks import Slice
    from db.export.months import Monthly
    from db.export.tables import Kind, What

WORDS: Final = table(
    "kind word means understood sidebars first_seen first_portal last_seen last_portal"
)
_BOOK: Final[Mapping[str, Mapping[str, Kind]]] = {
    "hours": TABLES["hours"],
    "weather": TABLES["weather"],
    "stations": TABLES["stations"],
    "words": WORDS,
}
"""The tables of the codebook."""

_TABLES: Final[Mapping[str, Mapping[str, Kind]]] = {
    "hours.csv.gz": TABLES["hours"],
    "stations.csv": TABLES["stations"],
    "words.csv": WORDS,
}
_CHECKSUMS: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """
    The settings of a dataset.

    Attributes:
        source: The database.
        chosen: The times; all stations and portals are included.
        metadata: Title, creators, licence and DOI, as its maker gave them.
        version: The version of nalssi.
        icons: The condition of each known icon code.
        clean: Cleans each text.
        progress: Called with the finished share, 0 to 1.
    """

    source: Monthly
    metadata: Metadata
    version: str
    chosen: Selection = field(default_factory=Selection)
    icons: Mapping[str, str | None] = field(default_factory=dict)
    clean: Callable[[str], str] = str
    progress: Callable[[float], None] = lambda _done: None

    def make(self, path: Path) -> list[File]:
        """
        Make the folder.

        Returns:
            Its files.

        Raises:
            WrongQuestion: There is no full hour in that time.
            DatabaseError: The database is damaged.
            OutputError: It cannot be written, or the path exists.
            MissingExtra: An extra is not installed.
        """
        parquet.refuse_without()
        netcdf.refuse_without()
        chosen = self.source.whole_hours(self.chosen)
        with atomic.of_folder(path) as folder:
            return _Making(self, folder, chosen).make()


class _Making:
    """The making of one dataset."""

    def __init__(self, dataset: Dataset, folder: Path, chosen: Selection) -> None:
        self._dataset, self._folder, self._chosen = dataset, folder, chosen
        self._source, self._clean = dataset.source, dataset.clean

    def make(self) -> list[File]:
        grid = self._hours()
        about = self._about(grid)
        netcdf.write(self._folder / "nalssi.nc", grid, self._global(about), clean=self._clean)
        self._spells()
        self._lists()
        self._write("provenance.json", describe.as_json(provenance.of(about, self._source)))
        for language, name in readme.NAMES.items():
            self._write(name, readme.text(about, _BOOK, language))
        self._write("CITATION.cff", describe.cff(about))
        data = self._files()
        package = describe.datapackage(about, data, _TABLES)
        self._write("datapackage.json", describe.as_json(package))
        catalogue = describe.jsonld(about, data, TABLES["hours"])
        self._write("dataset.jsonld", describe.as_json(catalogue))
        sums = [f"{file.sha256}  {file.path}\n" for file in self._files()]
        self._write(_CHECKSUMS, "".join(sums))
        return self._files()

    def _hours(self) -> Grid:
        """Write the hours as Parquet and CSV in one pass, and keep them as a grid."""
        part = self._source.seconds(self._chosen)
        grid = Grid(self._source.stations(), part)
        years = self._years("hours", "hours")
        with (
            (self._folder / "hours.csv.gz").open("wb") as file,
            # without a name or time in its header
            gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream,
        ):
            text = self._text(stream, TABLES["hours"])  # type: ignore[arg-type] # it only writes
            for some in self._slices("hours"):
                years.write(some)
                text.write(some)
                grid.take(some)
                self._dataset.progress(some.done * 0.8)
        years.close()
        return grid

    def _spells(self) -> None:
        years = self._years("spells", "weather")
        for some in self._slices("weather"):
            years.write(some)
            self._dataset.progress(0.8 + some.done * 0.2)
        years.close()

    def _lists(self) -> None:
        (stations,) = self._source.slices("stations", Selection())
        self._csv("stations", TABLES["stations"], stations.rows)
        words = [astuple(word) for word in self._source.words(self._dataset.icons)]
        self._csv("words", WORDS, [tuple(map(exported, word)) for word in words])

    def _csv(self, name: str, columns: Mapping[str, Kind], rows: list[tuple[Any, ...]]) -> None:
        with (self._folder / f"{name}.csv").open("wb") as stream:
            text = self._text(stream, columns)
            if rows:
                text.write(of_rows(rows))

    def _text(self, stream: BinaryIO, columns: Mapping[str, Kind]) -> formats.Lines:
        """CSV without the mark, which tools other than spreadsheets do not expect."""
        return formats.csv(stream, columns, clean=self._clean, mark=False)

    def _years(self, name: str, what: What) -> parquet.Folders:
        """A folder of a Parquet file for each year."""
        return parquet.Folders(
            self._folder / name,
            f"year={{:04}}/{name}.parquet",
            TABLES[what],
            clean=self._clean,
            about=self._credit(what),
        )

    def _slices(self, what: What) -> Iterable[Slice]:
        return (some for some in self._source.slices(what, self._chosen) if len(some))

    def _about(self, grid: Grid) -> About:
        return About(
            metadata=self._dataset.metadata,
            version=self._dataset.version,
            since=moment(grid.hours.start),
            until=moment(grid.hours.stop),
            stations=grid.stations,
            portals=self._source.portals(),
            coverage=grid.coverage(),
        )

    def _global(self, about: About) -> dict[str, str]:
        """The global attributes of the netCDF file."""
        said = {
            "title": about.title,
            "institution": ", ".join(about.creators),
            "source": about.credit,
            "history": f"{about.until.isoformat()}: last hour; made with nalssi {about.version}",
            "references": about.doi_url or "README.md",
            "comment": about.description,
            "license": about.metadata.license,
        }
        return {name: self._clean(text) for name, text in said.items() if text}

    def _credit(self, what: str) -> dict[str, str]:
        names = ", ".join(one.name for one in self._source.portals())
        return {"table": what, "schema_version": str(VERSION), "portals": self._clean(names)}

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(text, encoding="utf-8", newline="\n")

    def _files(self) -> list[File]:
        places = sorted(place for place in self._folder.rglob("*") if place.is_file())
        return [_file(place, self._folder) for place in places]


def _file(place: Path, folder: Path) -> File:
    with place.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    path = place.relative_to(folder).as_posix()
    return File(path=path, bytes=place.stat().st_size, sha256=digest)
