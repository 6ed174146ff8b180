"""Try to learn counts of one or two schools from everything that is published together.

    python scripts/attack.py [--made 50] [--seed 1]

Whoever adds up and takes away all tables of all options, sums of money included, gets the counts
of schools as they were moved (`comparison/money.py`) and no others. So a group of one or two
schools is safe where another register, in which its count differs, is moved to the same numbers:
nobody can tell which of the two is true. The attack looks for such a register for every school and
every pair; a group without one is recovered. Norfolk, Kirklees and made authorities are attacked.
"""

from __future__ import annotations

import argparse
import itertools
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.comparison.money import LEAST_SCHOOLS, STEP, moved_counts
from cluster_optimiser.inputs import load_authority

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
CHANGES = [n for n in range(1 - STEP, STEP) if n]
MOST_SMALL = 8
MEASURES = ("fsm_ever6", "sen_support", "ehcp")


def recovered(counts: pd.Series, home: pd.Series) -> list[tuple[object, ...]]:
    """Name the groups of fewer than `LEAST_SCHOOLS` schools whose count can have one value only."""
    found: list[tuple[object, ...]] = []
    for _, own in counts.dropna().groupby(home):
        numbers, names = own.to_numpy(dtype=np.int64), own.index.tolist()
        for size in range(1, min(LEAST_SCHOOLS, len(names) + 1)):
            found += [
                tuple(names[i] for i in group)
                for group in itertools.combinations(range(len(names)), size)
                if not is_hidden(numbers, group)
            ]
    return found


def is_hidden(numbers: NDArray[np.int64], group: tuple[int, ...]) -> bool:
    """Tell whether another register of the home looks the same, its group with another sum."""
    shown, at = moved_counts(numbers), list(group)
    return any(
        other[at].sum() != numbers[at].sum() and np.array_equal(moved_counts(other), shown)
        for search in (_near, _further, _all_small)
        for other in search(numbers, group)
    )


def _near(numbers: NDArray[np.int64], group: tuple[int, ...]) -> Iterator[NDArray[np.int64]]:
    """Change a school of the group, and one outside the other way."""
    outside = [i for i in range(len(numbers)) if i not in group]
    for one, step, against in itertools.product(group, CHANGES, [None, *outside]):
        other = numbers.copy()
        other[one] += step
        if against is not None:
            other[against] -= step
        if other.min() >= 0:
            yield other


def _further(numbers: NDArray[np.int64], group: tuple[int, ...]) -> Iterator[NDArray[np.int64]]:
    """Change a school of the group, and two outside."""
    outside = [i for i in range(len(numbers)) if i not in group]
    pairs = itertools.combinations(outside, 2)
    for (i, j), one, step, first in itertools.product(pairs, group, CHANGES, CHANGES):
        other = numbers.copy()
        other[[one, i, j]] += (step, first, -step - first)
        if other.min() >= 0:
            yield other


def _all_small(numbers: NDArray[np.int64], _: tuple[int, ...]) -> Iterator[NDArray[np.int64]]:
    """Go through every home with as small a sum."""
    n = len(numbers)
    for total in range(MOST_SMALL + 1 if numbers.sum() <= MOST_SMALL else 0):
        for bars in itertools.combinations(range(total + n - 1), n - 1):
            yield np.diff([-1, *bars, total + n - 1]) - 1


def authorities(n_made: int, seed: int) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Give registers with the cluster of each school: those that come along, and made ones."""
    for folder in sorted((ROOT / "boundaries").iterdir()):
        schools = load_authority(folder).schools
        yield folder.name, schools, schools["cluster"].astype(str)
    draw = random.Random(seed)  # noqa: S311 - made cases, no secrets
    for made in range(n_made):
        homes = [f"{i}" for i in range(draw.randrange(3, 12)) for _ in range(draw.randrange(1, 9))]
        table = {m: [draw.choice([0, 1, draw.randrange(60)]) for _ in homes] for m in MEASURES}
        yield f"made {made}", pd.DataFrame(table, dtype="Int64"), pd.Series(homes)


def main() -> None:
    """Attack every authority, and say what was recovered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--made", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    n_groups = 0
    for name, schools, home in authorities(asked.made, asked.seed):
        for measure in [m for m in MEASURES if m in schools]:
            counts = schools[measure].astype("Int64")
            groups = recovered(counts, home)
            n_groups += len(groups)
            for group in groups[:5]:
                print(f"{name}: {measure} of {group} is {counts[list(group)].sum()}")
    print(f"{n_groups} groups of one or two schools recovered")


if __name__ == "__main__":
    main()
