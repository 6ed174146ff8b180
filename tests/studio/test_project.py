"""Files are saved as a person would have changed them, and the form has a word for every rule."""

import os
import tomllib
from pathlib import Path

import pytest

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.rules import RULES
from cluster_optimiser.studio.page_data import form_rows
from cluster_optimiser.studio.project import ChangedError, Project, kept_text
from cluster_optimiser.words import words

BASE = """\
# The principles.
authority = "toy" # where
[size]
min_pupils = 2500   # not under
max_pupils = 5000

[contiguity]
# No bridge.
barriers = [
  ["A", "B"],   # a river
  ["C", "D"],
]

[[exempt]]
name = "One"
where = { phase = ["special", "pru"] }
reason = "x"

[[exempt]]
name = "Two"
where = { phase = "pru" }
reason = "y"
"""


def _changed(change):
    own = tomllib.loads(BASE)
    change(own)
    text = kept_text(BASE, own)
    assert tomllib.loads(text) == own
    return text


def test_a_file_that_says_it_already_stays_as_it_is():
    assert kept_text(BASE, tomllib.loads(BASE)) == BASE


@pytest.mark.parametrize(
    ("change", "lost", "new"),
    [
        (lambda own: own["size"].update(min_pupils=3000), "= 2500", "min_pupils = 3000   # not"),
        (lambda own: own.update(title="T"), "", 'title = "T"'),
        (lambda own: own.update(count={"max": 28}), "", "[count]\nmax = 28"),
        (lambda own: own["size"].pop("max_pupils"), "max_pupils = 5000", ""),
        (lambda own: own["contiguity"]["barriers"].append(["E", "F"]), "", '["E", "F"]'),
        (lambda own: own["contiguity"]["barriers"].pop(), '["C", "D"]', "# a river"),
        (lambda own: own["exempt"].pop(), '"Two"', 'where = { phase = ["special", "pru"] }'),
        (
            lambda own: own["exempt"].append({"name": "Three", "where": {"type": "x"}}),
            "",
            'where = {type = "x"}',
        ),
        (lambda own: own.pop("contiguity"), "barriers", "# where"),
    ],
)
def test_only_what_changes_is_written_anew(change, lost, new):
    text = _changed(change)
    assert new in text
    assert not lost or lost not in text
    for comment in ("# The principles.", "# where", "# not under"):
        assert comment in text


def test_a_new_file_is_written_as_a_person_would():
    own = {"extends": "base.toml", "option": "x", "pins": {"together": [["A", "B"]]}}
    text = kept_text("", own)
    assert text.splitlines()[:2] == ['extends = "base.toml"', 'option = "x"']
    assert tomllib.loads(text) == own


def test_files_are_saved_in_their_folder_alone(tmp_path: Path):
    (tmp_path / "scenarios").mkdir()
    project = Project(tmp_path)
    for file in ("../x.toml", "scenarios/../x.toml", "/etc/x.toml", "scenarios/x.txt", "x.toml"):
        with pytest.raises(ScenarioError, match="can be saved here"):
            project.save(file, {}, seen=None)
    seen = project.save("scenarios/x.toml", {"option": "x"}, seen=None)
    with pytest.raises(ScenarioError, match="there is a file of this name"):
        project.save("scenarios/x.toml", {}, seen=None)
    later = project.save("scenarios/x.toml", {"option": "y"}, seen=seen)
    with pytest.raises(ChangedError, match="was changed on the disk"):
        project.save("scenarios/x.toml", {}, seen=seen)
    assert later != seen
    assert (tmp_path / "scenarios/x.toml").read_text(encoding="utf-8") == 'option = "y"\n'
    assert [path.name for path in (tmp_path / "scenarios").iterdir()] == ["x.toml"]


def test_what_was_begun_is_kept_and_a_spoilt_record_is_none(tmp_path: Path):
    project = Project(tmp_path)
    assert project.state("scenarios/x.toml") == {}
    project.keep_state("scenarios/x.toml", {"at": 3})
    assert project.state("scenarios/x.toml") == {"at": 3}
    project.state_path("scenarios/x.toml").write_text("{", encoding="utf-8")
    assert project.state("scenarios/x.toml") == {}


def test_every_rule_is_asked_for_in_words_or_said_to_be_left_to_the_file():
    said = words()["studio"]
    rows = {row["key"]: row for row in form_rows()}
    keys = {key for rule in RULES for key in rule.keys}
    assert keys - {key for rule in RULES for key in rule.in_file} == set(rows) & keys
    for key, row in rows.items():
        assert said["fields"][key]
        assert said["tables"][row["table"]]
        for choice in row.get("choices", ()):
            assert said["choices"][f"{key}.{choice}"]
    assert set(said["fields"]) == set(rows)


COMMENTED = """\
# top
title = "x"

[[exempt]]
name = "A" # first

# about B
[[exempt]]
name = "B"

# about size
[size]
max_pupils = 5

# the end
"""


@pytest.mark.parametrize(
    ("names", "size"),
    [("AB", True), ("A", True), ("B", True), ("", True), ("C", True), ("ABC", True), ("A", False)],
)
def test_no_comment_before_the_next_table_goes_with_a_table(names, size):
    own = {"title": "x"} | ({"size": {"max_pupils": 5}} if size else {})
    own |= {"exempt": [{"name": name} for name in names]} if names else {}
    text = kept_text(COMMENTED, own)
    assert tomllib.loads(text) == own
    kept = ["# top", "# about size" if size else "# the end", "# the end"]
    places = [text.index(comment) for comment in kept]
    assert places == sorted(places)
    assert "\n\n\n" not in text
    if size:
        assert "# about size\n[size]" in text
    if "A" in names and size:
        assert "# about B" in text


class KilledError(BaseException):
    """The server is gone: nothing is put in order any more."""


@pytest.mark.parametrize("step", ["fdopen", "fsync", "chmod", "replace"])
def test_whoever_is_killed_while_saving_leaves_what_was_saved_before(tmp_path, monkeypatch, step):
    file = "scenarios/4a.toml"
    (tmp_path / "scenarios").mkdir()
    (tmp_path / file).write_text(BASE, encoding="utf-8")
    project = Project(tmp_path)
    project.keep_state(file, {"steps": [1]})
    seen = project.opened(file)["seen"]
    own = {**tomllib.loads(BASE), "title": "T"}

    def die(*_args, **_how):
        raise KilledError

    with monkeypatch.context() as at_work:
        at_work.setattr(os, step, die)
        with pytest.raises(KilledError):
            project.save(file, own, seen=seen)
        with pytest.raises(KilledError):
            project.keep_state(file, {"steps": [1, 2]})
    again = Project(tmp_path)
    assert (tmp_path / file).read_text(encoding="utf-8") == BASE
    assert again.state(file) == {"steps": [1]}
    # What was on its way is no scenario, and stands in nobody's way.
    assert [path.name for path in tmp_path.rglob("*.toml")] == ["4a.toml"]
    again.save(file, own, seen=seen)
    assert again.opened(file)["own"] == own
