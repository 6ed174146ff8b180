"""The committee report: one set of words and tables, as Word, tagged PDF and workbook."""

from cluster_optimiser.present.report.front import load_front
from cluster_optimiser.present.report.write import REPORT_FILES, Looks, write_report

__all__ = ["REPORT_FILES", "Looks", "load_front", "write_report"]
