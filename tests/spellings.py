"""How people write the names of schools."""

import re


def swapped(name):
    """Exchange the second and third letters, as quick typing does."""
    return name[0] + name[2] + name[1] + name[3:]


KINDS = (
    "Church of England|Voluntary (Controlled|Aided)|Community|Endowed|Roman Catholic|Catholic"
    "|Academy|School|Foundation|Methodist|Aided|Controlled|Voluntary|Federation|Trust|and Nursery"
)

WAYS = {
    "as it is": lambda name: name,
    "upper case": str.upper,
    "county added": lambda name: f"{name}, Norfolk",
    "without School": lambda name: re.sub(r" School\b", "", name),
    "CE, VC, VA": lambda name: (
        name.replace("Church of England", "CE")
        .replace("Voluntary Controlled", "VC")
        .replace("Voluntary Aided", "VA")
    ),
    "C of E": lambda name: name.replace("Church of England", "C. of E."),
    "CofE": lambda name: name.replace("Church of England", "CofE"),
    "St.": lambda name: re.sub(r"\bSt\b", "St.", name).replace(" and ", " & "),
    "Saint": lambda name: re.sub(r"\bSt\b", "Saint", name),
    "Jnr, Inf": lambda name: name.replace("Junior", "Jnr").replace("Infant", "Inf"),
    "N., Gt": lambda name: (
        re.sub(r"\b([NSEW])(?:orth|outh|ast|est)\b", r"\1.", name)
        .replace("Great ", "Gt ")
        .replace("Little ", "Lt. ")
    ),
    "no apostrophe": lambda name: name.replace("'", ""),
    "without status": lambda name: re.sub(
        "Church of England|Voluntary (Controlled|Aided)|Community|Endowed", "", name
    ),
    "place and phase": lambda name: " ".join(re.sub(rf"\b({KINDS})\b", "", name).split()),
    "letters exchanged": swapped,
}
