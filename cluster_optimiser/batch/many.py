"""Many scenarios: each as soon as what it builds on is there, whatever is finished used again."""

from __future__ import annotations

import concurrent.futures
import logging
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster_optimiser.batch import shelf
from cluster_optimiser.batch.folders import refuse_among, refuse_foreign, tidy
from cluster_optimiser.batch.gather import in_order, needs
from cluster_optimiser.batch.ledger import built_on, input_hashes, parts_of, read_record, why_run
from cluster_optimiser.batch.places import folders_read
from cluster_optimiser.batch.tasks import Made, Outcome, Task, read_outcome
from cluster_optimiser.errors import ClusterOptimiserError, VerificationError
from cluster_optimiser.progress import Progress, read_progress
from cluster_optimiser.scenario import Scenario, authority_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from cluster_optimiser.batch.ledger import Options
    from cluster_optimiser.batch.pools import Pool

_LOG = logging.getLogger(__name__)

POLL_S = 0.25
"""How often progress, and whether the pool is still there, is looked for while nothing ends."""

ATTEMPTS = 2
"""A scenario whose process dies so often has failed."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """What is to be told while a batch runs."""

    on_start: Callable[[Scenario], None] = lambda _: None  # called before and after each scenario
    on_end: Callable[[Outcome], None] = lambda _: None  # called before and after each scenario
    on_progress: Callable[[Scenario, Progress], None] | None = None


@dataclass(slots=True)
class BatchLedger:
    """What of a batch is finished and what is to be run."""

    out: Path  # the results folder
    options: Options  # how scenarios are to be run
    inputs: dict[Path, dict[str, str]] = field(default_factory=dict)

    def seed(self, scenario: Scenario) -> int:
        return self.options.seed if scenario.seed is None else scenario.seed

    def parts(self, scenario: Scenario) -> dict[str, Any]:
        """Put together what a scenario's result depends on, now that those before it are there."""
        folder = authority_folder(scenario)
        if folder not in self.inputs:
            self.inputs[folder] = input_hashes(folder)
        builds_on = {label: built_on(self.out / label) for label in needs(scenario)}
        return parts_of(
            scenario, inputs=self.inputs[folder], seed=self.seed(scenario), builds_on=builds_on
        )

    def why(self, scenario: Scenario, parts: dict[str, Any]) -> list[str]:
        """Say why a scenario must be run; nothing where it need not."""
        return why_run(parts, self.out / scenario.option, self.options)


def what_to_run(scenarios: Sequence[Scenario], out: Path, options: Options) -> dict[str, list[str]]:
    ledger = BatchLedger(out, options)
    found: dict[str, list[str]] = {}
    for scenario in in_order(scenarios):
        before = [label for label in needs(scenario) if found.get(label)]
        reasons = ledger.why(scenario, ledger.parts(scenario))
        found[scenario.option] = reasons or [f"{label} is run before it" for label in before]
    return {scenario.option: found[scenario.option] for scenario in scenarios}


def refuse_out(out: Path, scenarios: Sequence[Scenario]) -> None:
    """Refuse a results folder in which something would be lost, or lie among what is read."""
    from cluster_optimiser.batch.results import COMPARISON_FILES  # noqa: PLC0415 - slow to load

    refuse_among(out, folders_read(scenarios))
    refuse_foreign(out, [scenario.option for scenario in scenarios], COMPARISON_FILES)


def run_batch(
    scenarios: Sequence[Scenario],
    out: Path,
    pool: Pool | None,
    options: Options,
    *,
    keep_going: bool = True,
    hooks: Hooks | None = None,
) -> list[Outcome]:
    """Run scenarios into a results folder; an infeasible one is a result, not the end."""
    run = _Run(
        by_authority(in_order(scenarios)),
        BatchLedger(out.absolute(), options),
        pool,
        keep_going=keep_going,
    )
    run.hooks = hooks or Hooks()
    refuse_out(out, scenarios)
    tidy(out)
    with tempfile.TemporaryDirectory(prefix="cluster-optimiser-") as folder:
        if run.hooks.on_progress is not None:
            run.progress_folder = Path(folder)
        run.run_all()
        run.put_away()
    return [run.outcomes[s.option] for s in scenarios if s.option in run.outcomes]


def by_authority(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Put scenarios of one authority behind each other: a process reads it once for all of them.

    Those that one waits for are of its own authority, so each still comes after them.
    """
    groups: dict[str, list[Scenario]] = {}
    for scenario in scenarios:
        home = scenario.files[0].parent if scenario.files else ""
        groups.setdefault(f"{home} {scenario.authority}", []).append(scenario)
    return [scenario for group in groups.values() for scenario in group]


class _Run:
    """A batch while it runs."""

    def __init__(
        self,
        ordered: Sequence[Scenario],
        ledger: BatchLedger,
        pool: Pool | None,
        *,
        keep_going: bool,
    ) -> None:
        self.waiting = {scenario.option: scenario for scenario in ordered}
        self.ledger, self.pool, self.keep_going = ledger, pool, keep_going
        self.hooks = Hooks()
        self.outcomes: dict[str, Outcome] = {}
        self.in_flight: dict[Future[Made | None], tuple[Task, tuple[str, ...]]] = {}
        self.again: list[tuple[Task, tuple[str, ...]]] = []
        self.attempts: Counter[str] = Counter()
        self.progress_folder: Path | None = None
        self.loose: list[str] = []
        is_many = len(ordered) >= shelf.RUNS_TOGETHER or bool(shelf.packs(ledger.out))
        self.are_put_away = ledger.options.outputs == "tables" and is_many and shelf.has_parquet()

    def run_all(self) -> None:
        """Begin what can be begun, and take note of what has ended, until nothing is left."""
        while self.begin() or self.in_flight or self.again:
            if not self.in_flight:
                continue
            done, _ = concurrent.futures.wait(
                self.in_flight, timeout=POLL_S, return_when=concurrent.futures.FIRST_COMPLETED
            )
            if self.pool is not None:
                self.pool.refuse_lost(is_given_up=any(future.cancelled() for future in done))
            self.tell_progress()
            # In the order they were begun, so that what is said does not depend on a race.
            for future in [future for future in self.in_flight if future in done]:
                self.end(future)

    def begin(self) -> bool:
        """Begin what can begin; tell whether anything was begun or found finished."""
        if self.again:
            # Of several that ran when a process died only one is to blame: now one by one.
            if not self.in_flight:
                self.submit(*self.again.pop(0))
            return True
        is_any = False
        while len(self.in_flight) < (1 if self.pool is None else self.pool.size):
            scenario = self.next_free()
            if scenario is None:
                return is_any
            is_any = True
            del self.waiting[scenario.option]
            self.begin_one(scenario)
        return is_any

    def next_free(self) -> Scenario | None:
        """Give the next scenario that waits for none that is not there."""
        free = (s for s in self.waiting.values() if not set(needs(s)) - self.outcomes.keys())
        # A redraw takes longest: begun last it would keep one core busy while the others wait.
        return min(free, key=lambda scenario: scenario.method != "redraw", default=None)

    def begin_one(self, scenario: Scenario) -> None:
        """Use a finished run again, or have the scenario run."""
        parts = self.ledger.parts(scenario)
        reasons = tuple(self.ledger.why(scenario, parts))
        if not reasons:
            _LOG.info("%s: finished before", scenario.option)
            self.note(read_outcome(scenario, self.ledger.out / scenario.option))
            return
        _LOG.info("%s: run, as %s", scenario.option, "; ".join(reasons))
        self.hooks.on_start(scenario)
        number = len(self.outcomes) + len(self.in_flight)
        progress = None
        if self.progress_folder is not None:
            progress = self.progress_folder / f"{number}.json"
        seed, options = self.ledger.seed(scenario), self.ledger.options
        blocked = self.blocked(scenario)
        task = Task(scenario, self.ledger.out, parts, options, seed, blocked, progress)
        self.submit(task, reasons)

    def blocked(self, scenario: Scenario) -> str:
        """Say why a scenario cannot be run; nothing where it can."""
        units = scenario.units_scenario
        if units is not None and not self.outcomes[units].has_plan:
            return f'not run: scenario "{units}", its units, has no plan'
        if not all(self.outcomes[label].has_plan for label in scenario.earlier):
            return "not run: an earlier version has no plan"
        return ""

    def submit(self, task: Task, reasons: tuple[str, ...]) -> None:
        if self.pool is None:
            message = f"{task.scenario.option} changed while finished runs were read: run it again"
            raise ClusterOptimiserError(message)
        on_progress = self.hooks.on_progress
        tell = None if on_progress is None else partial(on_progress, task.scenario)
        self.in_flight[self.pool.submit(task, tell)] = (task, reasons)

    def end(self, future: Future[Made | None]) -> None:
        """Take note of a task that has ended, one way or the other."""
        task, reasons = self.in_flight.pop(future)
        is_cancelled = future.cancelled()
        error = concurrent.futures.CancelledError() if is_cancelled else future.exception()
        scenario, folder = task.scenario, self.ledger.out / task.scenario.option
        if error is None:
            self.note(read_outcome(scenario, folder, reasons, future.result()))
        elif _is_death(error):
            _LOG.warning("%s: its process died (%s)", scenario.option, error)
            if self.pool is not None:
                self.pool.mend()
            self.attempts[scenario.option] += 1
            if self.attempts[scenario.option] < ATTEMPTS:
                self.again.append((task, reasons))
            else:
                failure = f"the process that ran it died {ATTEMPTS} times: memory may be short"
                self.note(Outcome(scenario, folder, reasons=reasons, failure=failure))
        elif isinstance(error, VerificationError) or not isinstance(error, ClusterOptimiserError):
            failure = f"{type(error).__name__}: {error}"
            self.note(Outcome(scenario, folder, reasons=reasons, failure=failure))
        else:
            raise error

    def note(self, outcome: Outcome) -> None:
        _LOG.info("%s: %s", outcome.scenario.option, outcome.failure or outcome.status)
        self.outcomes[outcome.scenario.option] = outcome
        self.hooks.on_end(outcome)
        if not outcome.has_plan and not self.keep_going:
            self.waiting.clear()
        if self.are_put_away and self.is_loose(outcome):
            self.loose.append(outcome.scenario.option)
        if len(self.loose) >= shelf.RUNS_TOGETHER:
            self.put_away()

    def is_loose(self, outcome: Outcome) -> bool:
        """Tell whether a finished run has a folder of its own, and need not."""
        record = read_record(outcome.folder) if outcome.folder.exists() else None
        return record is not None and record.outputs == "tables" and not outcome.failure

    def put_away(self) -> None:
        if self.loose:
            shelf.put_away(self.ledger.out, self.loose)
        self.loose.clear()

    def tell_progress(self) -> None:
        """Tell what each task in flight has written down."""
        for task, _ in self.in_flight.values():
            progress = read_progress(task.progress)
            if progress is not None and self.hooks.on_progress is not None:
                self.hooks.on_progress(task.scenario, progress)


def _is_death(error: BaseException) -> bool:
    """Tell whether a process died, rather than said what is wrong."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return bool(names & {"BrokenProcessPool", "KilledWorker", "CancelledError"})
