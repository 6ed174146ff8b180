"""Fixed numbers and names of the package: reference systems, units, integer scales, files.

Everything that turns a measured quantity into the integers a solver needs is named here, once.
"""

from typing import Final

CRS_METRES: Final = "EPSG:27700"
"""British National Grid: lengths are in its metres where an authority states no other system."""

CRS_DEGREES: Final = "EPSG:4326"
"""WGS 84: used only for what is drawn or exported as GeoJSON."""

BORDER_TOLERANCE_M = 1e-3
"""A border is known to the millimetre: one of 500 m may be added up from pieces to 499.9999999."""

CENTIMINUTES_PER_MINUTE: Final = 100
"""Travel minutes are kept to the hundredth, so that pupils times minutes is an exact integer."""

METRES_PER_KM: Final = 1_000
"""Lengths of borders and roads are kept to the metre."""

CENTIPUPILS_PER_PUPIL: Final = 100
"""Deviation of need is kept to the hundredth of a weighted pupil, rounded for each cluster."""

NEED_SCALE: Final = 1_000
"""Weights of need are honoured to three decimals."""

MAX_ROW_TOTAL: Final = 2**31 - 1
"""Largest sum of coefficients given to CP-SAT in one row; a longer sum is written in digits."""

COORDINATE_GRID_M: Final = 0.01
"""Sites closer together than this are one site: a register gives two schools one point."""

EFFORT_DIGITS: Final = 6
"""Decimals of a solver's measure of effort: its last digits depend on what else runs."""

ESTIMATE: Final = "estimate"
"""How the source of a school's pupils begins where they were not counted."""

SECONDARY_PHASES: Final = ("secondary", "all-through")

APART_PHASES: Final = ("special", "pru")
"""Phases whose schools serve more than the places around them."""

PHASES: Final = ("nursery", "primary", "middle", "secondary", "all-through", "special", "pru")
"""Every phase a school may have."""

HOMES: Final = "homes"
"""Phase of the rows that stand for the pupils who live in an area: no school's."""

FIRST_HOME: Final = 900_000_001
"""Number, in place of a URN, of the first area by name; no school's is so high."""

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet runs what begins so; text that does is written with an apostrophe before it."""

ONE_THREAD = dict.fromkeys(
    (
        "GDAL_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    ),
    "1",
)
"""Every process has one core: a library that would take them all is told not to."""

MOST_PUPILS: Final = 10_000_000
"""Pupils of a school, a cluster or an authority: as many as there are in England."""

MOST_OF_SCHOOL: Final = 5_000
"""No school of England has as many pupils."""

WORD_BITS: Final = 64
"""Units that a set of one word holds."""

SETTINGS_FILE: Final = "authority.toml"
THEME_FILE: Final = "theme.toml"
"""Files of an authority's folder that bear these names wherever it is."""

ALLOW_OUTSIDE: Final = "CLUSTER_OPTIMISER_ALLOW_OUTSIDE"
"""Variable of the environment that, set to anything, lets scenarios name files outside."""
