"""What is run again, what is not, and why."""

import ast
import json
import re
import sys
import tomllib
from collections.abc import Callable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from cluster_optimiser import identity
from cluster_optimiser.batch import (
    Options,
    Outcome,
    ledger,
    load_batch,
    run_scenario,
    shelf,
    what_to_run,
)
from cluster_optimiser.batch.ledger import RECORD_FILE
from tests.batch.made import IMPOSSIBLE, hashes, put, run_into
from tests.inputs.broken import SCHOOLS

pytestmark = pytest.mark.usefixtures("without_pictures")

CLUSTERS = "clusters.geojson"


@pytest.fixture(autouse=True)
def folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave each run its folder, as where Parquet cannot be written."""
    monkeypatch.setattr(shelf, "has_parquet", lambda: False)


def why(out: Path, *paths: Path, **options: object) -> dict[str, list[str]]:
    return what_to_run(load_batch(paths), out, Options(**{"outputs": "tables", **options}))


def run(out: Path, *paths: Path, **options: object) -> list[Outcome]:
    """Run scenarios without maps and a page: they take most of the time and have their own test."""
    return run_into(out, *paths, **{"outputs": "tables", **options})


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_finished_run_is_used_again(threeshire: Path, out: Path) -> None:
    paths = (
        put(threeshire, "a"),
        put(threeshire, "b", IMPOSSIBLE),
        put(threeshire, "c", method="keep"),
    )
    assert why(out, *paths) == {"a": ["new"], "b": ["new"], "c": ["new"]}
    assert all(outcome.reasons for outcome in run(out, *paths))
    assert why(out, *paths) == {"a": [], "b": [], "c": []}
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/*")}
    again = run(out, *paths)
    assert [outcome.reasons for outcome in again] == [(), (), ()]
    assert [outcome.status for outcome in again] == ["OPTIMAL", "INFEASIBLE", "GIVEN"]
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/*")} == before


Change = Callable[[Path, Path], None]
CHANGES: dict[str, tuple[Change, str]] = {
    "a value of the scenario": (
        lambda home, _: edit(home / "scenarios/a.toml", "min_pupils = 100", "min_pupils = 101"),
        "scenario changed: size.min_pupils: 100 -> 101",
    ),
    "a value that its base holds": (
        lambda home, _: edit(home / "scenarios/base.toml", "Why.", "Because."),
        'scenario changed: description: "Why." -> "Because."',
    ),
    "the register": (
        lambda home, _: edit(home / "boundaries/threeshire" / SCHOOLS, ",900,", ",901,"),
        f"input changed: {SCHOOLS}",
    ),
    "the settings of the authority": (
        lambda home, _: edit(home / "boundaries/threeshire/authority.toml", "2019", "2020"),
        "input changed: authority.toml",
    ),
    "a file of the result": (
        lambda _, out: edit(out / "a/clusters.csv", "cluster_id", "id"),
        "changed or removed: clusters.csv",
    ),
    "a file of the result that is gone": (
        lambda _, out: (out / "a/plan.csv").unlink(),
        "changed or removed: plan.csv",
    ),
    "the record": (
        lambda _, out: (out / "a" / RECORD_FILE).write_text("{}", encoding="utf-8"),
        "its folder has no record of a finished run",
    ),
}


@pytest.mark.parametrize(("change", "says"), CHANGES.values(), ids=CHANGES)
def test_what_changed_is_the_reason(threeshire: Path, out: Path, change: Change, says: str) -> None:
    (threeshire / "base.toml").write_text('description = "Why."\n', encoding="utf-8")
    path = put(threeshire, "a", 'extends = "base.toml"', "size.min_pupils = 100")
    run(out, path)
    change(threeshire.parent, out)
    assert why(out, path) == {"a": [says]}
    run(out, path)
    assert why(out, path) == {"a": []}


def test_a_layout_that_changes_no_value_is_no_reason(threeshire: Path, out: Path) -> None:
    path = put(threeshire, "a")
    run(out, path)
    edit(path, "title", "# A note.\ntitle")
    assert why(out, path) == {"a": []}


def test_the_program_and_its_libraries_are_reasons(
    threeshire: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(threeshire, "a")
    run(out, path)
    monkeypatch.setattr(ledger, "program_version", lambda: "0 000")
    versions = {**ledger.library_versions(), "ortools": "0.1"}
    monkeypatch.setattr(ledger, "library_versions", lambda: versions)
    (reasons,) = why(out, path).values()
    assert reasons[0].startswith("library changed: ortools: ")
    assert reasons[1] == "the program changed"


def test_a_run_has_one_identity(
    threeshire: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stamp, record and manifest say the same, also of a run built on another or in Python."""
    a, b = put(threeshire, "a"), put(threeshire, "b", 'units = "a"', method="keep")
    run(out, a, b)
    stamps = {}
    for label, path in (("a", a), ("b", b)):
        record = json.loads((out / label / RECORD_FILE).read_text())
        stamps[label] = json.loads((out / label / "manifest.json").read_text())["stamp"]
        assert record["key"] == identity.key_of(record["parts"])
        assert record["key"].startswith(stamps[label])
        assert run_scenario(path).stamp == stamps[label]
    assert stamps["a"] != stamps["b"]
    monkeypatch.setattr(ledger, "program_version", lambda: "0 000")
    assert run_scenario(a).stamp != stamps["a"]


def test_every_library_that_the_program_imports_is_part_of_its_identity() -> None:
    """Those that it cannot do without, as stated; the installed program says the same of itself."""
    root = Path(identity.__file__).parent
    imported = {
        name.split(".")[0]
        for path in root.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    homes = packages_distributions()
    project = tomllib.loads((root.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    known = {re.match(r"[\w.-]+", line)[0].lower() for line in project["dependencies"]}
    assert {*identity.library_versions()} - {"python"} <= known
    # Extras, and what comes with pydantic, folium, jinja2 and osmnx.
    beside = {"distributed", "dask", "pyarrow", "docx", "typst", "xlsxwriter"}
    beside |= {"pydantic_core", "annotated_types", "branca", "markupsafe", "requests"}
    beside |= {"cluster_optimiser", "starlette", "tomlkit", "uvicorn"}
    for name in sorted(imported - beside - {*sys.stdlib_module_names}):
        assert {home.lower().replace("_", "-") for home in homes[name]} & known, name


def test_seed_and_force_are_reasons(threeshire: Path, out: Path) -> None:
    path = put(threeshire, "a")
    run(out, path)
    assert why(out, path, seed=7) == {"a": ["seed changed: 0 -> 7"]}
    assert why(out, path, force=True) == {"a": ["forced"]}


def test_a_limit_of_time_matters_only_to_what_was_not_proved(threeshire: Path, out: Path) -> None:
    a = put(threeshire, "a")
    run(out, a, time_limit_s=1e-9)
    assert why(out, a, time_limit_s=1e-9) == {"a": []}
    of_memory = ["it was not proved, and the limit of memory was none"]
    assert why(out, a, time_limit_s=1e-9, memory_mb=9_000) == {"a": of_memory}
    assert why(out, a) == {"a": ["it was not proved, and the time limit was 1e-09 s"]}
    run(out, a)
    assert why(out, a, time_limit_s=1e-9) == {"a": []}


def test_tables_are_not_enough_where_maps_are_wanted(threeshire: Path, out: Path) -> None:
    path = put(threeshire, "a")
    run(out, path)
    assert not (out / "a" / "map.html").exists()
    assert why(out, path) == {"a": []}
    assert why(out, path, outputs="all") == {"a": ["only tables were written"]}
    run(out, path, outputs="all")
    assert (out / "a" / "map.html").exists()
    assert why(out, path) == {"a": []}
    (out / "a" / "plan.gpkg").unlink()
    assert why(out, path) == {"a": ["changed or removed: plan.gpkg"]}


def test_what_builds_on_a_plan_is_run_again_only_if_the_plan_changes(
    threeshire: Path, out: Path
) -> None:
    a, b = put(threeshire, "a"), put(threeshire, "b", 'units = "a"')
    run(out, a, b)
    edit(a, "Option a", "Option A")
    assert why(out, a, b) == {
        "a": ['scenario changed: title: "Option a" -> "Option A"'],
        "b": ["a is run before it"],
    }
    assert [bool(outcome.reasons) for outcome in run(out, a, b)] == [True, False]
    edit(a, "Option A", 'Option A"\ncount.min = 2 # "')
    _, nested = run(out, a, b)
    assert nested.reasons == ("plan it builds on changed: a",)


def test_a_plan_file_is_an_input(threeshire: Path, out: Path) -> None:
    run(out, put(threeshire, "a"))
    plan = threeshire / "plan.csv"
    plan.write_bytes((out / "a" / "plan.csv").read_bytes())
    path = put(threeshire, "f", 'plan = "plan.csv"', method="file")
    run(out, path)
    edit(plan, "\n", "\n\n")
    assert why(out, path) == {"f": ["input changed: scenario's plan.csv"]}


def test_results_loaded_again_make_the_same_page(threeshire: Path, tmp_path: Path) -> None:
    """Of a run whose plans were kept, and of one that read every plan from its folder."""
    fresh, again = tmp_path / "fresh", tmp_path / "again"
    a = put(threeshire, "a", "[versions]\nnumber = 2\ndiffer_pupils = 0.5")
    paths = a, put(threeshire, "b", 'units = "a"'), put(threeshire, "c", IMPOSSIBLE)
    run_into(fresh, *paths)
    for path in paths:
        run_into(again, path)
    run_into(again, *paths)
    whole = ("index.html", "page.json", "comparison.csv", "assignments.csv", "run.json")
    assert {name: hashes(fresh)[name] for name in whole} == {
        name: hashes(again)[name] for name in whole
    }


def test_the_record_holds_what_was_read(threeshire: Path, out: Path) -> None:
    run_into(out, put(threeshire, "a"))
    record = json.loads((out / "a" / RECORD_FILE).read_text(encoding="utf-8"))
    manifest = json.loads((out / "a" / "manifest.json").read_text(encoding="utf-8"))
    of_authority = [one for one in manifest["inputs"] if one["path"].startswith("threeshire/")]
    for one in of_authority:
        name = one["path"].removeprefix("threeshire/")
        assert record["parts"]["inputs"][name] == one["sha256"]
    assert set(record["files"]) == {p.name for p in (out / "a").iterdir()} - {RECORD_FILE}
