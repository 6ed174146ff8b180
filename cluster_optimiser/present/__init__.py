"""What people see: maps, tables, the comparison page and the files of a results folder."""

from cluster_optimiser.lazy import attach

__getattr__, __dir__ = attach(__name__, __file__)
__all__ = __dir__()  # noqa: PLE0605 - the names of the stub beside this file
