"""Optimise: candidate groups, set partitioning, redraws, the sweep over all plans."""

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
