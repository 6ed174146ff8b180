"""Sweeps: one file that is many scenarios, their table, and where the answer changes."""

import itertools
import json
import re
from collections import Counter
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from cluster_optimiser import present
from cluster_optimiser.batch import read_scenarios
from cluster_optimiser.batch.verifying import verify_results
from cluster_optimiser.cli import app
from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.scenario import load_scenario, load_scenarios
from cluster_optimiser.scenario.sweep import labels
from cluster_optimiser.words import share
from tests.batch.made import hashes, put, run_into
from tests.inputs.broken import make_authority

pytestmark = pytest.mark.usefixtures("without_pictures")

SWEEP = "[sweep]\ncount.min = [1, 2, 3]\nseed = [0, 7]"


def put_sweep(folder: Path, sweep: str = SWEEP, option: str = "s") -> Path:
    """Write a sweep; its objective comes first, so that what follows is in no other table."""
    path = put(folder, option)
    path.write_text(f"{path.read_text(encoding='utf-8')}{sweep}\n", encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenarios(path)
    return str(caught.value)


def test_every_combination_is_a_scenario(threeshire: Path) -> None:
    made = load_scenarios(put_sweep(threeshire))
    assert [scenario.option for scenario in made] == [
        "s-1-0", "s-1-7", "s-2-0", "s-2-7", "s-3-0", "s-3-7",
    ]  # fmt: skip
    assert [(scenario.count.min, scenario.seed) for scenario in made][1:3] == [(1, 7), (2, 0)]
    assert made[0].title == "Option s: count.min 1, seed 0"
    assert made[0].swept == {"count.min": 1, "seed": 0}
    assert {scenario.sweep for scenario in made} == {"s"}


def test_a_file_of_a_sweep_is_one_scenario_where_one_is_asked_for(threeshire: Path) -> None:
    assert load_scenario(put_sweep(threeshire)).option == "s"


def test_a_value_that_is_added_later_changes_no_label() -> None:
    few = labels("s", [{"a": 1}, {"a": "x/y"}])
    more = labels("s", [{"a": 0.5}, {"a": "x/y"}, {"a": 1}])
    assert few == [more[2], more[1]]
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", label) for label in more)


def test_labels_that_would_be_the_same_are_told_apart() -> None:
    runs = [{"a": "x-y", "b": "z"}, {"a": "x", "b": "y-z"}, {"a": 1, "b": "A"}, {"a": 1, "b": "a"}]
    assert len({label.casefold() for label in labels("s", runs)}) == len(runs)


FAULTY = {
    "sweep = 3": "sweep  3 is not allowed",
    "[sweep]": "sweep  {} is not allowed",
    "[sweep]\ncount.min = 3": "sweep.count.min  3 is not allowed  Write a list of values",
    "[sweep]\ncount.min = []": "sweep.count.min  [] is not allowed",
    "[sweep]\ncount.min = [1, 2, 1]": "the value 1 stands twice",
    "[sweep]\noption = ['x']": "option cannot be swept",
    "[sweep]\nseed = [-1]": "a seed is not a whole number from 0 on",
    "[sweep]\ncount.min = [1, 0]": ":8:17  sweep.count.min.2  0 is not allowed",
    "[sweep]\ncount.mim = [1, 2]": 'unknown key "mim"  Did you mean "min"?',
    "[sweep]\nwithin = [['distict'], 3]": "sweep.within.2  3 is not allowed",
}


@pytest.mark.parametrize(("sweep", "says"), FAULTY.items(), ids=FAULTY)
def test_a_faulty_sweep_is_explained(threeshire: Path, sweep: str, says: str) -> None:
    path = put_sweep(threeshire, sweep)
    if sweep == "sweep = 3":
        path.write_text(f"{sweep}\n{path.read_text()}", encoding="utf-8")
        path.write_text(path.read_text().removesuffix("sweep = 3\n"), encoding="utf-8")
    assert says in refusal(path)


def test_a_sweep_of_too_many_is_a_mistake(threeshire: Path) -> None:
    values = list(range(400))
    sweep = f"[sweep]\nseed = {values}\ncount.min = {values}"
    assert "160,000 combinations  Take values away" in refusal(put_sweep(threeshire, sweep))


def test_a_long_label_leaves_no_room_for_values(threeshire: Path) -> None:
    said = refusal(put_sweep(threeshire, option="a" * 24))
    assert "option  the label of a sweep has 24 characters  Take at most 23." in said


def test_runs_are_one_table_that_pandas_and_duckdb_open(threeshire: Path, out: Path) -> None:
    run_into(out, put_sweep(threeshire), put(threeshire, "k", method="keep"))
    table = pd.read_parquet(out / "runs.parquet")
    assert list(table["run"]) == [
        "s-1-0", "s-1-7", "s-2-0", "s-2-7", "s-3-0", "s-3-7", "k",
    ]  # fmt: skip
    runs = duckdb.read_parquet(str(out / "runs.parquet")).filter("sweep = 's'")
    asked = '"count.min", any_value(n_clusters), count(distinct plan)'
    found = runs.aggregate(asked).order("1").fetchall()
    assert found == [(1, 1, 1), (2, 2, 1), (3, 3, 1)]
    as_text = pd.read_csv(out / "runs.csv")
    assert list(as_text["n_clusters"]) == list(table["n_clusters"])
    assert "<svg" in (out / "runs.html").read_text(encoding="utf-8")
    # The options that are no sweep have their page; assignments are those of all.
    assert "Option k" in (out / "index.html").read_text(encoding="utf-8")
    assert set(pd.read_csv(out / "assignments.csv")["scenario"]) == set(table["run"])


def test_changes_say_where_the_answer_changes(threeshire: Path, out: Path) -> None:
    run_into(out, put_sweep(threeshire, "[sweep]\ncount.min = [2, 1]\nseed = [0, 7]"))
    table = pd.read_csv(out / "changes.csv")
    assert len(table) == 4
    by_count = table[table["key"] == "count.min"]
    # In the order of the numbers, not of the file.
    assert list(by_count["from_value"]) == [1, 1]
    assert list(by_count["held"]) == ["seed 0", "seed 7"]
    assert list(by_count["to_clusters"]) == [2, 2]
    assert not by_count["is_same_plan"].any()
    assert (by_count["moved_share"] == 1).all()
    by_seed = table[table["key"] == "seed"]
    assert by_seed["is_same_plan"].all()
    assert list(by_seed["moved_pupils"]) == [0, 0]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "count.min 1 → 2 (seed 0): 1 to 2 clusters" in page
    assert 'href="s-2-7/map.html"' in page


def test_a_run_without_a_plan_is_a_row_too(threeshire: Path, out: Path) -> None:
    run_into(out, put_sweep(threeshire, "[sweep]\nsize.min_pupils = [0, 9000]"), outputs="tables")
    assert list(pd.read_csv(out / "runs.csv")["status"]) == ["OPTIMAL", "INFEASIBLE"]
    (change,) = pd.read_csv(out / "changes.csv").to_dict("records")
    assert (change["from_status"], change["to_status"]) == ("OPTIMAL", "INFEASIBLE")
    assert (change["what"], change["is_proved_between"]) == ("plan lost", False)
    assert pd.isna(change["moved_pupils"])
    assert not (out / "index.html").exists()


def test_seeds_of_a_sweep_are_those_of_the_runs(threeshire: Path, out: Path) -> None:
    run_into(out, put_sweep(threeshire), seed=3)
    seeds = {
        path.parent.name: json.loads(path.read_text(encoding="utf-8"))["seed"]
        for path in out.glob("*/manifest.json")
    }
    assert seeds["s-1-7"] == 7


def test_a_sweep_over_authorities_has_a_page_for_none_and_a_list_of_all(
    threeshire: Path, out: Path
) -> None:
    make_authority(threeshire.parent / "boundaries" / "other")
    (threeshire.parent / "boundaries" / "other" / "threeshire").rename(
        threeshire.parent / "boundaries" / "fourshire"
    )
    sweep = put_sweep(threeshire, '[sweep]\nauthority = ["threeshire", "fourshire"]')
    scenarios, faults = read_scenarios([sweep])
    assert (len(scenarios), faults) == (2, [])
    run_into(out, sweep)
    assert list(pd.read_csv(out / "runs.csv")["authority"]) == ["threeshire", "fourshire"]
    assert "s-fourshire/map.html" in (out / "index.html").read_text(encoding="utf-8")


def test_options_of_two_authorities_have_a_page_each(threeshire: Path, out: Path) -> None:
    boundaries = threeshire.parent / "boundaries"
    make_authority(boundaries / "other")
    (boundaries / "other" / "threeshire").rename(boundaries / "fourshire")
    other = put(threeshire, "b")
    other.write_text(other.read_text().replace('"threeshire"', '"fourshire"'), encoding="utf-8")
    run_into(out, put(threeshire, "a"), other)
    files = set(hashes(out))
    assert {"authorities/threeshire/index.html", "authorities/fourshire/page.json"} <= files
    first = (out / "index.html").read_text(encoding="utf-8")
    assert 'href="authorities/fourshire/index.html"' in first
    assert set(pd.read_csv(out / "comparison.csv")["scenario"]) == {"a", "b"}


def test_the_tables_of_a_sweep_are_described(threeshire: Path, out: Path) -> None:
    run_into(out, put_sweep(threeshire, "[sweep]\ncount.min = [1, 2]"), outputs="tables")
    record = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    assert {one["path"] for one in record["resources"]} == {path.name for path in out.glob("*.csv")}
    assert record["sources"]
    fields = {f["name"]: f for one in record["resources"] for f in one["schema"]["fields"]}
    assert fields["urn"]["type"] == "integer"


# --- what is said of a sweep is what its table says

WIDE = """[size]
max_pupils = 9_000
target_pupils = 2_000
[sweep]
size.min_pupils = [0, 1_500, 5_000, 6_000]
count.min = [1, 2]"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Path:
    """Give the folder of a sweep that has several plans, and none at some values."""
    home = tmp_path_factory.mktemp("swept")
    make_authority(home / "boundaries")
    (home / "scenarios").mkdir()
    run_into(home / "out", put_sweep(home / "scenarios", WIDE))
    return home / "out"


def recount(runs: pd.DataFrame) -> dict[str, int]:
    """Count the steps again from the table of runs, by nothing but its cells."""
    keys = ["size.min_pupils", "count.min"]
    found: Counter[str] = Counter()
    for key in keys:
        for _, part in runs.groupby([k for k in keys if k != key]):
            answers = part.sort_values(key)["plan"].fillna("none").tolist()
            found.update(
                "both none" if {one, other} == {"none"} else "same" if one == other else "changed"
                for one, other in itertools.pairwise(answers)
            )
    return found


def test_what_a_sweep_says_is_a_recount_of_its_table(swept: Path) -> None:
    runs, changes = pd.read_csv(swept / "runs.csv"), pd.read_csv(swept / "changes.csv")
    counted = recount(runs)
    assert counted["both none"] > 0
    assert counted["changed"] > 0
    said = present.statement(changes.to_dict("records"))
    n_steps = counted.total()
    assert said.startswith(f"The answer changes at {counted['changed']} of {n_steps} steps")
    assert f"{counted['both none']} others have no plan on either side" in said
    page = (swept / "index.html").read_text(encoding="utf-8")
    assert said in page
    n_plans = runs["plan"].nunique()
    assert f"{runs['plan'].notna().sum()} of {len(runs)} runs have a plan" in page
    assert f"there are {n_plans} different plans" in page


def test_each_different_plan_is_one_row(swept: Path) -> None:
    runs, plans = pd.read_csv(swept / "runs.csv"), pd.read_csv(swept / "plans.csv")
    assert sorted(plans["plan"]) == sorted(runs["plan"].dropna().unique())
    assert plans["n_runs"].tolist() == [(runs["plan"] == plan).sum() for plan in plans["plan"]]
    assert plans["name"].tolist() == ["A", "B", "C"][: len(plans)]
    assert plans["n_proved"].equals(plans["n_runs"])
    # Nothing is said to hold where another plan, or none, is best.
    first = plans.iloc[0]
    held = [part for part in first["holds"].split("; ") if "count.min 1" in part]
    own = runs[(runs["plan"] == first["plan"]) & (runs["count.min"] == 1)]
    ends = dict.fromkeys([own["size.min_pupils"].min(), own["size.min_pupils"].max()])
    assert held == [f"size.min_pupils {' to '.join(map(str, ends))} (count.min 1)"]


def test_two_values_are_a_grid(swept: Path) -> None:
    page = (swept / "index.html").read_text(encoding="utf-8")
    assert "size.min_pupils down, count.min across" in page
    assert page.count('<table class="grid">') == 1


def test_the_page_of_a_sweep_is_made_again_and_a_report_says_what_is_there(swept: Path) -> None:
    before = (swept / "index.html").read_bytes()
    done = CliRunner().invoke(app, ["page", str(swept), "-o", str(swept / "index.html")])
    assert done.exit_code == 0, done.output
    assert (swept / "index.html").read_bytes() == before
    done = CliRunner().invoke(app, ["report", str(swept), "-o", str(swept.parent / "report")])
    assert "a report is of options of one" in str(done.exception)
    assert not (swept.parent / "report").exists()


REFINED = """[size]
max_pupils = 9_000
target_pupils = 2_000
[sweep]
size.min_pupils = [0, 6_000]
refine.size.min_pupils = 1"""


def test_a_sweep_finds_the_exact_value_at_which_the_answer_changes(
    threeshire: Path, out: Path
) -> None:
    path = put_sweep(threeshire, REFINED)
    done = CliRunner().invoke(
        app, ["run", str(path), "--out", str(out), "--jobs", "1", "--outputs", "tables"]
    )
    assert "from a plan to none" in done.output
    changes = pd.read_csv(out / "changes.csv")
    lost = changes[changes["what"] == "plan lost"]
    assert (lost["to_value"] - lost["from_value"]).tolist() == [1]
    assert lost["is_proved_between"].all()
    # Whatever lies between other neighbours is proved too: the legal plans are nested.
    assert changes["is_proved_between"].all()
    runs = pd.read_csv(out / "runs.csv").set_index("size.min_pupils")
    assert lost["from_value"].item() == runs["smallest_pupils"].max()
    verified = verify_results(out, path.parents[1])
    assert (verified.faults, verified.notes) == ((), ()), "runs between are made again as well"


FAULTY_REFINE = {
    "refine = 3": "sweep.refine  3 is not allowed",
    "refine.count.min = 0": "sweep.refine.count.min  0 is not allowed",
    "refine.count.max = 1": "sweep.refine.count.max  it is not swept over numbers",
}


@pytest.mark.parametrize(("line", "says"), FAULTY_REFINE.items(), ids=FAULTY_REFINE)
def test_a_faulty_refinement_is_explained(threeshire: Path, line: str, says: str) -> None:
    assert says in refusal(put_sweep(threeshire, f"[sweep]\ncount.min = [1, 3]\n{line}"))


def test_a_sweep_that_shares_out_money_says_how_evenly(threeshire: Path, out: Path) -> None:
    money = "[funding]\npot_pounds = 90_000\nneed = { pupils = 1 }\n"
    money += 'parts = [{ measure = "schools", share = 0.5 }, { measure = "pupils", share = 0.5 }]\n'
    path = put_sweep(threeshire, f"{money}[sweep]\ncount.min = [2, 1]")
    run_into(out, path)
    runs = pd.read_csv(out / "runs.csv").set_index("run")
    page = (out / "index.html").read_text(encoding="utf-8")
    for label in runs.index:
        record = json.loads((out / label / "manifest.json").read_text(encoding="utf-8"))
        even = record["funding"]["evenness"]
        for key in ("need_spread", "pounds_spread"):
            assert runs.loc[label, f"{key}_share"] == even[key]
            # Once with its plan, once with the run.
            assert page.count(f'<td class="n">{share(even[key])}</td>') >= 2
    assert page.count("Spread of pounds for need</th>") == 2
    run_into(out.with_name("plain"), put_sweep(threeshire, "[sweep]\ncount.min = [2, 1]", "p"))
    plain = out.with_name("plain")
    assert "pounds_spread_share" not in (plain / "runs.csv").read_text(encoding="utf-8")
    assert "Spread of" not in (plain / "index.html").read_text(encoding="utf-8")
