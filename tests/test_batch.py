"""From scenario files to a results folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from cluster_optimiser import present
from cluster_optimiser.batch import (
    Options,
    Outcome,
    Place,
    evaluate,
    find_scenarios,
    in_order,
    load_batch,
    load_result,
    run_batch,
    run_scenario,
    shelf,
    write_together,
)
from cluster_optimiser.batch.many import Hooks
from cluster_optimiser.batch.pools import Pool
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    InfeasibleError,
    InputError,
    NoPlanFoundError,
    ScenarioError,
)
from cluster_optimiser.scenario import parse_scenario
from cluster_optimiser.scenario.schema import FILES_OF_RESULTS
from tests.inputs.broken import SCHOOLS, Edit, make_authority
from tests.norfolk import (
    OPTIONS,
    ROOT,
    SCENARIOS,
    norfolk_place,
    norfolk_result,
    norfolk_run,
    norfolk_scenario,
)

pytestmark = pytest.mark.usefixtures("without_pictures")

PUPILS = 112_499
FILES = {
    "run.json",
    "assignments.csv",
    "datapackage.json",
    "plan.csv",
    "clusters.csv",
    "plan.gpkg",
    "plan.geojson",
    "map.html",
    "manifest.json",
}
WHOLE = {"assignments.csv", "comparison.csv", "index.html", "run.json"}
BEST = '[objective]\norder = ["count", "pupil_minutes"]\n'
IMPOSSIBLE = "[size]\nmin_pupils = 9000\nmax_pupils = 9001\n"


@pytest.fixture
def threeshire(tmp_path: Path) -> Path:
    """Give a folder of scenarios beside the boundaries of Threeshire."""
    make_authority(tmp_path / "boundaries")
    (tmp_path / "scenarios").mkdir()
    return tmp_path / "scenarios"


def put(folder: Path, option: str, *lines: str, method: str = "merge", name: str = "") -> Path:
    """Write a scenario: head, more lines, and an objective where it needs one."""
    head = f'title = "Option {option}"\noption = "{option}"\nauthority = "threeshire"\n'
    best = BEST if method == "merge" else ""
    text = "\n".join([f'{head}method = "{method}"', *lines, best])
    path = folder / f"{name or option}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run_into(
    out: Path, *paths: Path, keep_going: bool = True, hooks: Hooks | None = None, **options: object
) -> list[Outcome]:
    """Run scenarios in this process, then write what speaks of all of them."""
    scenarios, how = load_batch(paths), Options(**options)
    outcomes = run_batch(scenarios, out, Pool(), how, keep_going=keep_going, hooks=hooks)
    write_together(outcomes, out, how)
    return outcomes


def said_of(*paths: Path) -> str:
    with pytest.raises((InputError, ScenarioError)) as caught:
        load_batch(paths)
    return str(caught.value)


def content(folder: Path) -> dict[str, bytes]:
    """Give every file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- finding scenarios ----------------------------------------------------------------


def test_folders_and_files_are_found_in_order(threeshire: Path) -> None:
    b, a = put(threeshire, "b"), put(threeshire, "a")
    (threeshire / "base.toml").write_text('authority = "threeshire"\n', encoding="utf-8")
    (threeshire / "notes.txt").write_text("", encoding="utf-8")
    assert find_scenarios([threeshire]) == [a, b]
    assert find_scenarios([b, str(a)]) == [b, a]


def test_a_file_that_is_named_twice_is_found_once(threeshire: Path) -> None:
    a, b = put(threeshire, "a"), put(threeshire, "b")
    assert find_scenarios([b, threeshire, threeshire / ".." / "scenarios" / "a.toml"]) == [b, a]


@pytest.mark.parametrize(
    ("only", "found"),
    [
        ("*", ["3b", "4a", "4b"]),
        ("4*", ["4a", "4b"]),
        ("4a", ["4a"]),
        ("4a.toml", ["4a"]),
        ("[34]b", ["3b", "4b"]),
        ("4A", []),
        ("", []),
        ("a", []),
    ],
)
def test_only_scenarios_whose_file_name_matches(
    threeshire: Path, only: str, found: list[str]
) -> None:
    for option in ("3b", "4a", "4b"):
        put(threeshire, option)
    assert [path.stem for path in find_scenarios([threeshire], only=only)] == found


def test_paths_that_are_not_there_are_all_named(threeshire: Path) -> None:
    put(threeshire, "4a")
    empty = threeshire / "empty"
    empty.mkdir()
    with pytest.raises(ScenarioError) as caught:
        find_scenarios([threeshire / "4aa.toml", threeshire / "qqqqqqq", empty])
    said = str(caught.value)
    assert "3 faults in the scenario" in said
    assert f'4aa.toml: there is no such file or folder. Did you mean "{threeshire}/4a.toml"?' in (
        said.replace("\\", "/")
    )
    assert "qqqqqqq: there is no such file or folder. Check the path." in said
    assert "empty: no scenario in this folder. Add one." in said
    below = empty / "west" / "4a.toml"
    below.parent.mkdir()
    (threeshire / "4a.toml").rename(below)
    (empty / "notes").mkdir()
    with pytest.raises(ScenarioError, match="no scenario in this folder") as caught:
        find_scenarios([empty])
    assert str(caught.value).endswith(f"Name those below it: {empty / 'west'}")


# --- gathering faults -----------------------------------------------------------------


def test_faults_of_several_scenarios_and_of_data_are_gathered(tmp_path: Path) -> None:
    faulty = Edit(SCHOOLS, "Ash Primary School,primary", "Ash Primary School,primry")
    make_authority(tmp_path / "boundaries", faulty)
    one = put(tmp_path, "one", "wihtin = []")
    two = put(tmp_path, "two")
    three = put(tmp_path, "three", 'authority = "threshire"')
    three.write_text(three.read_text().replace('authority = "threeshire"\n', ""))
    four = put(tmp_path, "four", 'units = "fuor"')
    with pytest.raises(InputError) as caught:
        load_batch([one, two, three, four])
    said = str(caught.value)
    assert 'schools.csv, row 3: URN 100002: unknown phase "primry"' in said
    assert 'one.toml:5:1  wihtin  unknown key "wihtin"  Did you mean "within"?' in said
    assert 'three.toml:4:1  authority  there is no authority "threshire"' in said
    assert 'four.toml:5:1  units  no scenario has the option "fuor"  Did you mean "four"?' in said
    assert said.startswith("4 faults in the data:")


def test_an_authority_with_faults_is_read_once(tmp_path: Path) -> None:
    make_authority(tmp_path / "boundaries", Edit(SCHOOLS, "900,Birch", "900,"))
    said = said_of(put(tmp_path, "a"), put(tmp_path, "b"))
    assert said.startswith("1 fault in the data:")


def test_names_that_the_authority_does_not_know(threeshire: Path) -> None:
    said = said_of(put(threeshire, "a", 'within = ["distict"]'), put(threeshire, "b"))
    assert said.startswith("1 fault in the scenario:")
    assert 'a.toml:5:11  within  there is no layer "distict"  Did you mean "district"?' in said


def test_faults_of_a_plan_file_are_found_before_anything_runs(threeshire: Path) -> None:
    said = said_of(put(threeshire, "a", 'plan = "plan.csv"', method="file"))
    assert "plan.csv: the file cannot be read" in said


def test_options_that_bear_the_same_label(threeshire: Path) -> None:
    paths = [put(threeshire, "a"), put(threeshire, "a", name="other")]
    said = said_of(*paths)
    assert (
        'other.toml:2:1  option  option "a" is also that of a.toml  '
        "Give each scenario its own label." in said
    )


def test_labels_that_differ_in_capitals_only(threeshire: Path) -> None:
    """Each label is a folder, and for Windows and macOS 4a and 4A are one."""
    said = said_of(put(threeshire, "4a"), put(threeshire, "4A", name="other"))
    assert 'other.toml:2:1  option  option "4A" is also that of 4a.toml' in said


@pytest.mark.parametrize("option", ["index.html", "comparison.csv", "Assignments.csv", "tables"])
def test_a_label_is_not_the_name_of_a_file_of_the_results(threeshire: Path, option: str) -> None:
    said = said_of(put(threeshire, option))
    assert f'option  "{option}" is the name of a file of the results' in said


def test_units_that_no_scenario_makes(threeshire: Path) -> None:
    said = said_of(put(threeshire, "4c"), put(threeshire, "3b", 'units = "4cc"'))
    assert '3b.toml:5:1  units  no scenario has the option "4cc"  Did you mean "4c"?' in said
    assert "Run that scenario with this one." in said_of(put(threeshire, "q", 'units = "4zzz9"'))


@pytest.mark.parametrize("method", ["keep", "merge"])
def test_only_a_redraw_divides_clusters(threeshire: Path, method: str) -> None:
    said = said_of(put(threeshire, "a", 'units = "schools"', method=method))
    assert said.startswith("1 fault in the scenario:\n  a.toml")
    assert 'Write method = "redraw"' in said


# --- scenarios that build on others ---------------------------------------------------


def test_a_scenario_comes_after_the_one_whose_clusters_it_uses(threeshire: Path) -> None:
    a, b = put(threeshire, "a", 'units = "c"'), put(threeshire, "b")
    c = put(threeshire, "c", 'units = "d"')
    scenarios = load_batch([a, b, c, put(threeshire, "d")])
    assert [s.option for s in scenarios] == ["a", "b", "c", "d"]
    assert [s.option for s in in_order(scenarios)] == ["b", "d", "c", "a"]


def test_outcomes_keep_the_order_given(threeshire: Path, tmp_path: Path) -> None:
    paths = [put(threeshire, "a", 'units = "b"'), put(threeshire, "b", method="keep")]
    reached: list[str] = []
    hooks = Hooks(on_start=lambda scenario: reached.append(scenario.option))
    outcomes = run_into(tmp_path / "out", *paths, hooks=hooks)
    assert reached == ["b", "a"]
    assert [outcome.scenario.option for outcome in outcomes] == ["a", "b"]


def test_a_scenario_brings_the_one_that_it_builds_on(threeshire: Path) -> None:
    put(threeshire, "4c", method="keep")
    put(threeshire, "4d", method="keep")
    path = put(threeshire, "3b", 'units = "4c"')
    scenarios = load_batch([path])
    assert [s.option for s in scenarios] == ["3b", "4c"]
    scenarios = load_batch([threeshire / "4c.toml", path])
    assert [s.option for s in scenarios] == ["4c", "3b"]


def test_only_3b_of_norfolk_brings_4c() -> None:
    (path,) = find_scenarios([SCENARIOS], only="3b")
    places: list[Place] = []
    scenarios = load_batch([path], on_place=places.append)
    assert [s.option for s in scenarios] == ["3b", "4c"]
    assert [place.authority.name for place in places] == ["Norfolk"]


CIRCLES = {"a": {"a": "a"}, "a, b": {"a": "b", "b": "a"}, "a, b, c": {"a": "b", "b": "c", "c": "a"}}


@pytest.mark.parametrize("units", CIRCLES.values(), ids=CIRCLES)
def test_units_that_go_in_a_circle(threeshire: Path, units: dict[str, str]) -> None:
    """Found by the batch, and where one scenario is run by itself."""
    paths = [put(threeshire, option, f'units = "{of}"') for option, of in units.items()]
    scenarios = load_batch(paths)
    with pytest.raises(ScenarioError, match=r"units go in a circle: .*a"):
        in_order(scenarios)
    with pytest.raises(ScenarioError, match=r"units go in a circle: .*a"):
        run_scenario(paths[0])


def test_a_scenario_run_by_itself_runs_what_it_builds_on(threeshire: Path) -> None:
    put(threeshire, "b")
    (threeshire / "broken.toml").write_text("option = ", encoding="utf-8")
    result = run_scenario(put(threeshire, "a", 'units = "b"', name="x"))
    parent = run_scenario(threeshire / "b.toml")
    assert list(result.problem.units.index) == sorted(parent.plan.assignment.unique())


def test_a_scenario_run_by_itself_whose_units_nobody_makes(threeshire: Path) -> None:
    path = put(threeshire, "a", 'units = "b"')
    with pytest.raises(ScenarioError, match='units  no plan of scenario "b" is at hand'):
        run_scenario(path)


# --- scenarios without a plan ---------------------------------------------------------


def test_an_infeasible_scenario_is_an_outcome_and_others_go_on(
    threeshire: Path, tmp_path: Path
) -> None:
    paths = [put(threeshire, "a", IMPOSSIBLE), put(threeshire, "b", 'units = "a"')]
    paths.append(put(threeshire, "c"))
    ended: list[str] = []
    hooks = Hooks(on_end=lambda outcome: ended.append(outcome.status))
    outcomes = run_into(tmp_path / "out", *paths, hooks=hooks)
    assert [outcome.status for outcome in outcomes] == ["INFEASIBLE", "UNKNOWN", "OPTIMAL"]
    assert ended == ["INFEASIBLE", "UNKNOWN", "OPTIMAL"]
    assert [outcome.has_plan for outcome in outcomes] == [False, False, True]
    assert outcomes[0].message.startswith("no plan exists: Ash (1,410 pupils)")
    assert outcomes[1].message == 'not run: scenario "a", its units, has no plan'
    assert outcomes[2].message == ""


def test_fail_fast_ends_at_the_first_without_a_plan(threeshire: Path, tmp_path: Path) -> None:
    paths = [put(threeshire, "a"), put(threeshire, "b", IMPOSSIBLE), put(threeshire, "c")]
    outcomes = run_into(tmp_path / "out", *paths, keep_going=False, outputs="tables")
    assert [outcome.scenario.option for outcome in outcomes] == ["a", "b"]


def test_a_scenario_without_a_plan_is_an_error_where_it_is_run_by_itself(threeshire: Path) -> None:
    with pytest.raises(InfeasibleError, match=r"no plan exists: Ash \(1,410 pupils\)"):
        run_scenario(put(threeshire, "a", IMPOSSIBLE))


def test_time_that_runs_out_is_an_outcome(
    threeshire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_out(*args: object, **options: object) -> None:
        message = "no plan in 1 s"
        raise NoPlanFoundError(message)

    monkeypatch.setattr(sys.modules[run_scenario.__module__], "solve_merge", run_out)
    (outcome,) = run_into(tmp_path / "out", put(threeshire, "a"))
    assert (outcome.status, outcome.message) == ("UNKNOWN", "no plan in 1 s")


# --- plans from files -----------------------------------------------------------------


def test_a_plan_that_was_written_is_read_again_as_the_same_plan(
    threeshire: Path, tmp_path: Path
) -> None:
    path = put(threeshire, "a")
    (outcome,) = run_into(tmp_path / "out", path)
    result = load_result(outcome)
    plan = tmp_path / "out" / "a" / "plan.csv"
    judged = evaluate(plan, path)
    assert judged.violations == ()
    assert judged.objective == result.objective
    assert judged.score.metrics == result.score.metrics
    given = put(threeshire, "f", f'plan = "{plan.as_posix()}"', method="file")
    assert run_scenario(given).plan.assignment.equals(judged.plan.assignment)


def test_a_plan_is_judged_by_the_rules_of_the_scenario(threeshire: Path) -> None:
    plan = threeshire / "plan.csv"
    rows = [(100001 + i, "AC" if cluster in "AC" else "B") for i, cluster in enumerate("AABBCC")]
    plan.write_text("urn,cluster\n" + "".join(f"{urn},{name}\n" for urn, name in rows))
    judged = evaluate(plan, put(threeshire, "a"))
    assert [(v.rule, v.subject) for v in judged.violations] == [("contiguity", "AC")]
    assert judged.plan.solution.status == "GIVEN"


def test_a_plan_path_is_relative_to_the_scenario_or_the_working_directory(
    threeshire: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(threeshire, "a", method="keep")
    run_into(threeshire / "out", path)
    assert (
        run_scenario(put(threeshire, "f", 'plan = "out/a/plan.csv"', method="file")).violations
        == ()
    )
    monkeypatch.chdir(threeshire)
    text = {"title": "F", "option": "f", "authority": "../boundaries/threeshire", "method": "file"}
    made = parse_scenario({**text, "plan": "out/a/plan.csv"})
    assert run_scenario(made).score.metrics["n_clusters"] == 3


# --- the results folder ---------------------------------------------------------------


def test_the_results_folder_holds_each_scenario_and_the_comparison(
    threeshire: Path, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "out"
    run_into(out, put(threeshire, "a"), put(threeshire, "b", IMPOSSIBLE))
    files = set(content(out))
    assert files >= {*(f"a/{file}" for file in FILES), *WHOLE}
    assert {path.name for path in out.iterdir()} <= {"a", "b", *FILES_OF_RESULTS}
    assert {f for f in files if f.startswith("b/")} == {"b/manifest.json", "b/run.json"}
    assert set(pd.read_csv(out / "comparison.csv")["scenario"]) == {"a"}
    assert json.loads((out / "b" / "manifest.json").read_text())["status"] == "INFEASIBLE"
    assert sorted(p.name for p in out.iterdir() if p.name.startswith(".")) == []


def test_a_second_run_replaces_what_it_makes_and_leaves_the_rest(
    threeshire: Path, tmp_path: Path
) -> None:
    path, out = put(threeshire, "a"), tmp_path / "out"
    run_into(out, path)
    (out / "a" / "left-over.txt").touch()
    (out / "mine.txt").touch()
    path.write_text(path.read_text().replace("Option a", "Option a again"), encoding="utf-8")
    run_into(out, path)
    made = {p.name for p in (out / "a").iterdir()}
    assert {name for name in made if not name.startswith("universe")} == FILES
    assert "universe.json" in made
    assert (out / "mine.txt").exists()
    assert json.loads((out / "a" / "manifest.json").read_text())["title"] == "Option a again"


def test_labels_never_get_in_the_way_of_what_is_being_replaced(
    threeshire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf, "has_parquet", lambda: False)
    paths = put(threeshire, "a"), put(threeshire, "old-a")
    for _ in range(2):
        run_into(tmp_path / "out", *paths, force=True, outputs="tables")
    assert {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()} == {"a", "old-a"}


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_old_folder_as_it_was(
    threeshire: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
) -> None:
    out = tmp_path / "out"
    path = put(threeshire, "a")
    run_into(out, path)
    before = content(out)

    def half(result: object, folder: Path, *, maps: bool) -> None:
        (folder / "plan.csv").write_text("urn,clu", encoding="utf-8")
        raise error

    monkeypatch.setattr(present, "write_result", half)
    expected = KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else ClusterOptimiserError
    with pytest.raises(expected) as caught:
        run_into(out, path, force=True)
    if isinstance(error, OSError):
        assert str(caught.value) == f"{out} cannot be written: No space left on device"
    assert content(out) == before
    assert list(out.glob(".*")) == []


def test_a_results_folder_that_cannot_be_made(threeshire: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClusterOptimiserError, match=r"file.* cannot be written"):
        run_into(tmp_path / "file", put(threeshire, "a"))


# --- stamps ---------------------------------------------------------------------------


def test_a_stamp_tells_apart_what_differs(threeshire: Path) -> None:
    path = put(threeshire, "a")
    stamps = {run_scenario(path).stamp, run_scenario(path, seed=1).stamp}
    stamps.add(run_scenario(put(threeshire, "a", "[count]\nmax = 3")).stamp)
    schools = threeshire.parent / "boundaries" / "threeshire" / SCHOOLS
    schools.write_text(schools.read_text().replace(",900,", ",901,"), encoding="utf-8")
    stamps.add(run_scenario(path).stamp)
    assert len(stamps) == 4
    assert run_scenario(path).stamp in stamps
    assert all(len(stamp) == 12 for stamp in stamps)


# --- Norfolk --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def norfolk_out() -> Path:
    return norfolk_run()


@pytest.mark.parametrize("option", OPTIONS)
def test_every_pupil_of_norfolk_is_in_one_cluster(norfolk_out: Path, option: str) -> None:
    schools = norfolk_place().authority.schools
    clusters = pd.read_csv(norfolk_out / option / "clusters.csv")
    assert clusters["pupils"].sum() == PUPILS
    plan = pd.read_csv(norfolk_out / option / "plan.csv", index_col="urn")
    assert sorted(plan.index) == sorted(schools.index)
    assert schools["pupils"].groupby(plan["cluster"]).sum().to_dict() == dict(
        zip(clusters["cluster"], clusters["pupils"], strict=True)
    )


def test_every_option_assigns_every_school_of_norfolk_once(norfolk_out: Path) -> None:
    schools = norfolk_place().authority.schools
    table = pd.read_csv(norfolk_out / "assignments.csv", dtype={"scenario": str})
    assert sorted(table["scenario"].unique()) == sorted(OPTIONS)
    for _, rows in table.groupby("scenario"):
        assert sorted(rows["urn"]) == sorted(schools.index)
        assert schools["pupils"].loc[rows["urn"]].sum() == PUPILS


@pytest.mark.parametrize("option", OPTIONS)
def test_every_plan_of_norfolk_is_proved_best_or_was_given(norfolk_out: Path, option: str) -> None:
    manifest = json.loads((norfolk_out / option / "manifest.json").read_text(encoding="utf-8"))
    is_solved = norfolk_scenario(option).method in {"merge", "redraw"}
    expected = "OPTIMAL" if is_solved else "GIVEN"
    assert manifest["status"] == expected
    if expected == "OPTIMAL":
        assert manifest["violations"] == []
        assert manifest["gap"] == 0
        assert manifest["bound"] == pytest.approx(manifest["objective"])


def test_norfolk_has_47_clusters_today(norfolk_out: Path) -> None:
    clusters = pd.read_csv(norfolk_out / "1" / "clusters.csv")
    assert (~clusters["is_exempt"]).sum() == 47
    layer = gpd.read_file(norfolk_out / "1" / "plan.gpkg", layer="clusters")
    assert layer.crs == "EPSG:27700"
    assert layer.geometry.notna().sum() >= 47


def test_clusters_of_3b_are_unions_of_those_of_4c() -> None:
    """Both levels fit into each other, school by school."""
    large, small = norfolk_result("3b").plan.assignment, norfolk_result("4c").plan.assignment
    assert (large.groupby(small).agg(lambda clusters: len(set(clusters))) == 1).all()
    assert large.nunique() < small.nunique()


def run_twice(folder: Path, label: str, *arguments: str) -> list[dict[str, bytes]]:
    """Give every file of two runs under different hash seeds, but for the seconds they took."""
    command = [sys.executable, "-m", "cluster_optimiser", "run", *arguments]
    runs = [
        subprocess.Popen(
            [*command, "--out", str(folder / seed)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            stderr=subprocess.DEVNULL,
        )
        for seed in ("0", "1")
    ]
    assert [run.wait() for run in runs] == [0, 0]
    both = [content(folder / seed) for seed in ("0", "1")]
    for files in both:
        manifest = json.loads(files[f"{label}/manifest.json"])
        assert manifest.pop("seconds") > 0
        files[f"{label}/manifest.json"] = json.dumps(manifest).encode()
    return both


@pytest.mark.thorough
def test_two_runs_give_the_same_bytes(tmp_path: Path) -> None:
    """Whatever order sets happen to be in; only the seconds that a run took may differ."""
    one, other = run_twice(tmp_path, "4a", str(SCENARIOS), "--only", "4a")
    assert set(one) >= {*(f"4a/{file}" for file in FILES), *WHOLE}
    assert set(one) == set(other)
    assert [path for path in one if one[path] != other.get(path)] == []


# --- versions, and what only shows together -----------------------------------------------


def test_versions_of_an_option_are_scenarios_of_their_own(threeshire: Path, tmp_path: Path) -> None:
    path = put(threeshire, "v", "[versions]\nnumber = 2\ndiffer_pupils = 0.5")
    outcomes = run_into(tmp_path / "out", path)
    assert [outcome.scenario.option for outcome in outcomes] == ["v", "v.2"]
    first, second = (outcome.record for outcome in outcomes)
    assert first["stamp"] != second["stamp"]
    assert "are with other schools than in v" in second["proof"]["among"]


def test_the_label_of_a_version_is_taken(threeshire: Path) -> None:
    versions = put(threeshire, "v", "[versions]\nnumber = 2")
    assert 'option "v.2" is also that of v.toml' in said_of(versions, put(threeshire, "v.2"))


def test_a_label_that_stands_in_a_faulty_file_is_not_missed(threeshire: Path) -> None:
    """The fault of that file is enough."""
    faulty = put(threeshire, "a", "[size]\nmin_pupil = 1")
    said = said_of(put(threeshire, "b", 'units = "a"'), faulty)
    assert "min_pupil" in said
    assert "no scenario has the option" not in said


def test_an_exempt_group_may_not_bear_the_name_of_a_cluster(threeshire: Path) -> None:
    cluster = cluster_of_today(threeshire)
    path = put(threeshire, "x", f'[[exempt]]\nname = "{cluster}"\nwhere = {{ phase = "primary" }}')
    assert f'an exempt group bears the name of a cluster: "{cluster}"' in said_of(path)


def cluster_of_today(threeshire: Path) -> str:
    """Give a cluster of Threeshire today."""
    places: list[Place] = []
    load_batch([put(threeshire, "any")], on_place=places.append)
    (place,) = places
    return str(place.territory.clusters.index[0])


def test_a_run_without_any_plan_takes_the_old_comparison_away(
    threeshire: Path, tmp_path: Path
) -> None:
    """It would speak of plans that are no longer there."""
    out = tmp_path / "out"
    run_into(out, put(threeshire, "a"))
    assert (out / "index.html").is_file()
    run_into(out, put(threeshire, "a", IMPOSSIBLE))
    assert [path.name for path in sorted(out.iterdir())] == ["a"]
