"""``authority.toml``: its schema, and the reading that gathers every fault."""

from __future__ import annotations

import codecs
import copy
import math
import re
import tomllib
import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from cluster_optimiser.constants import SETTINGS_FILE
from cluster_optimiser.domain import RoadAssumptions, TravelSpec
from cluster_optimiser.errors import Fault
from cluster_optimiser.inputs.checking import Problem, did_you_mean
from cluster_optimiser.inputs.files import Folder, decode
from cluster_optimiser.inputs.roads.tags import (
    ACCESS_KMH,
    FAR_FROM_ROAD_M,
    FERRY_KMH,
    FERRY_WAIT_MIN,
    JUNCTION_DELAY_S,
    LIMIT_SHARE,
    NO_ROAD_M,
    OPEN_ROAD_MPH,
    SIGNAL_DELAY_S,
    UNTAGGED_MPH,
)
from cluster_optimiser.inputs.systems import BRITISH, MetricSystem, system_of
from cluster_optimiser.scenario import nearest
from cluster_optimiser.scenario.faults import table_at
from cluster_optimiser.scenario.numbers import Amount, Metres, Share, Speed, Urn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic_core import ErrorDetails


RESERVED_LAYER_NAMES = ("schools", "points", "polygons")
"""Words that ``from`` gives another meaning."""

TRAVEL_METHODS = ("estimate", "matrix", "roads")

_STAND_INS = {"name": "?", "data_date": "1970-01-01"}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _file_alone(value: object) -> object:
    return {"file": value} if isinstance(value, str) else value


def _iso_date(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()[:10]
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise ValueError(f'{value!r} is no date: write year-month-day, such as "2019-01-17"')


def _plain_text(value: object) -> object:
    return str(value) if isinstance(value, int | date) else value


def _known_encoding(value: object) -> object:
    if isinstance(value, str):
        try:
            return codecs.lookup(value).name
        except LookupError:
            pass
    raise ValueError(f'{value!r} is no encoding: write one such as "utf-8", "cp1252" or "utf-16"')


def _metric(code: str) -> str:
    system = system_of(code)
    if isinstance(system, Problem):
        raise ValueError(f"{system.text}: {system.remedy}")  # noqa: TRY004 - of a value
    return system.code


Encoding = Annotated[str, BeforeValidator(_known_encoding)]
IsoDate = Annotated[str, BeforeValidator(_iso_date)]
Text = Annotated[str, Field(min_length=1)]


class SchoolsTable(_Table):
    """The register of schools."""

    file: Text
    """CSV, GeoPackage, GeoJSON or GeoParquet."""
    encoding: Encoding = ""
    """Encoding of the text, where the file does not tell or tells wrongly: such as ``cp1252``."""
    unknown_pupils: tuple[Urn, ...] = ()
    """URNs of schools known to have no pupil figure: they count as 0 and are shown as unknown."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """Our name of a column -> the file's."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Our name of a column -> the file's value -> ours."""


class ClustersTable(_Table):
    """Polygons of today's geographic clusters."""

    file: Text
    """Any format of polygons."""
    name: Text = "cluster"
    """Column of the name."""
    dissolve: bool = False
    """Rows of one name are parts of one area, and are joined."""
    encoding: Encoding = ""
    """Encoding of the text, where the file does not tell or tells wrongly: such as ``cp1252``."""


class AreasTable(_Table):
    """Areas with the pupils who live there, which are then counted at home, not at school."""

    dissolve: ClassVar[bool] = False

    file: Text
    """Any format of polygons."""
    name: Text = "name"
    """Column of the name, or of a code: what plans, pins and links call the area."""
    pupils: Text = "pupils"
    """Column of the pupils who live there."""
    easting: Text = ""
    """Column of the easting of the point that ways begin at; without it a point within."""
    northing: Text = ""
    """Column of its northing."""
    encoding: Encoding = ""
    """Encoding of the text, where the file does not tell or tells wrongly: such as ``cp1252``."""


class OutlineTable(_Table):
    """The authority's outline."""

    file: Text
    """Any format of polygons."""


class LayerTable(_Table):
    """A boundary layer."""

    title: str = ""
    """Name in print; without it made from the layer's name."""
    from_: Annotated[str | None, Field(alias="from")] = None
    """``schools``, ``points`` or the name of another layer; without it polygons."""
    file: Text | None = None
    """Polygons, or points."""
    name: Text = "name"
    """Column of the name."""
    dissolve: bool = False
    """Rows of one name are parts of one area, and are joined."""
    encoding: Encoding = ""
    """Encoding of the text, where the file does not tell or tells wrongly: such as ``cp1252``."""
    column: Text | None = None
    """From schools: the register's column; without it the layer's name."""
    mapping: dict[str, str] = Field(default_factory=dict)
    """From another layer: its area -> the area of this layer."""
    caveat: str = ""
    """What a reader must know of it."""


class BandTable(_Table):
    """A band of the travel estimate."""

    up_to_km: Metres | None = None
    """Upper end; the last band has none."""
    min_per_km: Amount
    """Minutes a km within the band."""


class TravelTable(_Table):
    """How travel minutes are obtained."""

    method: str
    """``estimate``, ``matrix`` or ``roads``."""
    file: Text | None = None
    """Matrix: CSV ``from_urn,to_urn,minutes``. Roads: the road file that ``roads`` made."""
    constant_min: Amount = 0.0
    """Estimate and roads: minutes of every trip between two sites before any distance."""
    bands: tuple[BandTable, ...] = ()
    """Estimate: bands of straight-line km, rising."""
    untagged_mph: dict[str, Speed] = Field(default_factory=dict)
    """Roads: class of road -> limit taken where the map has none."""
    open_road_mph: dict[str, Speed] = Field(default_factory=dict)
    """Roads: class of road -> the most that traffic keeps up there, whatever the limit."""
    limit_share: Share = LIMIT_SHARE
    """Roads: share of the limit that traffic keeps up."""
    junction_delay_s: Amount = JUNCTION_DELAY_S
    """Roads: seconds at each junction where a driver gives way."""
    signal_delay_s: Amount = SIGNAL_DELAY_S
    """Roads: seconds at each set of traffic lights."""
    access_kmh: Speed = ACCESS_KMH
    """Roads: speed between a school's point and the road nearest to it."""
    far_from_road_m: Amount = FAR_FROM_ROAD_M
    """Roads: a school further than this from any road is named in the outputs."""
    no_road_m: Metres = NO_ROAD_M
    """Roads: a school further than this from any road is one that no road leads to."""
    ferries: bool = False
    """Roads: car ferries count as roads."""
    ferry_wait_min: Amount = FERRY_WAIT_MIN
    """Roads: minutes of waiting for each ferry."""
    ferry_kmh: Speed = FERRY_KMH
    """Roads: speed of a ferry that does not state how long it takes."""
    note: str = ""
    """The method and its error in words, printed with every output."""

    @property
    def estimate(self) -> TravelSpec | None:
        """The estimate that the bands state, whatever the method; None without bands."""
        bands = tuple(
            (math.inf if band.up_to_km is None else band.up_to_km, band.min_per_km)
            for band in self.bands
        )
        if not bands:
            return None
        return TravelSpec("estimate", self.constant_min, bands, note=self.note)

    @property
    def road_assumptions(self) -> RoadAssumptions:
        """What is assumed about driving: our figures, with the authority's own in their place."""
        return RoadAssumptions(
            untagged_mph={**UNTAGGED_MPH, **self.untagged_mph},
            open_road_mph={**OPEN_ROAD_MPH, **self.open_road_mph},
            limit_share=self.limit_share,
            junction_delay_s=self.junction_delay_s,
            signal_delay_s=self.signal_delay_s,
            # With another method it is the constant of the estimate.
            constant_min=self.constant_min if self.method == "roads" else 0.0,
            access_kmh=self.access_kmh,
            far_from_road_m=self.far_from_road_m,
            no_road_m=self.no_road_m,
            is_with_ferries=self.ferries,
            ferry_wait_min=self.ferry_wait_min,
            ferry_kmh=self.ferry_kmh,
        )


class SpotsTable(_Table):
    """Postcodes, or places, and where they lie."""

    file: Text
    """CSV with coordinates, or any format of points."""
    columns: dict[str, Text] = Field(default_factory=dict)
    """Our name of a column -> the file's."""


class SourceTable(_Table):
    """Where data comes from."""

    title: Text
    """What the data is."""
    date: Annotated[str, BeforeValidator(_plain_text)]
    """The date or year it speaks of."""
    licence: str
    """Licence and attribution."""
    publisher: str = ""
    """Who published it."""


class Settings(_Table):
    """The content of ``authority.toml``."""

    name: Text
    """Name in print."""
    data_date: IsoDate
    """ISO date the data speaks of."""
    crs: Annotated[str, AfterValidator(_metric)] = BRITISH.code
    """Projected reference system, in metres, that is measured in."""
    caveats: tuple[str, ...] = ()
    """What every output must say."""
    accept: tuple[Text, ...] = ()
    """Findings of the ground report that are right as they are, such as "gap: A - B"."""
    corrections: dict[str, dict[str, Annotated[Text, BeforeValidator(_plain_text)]]] = Field(
        default_factory=dict
    )
    """URN -> column -> your value in place of the register's."""
    schools: Annotated[SchoolsTable, BeforeValidator(_file_alone)]
    clusters: Annotated[ClustersTable, BeforeValidator(_file_alone)] | None = None
    areas: Annotated[AreasTable, BeforeValidator(_file_alone)] | None = None
    outline: Annotated[OutlineTable, BeforeValidator(_file_alone)] | None = None
    layers: dict[str, Annotated[LayerTable, BeforeValidator(_file_alone)]] = Field(
        default_factory=dict
    )
    postcodes: Annotated[SpotsTable, BeforeValidator(_file_alone)] | None = None
    places: Annotated[SpotsTable, BeforeValidator(_file_alone)] | None = None
    travel: TravelTable | None = None
    sources: tuple[SourceTable, ...] = ()

    @property
    def drawn(self) -> ClustersTable | AreasTable | None:
        """The polygons that schools are found in."""
        return self.areas or self.clusters


def system_in(settings: Settings) -> MetricSystem:
    """Give the reference system that checked settings state."""
    system = system_of(settings.crs)
    if isinstance(system, Problem):
        raise TypeError(system.text)
    return system


def read_settings(folder: Folder) -> Settings | None:
    """Read and check ``authority.toml``."""
    file = folder.label(SETTINGS_FILE)
    text = decode(folder.content(folder.root / SETTINGS_FILE))
    if isinstance(text, Problem):
        folder.faults.add(file, 0, "", Problem(text.text, "Save it again as UTF-8."))
        return None
    try:
        data = tomllib.loads(unicodedata.normalize("NFC", text))
    except RecursionError:
        what = Problem("tables are nested too deeply", "No key needs that: mend it.")
        folder.faults.add(file, 0, "", what)
        return None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        problem = Problem(f"not valid TOML: {error}", "Mend the line that is named.")
        folder.faults.add(file, int(found[1]) if found else 0, "", problem)
        return None
    settings, faults = parse_settings(data, file=file)
    folder.faults.extend(faults)
    return settings


def parse_settings(
    data: Mapping[str, Any], *, file: str = SETTINGS_FILE
) -> tuple[Settings | None, list[Fault]]:
    """Check plain data against the schema."""
    faults: list[Fault] = []
    settings: Settings | None = None
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults += [_fault_of(detail, file) for detail in details]
        try:
            settings = Settings.model_validate(_mended(data, details))
        except ValidationError:
            return None, faults
    travel_was_given = "travel" in data
    return _sound(settings, faults, file=file, travel_was_given=travel_was_given), faults


def _keys_of(table: type[BaseModel] | None) -> list[str]:
    fields = table.model_fields if table else {}
    return [info.alias or name for name, info in fields.items()]


def _fault_of(detail: ErrorDetails, file: str) -> Fault:
    location, key = detail["loc"], str(detail["loc"][-1])
    subject = ".".join(str(i + 1) if isinstance(i, int) else i for i in location)
    if detail["type"] == "extra_forbidden":
        keys = _keys_of(table_at(Settings, location))
        remedy = did_you_mean(key, keys, f"Remove it; the keys here are {', '.join(keys)}.")
        return Fault(file, 0, subject, f'unknown key "{key}"', remedy)
    if detail["type"] == "missing":
        return Fault(file, 0, subject, "it is missing", f"Add {key} = ....")
    if detail["type"] == "value_error":
        problem, _, remedy = detail["msg"].removeprefix("Value error, ").partition(": ")
        return Fault(file, 0, subject, problem, f"{remedy[:1].upper()}{remedy[1:]}.")
    return Fault(file, 0, subject, f"{detail['input']!r} is not allowed", f"{detail['msg']}.")


def _mended(data: Mapping[str, Any], details: list[ErrorDetails]) -> dict[str, Any]:
    """Leave out what is faulty; take a misspelt key for the one that was meant."""
    mended = copy.deepcopy(dict(data))
    # Misspelt keys first: what holds them may be left out after.
    for location in [d["loc"] for d in details if d["type"] == "extra_forbidden"]:
        _rename_key(mended, location)
    for location in [d["loc"] for d in details if d["type"] != "extra_forbidden"]:
        top = str(location[0])
        if top in _STAND_INS:
            mended[top] = _STAND_INS[top]
        elif top == "layers" and len(location) > 1:
            _drop_layer(mended["layers"], str(location[1]))
        elif top != "schools":
            mended.pop(top, None)
        elif len(location) > 1 and isinstance(mended.get(top), dict):
            mended[top].pop(str(location[1]), None)
    return mended


def _rename_key(data: dict[str, Any], location: tuple[int | str, ...]) -> None:
    table: Any = data
    for key in location[:-1]:
        table = table[key]
    value = table.pop(location[-1])
    meant = nearest(str(location[-1]), _keys_of(table_at(Settings, location)))
    if meant is not None and meant not in table:
        table[meant] = value


def _drop_layer(layers: dict[str, Any], name: str) -> None:
    layers.pop(name, None)
    for other in [n for n, t in layers.items() if isinstance(t, dict) and t.get("from") == name]:
        _drop_layer(layers, other)


def _sound(
    settings: Settings, faults: list[Fault], *, file: str, travel_was_given: bool
) -> Settings:
    """Add the faults that lie between keys; leave out the layers and travel that have them."""
    if settings.areas is not None and settings.clusters is not None:
        text = "pupils are counted in areas, where they live, or in clusters of schools"
        faults.append(Fault(file, 0, "areas", text, "Remove [clusters], or [areas]."))
    n_before = len(faults)
    if settings.travel is not None:
        faults += _travel_faults(settings.travel, file)
    elif not travel_was_given:
        remedy = 'Add [travel] with method = "estimate" and bands, or "matrix" or "roads" and file.'
        faults.append(Fault(file, 0, "travel", "it is missing", remedy))
    is_travel_sound = len(faults) == n_before
    kept: dict[str, Any] = {name: {"from": t.from_} for name, t in settings.layers.items()}
    for name, table in settings.layers.items():
        found = _layer_faults(name, table, settings.layers, file)
        faults += found
        if found:
            _drop_layer(kept, name)
    layers = {name: table for name, table in settings.layers.items() if name in kept}
    travel = settings.travel if is_travel_sound else None
    return settings.model_copy(update={"layers": layers, "travel": travel})


def _travel_faults(travel: TravelTable, file: str) -> list[Fault]:
    if travel.method not in TRAVEL_METHODS:
        remedy = did_you_mean(travel.method, TRAVEL_METHODS, 'Use "estimate", "matrix" or "roads".')
        return [Fault(file, 0, "travel.method", f'unknown method "{travel.method}"', remedy)]
    if travel.method == "matrix":
        if travel.file is not None:
            return []
        remedy = 'Add file = "minutes.csv" with columns from_urn,to_urn,minutes.'
        return [Fault(file, 0, "travel.file", "it is missing", remedy)]
    if travel.method == "roads":
        return _road_faults(travel, file)
    return _band_faults(travel.bands, file)


def _road_faults(travel: TravelTable, file: str) -> list[Fault]:
    faults = []
    if travel.file is None:
        remedy = 'Add file = "roads.gpkg", made by `cluster-optimiser roads import` or `download`.'
        faults.append(Fault(file, 0, "travel.file", "it is missing", remedy))
    elif not travel.file.lower().endswith(".gpkg"):
        text = f'"{travel.file}" is no road file'
        remedy = "Make one of it first: `cluster-optimiser roads import`."
        faults.append(Fault(file, 0, "travel.file", text, remedy))
    for key, known in (("untagged_mph", UNTAGGED_MPH), ("open_road_mph", OPEN_ROAD_MPH)):
        for name in getattr(travel, key):
            if name not in known:
                remedy = did_you_mean(name, known, f"Use one of {', '.join(known)}.")
                text = f'there is no class of road "{name}"'
                faults.append(Fault(file, 0, f"travel.{key}", text, remedy))
    return faults


def _band_faults(bands: tuple[BandTable, ...], file: str) -> list[Fault]:
    if not bands:
        remedy = "Add bands = [{ min_per_km = 1.0 }] with your own figure."
        return [Fault(file, 0, "travel.bands", "it is missing", remedy)]
    faults = []
    lower_km = 0.0
    for i, band in enumerate(bands, start=1):
        subject, upper_km = f"travel.bands.{i}.up_to_km", band.up_to_km
        if i == len(bands):
            if upper_km is not None:
                text = f"the last band ends at {upper_km:g} km"
                remedy = "Remove up_to_km from the last band: it goes on without end."
                faults.append(Fault(file, 0, subject, text, remedy))
        elif upper_km is None:
            remedy = "Add up_to_km; only the last band goes without."
            faults.append(Fault(file, 0, subject, "it is missing", remedy))
        elif upper_km <= lower_km:
            text = f"{upper_km:g} km does not rise above the {lower_km:g} km before it"
            faults.append(Fault(file, 0, subject, text, "Give the bands in rising order."))
        lower_km = upper_km if upper_km is not None else lower_km
    return faults


def _layer_faults(
    name: str, table: LayerTable, layers: Mapping[str, LayerTable], file: str
) -> list[Fault]:
    subject, origin = f"layers.{name}", table.from_ or "polygons"
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or name in RESERVED_LAYER_NAMES:
        remedy = "Use letters, figures and underscores, and none of schools, points, polygons."
        return [Fault(file, 0, subject, f'"{name}" cannot name a layer', remedy)]
    needs = {"polygons": "file", "points": "file", "schools": ""}.get(origin, "mapping")
    if origin not in RESERVED_LAYER_NAMES and (origin not in layers or origin == name):
        known = [*(other for other in layers if other != name), *RESERVED_LAYER_NAMES]
        remedy = did_you_mean(origin, known, f"Use one of {', '.join(known)}.")
        return [Fault(file, 0, f"{subject}.from", f'there is no layer "{origin}"', remedy)]
    faults = []
    given = {"file": table.file, "mapping": table.mapping, "column": table.column}
    reads = {needs, "column"} if origin == "schools" else {needs}
    for key, value in given.items():
        if key == needs and not value:
            remedy = f'Add {key}, or from = "schools", "points" or another layer.'
            faults.append(Fault(file, 0, f"{subject}.{key}", "it is missing", remedy))
        elif value and key not in reads:
            text = f'{key} is not read with from = "{origin}"'
            faults.append(Fault(file, 0, f"{subject}.{key}", text, f"Remove {key}, or from."))
    return faults
