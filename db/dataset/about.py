"""The description of a dataset, shared by all of its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from db.export.tables import PUBLISHER
from db.moments import KST

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from db.read.portals import Portal
    from db.reading import Station

UNNAMED: Final = "unnamed collector"

KEYWORDS: Final = ("weather", "air temperature", "Korea", "KMA", "기상청", "time series")

SITE: Final = "https://www.kma.go.kr/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """
    The description given by the maker of a dataset.

    Attributes:
        title: None = one made from the times.
        creators: Names of persons or bodies.
        license: Such as ``CC-BY-4.0`` (SPDX), or an address; None = not stated.
        doi: Such as ``10.5281/zenodo.1``.
    """

    title: str | None = None
    creators: tuple[str, ...] = ()
    license: str | None = None
    doi: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    A dataset.

    Attributes:
        metadata: The description given by its maker.
        version: The version of nalssi.
        since, until: The range of its hours; Korean time.
        stations, portals: Its stations and portals.
        coverage: The share of the hours of each station with a live value, by its name.
    """

    metadata: Metadata
    version: str
    since: dt.datetime
    until: dt.datetime
    stations: Sequence[Station]
    portals: Sequence[Portal]
    coverage: Mapping[str, float]

    @property
    def title(self) -> str:
        """Its title."""
        days = f"{self.since.astimezone(KST):%Y-%m-%d} to {self.until.astimezone(KST):%Y-%m-%d}"
        return self.metadata.title or f"Weather of Korea as shown by newspaper sites, {days}"

    @property
    def description(self) -> str:
        """The description, in one paragraph."""
        return (
            f"Temperature and sky of {len(self.stations)} stations of the Korea Meteorological "
            "Administration, hour by hour, as the weather box of these sites showed them: "
            f"{self._names}. "
            "Each value says whether it was live, unconfirmed, stale, frozen or down, and why; "
            "missing values are never filled in."
        )

    @property
    def description_ko(self) -> str:
        """The same in Korean."""
        return (
            f"신문사 포털의 날씨 상자({self._names})에 표시된 기상청 {len(self.stations)}개 지점의 "
            "기온과 하늘 상태를 시간별로 모은 자료입니다. 값마다 실시간, 미확인, 지난 값, 멈춤, "
            "끊김 가운데 어떤 상태인지와 그 근거가 있고, 빠진 값은 채우지 않았습니다."
        )

    @property
    def _names(self) -> str:
        return ", ".join(one.name for one in self.portals)

    @property
    def creators(self) -> tuple[str, ...]:
        """The creators."""
        return self.metadata.creators or (UNNAMED,)

    @property
    def credit(self) -> str:
        """The credit."""
        return f"{PUBLISHER}, as shown by {self._names}"

    @property
    def credit_ko(self) -> str:
        """The same in Korean."""
        return f"기상청, {self._names}에 표시"

    @property
    def license_url(self) -> str | None:
        """The address of its licence; None if not stated."""
        given = self.metadata.license
        if given is None or "://" in given:
            return given
        return f"https://spdx.org/licenses/{given}.html"

    @property
    def doi_url(self) -> str | None:
        """The address of its DOI."""
        return f"https://doi.org/{self.metadata.doi}" if self.metadata.doi else None
