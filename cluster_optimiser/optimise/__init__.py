"""Optimise: candidate groups, set partitioning, redraws, the sweep over all plans."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cluster_optimiser.optimise.candidates import CandidateGroup, candidate_groups
    from cluster_optimiser.optimise.levels.joint import solve_levels
    from cluster_optimiser.optimise.merging.merge import solve_merge
    from cluster_optimiser.optimise.redraw.solve import solve_redraw

__all__ = [
    "CandidateGroup",
    "candidate_groups",
    "solve_levels",
    "solve_merge",
    "solve_redraw",
]

_HOMES = {
    "CandidateGroup": "candidates",
    "candidate_groups": "candidates",
    "solve_levels": "levels.joint",
    "solve_merge": "merging.merge",
    "solve_redraw": "redraw.solve",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first asked for: what only checks needs no solver."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
