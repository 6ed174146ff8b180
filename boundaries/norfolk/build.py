"""Make the data of the Norfolk authority from the facts tables.

    python boundaries/norfolk/build.py [--facts DIR] [--out DIR]

Reads the facts, checks them, and writes ``schools.csv``, ``clusters.geojson``,
``districts.geojson`` and ``childrens_centres.csv``. ``authority.toml`` is written by hand and left
alone. The same facts give the same bytes. Exit code 3 and a list of every fault if the facts are
wrong; nothing is written then.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from cluster_optimiser.constants import CRS_DEGREES, CRS_METRES, PHASES, SECONDARY_PHASES
from cluster_optimiser.errors import Fault, InputError
from cluster_optimiser.geography.cells import school_cells
from cluster_optimiser.geography.territory import piece_findings, union_of_cells

HERE = Path(__file__).resolve().parent

SPECIAL_CLUSTER = "Special and complex needs"
SPECIAL_PHASES = ("special", "pru")
SPECIAL_BASIS = "special school or pupil referral unit"

DECIMALS = 7  # about 1 cm, so that borders drawn alike stay alike

SCHOOL_COLUMNS = [
    "urn",
    "name",
    "phase",
    "type",
    "lat",
    "lon",
    "pupils",
    "pupils_source",
    "cluster",
    "local_cluster",
    "cluster_basis",
    "gp_consortium",
    "ehcp",
    "sen_support",
    "fsm_ever6",
    "low_age",
    "high_age",
    "religious_character",
]
CENTRE_COLUMNS = ["name", "lat", "lon", "note"]
CLUSTER_COLUMNS = ["urn", "cluster", "local_cluster", "basis"]
FROM_CLUSTERS = ("cluster", "local_cluster", "cluster_basis")
TABLES = {
    "schools.csv": [column for column in SCHOOL_COLUMNS if column not in FROM_CLUSTERS],
    "existing_clusters.csv": CLUSTER_COLUMNS,
    "childrens_centres.csv": CENTRE_COLUMNS,
}

MAX_PUPILS = 5000
MIN_PUPILS = 2500


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """The facts tables as read, every value text, blanks empty.

    Parameters
    ----------
    schools
        One row a school, in the order of the file.
    clusters
        One row a school: its clusters and on what basis.
    centres
        One row a children's centre.
    districts
        The GeoJSON object.
    """

    schools: pd.DataFrame
    clusters: pd.DataFrame
    centres: pd.DataFrame
    districts: dict


def read_facts(folder: Path) -> Facts:
    """Read and check the facts tables.

    Parameters
    ----------
    folder
        Where they are.

    Returns
    -------
    The tables.

    Raises
    ------
    InputError
        With every fault found.
    """
    faults: list[Fault] = []
    tables = [_table(folder / name, columns, faults) for name, columns in TABLES.items()]
    districts = _districts(folder / "districts.geojson", faults)
    if not faults:
        schools, clusters, centres = tables
        faults += [*_school_faults(schools), *_cluster_faults(schools, clusters)]
        faults += _place_faults("childrens_centres.csv", centres, centres["name"])
    if faults:
        raise InputError(faults)
    return Facts(schools, clusters, centres, districts)


def _table(path: Path, wanted: list[str], faults: list[Fault]) -> pd.DataFrame:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        faults.append(_unreadable(path, error))
        return pd.DataFrame()
    faults += [
        Fault(path.name, 1, "", f'no column "{column}"', "Name the column so, or add it.")
        for column in wanted
        if column not in table
    ]
    return table


def _districts(path: Path, faults: list[Fault]) -> dict:
    try:
        districts = json.loads(path.read_text(encoding="utf-8"))
        shapes = {
            one["properties"]["name"]: shapely.geometry.shape(one["geometry"])
            for one in districts["features"]
        }
    except (OSError, ValueError) as error:
        faults.append(_unreadable(path, error))
        return {}
    except (KeyError, TypeError, AttributeError):
        remedy = "Give every feature a geometry and a name."
        faults.append(Fault(path.name, 0, "", "not a GeoJSON of named districts", remedy))
        return {}
    faults += [
        Fault(path.name, 0, name, f"not a valid polygon: {reason}", "Mend the outline.")
        for name, shape in shapes.items()
        if (reason := shapely.is_valid_reason(shape)) != "Valid Geometry"
    ]
    return districts


def _unreadable(path: Path, error: Exception) -> Fault:
    if isinstance(error, FileNotFoundError):
        remedy = "Name the folder of the facts with --facts."
        return Fault(str(path), 0, "", "no such file", remedy)
    return Fault(str(path), 0, "", f"cannot be read: {error}", "Mend the file.")


def _place_faults(file: str, table: pd.DataFrame, subjects: pd.Series) -> list[Fault]:
    places = table[["lat", "lon"]].apply(pd.to_numeric, errors="coerce")
    return [
        Fault(
            file,
            int(index) + 2,
            subjects[index],
            f'lat "{table.loc[index, "lat"]}", lon "{table.loc[index, "lon"]}" is no place',
            "Write both in degrees.",
        )
        for index in places.index[places.isna().any(axis=1)]
    ]


def _school_faults(schools: pd.DataFrame) -> list[Fault]:
    file = "schools.csv"
    faults = _place_faults(file, schools, "URN " + schools["urn"])
    seen: dict[str, int] = {}
    for row, school in enumerate(schools.itertuples(), start=2):
        subject = f"URN {school.urn}"
        if not school.urn.isdecimal():
            faults.append(Fault(file, row, subject, "the URN is no number", "Write its digits."))
        if school.urn in seen:
            problem = f"the URN stands in row {seen[school.urn]} too"
            faults.append(Fault(file, row, subject, problem, "Leave one of the two rows."))
        seen.setdefault(school.urn, row)
        if school.phase not in PHASES:
            problem = f'unknown phase "{school.phase}"'
            faults.append(Fault(file, row, subject, problem, f"Write one of {', '.join(PHASES)}."))
        if school.pupils and not school.pupils.isdecimal():
            problem = f'pupils "{school.pupils}" is no count'
            remedy = "Write a whole number, or leave it blank if it is not known."
            faults.append(Fault(file, row, subject, problem, remedy))
    return faults


def _cluster_faults(schools: pd.DataFrame, clusters: pd.DataFrame) -> list[Fault]:
    file = "existing_clusters.csv"
    faults = []
    listed = set(clusters["urn"])
    for row, urn in enumerate(schools["urn"], start=2):
        if urn not in listed:
            problem = f"no row in {file}"
            remedy = "Add one with its cluster and local_cluster."
            faults.append(Fault("schools.csv", row, f"URN {urn}", problem, remedy))
    repeated = clusters["urn"].duplicated()
    strangers = ~clusters["urn"].isin(schools["urn"])
    for index, line in clusters.iterrows():
        row, subject = int(index) + 2, f"URN {line['urn']}"
        if repeated[index]:
            faults.append(Fault(file, row, subject, "the URN stands here twice", "Leave one row."))
        if strangers[index]:
            faults.append(Fault(file, row, subject, "no such school", "Check the URN."))
        if not (line["cluster"] and line["local_cluster"]):
            faults.append(Fault(file, row, subject, "a blank cluster", "Fill it in."))
    return faults


def school_table(facts: Facts) -> pd.DataFrame:
    """Put schools and their clusters together.

    Special schools and the pupil referral unit form a cluster of their own, as the consultation
    paper has it, and keep the geographic one as their local cluster.

    Parameters
    ----------
    facts
        The facts.

    Returns
    -------
    The columns of ``schools.csv``, text, by rising URN.
    """
    clusters = facts.clusters.rename(columns={"basis": "cluster_basis"})
    table = facts.schools.merge(clusters[["urn", *FROM_CLUSTERS]], on="urn", validate="1:1")
    special = table["phase"].isin(SPECIAL_PHASES)
    table = table.assign(
        cluster=table["cluster"].mask(special, SPECIAL_CLUSTER),
        cluster_basis=table["cluster_basis"].mask(special, SPECIAL_BASIS),
    )
    return table.sort_values("urn", key=lambda urn: urn.astype("int64"))[SCHOOL_COLUMNS]


def cluster_areas(
    schools: pd.DataFrame, districts: dict
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    """Draw today's geographic clusters.

    Parameters
    ----------
    schools
        The table of schools.
    districts
        GeoJSON of the districts, which together are the county.

    Returns
    -------
    The union of the cells of each cluster's schools, index the cluster, EPSG:4326, rounded to
    `DECIMALS`; and which clusters are in several pieces, with the reason.

    Raises
    ------
    InputError
        If two clusters would overlap, or no longer share their border, once rounded.
    """
    index = pd.Index(schools["urn"].astype("int64"), name="urn")
    points = gpd.points_from_xy(schools["lon"].astype(float), schools["lat"].astype(float))
    register = gpd.GeoDataFrame(
        schools[["name", "local_cluster"]].set_index(index), geometry=points, crs=CRS_DEGREES
    ).to_crs(CRS_METRES)
    county = gpd.GeoDataFrame.from_features(districts["features"], crs=CRS_DEGREES)
    cells = school_cells(register.geometry, county.to_crs(CRS_METRES).union_all()).cells
    clusters = union_of_cells(cells, register["local_cluster"], name="cluster")
    rounded = shapely.transform(
        clusters.to_crs(CRS_DEGREES).geometry.to_numpy(), lambda degrees: degrees.round(DECIMALS)
    )
    drawn = shapely.orient_polygons(shapely.remove_repeated_points(rounded))
    areas = gpd.GeoDataFrame(index=clusters.index, geometry=drawn, crs=CRS_DEGREES)
    if not shapely.coverage_is_valid(areas.to_crs(CRS_METRES).geometry.to_numpy()):
        problem = f"rounding to {DECIMALS} decimals makes neighbours overlap"
        raise InputError([Fault("clusters.geojson", 0, "", problem, "Raise DECIMALS in build.py.")])
    return areas, piece_findings(clusters, cells, register)


def _csv_text(table: pd.DataFrame) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False))
    return text.getvalue()


def _geojson_text(features: list[dict]) -> str:
    lines = [json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def _feature(properties: dict, geometry: dict) -> dict:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def summary(schools: pd.DataFrame, findings: tuple[str, ...]) -> str:
    """Say in words what was made.

    Parameters
    ----------
    schools
        The table of schools.
    findings
        Clusters in several pieces.

    Returns
    -------
    The text.
    """
    pupils = pd.to_numeric(schools["pupils"]).fillna(0).astype("int64")
    phases = schools["phase"].value_counts().reindex(PHASES).dropna().astype(int)
    sizes = pupils.groupby(schools["cluster"]).sum()
    geographic = sizes[sizes.index.isin(schools["local_cluster"])]
    n_secondary = int(schools["phase"].isin(SECONDARY_PHASES).sum())
    over = geographic[geographic > MAX_PUPILS]
    own = sizes.drop(index=geographic.index)
    by_phase = ", ".join(f"{n} {phase}" for phase, n in phases.items())
    n_unknown = int((schools["pupils"] == "").sum())
    range_pupils = f"{geographic.min():,} to {geographic.max():,} pupils"
    too_big = ", ".join(f"{name} {n:,}" for name, n in over.items()) or "none"
    n_under = int((geographic < MIN_PUPILS).sum())
    lines = [
        f"{len(schools)} schools: {by_phase}",
        f"{pupils.sum():,} pupils; {n_unknown} schools without a figure",
        f"{len(geographic)} geographic clusters on {n_secondary} secondary schools, {range_pupils}",
        f"  under {MIN_PUPILS:,}: {n_under}; over {MAX_PUPILS:,}: {too_big}",
        *(f"cluster of its own: {name}, {n:,} pupils" for name, n in own.items()),
        *findings,
    ]
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Run the build.

    Parameters
    ----------
    argv
        Arguments; those of the command line where None.

    Returns
    -------
    Exit code: 0, or 3 if the facts have faults.
    """
    parser = argparse.ArgumentParser(description="Make the Norfolk authority from the facts.")
    parser.add_argument("--facts", type=Path, default=HERE / "facts", help="folder of the facts")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write into")
    options = parser.parse_args(argv)
    try:
        facts = read_facts(options.facts)
        schools = school_table(facts)
        areas, findings = cluster_areas(schools, facts.districts)
    except InputError as error:
        print(error, file=sys.stderr)
        return 3
    clusters = [
        _feature({"cluster": name}, shapely.geometry.mapping(shape))
        for name, shape in areas.geometry.items()
    ]
    districts = sorted(facts.districts["features"], key=lambda one: one["properties"]["name"])
    texts = {
        "schools.csv": _csv_text(schools),
        "clusters.geojson": _geojson_text(clusters),
        "districts.geojson": _geojson_text(
            [_feature(one["properties"], one["geometry"]) for one in districts]
        ),
        "childrens_centres.csv": _csv_text(facts.centres[CENTRE_COLUMNS].sort_values("name")),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (options.out / name).write_text(text, encoding="utf-8", newline="\n")
    print(summary(schools, findings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
