"""Make the data of Kirklees from the facts, by the rules of ``cluster-optimiser new``.

    python boundaries/kirklees/build.py [--out DIR]

Writes ``schools.csv``, ``ward.geojson``, ``outline.geojson`` and ``ward_plan.csv`` (each ward a
cluster of the schools in it); ``authority.toml`` is written by hand and left alone. The same facts
give the same bytes.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

import geopandas as gpd
import pandas as pd

from cluster_optimiser.batch import starting
from cluster_optimiser.inputs.intake.intake import LayerFile, Request, take_in
from cluster_optimiser.present.intake.files import write_data

HERE = Path(__file__).resolve().parent
FILES = ("schools.csv", "ward.geojson", "outline.geojson")


def build(out: Path, facts: Path = HERE / "facts") -> None:
    """Write the data into a folder."""
    request = Request(
        name="Kirklees",
        schools=facts / "register.csv",
        pupils=facts / "census_2019.csv",
        layers=(LayerFile("ward", facts / "wards.geojson", "name"),),
        data_date="2022-04-25",
    )
    new = starting.with_clusters("kirklees", take_in(request), starting.Destination(out))
    with tempfile.TemporaryDirectory() as folder:
        write_data(new, Path(folder))
        for name in FILES:
            shutil.copyfile(Path(folder) / name, out / name)
    schools = pd.read_csv(out / "schools.csv", dtype={"pupils": "Int64"})
    # The register has a percentage alone; money goes by pupils.
    share = schools.pop("fsm_pct") / 100
    schools["fsm_pupils"] = (share * schools["pupils"]).round().astype("Int64")
    schools.to_csv(out / "schools.csv", index=False, lineterminator="\n")
    write_ward_plan(schools, out)


def write_ward_plan(schools: pd.DataFrame, out: Path) -> None:
    """Write the plan in which each ward is a cluster."""
    places = gpd.points_from_xy(schools["easting"], schools["northing"], crs="EPSG:27700")
    wards = gpd.read_file(out / "ward.geojson").to_crs("EPSG:27700")
    found = gpd.GeoDataFrame(schools[["urn"]], geometry=places).sjoin(wards)
    plan = found.rename(columns={"name": "cluster"})[["urn", "cluster"]].sort_values("urn")
    plan.to_csv(out / "ward_plan.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    build(parser.parse_args().out)
