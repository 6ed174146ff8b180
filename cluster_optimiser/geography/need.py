"""Need of schools: weighted pupils, as whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cluster_optimiser.constants import CENTIPUPILS_PER_PUPIL, NEED_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cluster_optimiser.scenario import Funding


def counted(schools: pd.DataFrame, measure: str) -> pd.Series:
    if measure == "schools":
        return pd.Series(1, index=schools.index, dtype="Int64")
    numbers: pd.Series = pd.to_numeric(schools[measure], errors="coerce").astype("Int64")
    if measure == "pupils":
        return numbers.mask(~schools["is_pupils_known"].astype(bool))
    return numbers


def takes_part(schools: pd.DataFrame, funding: Funding) -> pd.Series:
    """Tell which schools share in the pot and are counted in the need."""
    return ~schools["phase"].isin(funding.without_phases)


def need_and_pupils(
    schools: pd.DataFrame, funding: Funding
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    part = takes_part(schools, funding).to_numpy()
    need = np.zeros(len(schools), dtype=np.int64)
    for measure, weight in funding.need.items():
        numbers = counted(schools, measure).fillna(0).to_numpy(dtype=np.int64)
        need += int(weight * NEED_SCALE) * numbers
    pupils = schools["pupils"].to_numpy(dtype=np.int64)
    return np.where(part, need, 0), np.where(part, pupils, 0)


def need_deviation_centipupils(need: int, pupils: int, all_need: int, all_pupils: int) -> int:
    """Give how far the need of a cluster is from what its share of pupils would be.

    |n - N p / P|, in hundredths of a weighted pupil, rounded half up.

    >>> need_deviation_centipupils(60_000, 50, 100_000, 100)
    1000
    """
    if not all_pupils:
        return 0
    apart = abs(need * all_pupils - all_need * pupils) * CENTIPUPILS_PER_PUPIL
    whole = all_pupils * NEED_SCALE
    return (2 * apart + whole) // (2 * whole)
