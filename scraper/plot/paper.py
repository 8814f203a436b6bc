"""The sheet of a picture, fonts for Korean names, and the written file."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from db.errors import MissingExtra
from db.file import atomic
from scraper import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from matplotlib.figure import Figure

ENDINGS: Final = (".png", ".svg", ".pdf")
INK: Final = "#22272e"
FAINT: Final = "#68727d"
GRID: Final = "#e3e7eb"
ALARM: Final = "#c0392b"

DPI: Final = 150
"""The default number of pixels of an inch, in a PNG."""

_NO_HANGUL: Final = "no font with Hangul is installed, so names are in English only"

_PACKAGE: Final = "koreanize_matplotlib"
_FONT_FILES: Final = ("NanumGothic.ttf", "NanumGothicBold.ttf")
_HANGUL: Final = (
    *("NanumGothic", "Nanum Gothic", "NanumBarunGothic", "Noto Sans KR", "Noto Sans CJK KR"),
    *("Noto Sans CJK JP", "Source Han Sans KR", "Pretendard", "Apple SD Gothic Neo", "AppleGothic"),
    *("Malgun Gothic", "UnDotum", "Baekmuk Dotum", "Baekmuk Gulim", "Unifont"),
)
"""Font families with Hangul, those made for screens first."""

_PLAIN: Final = "DejaVu Sans"
"""A font of matplotlib with the signs that a Korean font may lack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """
    A figure, and whether Korean can be written on it.

    Attributes:
        figure: Matplotlib's, without any state outside of it.
        hangul: Whether there is a font for Korean.
    """

    figure: Figure
    hangul: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The metadata of a picture: description, credit and time."""

    title: str
    description: str
    credit: str
    time: dt.datetime

    def metadata(self, kind: str) -> dict[str, Any]:
        """The same as the metadata of a kind of file: Dublin Core, keywords, or those of PDF."""
        maker = f"nalssi {__version__}"
        if kind == "pdf":
            more = {"Subject": self.description, "Keywords": self.credit, "Author": maker}
            return {"Title": self.title, "CreationDate": self.time.astimezone(dt.UTC), **more}
        fields = {"Title": self.title, "Description": self.description, "Source": self.credit}
        if kind == "svg":
            return {**fields, "Creator": maker, "Date": self.time.isoformat(timespec="seconds")}
        return {**fields, "Author": maker, "Creation Time": self.time.isoformat(timespec="seconds")}


def draw(
    path: Path,
    drawing: Callable[[Sheet], None],
    *,
    inches: tuple[float, float],
    about: About,
    dpi: int = DPI,
) -> list[str]:
    """
    Draw a picture and write it.

    Args:
        path: The file, with one of ``ENDINGS``.
        drawing: Draws on the sheet.
        inches: Its width and height.
        about: Its metadata.
        dpi: The pixels of an inch, in a PNG.

    Returns:
        Warnings about letters that could not be drawn, a sentence each.

    Raises:
        MissingExtra: Matplotlib is not installed.
        OutputError: It cannot be written.
    """
    for name in ("matplotlib", "fontTools"):  # reports of a first start, and of fonts in a PDF
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as exc:
        raise MissingExtra("plot", f"-o needs {exc.name or 'matplotlib'}") from exc
    family = _hangul()
    plain = {"font.family": [name for name in (family, _PLAIN) if name]}
    kind = path.suffix.lower().removeprefix(".")
    with (
        atomic.of_file(path) as place,
        warnings.catch_warnings(record=True) as warned,
        mpl.rc_context(_STYLE | plain),  # type: ignore[arg-type] # its keys are not literals here
    ):
        warnings.simplefilter("always")
        figure = Figure(figsize=inches, dpi=dpi, facecolor="white")
        FigureCanvasAgg(figure)
        drawing(Sheet(figure=figure, hangul=family is not None))
        figure.savefig(place, format=kind, metadata=about.metadata(kind))
    notes = [] if family else [_NO_HANGUL]
    return notes + _missing(str(one.message) for one in warned)


_STYLE: Final = {
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": "#b9c1c9",
    "axes.labelcolor": FAINT,
    "axes.unicode_minus": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "hatch.linewidth": 0.6,
    "text.parse_math": False,  # a name may have dollar signs
    "svg.fonttype": "path",  # letters as outlines: the viewer may have no Hangul font
    "pdf.fonttype": 42,  # TrueType, whose text can be searched and edited
    "svg.hashsalt": "nalssi",  # the same values give the same file
}


def _hangul() -> str | None:
    """The font family for Korean; None if this machine has none."""
    from matplotlib import font_manager  # noqa: PLC0415 - an extra

    if family := _packaged():
        return family
    known = set(font_manager.fontManager.get_font_names())
    return next((family for family in _HANGUL if family in known), None)


def _packaged() -> str | None:
    """The font family of that package, without its module, which would change all of matplotlib."""
    from matplotlib import font_manager  # noqa: PLC0415 - an extra

    spec = find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        files = [Path(place) / "fonts" / name for name in _FONT_FILES]
        if all(file.is_file() for file in files):
            for file in files:
                font_manager.fontManager.addfont(file)
            return font_manager.FontProperties(fname=str(files[0])).get_name()
    return None


def _missing(warned: Iterable[str]) -> list[str]:
    """Count the letters that no font has: matplotlib warns once for each."""
    letters = [text for text in warned if "missing from font" in text]
    if not letters:
        return []
    return [
        f"{len(set(letters))} letters of the names are in no font of this machine and show as boxes"
    ]
