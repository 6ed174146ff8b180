"""What the page of a scenario is told: ground and words of the consultation page, and a form."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.principles import lower_first
from cluster_optimiser.present.script_data import script_data
from cluster_optimiser.present.shapes import plan_colours
from cluster_optimiser.present.theme import load_theme
from cluster_optimiser.present.words import words
from cluster_optimiser.scenario import parse_scenario
from cluster_optimiser.studio.forms import form_rows, term_names_for
from cluster_optimiser.terms import bounded_as, lookup, term_words, usual_order

if TYPE_CHECKING:
    from cluster_optimiser.domain import Result
    from cluster_optimiser.scenario import Scenario

TODAY = "today"
DEFAULTS = parse_scenario({"title": "-", "option": "x", "authority": "-", "method": "keep"})


def page_data(today: Result, scenario: Scenario) -> dict[str, Any]:
    authority = today.problem.authority
    say = words()
    titles = {name: lower_first(layer.title) for name, layer in authority.layers.items()}
    called = {"title": say["studio"]["today_head"], "text": ""}
    drawn = script_data([today], [dict(plan_colours(today).plan.colour_of)], [called])
    key = [scenario.method == "redraw", scenario.units, list(scenario.urban.areas)]
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
