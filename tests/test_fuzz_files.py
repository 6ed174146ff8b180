"""Spoilt files of every kind end as documented; `scripts/fuzz_inputs.py` tries thousands."""

from pathlib import Path

import pytest

from tests.fuzzing import CODES, KINDS, Projects, checked, make_project


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """Keep the right projects for all cases."""
    return Projects(tmp_path_factory.mktemp("fuzz"))


@pytest.mark.parametrize("kind", KINDS)
def test_spoilt_files_end_as_documented(kind: str, projects: Projects) -> None:
    for number in (KINDS.index(kind), KINDS.index(kind) + len(KINDS)):
        named, run = projects.case(number)
        code, said = run()
        assert named == kind
        assert code in CODES, said
        assert "nobody foresaw" not in said


@pytest.mark.parametrize("number", [104, 2920])
def test_reference_systems_that_are_none(number: int, projects: Projects) -> None:
    """Found by the script: each ended in an error nobody foresaw."""
    kind, run = projects.case(number)
    assert kind == "prj"
    assert run()[0] in CODES


def test_the_right_projects_are_right(projects: Projects, tmp_path: Path) -> None:
    for kind in ("parquet", "zip"):
        file = make_project(tmp_path / kind, kind)
        assert file.is_file()
        code, said = checked(tmp_path / kind / "scenarios")
        assert code == 0, said
