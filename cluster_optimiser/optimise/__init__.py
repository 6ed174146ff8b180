"""Optimise: candidate groups, set partitioning, the sweep over all plans, and small models."""

from cluster_optimiser.optimise.candidates import CandidateGroup, candidate_groups
from cluster_optimiser.optimise.levels.joint import solve_levels
from cluster_optimiser.optimise.merging.merge import solve_merge

__all__ = ["CandidateGroup", "candidate_groups", "solve_levels", "solve_merge"]
