"""Counts that tell nothing of one or two schools, whatever is published together.

Holding back one table's small cells does not help where another option's table has their sum. So
nothing is held back: before anything is added up, the counts of schools are moved to multiples of
`STEP`, once, in the same way for every option. Whoever solves all tables, sums of money included,
for a school or for two finds the moved counts and no others: data that differ only inside the steps
give the same tables to the last penny (which is what the tests try).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_COUNT = 5
"""Smallest count of a cluster of today that is kept as it is."""

LEAST_SCHOOLS = 3
"""Fewest schools of a count that is kept: with two, each could take away its own."""

STEP = 5
"""What counts of schools are moved to a multiple of."""


def protected_counts(counts: pd.Series, home: pd.Series) -> pd.Series:
    """Move the counts of schools to multiples of `STEP`, keeping the sum of each home.

    The sum of a home with too few schools, or too small a sum, is moved to a multiple as well. In a
    home each school is moved up or down by less than a step, and the sum of all moves is the least
    there is (largest remainders); what the sum has beyond its last multiple goes to the largest
    count. A count that is not known stays so.

    >>> import pandas as pd
    >>> counts = pd.Series([7, 3, 13, 4], index=[1, 2, 3, 4], dtype="Int64")
    >>> protected_counts(counts, pd.Series(["a", "a", "a", "b"], index=counts.index)).tolist()
    [5, 5, 13, 5]
    """
    known = counts.dropna()
    numbers = known.to_numpy(dtype=np.int64)
    moved = numbers.copy()
    codes, _ = pd.factorize(home.reindex(known.index))
    for code in range(codes.max(initial=-1) + 1):
        moved[codes == code] = moved_counts(numbers[codes == code])
    return pd.Series(moved, index=known.index).reindex(counts.index).astype(counts.dtype)


def moved_counts(group: NDArray[np.int64]) -> NDArray[np.int64]:
    total = int(group.sum())
    if len(group) < LEAST_SCHOOLS or total < LEAST_COUNT:
        total = (total + STEP // 2) // STEP * STEP
    steps = group // STEP
    order = np.argsort(-(group % STEP), kind="stable")
    steps[order[: total // STEP - int(steps.sum())]] += 1
    values: NDArray[np.int64] = steps * STEP
    values[group.argmax()] += total % STEP
    return values
