"""A results folder that was changed is found out, whoever changed it and however well."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from cluster_optimiser import cli
from cluster_optimiser.batch.ledger import RECORD_FILE, hash_file, read_record
from cluster_optimiser.batch.together import record_text
from cluster_optimiser.batch.verifying import (
    NAMESPACE,
    SIGNATURE,
    seal_faults,
    signed_by,
    verify_results,
)
from cluster_optimiser.domain import MADE
from cluster_optimiser.errors import InputError
from cluster_optimiser.identity import key_of
from tests.batch.made import IMPOSSIBLE, put, run_into
from tests.inputs.broken import Edit, make_authority

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("without_pictures")

EDITS = 100


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give Threeshire with options that are merged, kept, nested and without a plan, and run."""
    home = tmp_path_factory.mktemp("project")
    make_authority(home / "boundaries")
    (home / "scenarios").mkdir()
    run_into(
        home / "results",
        put(home / "scenarios", "a"),
        put(home / "scenarios", "b", IMPOSSIBLE),
        put(home / "scenarios", "c", method="keep"),
        put(home / "scenarios", "n", 'units = "a"'),
    )
    return home


@pytest.fixture
def results(project: Path, tmp_path: Path) -> Path:
    shutil.copytree(project / "results", tmp_path / "results")
    return tmp_path / "results"


def _edit(text: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(text))
    other = bytes([rng.choice([b for b in range(32, 127) if b != text[at]])])
    return rng.choice(
        [
            text[:at] + other + text[at + 1 :],
            text[:at] + other + text[at:],
            text[:at] + text[at + 1 :],
            text[:at],
            text + other,
            b"",
        ]
    )


def test_every_random_edit_is_named(project: Path) -> None:
    """Any file, any place: a byte changed, put in, taken out, the end cut off, a file emptied."""
    results, rng = project / "results", random.Random(20)
    files = sorted(path for path in results.rglob("*") if path.is_file())
    for _ in range(EDITS):
        path = rng.choice(files)
        before = path.read_bytes()
        after = _edit(before, rng)
        path.write_bytes(after)
        try:
            named = {fault.file for fault in seal_faults(results)}
        finally:
            path.write_bytes(before)
        name = path.relative_to(results).as_posix()
        assert name in named, (name, before, after)


def test_a_file_that_is_gone_and_one_that_came(results: Path) -> None:
    (results / "a" / "clusters.csv").unlink()
    (results / "a" / "clusters (2).csv").write_text("x")
    shutil.rmtree(results / "c")
    (results / "note.txt").write_text("x")
    named = {(fault.file, fault.problem) for fault in seal_faults(results)}
    assert named == {
        ("a/clusters.csv", "is missing"),
        ("a/clusters (2).csv", "was not written by the run"),
        (f"c/{RECORD_FILE}", "is missing"),
        ("note.txt", "was not written by the run"),
    }


def _forge(results: Path, label: str, name: str, change: Callable[[str], str]) -> None:
    """Change a file and every hash and table that would tell of it."""
    path = results / label / name
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8", newline="\n")
    record = results / label / RECORD_FILE
    said = json.loads(record.read_text(encoding="utf-8"))
    said["files"][name] = hash_file(path)
    said["key"] = key_of(said["parts"])
    text = json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    record.write_text(text, encoding="utf-8", newline="\n")
    _sign(results, label)


def _sign(results: Path, label: str) -> None:
    top = json.loads((results / RECORD_FILE).read_text(encoding="utf-8"))
    top["runs"][label] = hash_file(results / label / RECORD_FILE)
    (results / RECORD_FILE).write_text(record_text(top), encoding="utf-8", newline="\n")


def _one_digit(text: str) -> str:
    """Change the last digit of a table."""
    at = max(i for i, letter in enumerate(text) if letter.isdigit())
    return f"{text[:at]}{(int(text[at]) + 1) % 10}{text[at + 1 :]}"


def _move_a_school(plan: str) -> str:
    head, first, *rest = plan.splitlines()
    urn, _, cluster = first.partition(",")
    other = next(there for row in rest if (there := row.partition(",")[2]) != cluster)
    return "\n".join([head, f"{urn},{other}", *rest, ""])


def test_what_was_forged_with_its_hashes_is_found_by_the_checker_and_by_making_it_again(
    project: Path, results: Path
) -> None:
    _forge(results, "a", "clusters.csv", _one_digit)
    _forge(results, "c", "plan.csv", _move_a_school)
    assert seal_faults(results) == []
    named = {fault.file for fault in verify_results(results, project).faults}
    assert "a/clusters.csv" in named
    assert named & {"c/plan.csv", "c/manifest.json"}


def test_folders_of_other_runs_are_not_said_to_be_verified(results: Path, project: Path) -> None:
    """An option of a run before, and a results folder of its own, beside those of the last run."""
    n_files = verify_results(results, project).n_files
    shutil.copytree(results, results / "sub")
    found = verify_results(results, project)
    assert (found.faults, found.n_files) == ((), n_files)
    assert found.notes == (
        "sub: not of the last run; it is a results folder of its own: verify it by itself",
    )
    shutil.rmtree(results / "sub")
    shutil.copytree(results / "a", results / "old")
    (told,) = verify_results(results, project).notes
    assert told == "old: not of the last run; its files were compared with its own record only"
    plan = results / "old" / "plan.csv"
    plan.write_text(f"{plan.read_text(encoding='utf-8')}999999,x\n", encoding="utf-8")
    assert [fault.file for fault in seal_faults(results)] == ["old/plan.csv"]


def test_records_and_manifests_of_another_shape_are_named(project: Path, results: Path) -> None:
    _forge(results, "a", "manifest.json", lambda text: _without(text, "metrics"))
    _forge(results, "n", "manifest.json", lambda text: _without(text, "objective"))
    named = {fault.file for fault in verify_results(results, project).faults}
    assert {"a/manifest.json", "n/manifest.json"} <= named
    for parts in ([], {"inputs": [1]}, {"scenario": "x"}, None):
        said = json.loads((results / "c" / RECORD_FILE).read_text(encoding="utf-8"))
        said |= {"parts": parts, "key": key_of(parts)}
        (results / "c" / RECORD_FILE).write_text(json.dumps(said), encoding="utf-8")
        _sign(results, "c")
        assert read_record(results / "c") is None
        assert f"c/{RECORD_FILE}" in {fault.file for fault in seal_faults(results)}


def _without(text: str, key: str) -> str:
    manifest = json.loads(text)
    del manifest[key]
    return json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"


def test_data_that_changed_since_is_told_apart_from_results_that_did(
    project: Path, results: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "boundaries", tmp_path / "boundaries")
    shutil.copytree(project / "scenarios", tmp_path / "scenarios")
    schools = tmp_path / "boundaries" / "threeshire" / "schools.csv"
    schools.write_text(schools.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    found = verify_results(results, tmp_path)
    assert found.faults == ()
    assert "c: not made again: the data changed since" in found.notes
    assert found.whole == ()


def test_what_does_not_stand_up_to_the_data_of_now_is_not_said_to(
    project: Path, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(project / "boundaries", tmp_path / "boundaries")
    shutil.copytree(project / "scenarios", tmp_path / "scenarios")
    schools = tmp_path / "boundaries" / "threeshire" / "schools.csv"
    schools.write_text(schools.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="0"):
        cli.main(["verify", str(results), "--against", str(tmp_path)])
    said = capsys.readouterr()
    assert "every plan, claim and number stands up" not in said.out + said.err
    assert re.search(r"; 0 of \d stand up to .* in every plan, claim", said.out + said.err)


def test_a_comment_in_a_scenario_is_no_edit_of_its_results(
    project: Path, results: Path, tmp_path: Path
) -> None:
    shutil.copytree(project / "boundaries", tmp_path / "boundaries")
    shutil.copytree(project / "scenarios", tmp_path / "scenarios")
    for file in (tmp_path / "scenarios").glob("*.toml"):
        file.write_text(f"# Why.\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    found = verify_results(results, tmp_path)
    assert found.faults == ()
    assert "a: its file asks for the same in other words now" in found.notes
    assert "a" in found.whole


@pytest.mark.parametrize("command", ["page", "report"])
def test_nothing_is_made_of_what_was_changed(
    command: str, results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = results / "comparison.csv"
    table.write_text(_one_digit(table.read_text(encoding="utf-8")), encoding="utf-8")
    made = tmp_path / "made"
    with pytest.raises(SystemExit, match="3"):
        cli.main([command, str(results), "-o", str(made)])
    assert "comparison.csv: changed after it was proved" in capsys.readouterr().err
    assert not made.exists()


def test_only_the_seconds_changed(results: Path) -> None:
    manifest = results / "a" / "manifest.json"
    before = manifest.read_text(encoding="utf-8")
    seconds = json.loads(before)["seconds"]
    for other in (seconds + 1, 0.0, 86_400.0, round(seconds, 3)):
        manifest.write_text(before.replace(f": {seconds},", f": {other},"), encoding="utf-8")
        assert [fault.file for fault in seal_faults(results)] == ["a/manifest.json"]


def test_the_command_says_what_was_verified(
    project: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        cli.main(["verify", str(results), "--against", str(project)])
    said = capsys.readouterr()
    assert "every plan, claim and number stands up to project" in said.out
    assert "not made again" not in said.out + said.err
    (results / "a" / "map.html").write_text("", encoding="utf-8")
    with pytest.raises(SystemExit, match="3"):
        cli.main(["verify", str(results), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert said["verified"] is False
    assert [fault["file"] for fault in said["faults"]] == ["a/map.html"]


def test_a_page_made_again_in_its_folder_is_signed_again(results: Path, project: Path) -> None:
    theme = project / "theme.toml"
    theme.write_text('council = "Threeshire County Council"\n', encoding="utf-8")
    cli.main(["page", str(results), "-o", str(results / "index.html"), "--theme", str(theme)])
    assert seal_faults(results) == []


def test_pages_that_the_program_puts_into_a_folder_are_signed(results: Path) -> None:
    other = results.with_name("other")
    shutil.copytree(results, other)
    cli.main(["page", str(results), str(other), "-o", str(results / "overview.html")])
    cli.main(["page", str(results), "-o", str(results / "apart.html"), "--split", "--embed"])
    assert (results / "overview.html").is_file()
    assert len([*results.glob("apart*")]) > 3
    assert seal_faults(results) == seal_faults(other) == []
    (results / "overview.html").write_text("", encoding="utf-8")
    assert [fault.file for fault in seal_faults(results)] == ["overview.html"]
    (results / "overview.html").unlink()
    assert seal_faults(results) == []


def test_a_page_of_ones_own_outlives_another_run_and_is_told_to_be_older(
    results: Path, project: Path
) -> None:
    cli.main(["page", str(results), "-o", str(results / "apart.html")])
    run_into(results, *(project / "scenarios" / name for name in ("a.toml", "c.toml")))
    found = verify_results(results, None)
    assert found.faults == ()
    told = "apart.html: made of an earlier run; make it again, or delete it"
    assert told in found.notes
    cli.main(["page", str(results), "-o", str(results / "apart.html")])
    assert told not in verify_results(results, None).notes


def test_a_signature_is_by_whom_it_says(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("NO SSH-KEYGEN ON THE PATH: SIGNATURES WERE NOT CHECKED")
    keys = ["council", "stranger"]
    for name in keys:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)]
        subprocess.run(command, check=True)
    public = (tmp_path / "council.pub").read_text(encoding="utf-8")
    signers = tmp_path / "signers"
    signers.write_text(f"planning@threeshire.example {public}", encoding="utf-8")
    with pytest.raises(InputError, match="the folder is not signed"):
        signed_by(results, signers)
    for name in keys:
        (results / SIGNATURE).unlink(missing_ok=True)
        command = ["ssh-keygen", "-Y", "sign", "-q", "-f", str(tmp_path / name), "-n", NAMESPACE]
        subprocess.run([*command, str(results / RECORD_FILE)], check=True, capture_output=True)
        if name == "stranger":
            with pytest.raises(InputError, match="no signature of this folder"):
                signed_by(results, signers)
            continue
        with pytest.raises(SystemExit, match="0"):
            cli.main(["verify", str(results), "--signers", str(signers)])
        assert "signed by planning@threeshire.example" in capsys.readouterr().out
        with (results / RECORD_FILE).open("a", encoding="utf-8") as record:
            record.write(" ")
        with pytest.raises(InputError, match="no signature of this folder"):
            signed_by(results, signers)


def test_where_the_program_made_the_groups_its_words_are_made_again(tmp_path: Path) -> None:
    """Kirklees's maps and column texts speak of starting groups, as those of its run do."""
    said = f'caveats = ["These are {MADE} from the nearest secondary school.", '
    make_authority(tmp_path / "boundaries", Edit("authority.toml", "caveats = [", said))
    (tmp_path / "scenarios").mkdir()
    run_into(tmp_path / "results", put(tmp_path / "scenarios", "c", method="keep"))
    assert "starting group" in (tmp_path / "results" / "c" / "map.html").read_text("utf-8")
    found = verify_results(tmp_path / "results", tmp_path)
    assert (found.faults, found.notes) == ((), ())
