"""What plans mean: one against another, in money, and level within level."""

from cluster_optimiser.comparison.money import FundingView, funding
from cluster_optimiser.comparison.plans import compare, compare_runs, is_nested, levels_table

__all__ = ["FundingView", "compare", "compare_runs", "funding", "is_nested", "levels_table"]
