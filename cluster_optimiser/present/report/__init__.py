"""The committee report: one set of words and tables, as Word, tagged PDF and workbook."""

from cluster_optimiser.present.report.front import Front, load_front
from cluster_optimiser.present.report.write import REPORT_FILES, Looks, write_report

__all__ = ["REPORT_FILES", "Front", "Looks", "load_front", "write_report"]
