"""Files that would fill the memory are refused before they do, and the limit can be raised."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs import load_authority
from cluster_optimiser.inputs.checking import FaultList
from cluster_optimiser.inputs.files import Folder
from cluster_optimiser.inputs.limits import MAX_MB, MAX_VERTICES, limit
from tests.inputs.broken import SCHOOLS, make_authority


def refusal(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        load_authority(folder)
    return str(caught.value)


def test_outlines_of_too_many_points_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_authority(tmp_path)
    folder = tmp_path / "threeshire"
    monkeypatch.setenv(MAX_VERTICES, "5")
    said = refusal(folder)
    assert "points, at most 5 are read. Simplify it; or, if it is right, set" in said
    needed = said.partition(f"{MAX_VERTICES}=")[2].partition(" ")[0]
    monkeypatch.setenv(MAX_VERTICES, str(10 * int(needed)))
    assert load_authority(folder).name


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_authority(tmp_path)
    with (tmp_path / "threeshire" / SCHOOLS).open("a", encoding="utf-8") as file:
        file.write("\n" * 1_100_000)
    monkeypatch.setenv(MAX_MB, "1")
    assert f"{SCHOOLS}: the file has 2 MB, at most 1 are read." in refusal(tmp_path / "threeshire")


def test_a_zip_bomb_is_measured_by_what_it_unpacks_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty megabytes of nothing in a file of fifty kilobytes."""
    with zipfile.ZipFile(tmp_path / "map.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("map.shp", b"\0" * 50_000_000)
    assert (tmp_path / "map.zip").stat().st_size < 100_000
    monkeypatch.setenv(MAX_MB, "10")
    folder = Folder(tmp_path, FaultList())
    assert folder.read("map.zip", subject="clusters") is None
    assert "the file has 50 MB, at most 10 are read" in str(next(iter(folder.faults)))


def test_a_packed_parquet_is_measured_by_what_it_unpacks_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pd.DataFrame({"name": ["x" * 1_000 + str(i) for i in range(3_000)]})
    frame.to_parquet(tmp_path / "map.parquet")
    assert (tmp_path / "map.parquet").stat().st_size < 1_000_000
    monkeypatch.setenv(MAX_MB, "1")
    folder = Folder(tmp_path, FaultList())
    assert folder.read("map.parquet", subject="clusters") is None
    assert "MB, at most 1 are read" in str(next(iter(folder.faults)))


@pytest.mark.parametrize("value", ["", "0", "-1", "many"])
def test_a_setting_that_is_no_number_is_no_limit_of_its_own(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv(MAX_MB, value)
    assert limit(MAX_MB) == 2_000
