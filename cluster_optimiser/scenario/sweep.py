"""A sweep: one scenario file that stands for many scenarios.

``[sweep]`` gives keys of the scenario lists of values; each combination is a scenario of its own,
with a label made from its values alone, so that a value added later changes no label.
"""

from __future__ import annotations

import copy
import hashlib
import itertools
import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SEED = "seed"
"""The one key of a sweep that is not a key of a scenario."""

REFINE = "refine"
"""Key of a sweep that says to which step a change of the answer is to be found."""

CHANGED = ("other plan", "plan lost", "plan found")
"""Kinds of a step at which the answer changes; else it is the same, no plan in both, not known."""

MAX_SEED = 2**31 - 1

MAX_RUNS = 100_000
"""A sweep of more is taken for a mistake."""

MAX_LABEL = 32
HASH_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Wrong:
    key: str  # dotted key below sweep; empty for the sweep as a whole
    problem: str  # as in a fault
    remedy: str  # as in a fault


def axes_of(sweep: object) -> tuple[dict[str, list[Any]], list[Wrong]]:
    if not isinstance(sweep, dict) or not sweep:
        remedy = "Write a table, such as [sweep] with size.min_pupils = [2300, 2400]."
        return {}, [Wrong("", f"{sweep!r} is not allowed", remedy)]
    sweep = {key: values for key, values in sweep.items() if key != REFINE}
    axes: dict[str, list[Any]] = {}
    wrong: list[Wrong] = []
    for key, values in _leaves(sweep):
        problem = _problem(key, values)
        if problem:
            wrong.append(Wrong(key, *problem))
        else:
            axes[key] = values
    n_runs = math.prod(len(values) for values in axes.values())
    if n_runs > MAX_RUNS:
        remedy = f"Take values away: at most {MAX_RUNS:,} at once."
        wrong.append(Wrong("", f"{n_runs:,} combinations", remedy))
    return axes, wrong


def refine_of(
    sweep: object, axes: Mapping[str, Sequence[Any]]
) -> tuple[dict[str, float], list[Wrong]]:
    """Read to which step the changes along swept keys are to be found."""
    table = sweep.get(REFINE, {}) if isinstance(sweep, dict) else {}
    if not isinstance(table, dict):
        remedy = "Write a table of keys and steps, such as refine.size.min_pupils = 10."
        return {}, [Wrong(REFINE, f"{table!r} is not allowed", remedy)]
    steps, wrong = dict(_leaves(table)), []
    for key, step in steps.items():
        is_number = isinstance(step, (int, float)) and not isinstance(step, bool)
        if not (is_number and 0 < step < math.inf):
            wrong.append(
                Wrong(f"{REFINE}.{key}", f"{step!r} is not allowed", "Write a step, above 0.")
            )
        elif not all(type(value) in {int, float} for value in axes.get(key, ["none"])):
            remedy = "Give the key two or more numbers under [sweep]."
            wrong.append(Wrong(f"{REFINE}.{key}", "it is not swept over numbers", remedy))
    return steps, wrong


def _leaves(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _problem(key: str, values: object) -> tuple[str, str] | None:
    if not isinstance(values, list) or not values:
        return f"{values!r} is not allowed", "Write a list of values in square brackets."
    texts = [json.dumps(value, sort_keys=True, default=str) for value in values]
    twice = [text for text, n in Counter(texts).items() if n > 1]
    if twice:
        return f"the value {twice[0]} stands twice", "Remove one of the two."
    if key in {"option", "extends", "sweep"}:
        return f"{key} cannot be swept", "Labels are made from the values; remove it."
    is_seed = [type(value) is int and 0 <= value <= MAX_SEED for value in values]
    if key == SEED and not all(is_seed):
        return "a seed is not a whole number from 0 on", "Write whole numbers, such as [0, 1, 2]."
    return None


def combinations(axes: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Give every combination of values, the last key changing first."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def with_values(data: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(dict(data))
    for key, value in values.items():
        if key == SEED:
            continue
        table = made
        *tables, last = key.split(".")
        for name in tables:
            if not isinstance(table.get(name), dict):
                table[name] = {}
            table = table[name]
        table[last] = value
        # Each excludes the other, as where a file extends another.
        if tables[-1:] == ["objective"] and last in {"order", "weights"}:
            table.pop("weights" if last == "order" else "order", None)
    return made


def labels(option: str, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Make a label for each combination, from the option's label and the values.

    >>> labels("4a", [{"size.min_pupils": 2300, "seed": 7}, {"size.min_pupils": 2400, "seed": 7}])
    ['4a-2300-7', '4a-2400-7']
    """
    plain = [f"{option}-{'-'.join(map(_word, run.values()))}" for run in runs]
    count = Counter(label.casefold() for label in plain)
    return [
        label
        if re.fullmatch(r"[A-Za-z0-9_.-]+", label)
        and len(label) <= MAX_LABEL
        and count[label.casefold()] == 1
        else f"{option}-{_hash(run)}"
        for label, run in zip(plain, runs, strict=True)
    ]


def _word(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float, str)) and str(value) else "?"


def _hash(run: Mapping[str, Any]) -> str:
    text = json.dumps(run, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_LENGTH]


def in_words(values: Mapping[str, Any]) -> str:
    """Say the values of a run.

    >>> in_words({"size.min_pupils": 2300, "within": ["district"]})
    'size.min_pupils 2300, within district'
    """
    said = (
        f"{key} {' + '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in values.items()
    )
    return ", ".join(said)
