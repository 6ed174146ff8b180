"""Intake: public files as they come, made into the data of one authority."""

from cluster_optimiser.inputs.intake.intake import (
    Intake,
    LayerFile,
    Request,
    authorities_of,
    take_in,
)
from cluster_optimiser.inputs.intake.ledger import OPEN_LEFT_OUT, Dropped, Flag, Ledger

__all__ = [
    "OPEN_LEFT_OUT",
    "Dropped",
    "Flag",
    "Intake",
    "LayerFile",
    "Ledger",
    "Request",
    "authorities_of",
    "take_in",
]
