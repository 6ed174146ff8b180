from cluster_optimiser.optimise.candidates import CandidateGroup as CandidateGroup
from cluster_optimiser.optimise.candidates import candidate_groups as candidate_groups
from cluster_optimiser.optimise.levels.joint import solve_levels as solve_levels
from cluster_optimiser.optimise.merging.merge import solve_merge as solve_merge
from cluster_optimiser.optimise.redraw.solve import solve_redraw as solve_redraw
