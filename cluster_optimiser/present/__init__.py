"""What people see: maps, tables, the comparison page and the files of a results folder."""

from cluster_optimiser.present.geofiles import geojson
from cluster_optimiser.present.maps import map_html, plot_plan
from cluster_optimiser.present.overview import overview_html, statement
from cluster_optimiser.present.page import index_html, page_from_folder
from cluster_optimiser.present.placing import Placing
from cluster_optimiser.present.records import manifest
from cluster_optimiser.present.sensitivity_tables import (
    cluster_outlook,
    sensitivity_lines,
    sensitivity_record,
    series_outlook,
)
from cluster_optimiser.present.tables import assignments_table, clusters_table
from cluster_optimiser.present.theme import load_theme, speaking_for
from cluster_optimiser.present.universe_tables import (
    plans_table,
    universe_lines,
    universe_record,
)
from cluster_optimiser.present.write import (
    write_comparison,
    write_page,
    write_result,
    write_unsolved,
    write_ways,
)

__all__ = [
    "Placing",
    "assignments_table",
    "cluster_outlook",
    "clusters_table",
    "geojson",
    "index_html",
    "load_theme",
    "manifest",
    "map_html",
    "overview_html",
    "page_from_folder",
    "plans_table",
    "plot_plan",
    "sensitivity_lines",
    "sensitivity_record",
    "series_outlook",
    "speaking_for",
    "statement",
    "universe_lines",
    "universe_record",
    "write_comparison",
    "write_page",
    "write_result",
    "write_unsolved",
    "write_ways",
]
