"""The scenario file: its schema, inheritance, and the reading that gathers every fault."""

from cluster_optimiser.lazy import attach

__getattr__, __dir__ = attach(__name__, __file__)
__all__ = __dir__()  # noqa: PLE0605 - the names of the stub beside this file
