"""Scenario files and registers of every kind of nonsense: documented exit codes, never a traceback.

A few dozen cases each time; all 2,000 with `pytest tests/test_fuzz.py --hypothesis-profile=search`.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cluster_optimiser import cli
from tests.inputs.broken import BASE, SCHOOLS, make_authority

CODES = {0, 3, 4, 5}
N_CASES = 1_000 if settings.default.max_examples > 100 else 30
FUZZ = settings(max_examples=N_CASES, suppress_health_check=[HealthCheck.function_scoped_fixture])

GOOD = {
    "title": "A",
    "option": "a",
    "authority": "threeshire",
    "method": "merge",
    "objective.order": ["count", "pupil_minutes"],
}
KEYS = [
    "title", "option", "authority", "method", "description", "units", "plan", "within", "extends",
    "size", "size.min_pupils", "size.max_pupils", "size.target_pupils", "size.oversize",
    "size.max_exceptions", "size.exceptions", "count", "count.min", "count.max",
    "contiguity.min_shared_m", "contiguity.links", "contiguity.barriers", "travel.max_minutes",
    "secondary.min", "alignment", "alignment.district", "objective", "objective.order",
    "objective.weights", "versions.number", "versions.differ_pupils", "pins.together",
    "pins.apart", "exempt", "urban.areas", "reasons", "projection", "funding", "levels", "sweep",
    "sweep.seed", "sweep.count.min", "nonsense", "size.nonsense",
]  # fmt: skip
WORDS = [
    "", "a", "b", "Ash", "Birch", "district", "distict", "keep", "merge", "redraw", "file", "none",
    "clusters", "schools", "count", "deviation", "misaligned", "misaligned.district", "prefer",
    "require", "..", "/", "../../etc/passwd", "threeshire", "a.toml", "\x00", "\u202e", "=1+1",
    "a" * 40, "primary", "\ud7ff", "🏫",
]  # fmt: skip
SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.integers(-3, 12),
    st.sampled_from([0.5, 1e308, float("inf"), float("nan"), -0.0, 10**30, 2**63, True, False]),
    st.text(max_size=5),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from([*WORDS, "name", "where", "phase"]), inner, max_size=2),
    ),
    max_leaves=5,
)


def toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, dict):
        inner = ", ".join(f"{json.dumps(key)} = {toml(one)}" for key, one in value.items())
        return f"{{ {inner} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    text = json.dumps(value)
    return {"Infinity": "inf", "NaN": "nan", "-Infinity": "-inf"}.get(text, text)


@st.composite
def scenario_texts(draw: st.DrawFn) -> str:
    """Take a good scenario, set or drop some keys, and now and then spoil a letter."""
    keys = dict(GOOD)
    for key in draw(st.lists(st.sampled_from(KEYS), max_size=3)):
        if key in keys and draw(st.booleans()):
            del keys[key]
        else:
            keys[key] = draw(VALUES)
    text = "".join(f"{key} = {toml(value)}\n" for key, value in keys.items())
    return draw(spoilt(text)) if draw(st.integers(0, 3)) == 0 else text


@st.composite
def spoilt(draw: st.DrawFn, text: str) -> str:
    """Take away, put in or double some of a text."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        to = min(len(text), at + draw(st.integers(0, 12)))
        new = draw(
            st.sampled_from([*WORDS, "\n", ",", '"', "\t", "[", "=", "-1", "1e999", " " * 9])
        )
        text = text[:at] + draw(st.sampled_from([new, text[at:to] * 2])) + text[to:]
    return text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz")
    make_authority(folder / "boundaries")
    make_authority(folder / "tables" / "boundaries")
    (folder / "scenarios").mkdir()
    return folder


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    return itertools.count()


def ends_well(path: Path, out: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Run one scenario: any other exception than the exit fails the test."""
    with pytest.raises(SystemExit) as ended:
        cli.main([
            "run", str(path), "--out", str(out), "--jobs", "1", "--outputs", "tables",
            "--time-limit", "5",
        ])  # fmt: skip
    said = capfd.readouterr()
    # Several versions or runs of which some have no plan end with 6.
    several = len(list(out.glob("*/manifest.json"))) > 1
    assert (ended.value.code or 0) in (CODES | {6} if several else CODES), said.err
    assert "Traceback" not in said.err
    if ended.value.code == 3:
        assert "fault" in said.err
        assert not out.exists()


@FUZZ
@given(text=scenario_texts())
def test_any_scenario_file(
    home: Path, numbers: Iterator[int], capfd: pytest.CaptureFixture[str], text: str
) -> None:
    path = home / "scenarios" / "a.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    ends_well(path, home / f"out{next(numbers)}", capfd)


@FUZZ
@given(data=st.data())
def test_any_table_of_schools(
    home: Path, numbers: Iterator[int], capfd: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    folder = home / "tables"
    schools = folder / "boundaries" / "threeshire" / SCHOOLS
    path = folder / "a.toml"
    path.write_text("".join(f"{k} = {toml(v)}\n" for k, v in GOOD.items()), encoding="utf-8")
    text = data.draw(spoilt((BASE / SCHOOLS).read_text(encoding="utf-8")))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))
    schools.write_bytes(text.encode(encoding, errors="replace"))
    ends_well(path, home / f"out{next(numbers)}", capfd)
