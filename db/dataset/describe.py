"""Descriptions of a dataset for catalogues and people, each by its own standard."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from db.dataset.about import KEYWORDS, SITE
from db.export.codebook import TYPES, meaning
from db.export.tables import PUBLISHER, unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from db.dataset.about import About
    from db.export.tables import Kind

_MEDIA: Final = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """
    A file of a dataset.

    Attributes:
        path: Its path in the folder.
        bytes: Its size.
        sha256: Its checksum, in hexadecimal digits.
    """

    path: str
    bytes: int
    sha256: str

    @property
    def media(self) -> str:
        """Its media type."""
        return _MEDIA[f".{self.path.rpartition('.')[2]}"]

    @property
    def name(self) -> str:
        """Its name in a Data Package: lower case, without slashes."""
        return self.path.lower().replace("/", "-").replace("=", "-")


def as_json(value: object) -> str:
    """A value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def present(**values: object) -> dict[str, object]:
    """The values that are not None."""
    return {name: value for name, value in values.items() if value is not None}


# ---- Data Package, version 2 (datapackage.org)


def datapackage(
    about: About, files: Sequence[File], tables: Mapping[str, Mapping[str, Kind]]
) -> dict[str, Any]:
    """The descriptor; ``tables`` has the columns of the text tables, by path."""
    license = about.metadata.license  # noqa: A001 - the key's name
    return present(
        **{"$schema": "https://datapackage.org/profiles/2.0/datapackage.json"},
        name="nalssi",
        id=about.doi_url,
        title=about.title,
        description=about.description,
        keywords=list(KEYWORDS),
        contributors=[{"title": name, "roles": ["creator"]} for name in about.creators],
        licenses=[_license(license, about)] if license else None,
        sources=[
            {"title": PUBLISHER, "path": SITE},
            *({"title": one.name, "path": one.url} for one in about.portals),
        ],
        resources=[_resource(file, tables.get(file.path)) for file in files],
    )


def _license(given: str, about: About) -> dict[str, object]:
    if "://" in given:
        return {"path": given}
    return {"name": given, "path": about.license_url}


def _resource(file: File, columns: Mapping[str, Kind] | None) -> dict[str, object]:
    described = {
        "name": file.name,
        "path": file.path,
        "mediatype": file.media,
        "bytes": file.bytes,
        "hash": f"sha256:{file.sha256}",
    }
    if columns is None:  # "parquet" makes frictionless use pandas, and fail on missing times
        is_parquet = file.path.endswith(".parquet")
        return {**described, "format": "apache-parquet"} if is_parquet else described
    table = file.path.partition(".")[0]
    compressed = {"compression": "gz"} if file.path.endswith(".gz") else {}
    fields = [
        present(
            name=name,
            type=TYPES[kind],
            description=meaning(table, name).en,
            unit=unit(name),
            **({"format": "%Y-%m-%dT%H:%M:%S%z"} if kind == "moment" else {}),
        )
        for name, kind in columns.items()
    ]
    schema = {"fields": fields, "missingValues": [""]}
    return {
        **described,
        "type": "table",
        "format": "csv",
        "encoding": "utf-8",
        **compressed,
        "schema": schema,
    }


# ---- schema.org


def jsonld(about: About, files: Iterable[File], columns: Mapping[str, Kind]) -> dict[str, object]:
    """The Dataset of schema.org, for search engines of data sets."""
    places = [one for one in about.stations if one.latitude is not None]
    return present(
        **{"@context": "https://schema.org/", "@type": "Dataset"},
        name=about.title,
        description=about.description,
        identifier=about.doi_url,
        license=about.license_url,
        keywords=list(KEYWORDS),
        creator=[{"@type": "Organization", "name": name} for name in about.creators],
        creditText=about.credit,
        isAccessibleForFree=True,
        isBasedOn=[one.url for one in about.portals],
        measurementTechnique="polling of the weather box of newspaper sites",
        temporalCoverage=f"{about.since.isoformat()}/{about.until.isoformat()}",
        spatialCoverage=_box(places) if places else None,
        variableMeasured=[
            present(
                **{"@type": "PropertyValue"},
                name=name,
                description=meaning("hours", name).en,
                unitText=unit(name),
            )
            for name in columns
        ],
        distribution=[
            {
                "@type": "DataDownload",
                "contentUrl": file.path,
                "encodingFormat": file.media,
                "contentSize": str(file.bytes),
                "sha256": file.sha256,
            }
            for file in files
        ],
    )


def _box(places: Sequence[Any]) -> dict[str, object]:
    south, north = (f(one.latitude for one in places) for f in (min, max))
    west, east = (f(one.longitude for one in places) for f in (min, max))
    shape = {"@type": "GeoShape", "box": f"{south} {west} {north} {east}"}
    return {"@type": "Place", "name": "Korea", "geo": shape}


# ---- Citation File Format 1.2.0


def cff(about: About) -> str:
    """The citation; values are JSON strings, which YAML reads as they are."""
    given = about.metadata.license
    lines = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, cite it, and credit KMA and the sites.",
        "type": "dataset",
        "title": about.title,
        "date-released": f"{about.until:%Y-%m-%d}",
        "doi": about.metadata.doi,
        "license": None if given and "://" in given else given,
        "license-url": given if given and "://" in given else None,
        "abstract": about.description,
    }
    text = [f"{name}: {_yaml(value)}" for name, value in lines.items() if value is not None]
    authors = [f"  - name: {_yaml(name)}" for name in about.creators]
    return "\n".join(
        [*text, "authors:", *authors, "keywords:", *(f"  - {x}" for x in KEYWORDS), ""]
    )


def _yaml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
