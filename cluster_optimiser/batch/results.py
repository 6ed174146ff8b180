"""The results folder, written in a temporary place first and then renamed."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_optimiser import present
from cluster_optimiser.comparison import compare
from cluster_optimiser.errors import (
    ClusterOptimiserError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import pandas as pd

    from cluster_optimiser.batch.many import Outcome


COMPARISON_FILES = ("index.html", "page.json", "comparison.csv", "assignments.csv")
"""What speaks of all plans of a run together."""


@contextmanager
def _staging(out: Path) -> Iterator[Path]:
    """Give a temporary folder beside the final ones; it is gone afterwards, whatever happened."""
    out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".partial-", dir=out))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _replace_folder(new: Path, final: Path, staging: Path) -> None:
    """Put a finished folder in the place of an older one."""
    if final.exists():
        # No label begins with a dot: nothing that is still to be written has this name.
        final.replace(staging / f".old-{final.name}")
    new.replace(final)


def write_results(
    outcomes: Sequence[Outcome], out: Path, *, on_end: Callable[[Outcome], None] = lambda _: None
) -> pd.DataFrame:
    """Write the results folder: each scenario's folder, then the comparison and the page.

    Everything is written to a temporary place first and renamed: nobody ever meets half of it.

    Parameters
    ----------
    outcomes
        What `run_batch` gave.
    out
        The results folder; made if it is not there.
    on_end
        Called after each scenario is written.

    Returns
    -------
    The comparison table.

    Raises
    ------
    ClusterOptimiserError
        If the folder cannot be written.
    """
    results = [outcome.result for outcome in outcomes if outcome.result is not None]
    comparison = compare(results)
    try:
        with _staging(out) as staging:
            for outcome in outcomes:
                label = outcome.scenario.option
                folder = staging / label
                folder.mkdir()
                if outcome.result is not None:
                    present.write_result(outcome.result, folder)
                if outcome.unsolved is not None:
                    present.write_unsolved(outcome.unsolved, folder)
                _replace_folder(folder, out / label, staging)
                on_end(outcome)
            if not results:
                # Those of an earlier run would speak of plans that are no longer there.
                for name in COMPARISON_FILES:
                    (out / name).unlink(missing_ok=True)
            else:
                unsolved = [o.unsolved for o in outcomes if o.unsolved is not None]
                present.write_comparison(results, comparison, out, unsolved=unsolved)
    except OSError as error:
        message = f"{out} cannot be written: {error.strerror or error}"
        raise ClusterOptimiserError(message) from error
    return comparison
