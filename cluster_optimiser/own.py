"""An analyst's own terms and rules: Python functions beside those of the two registries.

They live in the process that registered them. Scoring and the check ask them always; a merge keeps
and betters what is said of one cluster at a time.
"""

from __future__ import annotations

import inspect
import math
import re
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cluster_optimiser import rules, terms
from cluster_optimiser.errors import ClusterOptimiserError
from cluster_optimiser.identity import digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd

Function = TypeVar("Function", bound="Callable[..., Any]")


def _refuse_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        message = f'"{name}" cannot be a name: use small letters, figures and underscores'
        raise ValueError(message)
    try:
        is_own = terms.lookup(name).own is not None
    except LookupError:
        is_own = True
    if not is_own:
        message = f'"{name}" is a term of the program: choose another name'
        raise ValueError(message)


def own_term(
    name: str, *, unit: str, decimals: int = 0, of: Literal["cluster", "plan"] = "cluster"
) -> Callable[[Function], Function]:
    """Register a function as a term, which plans can be asked to have little of.

    Parameters
    ----------
    name
        What scenarios call it: small letters, figures and underscores.
    unit
        What it counts, for readers.
    decimals
        Places that count: a cluster's value is rounded to them, and a plan's is their exact sum.
    of
        ``"cluster"``: the function takes the schools of one cluster (rows of the register, sorted
        by ``urn``) and gives a number from 0 on; plans add it up, so that a merge finds and
        proves the least. ``"plan"``: it takes cluster -> schools; such a term is scored and
        checked, and refused in an objective or a limit.

    Returns
    -------
    A decorator that gives the function back.

    Raises
    ------
    ValueError
        If the name is not allowed or is a term of the program.

    Examples
    --------
    >>> @own_term("small_schools", unit="schools")
    ... def small_schools(schools):
    ...     return (schools["pupils"] < 100).sum()
    >>> forget("small_schools")
    """
    _refuse_name(name)

    def register(function: Function) -> Function:
        row = terms.Term(
            name,
            unit,
            name,
            scale=10**decimals,
            gathers="sum" if of == "cluster" else "whole",
            methods=("merge",),
            most="ways",
            own=function,
        )
        terms.add_own(row)
        return function

    return register


def own_rule(name: str) -> Callable[[Function], Function]:
    """Register a function as a rule that every cluster must keep.

    The check judges every plan by it; a merge, `universe` and `explain` choose only clusters that
    keep it. A redraw, or a merge with levels, cannot, and is refused while there is such a rule.

    Parameters
    ----------
    name
        What a breach is called, after ``own.``: small letters, figures and underscores.

    Returns
    -------
    A decorator that gives the function back. The function takes the schools of one cluster (rows of
    the register, sorted by ``urn``) and gives True where it is kept, else False or the reason.

    Raises
    ------
    ValueError
        If the name is not allowed.

    Examples
    --------
    >>> @own_rule("two_primaries")
    ... def two_primaries(schools):
    ...     return (schools["phase"] == "primary").sum() >= 2 or "fewer than two primary schools"
    >>> forget("two_primaries")
    """
    _refuse_name(name)

    def register(function: Function) -> Function:
        rules.OWN[name] = function
        return function

    return register


def forget(*names: str) -> None:
    """Take own terms and rules away again.

    Parameters
    ----------
    *names
        Their names; without any, all of them.
    """
    own = {row.name for row in terms.own_terms()}
    for name in names or (*own, *rules.OWN):
        if name in own:
            terms.drop_own(name)
        rules.OWN.pop(name, None)


def value_of(term: terms.Term, schools: gpd.GeoDataFrame) -> int:
    """Give a cluster's value of an own term, in whole numbers of its scale."""
    return _whole(term, schools, f"the schools {list(schools.index[:3])}")


def value_of_plan(term: terms.Term, clusters: Mapping[str, gpd.GeoDataFrame]) -> float:
    if term.adds_up:
        total = sum(value_of(term, schools) for schools in clusters.values())
    else:
        total = _whole(term, clusters, "the plan")
    return total / term.scale if term.scale > 1 else total


def _whole(term: terms.Term, asked: object, of: str) -> int:
    given = None if term.own is None else term.own(asked)
    try:
        number = math.nan if given is None else float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        message = f'own term "{term.name}" gave {given!r} for {of}: give a number from 0 on'
        raise ClusterOptimiserError(message)
    return round(number * term.scale)


def broken_by(schools: gpd.GeoDataFrame) -> dict[str, str]:
    """Name the own rules that a cluster breaks, with what they say."""
    found = {}
    for name, judge in sorted(rules.OWN.items()):
        said = judge(schools)
        if isinstance(said, str) and said:
            found[name] = said
        elif not isinstance(said, str) and said is not None and not bool(said):
            found[name] = "is not kept"
    return found


def clusters_of(schools: gpd.GeoDataFrame, assignment: pd.Series) -> dict[str, gpd.GeoDataFrame]:
    parts = schools.groupby(assignment.reindex(schools.index), sort=True)
    return {str(name): part.sort_index() for name, part in parts}


def marks() -> dict[str, str]:
    """Give the hash of each own function, for what tells a run from others."""
    found = {row.name: f"{row.gathers} {row.scale} {_source(row.own)}" for row in terms.own_terms()}
    found |= {f"rule {name}": _source(judge) for name, judge in rules.OWN.items()}
    return {name: digest(text.encode()) for name, text in found.items()}


def _source(function: Any) -> str:  # noqa: ANN401 - any callable
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return repr(code and (code.co_code, code.co_consts, code.co_names)) + repr(type(function))
