"""The modules of the page by Node's own test runner, on vectors that Python writes."""

from __future__ import annotations

import csv
import io
import itertools
import json
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser import present
from cluster_optimiser.inputs.matching import name_key, plain_words
from cluster_optimiser.present.packing import packed_list
from cluster_optimiser.present.tables import csv_cell
from cluster_optimiser.words import number, one_decimal
from tests.script_types import misdeclared
from tests.spellings import WAYS

if TYPE_CHECKING:
    import pandas as pd

ROOT = Path(__file__).parents[2]
MODULES = Path(present.__file__).parent / "templates" / "js"
NUMBERS = (31.15, 12.95, 7.25, 3.947, 0.05, 4012.5, 4013.5, 0, 99.95)
CELLS = ("plain", "a, b", 'say "so"', "=1+1", "'=1", "-", "two\nlines", "'quoted'", "O'Hara", "é ł")


def _cell(text: str) -> list[str]:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerow([csv_cell(text), "end"])
    return [text, written.getvalue().removesuffix(",end\n")]


def _sweep(chance: random.Random) -> dict[str, Any]:
    """Count the covers of some units by hand: every set of groups is tried."""
    n = chance.randint(2, 5)
    masks = chance.sample(range(1, 2**n), min(2**n - 1, 9))
    groups = [
        {
            "mask": mask,
            "costs": [chance.randint(0, 3), chance.randint(0, 50)],
            "isException": chance.random() < 0.3,
        }
        for mask in masks
    ]
    limits = {"least": chance.randint(0, 2), "most": chance.randint(2, 5), "exceptions": 1}
    found = []
    for k in range(limits["least"], limits["most"] + 1):
        for some in itertools.combinations(groups, k):
            held = [one["mask"] for one in some]
            is_cover = sum(held) == 2**n - 1 and not any(
                a & b for a, b in itertools.combinations(held, 2)
            )
            if is_cover and sum(one["isException"] for one in some) <= limits["exceptions"]:
                found.append([sum(one["costs"][i] for one in some) for i in range(2)])
    best = min(found, default=[])
    return {"groups": groups, "n": n, "limits": limits, "count": len(found), "costs": best}


def _spelt(schools: pd.DataFrame) -> list[list[Any]]:
    """Give 100 schools in every way of writing, the words of it, and who may stand first."""
    at: dict[str, list[int]] = {}
    for place, name in enumerate(schools["name"]):
        at.setdefault(name_key(name), []).append(place)
    some = random.Random(19).sample(list(schools["name"]), 100)
    return [
        [way, write(name), plain_words(write(name)), at[name_key(name)]]
        for name in some
        for way, write in WAYS.items()
    ]


def _told(page: Any) -> dict[str, Any]:
    text = page.path.read_text(encoding="utf-8")
    data = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert data
    told: dict[str, Any] = json.loads(data[1])
    return told


def test_the_page_is_told_what_is_declared(norfolk_page: Any, tmp_path: Path) -> None:
    told = _told(norfolk_page)
    # Of the page nothing is said; of what has a key too many, or too few, that is.
    more, less = {**told["quotas"][0], "more": 1}, {"names": ["Acle"]}
    samples = {"WrittenPage": told, "Quota": more, "Pin": less}
    found = misdeclared(tmp_path, samples).splitlines()
    assert [("more" in line, "units" in line) for line in found] == [(True, False), (False, True)]


def test_the_modules_do_what_python_does(norfolk_page: Any, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("NO NODE ON THE PATH: THE MODULES OF THE PAGE WERE TESTED IN A BROWSER ALONE")
    chance = random.Random(18)
    lists = [[chance.randrange(10**k) for _ in range(k)] for k in (1, 2, 4)]
    vectors = {
        "data": _told(norfolk_page),
        "cells": [_cell(text) for text in CELLS],
        "numbers": [[n, number(n), one_decimal(n)] for n in NUMBERS],
        "packed": [[some, packed_list(some)] for some in lists],
        "sweeps": [_sweep(chance) for _ in range(60)],
        "spelt": _spelt(norfolk_page.results[0].problem.authority.schools),
    }
    for path in [*MODULES.glob("*.js"), *(ROOT / "tests" / "js").glob("*.test.js")]:
        shutil.copy(path, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "vectors.json").write_text(json.dumps(vectors), encoding="utf-8")
    done = subprocess.run(
        [node, "--test", str(tmp_path / "modules.test.js")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
