"""Rebuild an authority's school clusters by proved optimisation, and compare the options."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster_optimiser.batch import (
        dominate,
        evaluate,
        explain,
        responses,
        run_scenario,
        sensitivity,
        universe,
    )
    from cluster_optimiser.comparison import compare, funding
    from cluster_optimiser.inputs import load_authority
    from cluster_optimiser.present import plot_plan
    from cluster_optimiser.scenario import load_scenario
    from cluster_optimiser.scoring import score
    from cluster_optimiser.verification import verify

__all__ = [
    "compare",
    "dominate",
    "evaluate",
    "explain",
    "funding",
    "load_authority",
    "load_scenario",
    "plot_plan",
    "responses",
    "run_scenario",
    "score",
    "sensitivity",
    "universe",
    "verify",
]

_HOMES = {
    "compare": "comparison",
    "funding": "comparison",
    "dominate": "batch",
    "evaluate": "batch",
    "explain": "batch",
    "load_authority": "inputs",
    "load_scenario": "scenario",
    "plot_plan": "present",
    "responses": "batch",
    "run_scenario": "batch",
    "score": "scoring",
    "sensitivity": "batch",
    "universe": "batch",
    "verify": "verification",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for: the command line starts without any."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
