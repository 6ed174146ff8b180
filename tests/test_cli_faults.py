"""Faulty scenario files: exit 3, with file, line, column, field and remedy, and nothing written."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from cluster_optimiser import cli
from cluster_optimiser.constants import PHASES
from cluster_optimiser.scenario.positions import spots
from tests.inputs.broken import make_authority

HEAD = 'title = "A"\noption = "a"\nauthority = "threeshire"\nmethod = "merge"\n'
BEST = '[objective]\norder = ["count"]\n'
BASE = """# What all options share.
within = ["district"]

[size]
min_pupils = 100
max_pupils = 9000

[pins]
together = [
  ["Ash", "Birch"],  # neighbours
]
"""


@dataclass(frozen=True)
class Faulty:
    """A scenario file with one fault, and how it must be told."""

    text: str
    place: str
    field: str
    remedy: str

    @property
    def name(self) -> str:
        return f"{self.field}-{self.place}"


def own(more: str, place: str, field: str, remedy: str) -> Faulty:
    """Give a file that is right but for what is added, on line 5 and below."""
    return Faulty(f"{HEAD}{more}\n{'' if '[objective]' in more else BEST}", place, field, remedy)


FAULTY = (
    own('wihtin = ["district"]', "a.toml:5:1", "wihtin", 'Did you mean "within"?'),
    own('within = ["distict"]', "a.toml:5:11", "within", 'Did you mean "district"?'),
    own('within = "district"', "a.toml:5:1", "within", "Write a list in square brackets."),
    own("size = 3", "a.toml:5:1", "size", "Write a table of keys and values."),
    own("[size]\nmin_pupil = 3", "a.toml:6:1", "size.min_pupil", 'Did you mean "min_pupils"?'),
    own("size.min_pupils = -1", "a.toml:5:1", "size.min_pupils", "greater than or equal to 0"),
    own("[size]\n  max_pupils = 'few'", "a.toml:6:3", "size.max_pupils", "valid integer"),
    own("[size]\nmin_pupils = 9\nmax_pupils = 8", "a.toml:5:2", "size", "Change one"),
    own('size = { oversize = "no" }', "a.toml:5:10", "size.oversize", "'keep' or 'refuse'"),
    own('size = { exceptions = ["Ahs"] }', "a.toml:5:24", "size.exceptions", 'mean "Ash"?'),
    own("travel.max_minutes = inf", "a.toml:5:1", "travel.max_minutes", "finite number"),
    own("travel.max_minutes = 1e9", "a.toml:5:1", "travel.max_minutes", "equal to 100000"),
    own("secondary.min = 2147483648", "a.toml:5:1", "secondary.min", "less than or equal to 1000"),
    own("size.max_pupils = 9223372036854775807", "a.toml:5:1", "size.max_pupils", "10000000"),
    own("contiguity.min_shared_m = nan", "a.toml:5:1", "contiguity.min_shared_m", "finite"),
    own("[count]\nmin = 3\nmax = 2", "a.toml:5:2", "count", "Change one of them."),
    own("[count]\nmin = 0", "a.toml:6:1", "count.min", "greater than or equal to 1"),
    own('contiguity.links = [["Ash"]]', "a.toml:5:21", "contiguity.links.1.2", "Give two names."),
    own(
        'contiguity.links = [["Ash", 7]]',
        "a.toml:5:29",
        "contiguity.links.1.2",
        "Write a text in quotation marks.",
    ),
    own(
        '[contiguity]\nlinks = [\n  ["Ash",\n   "Birchx"],\n]',
        "a.toml:8:4",
        "contiguity.links",
        'Did you mean "Birch"?',
    ),
    own("travel.max_minutes = 0", "a.toml:5:1", "travel.max_minutes", "greater than 0"),
    own("[secondary]\nmin = 'one'", "a.toml:6:1", "secondary.min", "valid integer"),
    own('alignment.distict = "prefer"', "a.toml:5:1", "alignment", 'Did you mean "district"?'),
    own(
        'alignment = { district = "perfer" }',
        "a.toml:5:15",
        "alignment.district",
        "'require', 'prefer' or 'report'",
    ),
    own('[objective]\norder = ["cuont"]', "a.toml:6:10", "objective", 'Did you mean "count"?'),
    own(
        '[objective]\norder = ["count"]\nweights = { count = 1 }',
        "a.toml:6:1",
        "objective.order",
        "Remove one of them.",
    ),
    own(
        '[objective]\norder = ["count", "misaligned.distrikt"]',
        "a.toml:6:19",
        "objective",
        'Did you mean "district"?',
    ),
    own('pins.apart = [["Ash", "Oak"]]', "a.toml:5:23", "pins.apart", "Use one of"),
    own('[[exempt]]\nname = "X"', "a.toml:5:3", "exempt.1.where", "Add where = ...."),
    own(
        '[[exempt]]\nname = "X"\nwhere = { phase = ["pru", "specail"] }',
        "a.toml:7:27",
        "exempt.1.where.phase",
        "Use one of nursery, primary",
    ),
    Faulty(
        f'{HEAD.replace("merge", "redraw")}urban.areas = ["Brich"]\n{BEST}',
        "a.toml:5:16",
        "urban.areas",
        'Did you mean "Birch"?',
    ),
    own('[reasons]\n"Brich" = "Because."', "a.toml:6:1", "reasons", 'Did you mean "Birch"?'),
    own("versions.number = 2.5", "a.toml:5:1", "versions.number", "valid integer"),
    own('units = "b"', "a.toml:5:1", "units", "Run that scenario with this one."),
    own('extends = "bse.toml"', "a.toml:5:1", "extends", 'Did you mean "base.toml"?'),
    own("within = [", "a.toml:6:2", "", "Mend it there."),
    Faulty(
        HEAD.replace("threeshire", "threshire") + BEST, "a.toml:3:1", "authority", '"threeshire"?'
    ),
    Faulty(HEAD.replace("merge", "merj"), "a.toml:4:1", "method", "'merge'"),
    Faulty(HEAD.replace('"a"', '"a/b"'), "a.toml:2:1", "option", "up to 32 letters"),
    Faulty(HEAD.replace('title = "A"\n', ""), "a.toml:1:1", "title", "Add title = ...."),
    Faulty(HEAD, "a.toml:1:1", "objective", "Add [objective] with order or weights."),
    Faulty(HEAD.replace("merge", "file"), "a.toml:4:1", "method", "Add plan ="),
    # What a base holds is told of the base.
    own('extends = "odd.toml"', "odd.toml:10:11", "pins.together", 'Did you mean "Birch"?'),
    own('extends = "base.toml"\nsize.max_pupils = 9', "a.toml:6:1", "size", "Change"),
    # What can be told once the columns of the register are known.
    own(
        f'[[exempt]]\nname = "All"\nwhere = {{ phase = {json.dumps(PHASES)} }}',
        *("a.toml:5:3", "exempt", "Exempt fewer schools."),
    ),
    own(
        "[funding]\npot_pounds = 9\nparts = [{ measure = 'pupils', share = 1 }]\n"
        f"without_phases = {json.dumps(PHASES)}",
        *("a.toml:7:12", "funding.parts", "Change the formula."),
    ),
)


@pytest.mark.parametrize("faulty", FAULTY, ids=lambda faulty: faulty.name)
def test_a_faulty_scenario_is_told_by_line_field_and_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    faulty: Faulty,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_authority(tmp_path / "boundaries")
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "odd.toml").write_text(BASE.replace('"Birch"', '"Birchx"'), encoding="utf-8")
    (tmp_path / "a.toml").write_text(faulty.text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "a.toml", "--out", "out"])
    said = capfd.readouterr()
    assert (ended.value.code, said.out) == (3, "")
    assert not (tmp_path / "out").exists()
    head, *lines = said.err.splitlines()
    assert head == "cluster-optimiser: 1 fault in the scenario:"
    (line,) = lines
    place, *parts = line.strip().split("  ")
    assert place == faulty.place
    assert parts[:-2] == ([faulty.field] if faulty.field else [])
    assert faulty.remedy in parts[-1]
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", "a.toml"])
    assert ended.value.code == 3


CONTRADICTING = (
    own(
        'pins.together = [["Ash", "Birch"]]\npins.apart = [["Cedar", "Ash", "Birch"]]',
        *("a.toml:6:25", "pins.apart", '"Ash" and "Birch" cannot be apart: they are'),
    ),
    own(
        'pins.together = [["Ash", "Birch"], ["Cedar", "Birch"]]\npins.apart = [["Ash", "Cedar"]]',
        "a.toml:6:16",
        "pins.apart",
        "together by Ash, Birch; Cedar, Birch  Remove the pair from apart, or one of these pins.",
    ),
    own(
        'extends = "base.toml"\npins.apart = [["Birch", "Ash"]]',
        *("a.toml:6:16", "pins.apart", "by Ash, Birch  "),
    ),
    Faulty(
        f'{HEAD.replace("merge", "redraw")}urban.areas = ["Ash"]\n'
        f'pins.apart = [["Ash", "URN 100001"]]\n{BEST}',
        *("a.toml:6:16", "pins.apart", "one is in the other  Remove the pair"),
    ),
    own(
        "[size]\nmin_pupils = 4000",
        *("a.toml:6:1", "size.min_pupils", "3,990 pupils are too few for one cluster of the least"),
    ),
    own(
        "[secondary]\nmin = 2\n[count]\nmin = 2",
        *("a.toml:6:1", "secondary.min", "needs 4 secondary schools at least, and there are 3"),
    ),
    own(
        "[count]\nmin = 4\n[secondary]\nmin = 0",
        "a.toml:6:1",
        "count.min",
        "4 clusters cannot be made: there are 3 units  Lower it to 3",
    ),
    own(
        "count.min = 3\nsize = { min_pupils = 1500, max_exceptions = 0 }",
        *("a.toml:5:1", "count.min", "3,990 pupils are too few for 3 clusters of the least size"),
    ),
)


@pytest.mark.parametrize("faulty", CONTRADICTING, ids=lambda faulty: faulty.remedy)
def test_check_tells_what_no_plan_can_keep_and_a_run_explains_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    faulty: Faulty,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_authority(tmp_path / "boundaries")
    (tmp_path / "base.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "a.toml").write_text(faulty.text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        cli.main(["check", "a.toml"])
    said = capfd.readouterr().err
    assert ended.value.code == 3
    assert "1 fault in the scenario:" in said
    assert f"{faulty.place}  {faulty.field}  " in said
    assert faulty.remedy in said
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", "a.toml", "--out", "out"])
    assert ended.value.code == 4


def test_pins_that_go_together_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_authority(tmp_path / "boundaries")
    more = 'pins.together = [["Ash", "Birch"]]\npins.apart = [["Cedar", "Ash"]]\ncount.min = 2'
    (tmp_path / "a.toml").write_text(own(more, "", "", "").text, encoding="utf-8")
    cli.main(["check", "a.toml"])


def test_there_are_at_least_thirty_faulty_scenarios() -> None:
    assert len({faulty.text for faulty in FAULTY}) >= 30


def test_positions_of_everything_that_toml_can_write() -> None:
    text = """a = 1
b.c = [1, ["x"], { z = 2 }]
[d."e f"]
é = "ü"; bad
["g"]
  [[h]]
  i = 1
  [h.j]
  k = 2
  [[h]]
"""
    found = {path: (spot.line, spot.column) for path, spot in spots(text).items()}
    expected = {
        "a": (1, 1),
        "b": (2, 1),
        "b.c": (2, 1),
        "b.c.2": (2, 11),
        "b.c.2.1": (2, 12),
        "b.c.3.z": (2, 20),
        "d": (3, 2),
        "d.e f": (3, 2),
        "h.1.i": (7, 3),
        "h.1.j.k": (9, 3),
        "h.2": (10, 5),
    }
    assert {path: found.get(path) for path in expected} == expected
