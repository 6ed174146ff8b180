"""The words of Get Information About Schools, and what they mean here.

The extract has some 140 columns; the ones that matter are found by their names, in any spelling of
case, blanks and brackets, and so are those of registers that councils keep themselves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from cluster_optimiser.constants import PHASES
from cluster_optimiser.inputs.checking import Problem, number_of
from cluster_optimiser.inputs.register import PHASE_WORDS

COLUMNS: dict[str, tuple[str, ...]] = {
    "urn": ("URN", "School URN", "Establishment URN", "Unique reference number"),
    "name": ("EstablishmentName", "School name", "Name", "School", "Establishment name"),
    "la_code": (
        "LA (code)",
        "LA",
        "LA code",
        "LEA code",
        "Old LA code",
        "LA number",
        "Local authority (code)",
        "Local authority code",
    ),
    "la_name": (
        "LA (name)",
        "LA name",
        "Local authority",
        "Local authority name",
        "Local authority (name)",
        "LEA name",
    ),
    "la_ons": ("GSSLACode (name)", "GSSLACode", "New LA code"),
    "number": (
        "EstablishmentNumber",
        "ESTAB",
        "DfE number",
        "School number",
        "Establishment number",
    ),
    "type": (
        "TypeOfEstablishment (name)",
        "Type",
        "School type",
        "TypeOfEstablishment (code)",
        "Type of establishment",
        "Establishment type",
    ),
    "group": ("EstablishmentTypeGroup (name)", "Type group", "Establishment type group"),
    "status": (
        "EstablishmentStatus (name)",
        "Status",
        "EstablishmentStatus (code)",
        "Establishment status",
    ),
    "open_date": ("OpenDate", "Open date", "Date opened", "Opening date"),
    "close_date": ("CloseDate", "Closed date", "Date closed", "Closing date", "Close date"),
    "close_reason": (
        "ReasonEstablishmentClosed (name)",
        "Reason closed",
        "Reason establishment closed",
    ),
    "phase": (
        "PhaseOfEducation (name)",
        "Phase",
        "School phase",
        "PhaseOfEducation (code)",
        "Phase of education",
        "Education phase",
    ),
    "low_age": (
        "StatutoryLowAge",
        "Low age",
        "Lowest age",
        "AGEL",
        "Statutory lowest age",
        "Statutory low age",
        "Minimum age",
        "Age from",
    ),
    "high_age": (
        "StatutoryHighAge",
        "High age",
        "Highest age",
        "AGEH",
        "Statutory highest age",
        "Statutory high age",
        "Maximum age",
        "Age to",
    ),
    "pupils": (
        "NumberOfPupils",
        "Pupils",
        "Number of pupils",
        "Headcount",
        "NOR",
        "Roll",
        "Total number of pupils",
        "Total pupils",
        "Pupils on roll",
        "Number on roll",
    ),
    "census_date": ("CensusDate",),
    "last_changed": ("LastChangedDate",),
    "religious_character": ("ReligiousCharacter (name)", "Religious character"),
    "trust": ("Trusts (name)", "Trust", "Trust name"),
    "fsm_pct": ("PercentageFSM", "FSM %"),
    "ehcp": ("SENStat", "EHCP"),
    "sen_support": ("SENNoStat", "SEN support"),
    "postcode": ("Postcode",),
    "easting": ("Easting", "Eastings", "X"),
    "northing": ("Northing", "Northings", "Y"),
    "lat": ("Latitude", "Lat"),
    "lon": ("Longitude", "Lon", "Long", "Lng"),
    "district": (
        "DistrictAdministrative (name)",
        "District",
        "District name",
        "District administrative (name)",
        "Administrative district (name)",
        "Administrative district",
    ),
    "district_code": ("DistrictAdministrative (code)", "District code"),
    "ward": (
        "AdministrativeWard (name)",
        "Ward",
        "Ward name",
        "Administrative ward (name)",
        "Administrative ward",
    ),
    "ward_code": ("AdministrativeWard (code)", "Ward code"),
    "capacity": ("SchoolCapacity", "Capacity", "Net capacity", "Places", "School capacity"),
    "links": ("Linked establishments",),
    "cluster": ("Cluster", "Existing cluster", "Cluster name", "School cluster"),
}
"""Our name of a column -> the names other people give it, the likeliest first."""

NEEDED_WORDS = {
    "la_code": r"authority|\bl\.?e?\.?a\b",
    "type": r"\btype|\bkind",
    "status": r"status|\bstate\b",
    "phase": r"phase|\bstage|\bsector|\btier",
    "low_age": r"\b(low|min|young|start|from).*age|age.*(low|min|young|start|from)",
    "high_age": r"\b(high|max|old|leav|to\b).*age|age.*(high|max|old|leav|\bto\b)",
    "pupils": r"pupil|\broll|\bnor\b|headcount|children|students",
    "easting": r"east|grid",
    "northing": r"north|grid",
    "postcode": r"post",
}
"""Our name of a column that decides what is taken -> words that a heading for it would hold."""

UNTOLD = {
    "type": "kinds of schools that no cluster has cannot be left out",
    "status": "every row is taken for an open school",
    "phase": "phases are told from types, ages and names",
    "low_age": "who feeds whom cannot be told by ages",
    "high_age": "who feeds whom cannot be told by ages",
    "pupils": "rolls come from other files or are not known",
}
"""Column that decides what is taken -> what follows where a register has none."""

STATUSES = {
    "open": "open",
    "open, but proposed to close": "closing",
    "closed": "closed",
    "proposed to open": "proposed",
    "1": "open",
    "2": "closed",
    "3": "closing",
    "4": "proposed",
}
"""Status in lower case -> open, closing, closed or proposed."""

_BY_KIND = {
    "independent": "Other independent school|11|Other independent special school|10",
    "non-maintained": "Non-maintained special school|8|08",
    "post-16": (
        "Further education|18|Sixth form centres|31|Special post 16 institution|32"
        "|Free schools 16 to 19|39|Academy 16-19 converter|45|Academy 16 to 19 sponsor led|46"
        "|Academy secure 16 to 19|57|Sixth form college|Free schools - 16-19"
    ),
    "university": "Higher education institutions|29",
    "children's centre": "Children's centre|47|Children's centre linked site|48",
    "wales": "Welsh establishment|30",
    "abroad": "Offshore schools|25|Service children's education|26|British schools overseas|37",
    "other": (
        "Secure units|24|Miscellaneous|27|Online provider|49"
        "|Institution funded by other government department|56|Legacy types|98"
    ),
    "special": (
        "Community special school|7|07|Foundation special school|12|Academy special converter|44"
        "|Academy special sponsor led|33|Free schools special|36|Free schools - special"
    ),
    "pru": (
        "Pupil referral unit|14|Academy alternative provision converter|42"
        "|Academy alternative provision sponsor led|43|Free schools alternative provision|38"
        "|Free schools - alternative provision"
    ),
    "nursery": "Local authority nursery school|15",
    "school": (
        "Community school|1|01|Voluntary aided school|2|02|Voluntary controlled school|3|03"
        "|Foundation school|5|05|City technology college|6|06|Academy sponsor led|28"
        "|Academy converter|34|Free schools|35|University technical college|40|Studio schools|41"
    ),
}
KIND_OF_TYPE = {word.lower(): kind for kind, words in _BY_KIND.items() for word in words.split("|")}
"""Type of establishment in lower case, or its code -> its kind."""

KIND_OF_GROUP = {
    "independent schools": "independent",
    "colleges": "post-16",
    "universities": "university",
    "children's centres": "children's centre",
    "welsh schools": "wales",
    "welsh establishments": "wales",
    "online provider": "other",
    "online providers": "other",
}
"""Group of types in lower case -> the kind of all of them, for types with names of their own."""

LEFT_OUT = {
    "independent": "independent school",
    "non-maintained": "non-maintained special school",
    "post-16": "16 plus: sixth form or further education",
    "university": "university",
    "children's centre": "children's centre",
    "wales": "in Wales",
    "abroad": "overseas or offshore",
    "other": "not a local school (secure unit, online, other department)",
}
"""Kind -> why it is left out, for the kinds that no local cluster has."""

PHASE_CODES = {
    "1": "nursery",
    "2": "primary",
    "3": "middle",
    "4": "secondary",
    "5": "middle",
    "6": "16 plus",
    "7": "all-through",
}
SIXTEEN_PLUS = frozenset({"16 plus", "16-plus", "post 16", "sixth form"})
NO_PHASE = frozenset({"", "0", "not applicable", "n/a", "na", "none", "not recorded"})


POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class PhaseRead:
    """The phase of a school, and what it was read from."""

    phase: str  # one of our phases, "16 plus", or empty where it cannot be told
    guessed_from: str = ""  # empty where the file says it; else in words what it was guessed from


def plain(name: str) -> str:
    """Give a column's name without case, blanks and brackets.

    >>> plain("PhaseOfEducation (name)") == plain("phaseofeducation_name")
    True
    """
    return re.sub(r"[^a-z0-9%]", "", name.lower())


def postcode_of(text: str) -> str:
    """Give a postcode without blanks, in capitals; empty where the text is none.

    >>> postcode_of(" nr1 3dx ")
    'NR13DX'
    >>> postcode_of("not known")
    ''
    """
    code = re.sub(r"\s", "", text).upper()
    return code if POSTCODE.fullmatch(code) else ""


_SERIAL_START = date(1899, 12, 30)


def iso_day(text: str) -> str:
    """Give a date of the register as ISO; a bare number is a spreadsheet's count of days.

    >>> iso_day("31-08-2024"), iso_day("31-02-2024"), iso_day("45535")
    ('2024-08-31', '', '2024-08-31')
    """
    if re.fullmatch(r"[1-6]\d{4}(\.0+)?", text):
        return (_SERIAL_START + timedelta(days=int(float(text)))).isoformat()
    found = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])).isoformat() if found else ""
    except ValueError:
        return ""


def kind_of(type_name: str, group: str) -> str:
    # The apostrophe of "children's" is curly in some extracts.
    words = [text.lower().replace("\u2019", "'") for text in (type_name, group)]
    if words[0] in KIND_OF_TYPE:
        return KIND_OF_TYPE[words[0]]
    return KIND_OF_GROUP.get(words[1], "school")


def age_of(text: str) -> int | None:
    value = number_of(text)
    oldest = 25
    if isinstance(value, Problem) or not value.is_integer() or not 0 <= value <= oldest:
        return None
    return int(value)


def phase_of(phase: str, kind: str, ages: tuple[int | None, int | None], name: str) -> PhaseRead:
    if kind in {"special", "pru", "nursery"}:
        return PhaseRead(kind)
    if kind == "non-maintained":
        return PhaseRead("special")
    word = phase.lower()
    if word in SIXTEEN_PLUS:
        return PhaseRead("16 plus")
    word = PHASE_CODES.get(word, PHASE_WORDS.get(word, word))
    if word in PHASES or word == "16 plus":
        return PhaseRead(word)
    why = "" if word in NO_PHASE else f' (the file says "{phase}")'
    low, high = ages
    if low is not None and high is not None and low < high:
        return PhaseRead(_phase_of_ages(low, high), f"ages {low} to {high}{why}")
    said = _phase_of_name(name)
    return PhaseRead(said, f"the name{why}" if said else "")


def _phase_of_ages(low: int, high: int) -> str:
    starts = [  # lowest age at least, highest age at least -> phase; the first that fits
        (16, 0, "16 plus"),
        (11, 0, "secondary"),
        (8, 15, "secondary"),
        (8, 12, "middle"),
        (0, 15, "all-through"),
        (0, 6, "primary"),
    ]
    return next((name for a, b, name in starts if low >= a and high >= b), "nursery")


def _phase_of_name(name: str) -> str:
    words = name.lower()
    said = [
        ("nursery", "nursery"),
        ("primary", "primary"),
        ("infant", "primary"),
        ("junior", "primary"),
        ("first school", "primary"),
        ("middle", "middle"),
        ("high school", "secondary"),
        ("secondary", "secondary"),
        ("grammar", "secondary"),
    ]
    return next((phase for word, phase in said if word in words), "")
