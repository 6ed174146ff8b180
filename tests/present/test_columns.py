"""Every column has a heading and a meaning; every folder describes its tables."""

import csv
import json
from pathlib import Path

import pytest

from cluster_optimiser.present.columns import column, kind
from cluster_optimiser.present.write import DATAPACKAGE, write_result
from tests.norfolk import norfolk_result


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("2b")
    write_result(norfolk_result("2b"), out, maps=False)
    return out


def test_every_table_of_a_folder_is_described_column_by_column(folder: Path) -> None:
    record = json.loads((folder / DATAPACKAGE).read_text(encoding="utf-8"))
    by_path = {one["path"]: one["schema"]["fields"] for one in record["resources"]}
    assert by_path.keys() == {path.name for path in folder.glob("*.csv")}
    assert len(by_path) >= 4
    for path, fields in by_path.items():
        with (folder / path).open(encoding="utf-8", newline="") as file:
            header, *rows = list(csv.reader(file))
        assert [one["name"] for one in fields] == header
        for i, one in enumerate(fields):
            assert one["description"], (path, one["name"])
            assert one["title"] != one["name"]
            for row in rows:
                if row[i] and one["type"] in {"integer", "number"}:
                    float(row[i])
    types = {one["name"]: one["type"] for one in by_path["clusters.csv"]}
    assert types["cluster"] == types["cluster_id"] == types["home_district"] == "string"
    assert types["pupils"] == "integer"
    assert types["is_exempt"] == "boolean"
    assert record["sources"]
    assert record["language"] == "en-GB"


def test_names_are_text_whatever_they_look_like() -> None:
    assert kind("cluster", ["1", "2"]) == kind("home_district", ["true"]) == "string"
    assert kind("pupils", ["1", "", "2"]) == "integer"
    assert kind("max_minutes", ["1.5", "2"]) == "number"
    assert kind("max_minutes", ["1.5", "x"]) == kind("max_minutes", [""]) == "string"


def test_a_column_of_a_layer_names_the_layer() -> None:
    assert column("home_district", {"district": "Districts"})[0] == "Main area: Districts"
    assert "(pupils)" in column("misaligned_district_pupils", {"district": "Districts"})[0]


def test_no_spreadsheet_reads_the_id_of_a_cluster_as_a_date_or_a_number() -> None:
    ids = list(norfolk_result("2b").score.clusters.index)
    assert ids[0] == "2b-C01"
    assert all(cluster_id.rpartition("-")[2].startswith("C") for cluster_id in ids)
