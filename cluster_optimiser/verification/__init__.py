"""The independent check of a plan's legality and of the numbers said of it.

Written before the optimiser and without it. It knows the rules and the data, nothing of candidate
groups, of the solver or of the scoring, and counts everything again from the register, the cells
and the minutes in plain loops. Clarity comes before speed.
"""

from cluster_optimiser.verification.claims import verify
from cluster_optimiser.verification.facts import ClusterFacts, Verification
from cluster_optimiser.verification.outlook import n_not_legal, outlook_of
from cluster_optimiser.verification.rules import verify_plan

__all__ = ["ClusterFacts", "Verification", "n_not_legal", "outlook_of", "verify", "verify_plan"]
