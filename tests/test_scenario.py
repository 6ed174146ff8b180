"""Scenario files: what they inherit, and what is said of those that are wrong."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from cluster_optimiser.errors import ScenarioError
from cluster_optimiser.scenario import (
    Count,
    Scenario,
    Size,
    authority_folder,
    is_scenario,
    json_schema,
    load_scenario,
    nearest,
    parse_scenario,
)
from cluster_optimiser.scenario.faults import model_in
from cluster_optimiser.terms import term_names
from tests.norfolk import OPTIONS, SCENARIOS, norfolk_scenario

HEAD = 'title = "A"\noption = "a"\nauthority = "threeshire"\nmethod = "keep"\n'
MERGE = HEAD.replace("keep", "merge")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    """Give what is said of a file, each fault as `file: subject: what is wrong. what to write`."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    faults = caught.value.faults
    assert all(fault.row or not fault.column for fault in faults)
    head = str(caught.value).partition("\n")[0]
    lines = [replace(fault, row=0, column=0) for fault in faults]
    return "\n".join([head, *(f"  {line}" for line in lines)])


# --- inheritance ----------------------------------------------------------------------


def test_tables_merge_and_values_replace(tmp_path: Path) -> None:
    """A table that both files have is filled in key by key; lists are not added up."""
    base = "[size]\nmin_pupils = 10\nmax_pupils = 20\n[alignment]\nx = 'prefer'\ny = 'report'\n"
    write(tmp_path, "base.toml", f"within = ['x', 'y']\n{base}")
    child = "extends = 'base.toml'\nwithin = ['z']\n[size]\nmax_pupils = 30\n[alignment]\nx = "
    scenario = load_scenario(write(tmp_path, "a.toml", f"{HEAD}{child}'require'\n"))
    assert (scenario.size.min_pupils, scenario.size.max_pupils) == (10, 30)
    assert scenario.alignment == {"x": "require", "y": "report"}
    assert scenario.within == ("z",)


def test_a_list_of_tables_replaces(tmp_path: Path) -> None:
    exempt = "[[exempt]]\nname = '{}'\nwhere = {{ phase = '{}' }}\n"
    write(tmp_path, "base.toml", exempt.format("One", "pru") + exempt.format("Two", "nursery"))
    text = f"{HEAD}extends = 'base.toml'\n{exempt.format('Three', 'special')}"
    scenario = load_scenario(write(tmp_path, "a.toml", text))
    assert [group.name for group in scenario.exempt] == ["Three"]


@pytest.mark.parametrize(
    ("inherited", "own", "terms"),
    [
        ('order = ["count"]', "weights = { deviation = 2 }", ("deviation",)),
        ("weights = { deviation = 2 }", 'order = ["count"]', ("count",)),
        ('order = ["count", "deviation"]', 'order = ["deviation"]', ("deviation",)),
        ("weights = { count = 1 }", "weights = { deviation = 2 }", ("count", "deviation")),
    ],
)
def test_an_order_replaces_inherited_weights_and_the_other_way_round(
    tmp_path: Path, inherited: str, own: str, terms: tuple[str, ...]
) -> None:
    write(tmp_path, "base.toml", f"[objective]\n{inherited}\n")
    text = f"{MERGE}extends = 'base.toml'\n[objective]\n{own}\n"
    assert load_scenario(write(tmp_path, "a.toml", text)).objective.terms == terms


def test_a_grandparent_is_read_and_every_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    oldest = write(folder, "oldest.toml", "[size]\nmin_pupils = 1\nmax_pupils = 9\n")
    middle = write(folder, "middle.toml", "extends = 'oldest.toml'\n[size]\nmin_pupils = 2\n")
    own = write(tmp_path, "a.toml", f"{HEAD}extends = 'shared/middle.toml'\n")
    scenario = load_scenario(own)
    assert (scenario.size.min_pupils, scenario.size.max_pupils) == (2, 9)
    assert scenario.files == tuple(path.resolve() for path in (own, middle, oldest))


def test_a_mark_at_the_start_of_the_file_is_no_matter(tmp_path: Path) -> None:
    """Windows Notepad begins UTF-8 files with a byte order mark."""
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbf" + HEAD.replace('"A"', '"Côte"').encode())
    assert load_scenario(path).title == "Côte"


def test_a_base_is_no_scenario_and_a_broken_file_is_left_to_the_reader(tmp_path: Path) -> None:
    assert not is_scenario(write(tmp_path, "base.toml", "authority = 'x'\n"))
    assert is_scenario(write(tmp_path, "a.toml", HEAD))
    assert is_scenario(write(tmp_path, "broken.toml", "authority = \n"))
    (tmp_path / "child.toml").write_text("extends = 'a.toml'\n", encoding="utf-8")
    assert is_scenario(tmp_path / "child.toml")


# --- faults of the file itself --------------------------------------------------------


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "none.toml: the file cannot be read. Check the path" in refusal(tmp_path / "none.toml")


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    assert "the file cannot be read" in refusal(tmp_path)


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(HEAD.replace('"A"', '"Côte"').encode("latin-1"))
    assert "a.toml: the file is not UTF-8 text. Save it again as UTF-8." in refusal(path)


def test_a_file_that_is_not_toml(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"a\.toml:6:1  not valid TOML: .*  Mend it there\."):
        load_scenario(write(tmp_path, "a.toml", f"{HEAD}within = [\n"))


@pytest.mark.parametrize(
    ("extends", "says"),
    [
        ("'bse.toml'", 'extends: there is no file "bse.toml". Did you mean "base.toml"?'),
        ("'../elsewhere/q'", 'no file "../elsewhere/q". Give a path relative to this file.'),
        ("3", 'extends: 3 is no file name. Write extends = "base.toml".'),
    ],
)
def test_a_base_that_is_not_there(tmp_path: Path, extends: str, says: str) -> None:
    write(tmp_path, "base.toml", "")
    assert says in refusal(write(tmp_path, "a.toml", f"{HEAD}extends = {extends}\n"))


def test_a_fault_of_the_base_is_said_of_the_base(tmp_path: Path) -> None:
    write(tmp_path, "base.toml", "authority = \n")
    path = write(tmp_path, "a.toml", f"{HEAD}extends = 'base.toml'\n")
    assert "base.toml: not valid TOML" in refusal(path)


@pytest.mark.parametrize(
    ("files", "circle"),
    [
        ({"a": "a"}, "a.toml -> a.toml"),
        ({"a": "b", "b": "c", "c": "a"}, "a.toml -> b.toml -> c.toml -> a.toml"),
    ],
)
def test_files_that_extend_one_another(tmp_path: Path, files: dict[str, str], circle: str) -> None:
    for name, parent in files.items():
        write(tmp_path, f"{name}.toml", f"extends = '{parent}.toml'\n")
    said = refusal(tmp_path / "a.toml")
    assert f"files extend one another: {circle}. Break the circle." in said


# --- faults of its content ------------------------------------------------------------

OPTION = 'option = "a"'
FAULTY = {
    "unknown key": (HEAD + "wihtin = []", 'wihtin: unknown key "wihtin". Did you mean "within"?'),
    "unknown key like no other": (
        HEAD + "qqqq = 1",
        'qqqq: unknown key "qqqq". Remove it, or see `schema` for the keys.',
    ),
    "unknown key of size": (
        HEAD + "[size]\nmax_pupil = 1",
        'size.max_pupil: unknown key "max_pupil". Did you mean "max_pupils"?',
    ),
    "unknown key of objective": (
        HEAD + "[objective]\nordr = []",
        'objective.ordr: unknown key "ordr". Did you mean "order"?',
    ),
    "unknown key of an exempt group": (
        HEAD + "[[exempt]]\nname = 'X'\nwhere = { phase = 'pru' }\nreson = 'y'",
        'reson: unknown key "reson". Did you mean "reason"?',
    ),
    "unknown table": (
        HEAD + "[travl]\nmax_minutes = 1",
        'unknown key "travl". Did you mean "travel"?',
    ),
    "title is missing": (HEAD.replace('title = "A"\n', ""), "title: it is missing. Add title"),
    "option is missing": (HEAD.replace(OPTION, ""), "option: it is missing. Add option"),
    "authority is missing": (
        HEAD.replace('authority = "threeshire"', ""),
        "authority: it is missing. Add authority",
    ),
    "method is missing": (HEAD.replace('method = "keep"', ""), "method: it is missing"),
    "method is unknown": (HEAD.replace("keep", "merg"), "method: 'merg' is not allowed. "),
    "option with a space": (
        HEAD.replace(OPTION, 'option = "a b"'),
        "option: 'a b' is not allowed. Write up to 32 letters from A to Z",
    ),
    "option with a slash": (HEAD.replace(OPTION, 'option = "../a"'), "option: '../a' is not"),
    "option that is empty": (HEAD.replace(OPTION, 'option = ""'), "option: '' is not allowed"),
    "option that starts with a dot": (HEAD.replace(OPTION, 'option = ".a"'), "'.a' is not allowed"),
    "option of 33 letters": (HEAD.replace(OPTION, f'option = "{"a" * 33}"'), "is not allowed"),
    "option that ends the line": (
        HEAD.replace(OPTION, 'option = "a\\n"'),
        "option: 'a\\n' is not allowed",
    ),
    "fewest pupils over most": (
        HEAD + "[size]\nmin_pupils = 11\nmax_pupils = 10",
        "size: min_pupils 11 is above max_pupils 10. Change one of them.",
    ),
    "negative pupils": (HEAD + "[size]\nmin_pupils = -1", "size.min_pupils: -1 is not allowed"),
    "no pupils at most": (HEAD + "[size]\nmax_pupils = 0", "size.max_pupils: 0 is not allowed"),
    "target of nothing": (HEAD + "[size]\ntarget_pupils = 0", "size.target_pupils: 0 is not"),
    "pupils in words": (HEAD + "[size]\nmin_pupils = 'few'", "size.min_pupils: 'few' is not"),
    "half a pupil": (HEAD + "[size]\nmin_pupils = 0.5", "size.min_pupils: 0.5 is not allowed"),
    "oversize that is neither": (HEAD + "[size]\noversize = 'no'", "oversize: 'no' is not allowed"),
    "places without sizes of hubs": (
        HEAD + "[size]\nplaces = 'places'",
        'size.of: places and tolerance mean nothing by themselves. Add of = "hub".',
    ),
    "sizes of hubs without places": (
        HEAD + "[size]\nof = 'hub'\ntolerance = 0.15",
        "size.of: sizes of hubs need their places and a tolerance. Add places =",
    ),
    "sizes of hubs that may be anywhere": (
        HEAD + "[size]\nof = 'hub'\nplaces = 'places'\ntolerance = 0.15",
        'size.of: sizes go by hubs, and any school may be one. Write hubs = "secondary"',
    ),
    "a tolerance of everything": (
        HEAD + "[size]\nof = 'hub'\nplaces = 'places'\ntolerance = 1",
        "size.tolerance: 1 is not allowed",
    ),
    "a range of its own outside the others'": (
        HEAD + "[size]\nmax_pupils = 10\n[size.clusters.Ash]\nmin_pupils = 11",
        "no number of pupils keeps both this range and that of [size]",
    ),
    "a range of its own the wrong way round": (
        HEAD + "[size.clusters.Ash]\nmin_pupils = 11\nmax_pupils = 10",
        "size.clusters.Ash: min_pupils 11 is above max_pupils 10. Change one of them.",
    ),
    "negative exceptions": (HEAD + "[size]\nmax_exceptions = -1", "max_exceptions: -1 is not"),
    "fewest clusters over most": (
        HEAD + "[count]\nmin = 3\nmax = 2",
        "count: min 3 is above max 2. Change one of them.",
    ),
    "no clusters": (HEAD + "[count]\nmin = 0", "count.min: 0 is not allowed"),
    "no boundary": (HEAD + "[contiguity]\nmin_shared_m = 0", "min_shared_m: 0 is not allowed"),
    "link of three": (HEAD + "[contiguity]\nlinks = [['A', 'B', 'C']]", "contiguity.links.1: "),
    "barrier of one": (
        HEAD + "[contiguity]\nbarriers = [['A']]",
        "barriers.1.2: it is missing. Give two",
    ),
    "negative minutes": (HEAD + "[travel]\nmax_minutes = -5", "travel.max_minutes: -5 is not"),
    "negative secondary schools": (HEAD + "[secondary]\nmin = -1", "secondary.min: -1 is not"),
    "alignment that is none": (
        HEAD + "[alignment]\ndistrict = 'perfer'",
        "alignment.district: 'perfer' is not allowed",
    ),
    "order and weights": (
        MERGE + "[objective]\norder = ['count']\nweights = { count = 1 }",
        "objective.order: give either order or weights, not both. Remove one of them.",
    ),
    "truth for a number": (
        HEAD + "[size]\nmin_pupils = true",
        "size.min_pupils: true is not allowed. Write a number in figures.",
    ),
    "a pair of one": (
        HEAD + "[contiguity]\nlinks = [['A', 'A']]",
        'links: "A" stands twice in one list. Name others beside it.',
    ),
    "a pin of one": (
        HEAD + "[pins]\napart = [['A', 'B', 'A']]",
        'apart: "A" stands twice in one list.',
    ),
    "an exempt group of nothing": (
        HEAD + "[[exempt]]\nname = 'X'\nwhere = {}",
        "exempt.1.where: {} is not allowed",
    ),
    "a pair that is linked and parted": (
        HEAD + "[contiguity]\nlinks = [['A', 'B']]\nbarriers = [['B', 'A']]",
        'barriers: "B" and "A" are both linked and parted. Remove the pair from links, or',
    ),
    "term that stands twice": (
        MERGE + "[objective]\norder = ['count', 'deviation', 'count']",
        "objective.order: a term stands twice in order. Remove one of the two.",
    ),
    "unknown term": (
        MERGE + "[objective]\norder = ['pupil_minute']",
        'objective: unknown term "pupil_minute". Did you mean "pupil_minutes"?',
    ),
    "unknown term like no other": (
        MERGE + "[objective]\norder = ['zzz']",
        f'unknown term "zzz". Use one of {", ".join(term_names())}.',
    ),
    "unknown term with a weight": (
        MERGE + "[objective]\nweights = { cuont = 1 }",
        'unknown term "cuont". Did you mean "count"?',
    ),
    "negative weight": (
        MERGE + "[objective]\nweights = { count = -1 }",
        "weights.count: -1 is not",
    ),
    "merge without an objective": (MERGE, 'method "merge" needs to know what is best. Add [obj'),
    "file without a plan": (HEAD.replace("keep", "file"), 'method "file" needs a plan. Add plan ='),
    "plan without method file": (
        HEAD + "plan = 'p.csv'",
        'plan: method "keep" does not know it: only method "file" reads one. Remove it, or change',
    ),
    "shape of a merge": (
        MERGE + "[objective]\norder = ['count']\n[redraw]\nshape = 'towards the hub'",
        'redraw.shape: method "merge" does not know it: the groups that a merge chooses from are',
    ),
    "versions of a redraw": (
        MERGE.replace("merge", "redraw") + "[objective]\norder = ['count']\n[versions]\nnumber = 2",
        'versions.number: method "redraw" does not know it: only a merge',
    ),
    "pin of one": (HEAD + "[pins]\ntogether = [['A']]", "pins.together.1"),
    "unknown phase": (
        HEAD + "[[exempt]]\nname = 'X'\nwhere = { phase = ['pru', 'specail'] }",
        'exempt.1.where.phase: unknown phase "specail". Use one of nursery, primary',
    ),
    "exempt group without a name": (
        HEAD + "[[exempt]]\nwhere = { phase = 'pru' }",
        "exempt.1.name: it is missing",
    ),
    "exempt schools from nowhere": (HEAD + "[[exempt]]\nname = 'X'", "exempt.1.where: it is"),
    "a key of another table": (
        HEAD + "[count]\nmin_pupils = 3",
        'count.min_pupils: unknown key "min_pupils". It is a key of [size]: write it there.',
    ),
    "a key of two other tables": (
        HEAD + "[size]\nmax_minutes = 3",
        "It is a key of [contiguity] or [travel]: write it there.",
    ),
    "a key that stands above all tables": (
        HEAD + "[size]\nwithin = ['district']",
        "It is a key of the file, above all tables: write it there.",
    ),
    "a key of another table, cut short": (
        HEAD + "[size]\nmin = 3",
        'size.min: unknown key "min". Did you mean "min_pupils"?',
    ),
    "hubs that are no word": (
        HEAD + "[redraw]\nhubs = 'none'",
        "redraw.hubs: 'none' is not allowed. Input should be 'secondary' or 'any'.",
    ),
    "hubs that are a number": (
        HEAD + "[redraw]\nhubs = 5",
        "redraw.hubs: 5 is not allowed. Write a text in quotation marks, or a list in square",
    ),
    "no hubs": (
        HEAD + "[redraw]\nhubs = []",
        "redraw.hubs: the list is empty, so no cluster may meet anywhere. Name their URNs",
    ),
    "a value too long to be repeated": (
        HEAD + f"size.min_pupils = '{'x' * 500}'",
        f"size.min_pupils: '{'x' * 79}... is not allowed. Input should be a valid integer",
    ),
    "a list that is too short": (
        HEAD + "[pins]\ntogether = [['A']]",
        "pins.together.1: ['A'] is not allowed. Write at least 2 into it.",
    ),
    "exempt schools without a name": (
        HEAD + "[[exempt]]\nname = ' '\nwhere = { type = 'academy' }",
        "exempt.1.name: '' is not allowed. Write what their cluster is called.",
    ),
    "a title without a letter": (
        HEAD.replace('title = "A"', 'title = " "'),
        "title: ' ' is not allowed. Write a line that tells readers what it is.",
    ),
    "a phase that there is not": (
        HEAD + "[funding]\npot_pounds = 1\nparts = [{ measure = 'pupils', share = 1 }]\n"
        "without_phases = ['specials']",
        'funding.without_phases: unknown phase "specials". Use one of nursery, primary',
    ),
    "table in place of a list": (
        HEAD + "[exempt]\nname = 'X'",
        "exempt: {'name': 'X'} is not allowed. Write [[exempt]], in two pairs of brackets.",
    ),
    "text in place of a list": (
        HEAD + "within = 'district'",
        "within: 'district' is not allowed. Write a list in square brackets.",
    ),
    "number in place of a table": (
        HEAD + "size = 3",
        "size: 3 is not allowed. Write a table of keys and values.",
    ),
    "number in place of a name": (
        HEAD + "[contiguity]\nlinks = [['A', 3]]",
        "contiguity.links.1.2: 3 is not allowed. Write a text in quotation marks.",
    ),
    "exempt schools by number": (
        HEAD + "[[exempt]]\nname = 'X'\nwhere = { phase = 3 }",
        "exempt.1.where.phase: 3 is not allowed. Write a text in quotation marks, or a list in",
    ),
    "exempt schools by text and number": (
        HEAD + "[[exempt]]\nname = 'X'\nwhere = { phase = ['pru', 3] }",
        "exempt.1.where.phase.2: 3 is not allowed. Write a text in quotation marks.",
    ),
}


@pytest.mark.parametrize(("text", "says"), FAULTY.values(), ids=FAULTY)
def test_a_fault_is_named_with_its_remedy(tmp_path: Path, text: str, says: str) -> None:
    said = refusal(write(tmp_path, "a.toml", text))
    assert said.startswith("1 fault in the scenario:\n  a.toml"), said
    assert says in said


@pytest.mark.parametrize(
    "table",
    [
        "[redraw]\nhubs = 'none'",
        "[redraw]\nhubs = 5",
        "[pins]\ntogether = [['A', 5]]",
        "[funding]\npot_pounds = 1\nparts = [{ measure = 'pupils' }]",
    ],
)
def test_one_slip_is_one_fault(table: str) -> None:
    """What follows from a slip, or from a form that was not meant, is no fault of its own."""
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(tomllib.loads(HEAD + table))
    assert len(caught.value.faults) == 1


def test_the_name_of_exempt_schools_is_kept_as_files_keep_it() -> None:
    exempt = [{"name": " Catholic   schools ", "where": {"type": "academy"}}]
    read = parse_scenario(tomllib.loads(HEAD) | {"exempt": exempt})
    assert read.exempt[0].name == "Catholic schools"


def test_every_fault_is_found_in_one_pass(tmp_path: Path) -> None:
    text = """
        option = "a b"
        authority = "threeshire"
        method = "keep"
        titel = "A"
        [size]
        min_pupils = -1
        [count]
        min = 3
        max = 2
        [objective]
        order = ["cuont"]
    """
    said = refusal(write(tmp_path, "a.toml", text)).splitlines()
    assert said[0] == "6 faults in the scenario:"
    subjects = sorted(line.split(": ")[1] for line in said[1:])
    assert subjects == ["count", "objective", "option", "size.min_pupils", "titel", "title"]


def test_values_on_their_bounds_are_right() -> None:
    data = tomllib.loads(
        MERGE
        + """
        [size]
        min_pupils = 10
        max_pupils = 10
        target_pupils = 1
        [count]
        min = 2
        max = 2
        [secondary]
        min = 0
        [objective]
        weights = { count = 0, "misaligned.anything" = 0.5 }
        """
    )
    scenario = parse_scenario({**data, "option": "A.b-c_9"})
    assert scenario.size.target == 1
    assert scenario.objective.terms == ("count", "misaligned.anything")


def test_the_target_is_the_middle_of_the_range_and_never_nothing() -> None:
    assert Size(min_pupils=10, max_pupils=21).target == 15
    assert Size(max_pupils=1).target == 1


def test_a_scenario_cannot_be_changed_once_read() -> None:
    scenario = parse_scenario(tomllib.loads(HEAD))
    with pytest.raises(ValueError, match="frozen"):
        scenario.title = "B"
    with pytest.raises(ValueError, match="frozen"):
        scenario.size.min_pupils = 1


def test_layers_are_gathered_from_both_places() -> None:
    over = {"within": ["a"], "alignment": {"b": "require", "a": "require", "c": "prefer"}}
    scenario = parse_scenario({**tomllib.loads(HEAD), **over})
    assert scenario.required_layers == ("a", "b")
    assert scenario.preferred_layers == ("c",)


@pytest.mark.parametrize(
    ("units", "label"),
    [("clusters", None), ("schools", None), ("4c", "4c"), ("cluster", "cluster")],
)
def test_units_that_are_no_word_of_ours_are_a_label(units: str, label: str | None) -> None:
    assert parse_scenario({**tomllib.loads(HEAD), "units": units}).units_scenario == label


@pytest.mark.parametrize("option", OPTIONS)
def test_a_resolved_scenario_is_read_again_as_itself(option: str) -> None:
    """The manifest holds the whole scenario: nothing of it is lost."""
    scenario = norfolk_scenario(option)
    again = parse_scenario(json.loads(json.dumps(scenario.resolved())))
    assert again.resolved() == scenario.resolved()


def test_names_that_are_alike() -> None:
    assert nearest("Swafham", ["Swaffham", "Fakenham"]) == "Swaffham"
    assert nearest("qqq", ["Swaffham"]) is None
    assert nearest("a", []) is None
    # A tie goes to the first by name, whatever the order they come in.
    assert nearest("ab", {"abd", "abc"}) == "abc"


# --- the authority --------------------------------------------------------------------


def make_authority(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "authority.toml").touch()
    return folder.resolve()


def scenario_of(folder: Path, authority: str) -> Scenario:
    folder.mkdir(parents=True, exist_ok=True)
    return load_scenario(write(folder, "a.toml", HEAD.replace("threeshire", authority)))


@pytest.mark.parametrize("home", ["", "scenarios", "scenarios/deep"])
def test_an_authority_is_found_by_name_beside_or_above(tmp_path: Path, home: str) -> None:
    folder = make_authority(tmp_path / "boundaries" / "threeshire")
    assert authority_folder(scenario_of(tmp_path / home, "threeshire")) == folder


def test_an_authority_is_found_by_path(tmp_path: Path) -> None:
    folder = make_authority(tmp_path / "data" / "mine")
    assert authority_folder(scenario_of(tmp_path / "s", "../data/mine")) == folder
    assert authority_folder(scenario_of(tmp_path / "s", folder.as_posix())) == folder


def test_the_nearest_authority_of_that_name_counts(tmp_path: Path) -> None:
    make_authority(tmp_path / "boundaries" / "threeshire")
    near = make_authority(tmp_path / "s" / "boundaries" / "threeshire")
    assert authority_folder(scenario_of(tmp_path / "s", "threeshire")) == near


def test_a_scenario_made_in_python_looks_below_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_authority(tmp_path / "boundaries" / "threeshire")
    monkeypatch.chdir(tmp_path)
    assert authority_folder(parse_scenario(tomllib.loads(HEAD))) == folder


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("threshire", 'Did you mean "threeshire"?'),
        ("qqq", "Make boundaries/<authority>/ with authority.toml."),
    ],
)
def test_an_authority_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make_authority(tmp_path / "boundaries" / "threeshire")
    with pytest.raises(ScenarioError) as caught:
        authority_folder(scenario_of(tmp_path, name))
    said = f'a.toml:3:1  authority  there is no authority "{name}"  {remedy}'
    assert said in str(caught.value)


# --- the schema -----------------------------------------------------------------------

JSON_TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}


def subschemas(schema: object) -> list[dict[str, object]]:
    """Give a schema and all inside it; names of properties are not taken for keywords."""
    if not isinstance(schema, dict):
        return []
    found = [schema]
    for key in ("properties", "$defs"):
        for inner in schema.get(key, {}).values():
            found += subschemas(inner)
    for key in ("items", "additionalProperties"):
        found += subschemas(schema.get(key))
    for key in ("anyOf", "prefixItems"):
        for inner in schema.get(key, []):
            found += subschemas(inner)
    return found


def test_the_schema_is_a_json_schema() -> None:
    """Types are of JSON, references lead somewhere, and what is required is there."""
    schema = json.loads(json.dumps(json_schema()))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for inner in subschemas(schema):
        assert inner.get("type", "string") in JSON_TYPES
        if "$ref" in inner:
            assert str(inner["$ref"]).removeprefix("#/$defs/") in schema["$defs"]
        if "properties" in inner:
            assert set(inner.get("required", ())) <= set(inner["properties"])
            assert inner["additionalProperties"] is False


def test_the_schema_has_every_key_with_its_meaning() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {*Scenario.model_fields, "extends", "sweep"}
    tables = [schema, *schema["$defs"].values()]
    # A table is described once, where it is defined.
    silent = [
        key
        for table in tables
        for key, inner in table["properties"].items()
        if not {"description", "$ref"} & {*inner, *inner.get("items", {})}
    ]
    assert silent == []
    assert all(definition["description"] for definition in schema["$defs"].values())


def required_of(schema: dict[str, object], data: dict[str, object]) -> bool:
    """Tell whether a file has all the keys that the schema asks of it."""

    def has_all(part: dict[str, object]) -> bool:
        return set(part.get("required", ())) <= set(data)

    return has_all(schema) and any(map(has_all, schema.get("anyOf", [{}])))


@pytest.mark.parametrize("option", OPTIONS)
def test_the_schema_asks_nothing_of_a_file_that_its_base_gives(option: str) -> None:
    """An editor that knows the schema must not underline files that are right."""
    data = tomllib.loads((SCENARIOS / f"{option}.toml").read_text(encoding="utf-8"))
    assert required_of(json_schema(), data)


def test_the_schema_asks_a_file_without_a_base_for_what_it_needs() -> None:
    data = tomllib.loads(HEAD)
    assert required_of(json_schema(), data)
    for key in data:
        assert not required_of(json_schema(), {k: v for k, v in data.items() if k != key})


def test_how_many_clusters_are_asked_for_is_said() -> None:
    assert (str(Count(min=2, max=3)), str(Count(min=2))) == ("2 to 3", "2 or more")
    assert [Count(min=2, max=3).allows(n) for n in (1, 2, 3, 4)] == [False, True, True, False]
    assert [Count(min=2).allows(n) for n in (1, 2, 99)] == [False, True, True]


def test_every_key_that_names_a_file_is_told() -> None:
    """What a run reads is hashed, kept inside the project and written down by this list."""
    found = {"plan"}
    for table, field in Scenario.model_fields.items():
        inner = model_in(field.annotation)
        found |= {f"{table}.{key}" for key in getattr(inner, "model_fields", {}) if key == "file"}
    scenario = parse_scenario(
        {
            "title": "One",
            "option": "1",
            "authority": "a",
            "method": "file",
            "plan": "plan.csv",
            "contiguity": {"file": "pairs.csv"},
            "projection": {"assumption": "made up", "file": "pupils.csv"},
        }
    )
    assert {*scenario.named_files} == found


def test_a_key_that_is_misspelt_below_a_name_is_told_with_the_nearest() -> None:
    data = {"title": "One", "option": "1", "authority": "a", "method": "keep"}
    wrong = {"size": {"clusters": {"Ash": {"min_pupil": 5}}}}
    with pytest.raises(ScenarioError, match=r'clusters\.Ash\.min_pupil: .*mean "min_pupils"'):
        parse_scenario({**data, **wrong})
