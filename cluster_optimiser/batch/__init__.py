"""Batch: from scenario files to a results folder."""

from cluster_optimiser.batch.gather import find_scenarios, in_order, load_batch
from cluster_optimiser.batch.many import Outcome, run_batch
from cluster_optimiser.batch.one import Place, evaluate, load_place, prepare, run_scenario
from cluster_optimiser.batch.outlooks import sensitivity
from cluster_optimiser.batch.questions import explain, rank, universe
from cluster_optimiser.batch.results import write_results
from cluster_optimiser.batch.road_files import import_roads, open_roads, road_facts

__all__ = [
    "Outcome",
    "Place",
    "evaluate",
    "explain",
    "find_scenarios",
    "import_roads",
    "in_order",
    "load_batch",
    "load_place",
    "open_roads",
    "prepare",
    "rank",
    "road_facts",
    "run_batch",
    "run_scenario",
    "sensitivity",
    "universe",
    "write_results",
]
