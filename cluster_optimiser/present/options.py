"""What the page says of one option, as plain values for the template."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cluster_optimiser.present.numbering import cluster_numbers
from cluster_optimiser.present.principles import lower_first, misaligned, own_clusters
from cluster_optimiser.present.records import exceptions
from cluster_optimiser.present.svg import Ground, plan_svg
from cluster_optimiser.present.tables import made_from
from cluster_optimiser.present.words import least
from cluster_optimiser.rules import bounding
from cluster_optimiser.terms import UPPER, term_words
from cluster_optimiser.words import (
    UNKNOWN,
    exact,
    is_unknown,
    joined,
    number,
    one_decimal,
    percent,
    say,
    words,
)

if TYPE_CHECKING:
    from cluster_optimiser.domain import Result

STRIP_WIDTH, STRIP_PAD = 200, 7
NAMED_EXCEPTIONS = 4


def _in_words(result: Result, term: str) -> str:
    if term.startswith(UPPER):
        return say("proof.upper", term=_in_words(result, term.removeprefix(UPPER)))
    titles = {name: lower_first(x.title) for name, x in result.problem.authority.layers.items()}
    return term_words("terms", term, titles, result.problem.scenario.preferred_layers)


def proof(result: Result) -> dict[str, str]:
    """Say how sure it is that a plan is the best."""
    say, objective = words()["proof"], result.problem.scenario.objective
    status = result.plan.solution.status
    if status == "GIVEN":
        return {"word": say["given"], "text": say["given_text"], "sign": ""}
    if objective.order:
        terms = [_in_words(result, term) for term in objective.order]
        listed = ", ".join([terms[0], *(say["then"].format(term=term) for term in terms[1:])])
    else:
        listed = joined(
            [
                say["weight"].format(term=_in_words(result, term), weight=exact(weight))
                for term, weight in objective.weights.items()
            ]
        )
    if status == "OPTIMAL":
        key = "best_text" if objective.order else "best_weights"
        text = say[key].format(terms=listed)
        among = result.plan.solution.proof.part
        if among:
            text = f"{text} {say['among'].format(among=among)}"
        return {"word": say["best"], "text": text, "sign": "✓"}
    gap = max((stage.gap for stage in result.plan.solution.stages), default=0.0)
    text = say["legal_text"].format(gap=percent(gap, 1), terms=listed)
    return {"word": say["legal"], "text": text, "sign": "◐"}


def stand(result: Result) -> str:
    """Say where a plan stands among all that keep its rules, where their number is known."""
    found = result.plan.solution.proof
    n_plans = found.count_of_plans
    # A later version is the best of a part of them, which `proof` says.
    if n_plans is None or found.part:
        return ""
    is_best = result.plan.solution.status == "OPTIMAL" and result.problem.scenario.objective.order
    return say("page.stand_best" if is_best else "page.stand_plans", n_plans)


def strip_domain(results: Sequence[Result]) -> tuple[float, float]:
    """Give the sizes in pupils that the strips of all options run from and to."""
    pupils = [max(1, int(n)) for result in results for n in own_clusters(result)["pupils"]]
    return (min(pupils, default=1) * 0.9, max(pupils, default=2) * 1.1)


def strip(result: Result, domain: tuple[float, float]) -> dict[str, Any]:
    """Give the dots of a plan's sizes on a scale where equal steps mean doubling."""
    low, high = (math.log(value) for value in domain)

    def x(pupils: float) -> float:
        share = (math.log(max(1.0, pupils)) - low) / max(1e-9, high - low)
        at = STRIP_PAD + min(1.0, max(0.0, share)) * (STRIP_WIDTH - 2 * STRIP_PAD)
        return round(at, 1)

    limits = [result.problem.scenario.at(rule.keys[0]) for rule, _ in bounding("pupils")]
    start, end = map(x, limits)
    ticks = [500 * 2**k for k in range(12) if domain[0] <= 500 * 2**k <= domain[1]]
    return {
        "dots": [x(int(n)) for n in sorted(own_clusters(result)["pupils"])],
        "band": (start, round(end - start, 1)),
        "ticks": [(x(value), number(value)) for value in ticks],
    }


def _beyond(one: Mapping[str, object]) -> int:
    """Give by how many pupils a cluster is outside the size range."""
    pupils, limit = one["pupils"], one["limit_pupils"]
    return abs(pupils - limit) if isinstance(pupils, int) and isinstance(limit, int) else 0


def all_exceptions(options: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Put the exceptions of all options into one list: one that several have is named once."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for option in options:
        for one in option["exceptions"]:
            key = (str(one["cluster"]), str(one["how_far"]), str(one["reason"]))
            found.setdefault(key, []).append(str(option["label"]))
    return [
        {"cluster": cluster, "how_far": how_far, "reason": reason, "labels": labels}
        for (cluster, how_far, reason), labels in sorted(found.items(), key=lambda item: item[0])
    ]


def _exceptions(result: Result) -> list[dict[str, Any]]:
    say = words()["details"]
    found = []
    for one in exceptions(result):
        key = "under" if one["kind"] == "under the minimum" else "over"
        pupils, limit = number(one["pupils"]), number(one["limit_pupils"])
        row = {
            "cluster_id": one["cluster_id"],
            "cluster": one["cluster"],
            "pupils": pupils,
            "kind": one["kind"],
            "how_far": say[key].format(pupils=pupils, by=number(_beyond(one)), limit=limit),
            "reason": one["reason"],
        }
        found.append(row)
    return found


def _outside_lines(named: list[dict[str, Any]]) -> list[str]:
    """Name the clusters outside the size range if they are few, else count them."""
    say = words()["glance"]
    if len(named) <= NAMED_EXCEPTIONS:
        return [say["exception"].format(cluster=x["cluster"], pupils=x["pupils"]) for x in named]
    n_under = sum(one["kind"] == "under the minimum" for one in named)
    n_over = sum(one["kind"] == "over the maximum" for one in named)
    return [say[key].format(n=n) for key, n in (("under", n_under), ("over", n_over)) if n]


def _made_from(cluster: str, made: list[str]) -> str:
    """Say what a cluster is made from, where its name does not say it."""
    say = words()["page"]
    if not made:
        return str(say["own_ground"])
    return str(say["as_named"]) if joined(made) == cluster and len(made) > 1 else joined(made)


def _cluster_rows(result: Result, colour_of: dict[str, int]) -> list[dict[str, Any]]:
    say = words()["page"]
    parts, schools = made_from(result), result.problem.authority.schools["name"]
    kinds = words()["report"]["kinds"]
    named = {one["cluster_id"]: kinds[one["kind"]] for one in _exceptions(result)}
    rows, numbers = [], cluster_numbers(result)
    for row in result.score.clusters.to_dict("index").items():
        cluster_id, values = str(row[0]), row[1]
        place = values["meeting_place_urn"]
        made = [n if whole else say["part"].format(name=n) for n, whole in parts[values["cluster"]]]
        record = {
            "id": cluster_id,
            "number": numbers[cluster_id],
            "cluster": values["cluster"],
            "colour": colour_of.get(values["cluster"]),
            "pupils": number(values["pupils"]),
            "schools": number(values["n_schools"]),
            "secondary": number(values["n_secondary"]),
            "mean": one_decimal(values["mean_minutes"]),
            "longest": one_decimal(values["max_minutes"]),
            "place": UNKNOWN if is_unknown(place) else schools.get(int(place), UNKNOWN),
            "made_from": _made_from(str(values["cluster"]), made),
            "is_exempt": bool(values["is_exempt"]),
            "note": named.get(cluster_id, ""),
        }
        rows.append(record)
    return rows


def knows_pupils(result: Result) -> bool:
    """Tell whether every school of an authority has a number of pupils that is known."""
    schools = result.problem.authority.schools
    return "is_pupils_known" not in schools or bool(schools["is_pupils_known"].all())


def _sizes(result: Result) -> dict[str, str]:
    clusters = own_clusters(result)
    pupils, longest = clusters["pupils"], list(clusters["max_minutes"])
    means = list(clusters["mean_minutes"])
    is_known = bool(longest) and not any(is_unknown(value) for value in (*longest, *means))
    total = int(pupils.sum())
    mean = None
    if is_known and total:
        mean = sum(float(m) * int(n) for m, n in zip(means, pupils, strict=True)) / total
    return {
        "smallest": least(pupils.min(), is_known=knows_pupils(result)),
        "largest": number(pupils.max()),
        "average": number(total / max(1, len(clusters))),
        "longest": one_decimal(max(map(float, longest)) if is_known else None),
        "mean": one_decimal(mean),
    }


def _fact(name: str, value: object) -> str:
    """Write one fact of a proof: texts of the record have words of their own."""
    if isinstance(value, bool):
        return say(f"proof_facts.{'yes' if value else 'no'}")
    if isinstance(value, Mapping):
        return number(len(set(value.values())))
    if value is None:
        return say("proof_facts.not_counted")
    if name in {"second_method", "covers"}:
        return say(f"proof_facts.{name}_{value if name == 'second_method' else 'all_hubs'}")
    return number(value) if isinstance(value, int) else str(value)


def _stages(result: Result) -> list[dict[str, str]]:
    say = words()["status"]
    return [
        {
            "term": _in_words(result, stage.term),
            "status": say[stage.status],
            "value": exact(stage.objective),
            "bound": exact(stage.bound),
            "gap": percent(stage.gap, 1),
        }
        for stage in result.plan.solution.stages
    ]


def _exempt_words(result: Result) -> str:
    clusters = result.score.clusters
    names = [str(name) for name in clusters.loc[clusters["is_exempt"].astype(bool), "cluster"]]
    if not names:
        return ""
    return str(words()["glance"]["exempt"].format(n=len(names), names=joined(names)))


def option_view(
    result: Result, under: Ground, domain: tuple[float, float], called: Mapping[str, str]
) -> dict[str, Any]:
    """Gather what the page says of one option, which is called as the theme says."""
    label, title = result.plan.label, called["title"]
    n = len(own_clusters(result))
    size = result.problem.scenario.size
    drawing, colour_of = plan_svg(
        result, under, label=say("page.map_label", n, label=label, title=title)
    )
    named = _exceptions(result)
    # Said once: as a rule that is broken, or as an exception that is allowed.
    broken = {v.subject for v in result.violations if v.rule.startswith("size.")}
    shares = [misaligned(result, layer) for layer in result.problem.authority.layers]
    return {
        "label": label,
        **called,
        "n": n,
        "exempt": _exempt_words(result),
        "sizes": _sizes(result),
        "asked": say(f"glance.size_{size.asks}", **dict(size)),
        "strip": strip(result, domain),
        "n_outside": len(named),
        "outside": _outside_lines(named),
        "layers": [(number(part), percent(part, whole)) for part, whole in shares],
        "proof": proof(result),
        "svg": drawing,
        "colour_of": colour_of,
        "clusters": _cluster_rows(result, colour_of),
        "exceptions": [one for one in named if one["cluster"] not in broken],
        "violations": [(v.subject, v.detail) for v in result.violations],
        "notes": list(result.problem.notes),
        "stages": _stages(result),
        "facts": [
            (say(f"proof_facts.{name}"), _fact(name, value))
            for name, value in result.plan.solution.proof.facts().items()
        ],
        "stand": stand(result),
        "status": say(f"status.{result.plan.solution.status}"),
        "is_given": result.plan.solution.status == "GIVEN",
        "seed": result.seed,
        "stamp": result.stamp,
    }
