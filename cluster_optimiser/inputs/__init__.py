"""Reading and checking of what people have: an authority's folder, and plan files."""

from cluster_optimiser.inputs.authority import load_authority
from cluster_optimiser.inputs.names import check_names
from cluster_optimiser.inputs.plans import load_plan
from cluster_optimiser.inputs.projections import projection_path, projections_of

__all__ = ["check_names", "load_authority", "load_plan", "projection_path", "projections_of"]
