"""What the page of a scenario is told: ground and words of the consultation page, and a form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le

from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.script_data import script_data
from cluster_optimiser.present.shapes import plan_colours
from cluster_optimiser.present.theme import load_theme
from cluster_optimiser.rules import FIRST, ONLY, RULES, bounding, rule_of
from cluster_optimiser.scenario import Exempt, Scenario, parse_scenario
from cluster_optimiser.terms import FAMILIES, TERMS, bounded_as, lookup, term_words, usual_order
from cluster_optimiser.words import words

if TYPE_CHECKING:
    from cluster_optimiser.domain import Result

TODAY = "today"
DEFAULTS = parse_scenario({"title": "-", "option": "x", "authority": "-", "method": "keep"})


def page_data(today: Result, scenario: Scenario) -> dict[str, Any]:
    authority = today.problem.authority
    say = words()
    titles = {name: lower_first(layer.title) for name, layer in authority.layers.items()}
    called = {"title": say["studio"]["today_head"], "text": ""}
    drawn = script_data([today], [dict(plan_colours(today).plan.colour_of)], [called])
    key = [scenario.method == "redraw", *map(scenario.at, rule_of("units").keys)]
    preferred = scenario.preferred_layers
    terms, first = term_names_for(list(titles)), bounded_as("median")
    others = (t for t in scenario.objective.terms if t not in {first, bounded_as("fewest")})
    return {
        **drawn,
        "ask": None,
        "right": 0,
        "say": {**say["script"], **say["studio"], "outlook": say["outlook"]},
        "and": say["numbers"]["and"],
        "authority": authority.name,
        "form": form_rows(),
        "terms": {term: term_words("terms", term, titles, preferred) for term in terms},
        "units": {term: lookup(term).unit for term in terms},
        "no_limits": [term for term in terms if not lookup(term).is_of_groups],
        "units_named": sorted(set(authority.schools["local_cluster"].astype(str))),
        "defaults": DEFAULTS.resolved(),
        "span": {
            "pupils": round(int(today.problem.units["pupils"].sum()) / 8, -3) or 1000,
            "units": authority.schools["local_cluster"].nunique(),
        },
        "ground_key": json.dumps(key, separators=(",", ":"), ensure_ascii=False),
        "authority_key": scenario.authority,
        "theme": json.loads(load_theme(authority.folder).model_dump_json()),
        "today_values": {},
        "spread": {"first": first, "second": next(others, usual_order("fewest", ())[-1])},
    }


Row = dict[str, Any]

BESIDES = ("objective.order",)
"""Keys that are no rules but are asked for as well, with the first of `TOP`."""

TOP = (*(rule.keys[0] for rule, _ in bounding("pupils")), "size.target_pupils")
"""Keys that come before the others of their table."""


def form_rows(methods: tuple[str, ...] = ("merge", "redraw")) -> list[Row]:
    """Give a row for each key that can be changed: what it holds, and which methods know it."""
    keys = [*TOP] + [key for rule in RULES for key in rule.keys if key not in rule.in_file]
    rows = []
    for key in dict.fromkeys([*keys, *BESIDES]):
        table = key.partition(".")[0]
        rule = next((rule for rule in RULES if key in rule.keys), None)
        known = ONLY.get(key, (rule.methods if rule else methods, ""))[0]
        rows.append({"key": key, "table": table, "methods": list(known), **kind_of(key)})
    rank = {table: i for i, table in enumerate(FIRST)}
    order = {row["key"]: i for i, row in enumerate(rows)}
    rows.sort(key=lambda row: (rank.get(row["table"], len(rank)), order[row["key"]]))
    return [row | {"is_first": row["table"] in rank} for row in rows]


def kind_of(key: str) -> Row:
    """Say what a key holds, from its type in the schema.

    >>> kind_of("size.min_pupils")
    {'kind': 'number', 'is_whole': True, 'least': 0, 'most': 10000000}
    >>> kind_of("pins.together")["kind"], kind_of("size.oversize")
    ('lists', {'kind': 'choice', 'choices': ['keep', 'refuse']})
    """
    model: Any = Scenario
    *tables, last = key.split(".")
    for table in tables:
        model = model.model_fields[table].annotation
    field = model.model_fields[last]
    return _kind(field.annotation, field.metadata)


def _kind(annotation: Any, metadata: list[Any]) -> Row:  # noqa: ANN401 - any type of the schema
    options = [one for one in get_args(annotation) if one is not type(None)]
    origin = get_origin(annotation)
    if origin is Literal:
        return {"kind": "choice", "choices": options}
    if origin is dict:
        return {"kind": "layers" if get_origin(options[1]) is Literal else "terms"}
    if origin is tuple:
        if options[0] is Exempt:
            return {"kind": "groups"}
        return {"kind": "names" if options[0] is str else "lists"}
    if annotation in (int, float):
        ends = {type(one): one for one in metadata if isinstance(one, (Ge, Gt, Le))}
        low, high = ends.get(Ge), ends.get(Le)
        least = low.ge if isinstance(low, Ge) else 0
        most = high.le if isinstance(high, Le) else None
        return {"kind": "number", "is_whole": annotation is int, "least": least, "most": most}
    # A value that may be missing, or a number with its bounds.
    inner = options[0]
    more = [
        m for one in getattr(inner, "__metadata__", ()) for m in getattr(one, "metadata", [one])
    ]
    return _kind(getattr(inner, "__origin__", inner) if more else inner, [*metadata, *more])


def term_names_for(layers: list[str]) -> list[str]:
    """Name the terms that an order may hold, a family's by layer."""
    own = [term.name for term in TERMS]
    return own + [f"{family.name}.{layer}" for family in FAMILIES for layer in layers]
