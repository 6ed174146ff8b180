"""Batch: from scenario files to a results folder."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster_optimiser.batch.checking import load_batch, raise_faults
    from cluster_optimiser.batch.dominance import Dominance, LimitFront, dominate, limit_front
    from cluster_optimiser.batch.gather import find_scenarios, in_order, read_scenarios, share_of
    from cluster_optimiser.batch.ground import Place, ground_of, load_place
    from cluster_optimiser.batch.ledger import Options
    from cluster_optimiser.batch.many import Hooks, run_batch, what_to_run
    from cluster_optimiser.batch.one import evaluate, prepare, run_scenario
    from cluster_optimiser.batch.outlooks import sensitivity
    from cluster_optimiser.batch.pools import open_pool
    from cluster_optimiser.batch.questions import explain, rank, universe
    from cluster_optimiser.batch.replies import responses
    from cluster_optimiser.batch.results import load_result, write_together
    from cluster_optimiser.batch.tasks import Outcome

__all__ = [
    "Dominance",
    "Hooks",
    "LimitFront",
    "Options",
    "Outcome",
    "Place",
    "dominate",
    "evaluate",
    "explain",
    "find_scenarios",
    "ground_of",
    "in_order",
    "limit_front",
    "load_batch",
    "load_place",
    "load_result",
    "open_pool",
    "prepare",
    "raise_faults",
    "rank",
    "read_scenarios",
    "responses",
    "run_batch",
    "run_scenario",
    "sensitivity",
    "share_of",
    "universe",
    "what_to_run",
    "write_together",
]

_HOMES = {
    "Dominance": "dominance",
    "LimitFront": "dominance",
    "limit_front": "dominance",
    "dominate": "dominance",
    "Hooks": "many",
    "Options": "ledger",
    "Outcome": "tasks",
    "Place": "ground",
    "evaluate": "one",
    "explain": "questions",
    "find_scenarios": "gather",
    "ground_of": "ground",
    "in_order": "gather",
    "load_batch": "checking",
    "load_place": "ground",
    "load_result": "results",
    "open_pool": "pools",
    "prepare": "one",
    "raise_faults": "checking",
    "rank": "questions",
    "responses": "replies",
    "read_scenarios": "gather",
    "run_batch": "many",
    "run_scenario": "one",
    "sensitivity": "outlooks",
    "share_of": "gather",
    "universe": "questions",
    "what_to_run": "many",
    "write_together": "results",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: that nothing is to be run is found without."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
