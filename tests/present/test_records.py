"""The manifest."""

import json
from pathlib import Path

import pytest

from cluster_optimiser.domain import Result
from cluster_optimiser.present import manifest
from cluster_optimiser.present.records import exceptions, manifest_text, plain
from cluster_optimiser.words import say

INTERFACE_KEYS = {
    "label",
    "title",
    "status",
    "objective",
    "bound",
    "gap",
    "seconds",
    "seed",
    "n_clusters",
    "metrics",
    "inputs",
    "versions",
    "stamp",
    "caveats",
}


def test_manifest_has_every_key_of_the_interface(results: list[Result]) -> None:
    for result in results:
        assert set(manifest(result)) >= INTERFACE_KEYS


def test_a_solved_plan_states_objective_bound_and_gap_by_term(solved: Result) -> None:
    record = manifest(solved)
    assert record["objective"] == {
        "count": 3.0,
        "misaligned.district": 200.0,
        "pupil_minutes": 123.25,
    }
    assert record["bound"] == record["objective"]
    assert record["gap"] == 0.0
    assert record["n_clusters"] == 3
    assert record["n_exempt_clusters"] == 1


def test_a_given_plan_has_no_bound_and_no_gap(today: Result) -> None:
    record = manifest(today)
    assert (record["status"], record["bound"], record["gap"]) == ("GIVEN", None, None)
    (broken,) = record["violations"]
    assert (broken["rule"], broken["subject"]) == ("size.min", "Fen")
    under = "1,400 pupils, 600 under the minimum of 2,000"
    assert broken["detail"] == f"{under}; 1 cluster is under it, 0 allowed"
    assert say(f"broken.{broken['said']}", broken["n"], **broken["values"]) == broken["detail"]


def test_nothing_that_is_not_a_number_gets_into_the_file(solved: Result) -> None:
    text = manifest_text(solved)
    record = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the manifest"))
    assert record["metrics"]["unknown"] is None


def test_exceptions_are_named_with_pupils_and_reason(solved: Result) -> None:
    found = {str(one["cluster"]): one for one in exceptions(solved)}
    assert found["Fen"]["kind"] == "under the minimum"
    assert found["Fen"]["limit_pupils"] == 2000
    assert found["Fen"]["reason"] == "A long way from anywhere."
    clusters = solved.score.clusters.set_index("cluster")
    assert found["Fen"]["pupils"] == clusters.loc["Fen", "pupils"]
    assert "Catholic schools" not in found


def test_inputs_are_relative_names_with_their_hash(tmp_path: Path, solved: Result) -> None:
    assert manifest(solved)["inputs"] == [
        {"path": "toyshire/authority.toml", "sha256": "cd" * 32},
        {"path": "toyshire/schools.csv", "sha256": "ab" * 32},
    ]
    assert str(solved.problem.authority.folder) not in manifest_text(solved)


def test_sets_and_odd_values_become_plain() -> None:
    assert plain({"a": {"b", "a"}, 1: Path("x")}) == {"a": ["a", "b"], "1": "x"}
