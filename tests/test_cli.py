"""The command line: what it says where, and the code that it ends with."""

import errno
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster_optimiser import cli
from cluster_optimiser.cli import running
from cluster_optimiser.errors import ClusterOptimiserError, VerificationError
from cluster_optimiser.scenario import json_schema
from tests.inputs.broken import SCHOOLS, Broken, Edit, broken_authorities, make_authority
from tests.norfolk import ROOT

pytestmark = pytest.mark.usefixtures("without_pictures")

COMMANDS = tuple(sorted(cli.app.commands))
BEST = 'objective = { order = ["count", "pupil_minutes"] }\n'
IMPOSSIBLE = "size = { min_pupils = 9000, max_pupils = 9001 }\n"
ESCAPE = "\x1b"


@dataclass(frozen=True)
class Said:
    """What a call said, and its exit code."""

    code: int
    out: str
    err: str


Call = Callable[..., Said]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Give a function that calls the program within this process."""

    def run(*arguments: object) -> Said:
        capfd.readouterr()
        code = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as exit_:
            code = exit_.code or 0
        return Said(code, *capfd.readouterr())

    return run


def put(folder: Path, option: str, more: str = BEST, *, method: str = "merge") -> Path:
    path = folder / f"{option}.toml"
    head = f'title = "Option {option}"\noption = "{option}"\nauthority = "threeshire"\n'
    path.write_text(f'{head}method = "{method}"\n{more}', encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of scenarios beside the boundaries of Threeshire."""
    make_authority(tmp_path / "boundaries")
    (tmp_path / "scenarios").mkdir()
    return tmp_path / "scenarios"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def write_plan(folder: Path, clusters: str) -> Path:
    """Write a plan of Threeshire's six schools: a letter each."""
    path = folder / "plan.csv"
    rows = [f"{100001 + i},{cluster}\n" for i, cluster in enumerate(clusters)]
    path.write_text("".join(["urn,cluster\n", *rows]), encoding="utf-8")
    return path


# --- help and usage -------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(call: Call, command: str) -> None:
    said = call(command, "--help")
    assert said.code == 0
    # On a line of its own, as one would type it: help that flows the example into a paragraph is
    # no example.
    assert re.search(rf"^  Example:\n    cluster-optimiser {command}\b", said.out, re.MULTILINE)
    assert said.err == ""


def test_help_lists_every_command(call: Call) -> None:
    said = call("-h")
    listed = re.findall(r"^  (\w+) ", said.out.split("Commands:")[1], re.MULTILINE)
    assert set(listed) >= set(COMMANDS)
    assert listed == sorted(listed)


def test_version(call: Call) -> None:
    assert re.fullmatch(r"cluster-optimiser, version \d+\.\d+\.\d+\n", call("--version").out)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Usage: cluster-optimiser"),
        (("walk",), "No such command 'walk'"),
        (("run",), "Missing argument 'PATHS...'"),
        (("run", "a.toml"), "Missing option '--out'"),
        (("run", "a.toml", "-o", "out", "--seed", "-1"), "Invalid value for '--seed'"),
        (("run", "a.toml", "-o", "out", "--time-limit", "0"), "Invalid value for '--time-limit'"),
        (("run", "a.toml", "-o", __file__), "is a file"),
        (("run", "a.toml", "-o", "out", "--nolny", "x"), "No such option"),
        (("evaluate", "plan.csv"), "Missing option '--scenario'"),
        (("check",), "Missing argument 'PATHS...'"),
        (("run", "x", "--out", "r", "--time-limit", "nan"), "nan is no number"),
        (("new", "A", "--schools", "s", "--join-within", "inf"), "inf is no number"),
        (("new", "A", "--schools", "s", "--close", "5"), "--close does nothing without --mend"),
        (("new", "A", "--schools", "s", "--pupils-first"), "nothing without --pupils FILE"),
        (("check", "x", "--simplify", "5"), "--simplify does nothing without --mend DIR"),
    ],
)
def test_usage_faults_end_with_2(call: Call, arguments: tuple[str, ...], says: str) -> None:
    said = call(*arguments)
    assert said.code == 2
    assert says in said.err
    assert said.out == ""


@pytest.mark.parametrize("only", ["b*", "", "[b]", "[/b]", "[red]"])
def test_no_scenario_that_matches(call: Call, folder: Path, out: Path, only: str) -> None:
    put(folder, "a")
    said = call("run", folder, "-o", out, "--only", only)
    assert said == Said(2, "", f'No scenario matches --only "{only}".\n')
    assert not out.exists()


# --- exit codes of run ----------------------------------------------------------------


def test_all_well(call: Call, folder: Path, out: Path) -> None:
    put(folder, "a")
    put(folder, "b", "", method="keep")
    said = call("run", folder, "--out", out)
    assert said.code == 0
    assert said.out == ""
    # Each is told as it ends, which is not the order they were begun in.
    *lines, last = said.err.splitlines()
    lines.sort()
    assert re.fullmatch(r"a    OPTIMAL     1 cluster of at least 3,990 pupils, .*", lines[0])
    assert re.fullmatch(
        r"b    GIVEN       3 clusters of at least 1,080 to 1,500 pupils, .*", lines[1]
    )
    assert last == f"Open {out / 'index.html'}"
    assert (out / "index.html").is_file()


def test_one_that_is_infeasible(call: Call, folder: Path, out: Path) -> None:
    said = call("run", put(folder, "a", BEST + IMPOSSIBLE), "-o", out)
    assert said.code == 4
    assert said.err.startswith("a    INFEASIBLE no plan exists: Ash (1,410 pupils)")
    assert "Open" not in said.err
    manifest = json.loads((out / "a" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "INFEASIBLE"


def test_one_of_several_that_is_infeasible(call: Call, folder: Path, out: Path) -> None:
    put(folder, "a", BEST + IMPOSSIBLE)
    put(folder, "b")
    said = call("run", folder, "-o", out)
    assert said.code == 6
    assert (out / "b" / "plan.csv").is_file()
    assert "Option a" in (out / "index.html").read_text(encoding="utf-8")


def test_fail_fast(call: Call, folder: Path, out: Path) -> None:
    put(folder, "a", BEST + IMPOSSIBLE)
    put(folder, "b")
    assert call("run", folder, "-o", out, "--fail-fast", "-j", "1").code == 4
    assert sorted(path.name for path in out.iterdir()) == ["a"]


def test_time_that_runs_out(call: Call, folder: Path, out: Path) -> None:
    said = call("run", put(folder, "a"), "-o", out, "--time-limit", "1e-9")
    assert said.code == 5
    assert said.err.startswith("a    UNKNOWN    no plan was found")


@pytest.mark.parametrize(
    ("statuses", "code"),
    [
        (["OPTIMAL", "GIVEN"], 0),
        (["FEASIBLE"], 5),
        (["OPTIMAL", "FEASIBLE"], 5),
        (["UNKNOWN"], 5),
        (["INFEASIBLE"], 4),
        (["INFEASIBLE", "INFEASIBLE"], 6),
        (["UNKNOWN", "FEASIBLE"], 6),
    ],
)
def test_the_exit_code_of_each_mixture(statuses: list[str], code: int) -> None:
    class Outcome:
        def __init__(self, status: str) -> None:
            self.status, self.failure = status, ""
            self.has_plan = status not in {"INFEASIBLE", "UNKNOWN"}

    assert running._exit_code([Outcome(status) for status in statuses]) == code


def test_the_seed_is_written_down(call: Call, folder: Path, out: Path) -> None:
    said = call("run", put(folder, "a"), "-o", out, "--seed", "7", "--json")
    assert json.loads(said.out)["seed"] == 7


def test_a_folder_that_cannot_be_written(call: Call, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = call("run", put(folder, "a"), "-o", tmp_path / "file" / "out")
    assert said.code == 1
    assert "cannot be written" in said.err
    assert "Traceback" not in said.err


# --- faults ---------------------------------------------------------------------------


@pytest.mark.parametrize("broken", broken_authorities(), ids=lambda broken: broken.fault)
def test_a_broken_authority_is_explained(
    call: Call, tmp_path: Path, out: Path, broken: Broken
) -> None:
    """File, row, what it is about, what is wrong and what to do; and nothing is written."""
    broken.make(tmp_path / "boundaries")
    said = call("run", put(tmp_path, "a"), "-o", out)
    assert said.code == 3
    assert said.out == ""
    assert not out.exists()
    assert said.err.startswith("cluster-optimiser: ")
    assert "Traceback" not in said.err
    where = f"{broken.file}, row {broken.row}: " if broken.row else f"{broken.file}: "
    (line,) = [line for line in said.err.splitlines() if broken.says in line][:1]
    assert where in line
    assert broken.about in line
    assert broken.remedy in line


FIVE = (
    Edit(SCHOOLS, "Ash Primary School,primary", "Ash Primary School,primry"),
    Edit(SCHOOLS, "100003,", "100001,"),
    Edit(SCHOOLS, "616000,306000", "0,0"),
    Edit(SCHOOLS, ",180,", ",-180,"),
    Edit(SCHOOLS, '"1,200"', "many"),
)


@pytest.mark.parametrize("command", ["run", "check"])
def test_five_faults_in_one_file_are_listed_in_one_pass(
    call: Call, tmp_path: Path, out: Path, command: str
) -> None:
    make_authority(tmp_path / "boundaries", *FIVE)
    more = ("-o", out) if command == "run" else ()
    said = call(command, put(tmp_path, "a"), *more)
    assert said.code == 3
    lines = said.err.splitlines()
    assert lines[0] == "cluster-optimiser: 5 faults in the data:"
    found = [re.search(r"schools\.csv, row (\d)", line)[1] for line in lines[1:]]
    assert sorted(found) == ["2", "3", "4", "5", "6"]
    assert not out.exists()


def test_a_faulty_scenario_is_explained(call: Call, folder: Path, out: Path) -> None:
    said = call("run", put(folder, "a", BEST + "wihtin = []\n"), folder / "b.toml", "-o", out)
    assert said.code == 3
    assert 'b.toml: there is no such file or folder. Did you mean "' in said.err
    said = call("run", folder, "-o", out)
    assert said == Said(
        3,
        "",
        "cluster-optimiser: 1 fault in the scenario:\n"
        '  a.toml:6:1  wihtin  unknown key "wihtin"  Did you mean "within"?\n',
    )


def test_faults_are_left_to_no_later_time(call: Call, folder: Path, out: Path) -> None:
    """A faulty scenario among good ones ends the run before anything is solved or written."""
    put(folder, "a")
    put(folder, "b", BEST + 'units = "c"\n')
    said = call("run", folder, "-o", out)
    assert said.code == 3
    assert "OPTIMAL" not in said.err
    assert not out.exists()


@pytest.mark.parametrize("command", ["run", "check"])
def test_units_that_go_in_a_circle(call: Call, folder: Path, out: Path, command: str) -> None:
    put(folder, "a", BEST + 'units = "b"\n')
    put(folder, "b", BEST + 'units = "a"\n')
    said = call(command, folder, *(("-o", out) if command == "run" else ()))
    assert said.code == 3
    assert "units go in a circle: a -> b" in said.err or "circle: b -> a" in said.err


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (VerificationError("wrong"), 1, "cluster-optimiser: wrong\n"),
        (ClusterOptimiserError("full"), 1, "cluster-optimiser: full\n"),
    ],
)
def test_errors_of_other_kinds(
    call: Call,
    folder: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    says: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("cluster_optimiser.batch.run_batch", fail)
    said = call("run", put(folder, "a"), "-o", out)
    assert (said.code, said.err.strip("\n")) == (code, says.strip("\n"))


def test_a_mistake_of_the_program_shows_where_it_is(
    call: Call, folder: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be mended by the user, so it must be easy to report."""

    def fail(*_: object, **__: object) -> None:
        message = "a mistake of ours"
        raise RuntimeError(message)

    monkeypatch.setattr("cluster_optimiser.batch.run_batch", fail)
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    said = call("run", put(folder, "a"), "-o", out)
    assert said.code == 1
    assert "nobody foresaw (RuntimeError: a mistake of ours) in running.run" in said.err


# --- what goes where ------------------------------------------------------------------


def test_json_is_one_object_a_scenario_and_nothing_else(
    call: Call, folder: Path, out: Path
) -> None:
    put(folder, "a")
    put(folder, "b", BEST + IMPOSSIBLE)
    put(folder, "c", "", method="keep")
    said = call("run", folder, "-o", out, "--json")
    records = [json.loads(line) for line in said.out.splitlines()]
    assert [record["label"] for record in records] == ["a", "b", "c"]
    assert [record["status"] for record in records] == ["OPTIMAL", "INFEASIBLE", "GIVEN"]
    assert records[0]["objective"]["count"] == 1
    assert records[1]["message"].startswith("no plan exists")
    assert "OPTIMAL" in said.err
    assert "OPTIMAL     1 cluster" not in said.out


def test_json_is_that_of_the_manifest(call: Call, folder: Path, out: Path) -> None:
    (record,) = map(json.loads, call("run", put(folder, "a"), "-o", out, "--json").out.splitlines())
    manifest = json.loads((out / "a" / "manifest.json").read_text(encoding="utf-8"))
    assert record.items() <= manifest.items()


@pytest.mark.parametrize(
    ("env", "is_plain"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1"}, False),
    ],
)
def test_no_colour_and_no_bar_where_they_are_not_wanted(
    call: Call,
    folder: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    env: dict[str, str],
    *,
    is_plain: bool,
) -> None:
    """Not on a terminal, which FORCE_COLOR stands for here, and with NO_COLOR never."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    said = call("run", put(folder, "a", "", method="keep"), "-o", out)
    assert (said.code, said.out) == (0, "")
    assert (ESCAPE not in said.err) == is_plain
    assert ("reading scenarios" not in said.err) == is_plain
    assert ("a    GIVEN       3 clusters" in said.err) == is_plain
    assert ("longest" in said.err) != is_plain


def test_the_program_can_be_called_as_a_module() -> None:
    command = [sys.executable, "-m", "cluster_optimiser", "walk"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: cluster-optimiser [OPTIONS] COMMAND")


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    """As with `cluster-optimiser schema | head -0`."""
    with subprocess.Popen(
        [sys.executable, "-m", "cluster_optimiser", "schema"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:
        run.stdout.close()
        said = run.stderr.read().decode()
    assert "Traceback" not in said


def test_logs_go_to_stderr_and_only_where_they_are_asked_for(
    call: Call, folder: Path, out: Path
) -> None:
    path = put(folder, "a")
    assert "a: run, as new" in call("run", path, "-o", out, "-v").err
    logging.getLogger("cluster_optimiser").handlers.clear()
    logging.getLogger("cluster_optimiser").setLevel(logging.NOTSET)
    said = call("run", path, "-o", out)
    assert "finished before" not in said.err
    assert said.out == ""


def test_the_shell_completes_commands_and_options() -> None:
    env = {**os.environ, "_CLUSTER_OPTIMISER_COMPLETE": "bash_complete", "COMP_CWORD": "1"}
    program = Path(sys.executable).parent / "cluster-optimiser"
    done = subprocess.run(
        [program],
        env={**env, "COMP_WORDS": "cluster-optimiser sta"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == ["plain,status"]


# --- the other commands ---------------------------------------------------------------


def test_schema(call: Call) -> None:
    said = call("schema")
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == json_schema()


def test_check_says_what_there_is(call: Call, folder: Path) -> None:
    put(folder, "a")
    put(folder, "b", "", method="keep")
    said = call("check", folder)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == (
        "Threeshire: 6 schools, at least 3,990 pupils, 3 geographic clusters today, "
        "layers district, division, gp, centre"
    )
    assert "  note: Threeshire is made up." in lines
    assert lines[-1] == "No fault in 2 scenarios: a, b"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["boundaries", "scenarios"]
    (folder / "west").mkdir()
    (folder / "b.toml").rename(folder / "west" / "b.toml")
    end = f"Not looked at, as folders below have to be named: {folder / 'west'}"
    assert call("check", folder).out.splitlines()[-2:] == ["No fault in 1 scenario: a", end]
    assert "Not looked at" not in call("check", folder, folder / "west").out


def test_a_file_that_states_no_option_by_a_slip_is_told(call: Call, folder: Path) -> None:
    put(folder, "a")
    (folder / "used.toml").write_text("count.max = 9\n", encoding="utf-8")
    (folder / "west").mkdir()
    base = 'extends = "../used.toml"\n'
    (folder / "west" / "c.toml").write_text(base + put(folder, "c").read_text("utf-8"), "utf-8")
    (folder / "c.toml").rename(folder / "b.toml")
    text = (folder / "b.toml").read_text(encoding="utf-8")
    (folder / "b.toml").write_text(text.replace("option", "optoin"), encoding="utf-8")
    told = (
        f"Passed over, as they state no option and no scenario extends them: {folder / 'b.toml'}\n"
    )
    assert call("check", folder).err == told
    assert call("run", folder, "--out", folder.parent / "out").err.endswith(told)


def test_a_disc_that_is_full_holds_no_half_of_what_was_asked_for(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is written by itself is written beside its place, then put there."""
    path, out = put(folder, "a"), folder.parent / "out"
    own = out / "own.html"
    call("run", folder, "--out", out)
    assert call("page", out, "-o", own).code == 0
    before = (out / "run.json").read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    worse = write_plan(folder, "XXXXYY")
    for asked in (
        ("check", path, "--report", out / "ground.html"),
        ("check", path, "--mend", folder.parent / "mended"),
        ("dominate", worse, "--scenario", path, "--terms", "count", "--out", out / "better.csv"),
        ("page", out, "-o", own),
    ):
        said = call(*asked)
        assert (said.code, said.err.count("\n")) == (1, 1), said
        assert said.err.endswith("cannot be written: No space left on device\n")
    assert (out / "run.json").read_bytes() == before
    assert not {"ground.html", "better.csv"} & {path.name for path in out.iterdir()}
    assert not [*(folder.parent / "mended").glob("*")]


def test_evaluate_asks_of_names_that_are_spelt_alike(call: Call, folder: Path) -> None:
    said = call("evaluate", write_plan(folder, "XXXxYY"), "--scenario", put(folder, "a"))
    assert 'Spelt alike, and a cluster each: "X", "x". Is one meant?' in said.out.splitlines()
    said = call("evaluate", write_plan(folder, "XXXXYY"), "--scenario", put(folder, "a"))
    assert "Spelt alike" not in said.out


def test_dominate_names_the_file_of_a_scenario_that_makes_no_plans(
    call: Call, folder: Path
) -> None:
    plan = write_plan(folder, "XXXXYY")
    path = put(folder, "k", method="keep")
    said = call("dominate", plan, "--scenario", path, "--terms", "count")
    assert said.code == 3
    assert 'k.toml: method: a scenario that has method "keep" makes no other plans' in said.err


def test_a_folder_without_a_run_holds_nothing_that_was_proved(call: Call, tmp_path: Path) -> None:
    said = call("verify", tmp_path)
    assert (said.code, said.out.splitlines()[-1]) == (3, "nothing is there that was proved")
    (tmp_path / "note.txt").write_text("x")
    end = "1 of 1 files is not what was proved"
    assert call("verify", tmp_path).out.splitlines()[-1] == end


def test_evaluate_a_legal_plan(call: Call, folder: Path) -> None:
    said = call("evaluate", write_plan(folder, "XXXXYY"), "--scenario", put(folder, "a"))
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "Legal by a: Option a"
    assert re.fullmatch(r"objective count +2\.00", lines[1])
    numbers = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[3:]}
    assert numbers["n_clusters"] == "2"
    assert numbers["largest_pupils"] == "2,490"
    assert numbers["n_over_travel_limit"] == "not known"


def test_evaluate_a_plan_that_is_not_legal(call: Call, folder: Path) -> None:
    scenario = put(folder, "a", f"{BEST}size = {{ max_pupils = 2000 }}\n")
    said = call("evaluate", write_plan(folder, "XXYYXX"), "--scenario", scenario)
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[:3] == [
        "Not legal by a: 2 rules broken",
        "  size.max: X: 2,910 pupils, 910 over the maximum of 2,000",
        "  contiguity: X: not in one piece",
    ]


def test_one_rule_and_one_cluster_are_told_of_as_one(call: Call, folder: Path) -> None:
    own = "clusters = { Ash = { min_pupils = 9000 }, Birch = { max_pupils = 2000 } }"
    scenario = put(folder, "a", f"{BEST}size = {{ min_pupils = 2000, {own} }}\n")
    said = call("evaluate", write_plan(folder, "XXXXYY"), "--scenario", scenario).out
    assert "pupils, and whatever holds Ash has at least 9,000\n" in said
    assert "pupils, and whatever holds Birch has at most 2,000\n" in said
    assert "under the minimum of 2,000; 1 cluster is under it, 0 allowed\n" in said
    scenario = put(folder, "a", f"{BEST}count = {{ max = 1 }}\n")
    said = call("evaluate", write_plan(folder, "XXXXYY"), "--scenario", scenario).out
    assert said.startswith("Not legal by a: 1 rule broken\n")


@pytest.mark.parametrize(("clusters", "legal"), [("XXXXYY", True), ("XXYYXX", False)])
def test_evaluate_for_a_program(call: Call, folder: Path, clusters: str, *, legal: bool) -> None:
    plan = write_plan(folder, clusters)
    said = call("evaluate", plan, "--scenario", put(folder, "a"), "--json")
    assert (said.code, said.err) == (0, "")
    (line,) = said.out.splitlines()
    record = json.loads(line)
    assert record["legal"] is legal
    assert record["status"] == "GIVEN"
    assert [violation["rule"] for violation in record["violations"]] == (
        [] if legal else ["contiguity"]
    )


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (None, "plan.csv: the file cannot be read"),
        ("urn,clster\n100001,A\n", 'no column "cluster"'),
        ("urn,cluster\n100001,A\n", "URN 100002: Ash Primary School is missing from the plan"),
        ("urn,cluster\n" + "100009,A\n" * 2, "plan.csv, row 2: URN 100009"),
    ],
    ids=["no file", "no column", "schools missing", "no such school"],
)
def test_evaluate_a_faulty_plan(call: Call, folder: Path, lines: str | None, says: str) -> None:
    plan = folder / "plan.csv"
    if lines is not None:
        plan.write_text(lines, encoding="utf-8")
    said = call("evaluate", plan, "--scenario", put(folder, "a"))
    assert said.code == 3
    assert says in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ('units = "b"\n', 3, 'no plan of scenario "b" is at hand'),
        ('units = "a"\n', 3, "units go in a circle: a -> a"),
        ('units = "impossible"\n', 4, "no plan exists"),
    ],
)
def test_evaluate_by_a_scenario_without_units(
    call: Call, folder: Path, more: str, code: int, says: str
) -> None:
    put(folder, "impossible", BEST + IMPOSSIBLE)
    plan = write_plan(folder, "XXXXYY")
    said = call("evaluate", plan, "--scenario", put(folder, "a", BEST + more))
    assert said.code == code
    assert says in said.err


@pytest.mark.parametrize("clusters", ["XXXXXX", "XRXXXX", "RRRRRR"])
def test_evaluate_a_plan_that_treats_exempt_schools_its_own_way(
    call: Call, folder: Path, clusters: str
) -> None:
    """The Roman Catholic school with others, by itself under another name, or everyone with it."""
    exempt = 'exempt = [{ name = "R", where = { faith = "Roman Catholic" } }]\n'
    name = {"XRXXXX": "S"}.get(clusters, "R")
    scenario = put(folder, "a", BEST + exempt.replace('"R"', f'"{name}"'))
    said = call("evaluate", write_plan(folder, clusters), "--scenario", scenario)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("Not legal by a")


def test_the_page_is_made_again_from_a_results_folder(
    call: Call, folder: Path, out: Path, tmp_path: Path
) -> None:
    assert call("run", put(folder, "a"), "--out", out).code == 0
    file = tmp_path / "again.html"
    assert call("page", out, "-o", file).code == 0
    assert file.read_bytes() == (out / "index.html").read_bytes()
    given = folder / "again.csv"
    given.write_text("urn,cluster\n")
    assert call("page", out, "-o", given).code == 3
    assert given.read_text() == "urn,cluster\n"
    said = call("page", out, "-o", file, "--split", "--embed")
    beside = ["again.css", "again.first.js", "again.js", "again.frame.html", "again.frame.js"]
    assert f"Beside it, to be kept together: {', '.join(beside)}" in said.err
    assert sorted(path.name for path in tmp_path.glob("again*")) == sorted([file.name, *beside])


def test_a_dry_run_tells_of_a_results_folder_that_would_be_refused(
    call: Call, folder: Path
) -> None:
    said = call("run", put(folder, "a"), "--out", folder, "--dry-run")
    assert said.code == 3
    assert "results would lie among what they are made from" in said.err


def test_a_folder_without_results_makes_no_page(call: Call, tmp_path: Path) -> None:
    said = call("page", tmp_path, "-o", tmp_path / "again.html")
    assert said.code == 3
    assert "cluster-optimiser run" in said.err
    assert not (tmp_path / "again.html").exists()
