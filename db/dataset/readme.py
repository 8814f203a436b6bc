"""The README of a dataset, in English and in Korean, with its codebook."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

from db.export import codebook
from db.moments import minute

if TYPE_CHECKING:
    from collections.abc import Mapping

    from db.dataset.about import About
    from db.export.tables import Kind

NAMES: Final = {"en": "README.md", "ko": "README.ko.md"}
_NOT_STATED: Final = {
    "en": "not stated: ask the person who gave you these files",
    "ko": "밝히지 않음. 자료를 제공한 사람에게 문의하십시오",
}


def text(about: About, tables: Mapping[str, Mapping[str, Kind]], language: str) -> str:
    """
    The README.

    Args:
        about: The dataset.
        tables: The columns of each of its tables.
        language: ``en`` or ``ko``.
    """
    books = [
        f"\n### `{name}`\n\n{codebook.table(name, columns, language)}\n"
        for name, columns in tables.items()
    ]
    shares = [f"| {name} | {share:.2%} |" for name, share in about.coverage.items()]
    template = (files(__package__) / f"readme.{language}.md").read_text("utf-8")
    return template.format(
        title=about.title,
        description=about.description_ko if language == "ko" else about.description,
        since=minute(about.since),
        until=minute(about.until),
        creators=", ".join(about.creators),
        version=about.version,
        credit=about.credit_ko if language == "ko" else about.credit,
        license=about.metadata.license or _NOT_STATED[language],
        doi=about.doi_url or "–",
        coverage="\n".join(["| | |", "|---|---|", *shares]),
        codebook="".join(books),
    )
