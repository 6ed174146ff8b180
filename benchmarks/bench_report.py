"""Measure the committee report, and 400 replies with 30 own plans, on Norfolk.

    python benchmarks/bench_report.py [RESULTS]

RESULTS is a folder that ``run scenarios`` wrote (``results`` unless given). The naive way to judge
own plans prepares the problem and works out all legal plans anew for each of them, as a loop over
``evaluate`` and ``universe`` would; it is timed on a few plans and scaled to all, which is said.
Times are of the processor, as others may use the machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from cluster_optimiser import batch
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.present.report.write import write_report
from tests.made_replies import made_replies
from tests.norfolk import SCENARIOS, norfolk_place

if TYPE_CHECKING:
    from collections.abc import Callable

N_REPLIES, N_PLANS, N_NAIVE = 400, 30, 6
REPORT_LIMIT_S, REPLIES_LIMIT_S = 60, 30


def seconds(run: Callable[[], object]) -> float:
    """Give the processor's seconds of a run."""
    started = time.process_time()
    run()
    return time.process_time() - started


def judge_one(plan: Path) -> None:
    """Judge an own plan with nothing kept from the one before."""
    try:
        found = batch.universe(SCENARIOS / "4a.toml", place=norfolk_place())
        batch.rank(found, plan)
    except ClusterOptimiserError:
        return


def main() -> None:
    """Print the table."""
    results = Path(sys.argv[1] if len(sys.argv) > 1 else "results")
    norfolk_place()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        report_s = seconds(lambda: write_report(results, folder / "report"))
        print(f"report of all options        {report_s:7.1f} s   (asked: {REPORT_LIMIT_S} s)")
        file = made_replies(folder, n=N_REPLIES, n_plans=N_PLANS)
        replies_s = seconds(
            lambda: batch.responses(
                file, results=results, scenario=SCENARIOS / "4a.toml", place=norfolk_place()
            )
        )
        print(f"{N_REPLIES} replies, {N_PLANS} own plans    {replies_s:7.1f} s   "
              f"(asked: {REPLIES_LIMIT_S} s)")  # fmt: skip
        plans = [folder / f"plan_{i}.csv" for i in range(N_PLANS - N_NAIVE, N_PLANS)]
        naive_s = seconds(lambda: [judge_one(plan) for plan in plans]) * N_PLANS / N_NAIVE
        print(f"own plans one by one         {naive_s:7.1f} s   ({N_NAIVE} timed, scaled to "
              f"{N_PLANS}): {naive_s / replies_s:.1f} times as long")  # fmt: skip


if __name__ == "__main__":
    main()
