"""The manifest: everything a reader needs to trust, repeat or dispute a result."""

from __future__ import annotations

import dataclasses
import json
import math
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser.comparison import funding
from cluster_optimiser.identity import (
    PACKAGE,
    digest,
    library_versions,
    program_version,
    sealed_seconds,
)
from cluster_optimiser.terms import TIE_BREAK, UPPER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_optimiser.domain import Authority, Result, Unsolved
    from cluster_optimiser.scenario import Scenario


def plain(value: object) -> object:
    """Turn a value into what JSON knows: no NaN, no infinity, no numpy, no tuples.

    >>> plain({"a": float("nan"), "b": (1, 2.5)})
    {'a': None, 'b': [1, 2.5]}
    """
    if type(value) in {str, int, bool}:
        return value
    if hasattr(value, "items"):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (set, frozenset)):
        return [plain(inner) for inner in sorted(value, key=str)]
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(inner) for inner in value]
    return _plain_scalar(value)


def plain_record(record: Mapping[str, object]) -> dict[str, Any]:
    return {key: plain(value) for key, value in record.items()}


def _plain_scalar(value: object) -> object:
    if value is None or value is pd.NA or isinstance(value, (str, bool)):
        return None if value is pd.NA else value
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return number if math.isfinite(number) else None
    return str(value)


def _inputs(authority: Authority, scenario: Scenario) -> list[dict[str, str]]:
    found = {f"{authority.key}/{path}": sha256 for path, sha256 in authority.inputs.items()}
    named = [scenario.home / name for name in scenario.named_files.values()]
    for file in [*scenario.files, *named] if scenario.files else []:
        # Names only: where the checkout lies differs between machines.
        name = Path(os.path.relpath(file, scenario.home.parent)).as_posix()
        if file.is_file():
            found[name] = digest(file.read_bytes())
    return [{"path": path, "sha256": sha256} for path, sha256 in sorted(found.items())]


def _called(scenario: Scenario, authority: Authority) -> dict[str, object]:
    return {
        "title": scenario.title,
        "option": scenario.option,
        "description": scenario.description,
        "authority": authority.name,
        "data_date": authority.data_date,
    }


def _read(scenario: Scenario, authority: Authority) -> dict[str, object]:
    """Give what a run was made from."""
    return {
        "scenario": scenario.resolved(),
        "inputs": _inputs(authority, scenario),
        "versions": dict(sorted({**library_versions(), PACKAGE: program_version()}.items())),
        "sources": [dataclasses.asdict(source) for source in authority.sources],
    }


def reason_for(result: Result, cluster: str, units: tuple[str, ...]) -> str:
    """Give the scenario's reason for an exception: by cluster, else by its units, else blank."""
    reasons = result.problem.scenario.reasons
    pairs = [f"{a} - {b}" for a in units for b in units if a != b]
    found = [reasons[name] for name in dict.fromkeys([cluster, *units, *pairs]) if name in reasons]
    return " ".join(dict.fromkeys(found))


def exceptions(result: Result) -> list[dict[str, object]]:
    """Give the clusters outside the size range that the plan is allowed, named."""
    size = result.problem.scenario.size
    found: list[dict[str, object]] = []
    for row in result.score.clusters.itertuples():
        if not row.is_exception or row.is_exempt:
            continue
        by = size.beyond(int(row.pupils))
        beyond = "under the minimum" if by < 0 else "over the maximum"
        units = tuple(str(unit) for unit in getattr(row, "units", ()) or ())
        record = {
            "cluster_id": row.Index,
            "cluster": row.cluster,
            "pupils": int(row.pupils),
            "kind": beyond if by else "exception",
            "limit_pupils": int(row.pupils) - by if by else None,
            "units": list(units),
            "reason": reason_for(result, row.cluster, units),
        }
        found.append(record)
    return found


def funding_record(result: Result) -> dict[str, object] | None:
    """Give what is said of a plan's money as a whole."""
    view = funding(result)
    if view is None:
        return None
    totals = {
        name.removesuffix("_pence") + "_pounds": str(Decimal(total).scaleb(-2))
        for name, total in view.totals.items()
        if name.endswith("_pence")
    }
    return {
        "totals": totals,
        "evenness": dict(view.evenness),
        "capacity_pounds": str(view.funding.capacity_pounds),
        "capacity_clusters": view.funding.capacity_clusters,
        "notes": view.notes,
    }


def manifest(result: Result) -> dict[str, object]:
    problem, solution = result.problem, result.plan.solution
    scenario, authority = problem.scenario, problem.authority
    is_given = solution.status == "GIVEN"
    is_exempt = result.score.clusters["is_exempt"].astype(bool)
    # Stages of the level above are that scenario's objective, not this one's.
    bound: Mapping[str, float] = {
        s.term: s.bound
        for s in solution.stages
        if s.term != TIE_BREAK and not s.term.startswith(UPPER)
    }
    record = {
        "label": result.plan.label,
        **_called(scenario, authority),
        "status": solution.status,
        "objective": result.objective,
        "bound": None if is_given else bound,
        "gap": None if is_given else max((s.gap for s in solution.stages), default=None),
        "seconds": sealed_seconds(result.seconds, result.stamp),
        "seed": result.seed,
        "n_clusters": int((~is_exempt).sum()),
        "n_exempt_clusters": int(is_exempt.sum()),
        "metrics": result.score.metrics,
        "stages": [dataclasses.asdict(stage) for stage in solution.stages],
        "proof": solution.proof.record(),
        "violations": [dataclasses.asdict(v) | {"detail": v.detail} for v in result.violations],
        "exceptions": exceptions(result),
        "funding": funding_record(result),
        "notes": [*problem.notes, *problem.territory.findings],
        "travel": problem.travel.note,
        **_read(scenario, authority),
        "stamp": result.stamp,
        "caveats": result.caveats,
    }
    return plain_record(record)


def manifest_text(result: Result) -> str:
    """Give the manifest as the text of ``manifest.json``."""
    return json.dumps(manifest(result), ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def unsolved_record(unsolved: Unsolved) -> dict[str, object]:
    """Give the record of a scenario that has no plan, with the keys of `manifest`."""
    scenario, authority = unsolved.scenario, unsolved.authority
    record = {
        "label": scenario.option,
        **_called(scenario, authority),
        "status": unsolved.status,
        "message": unsolved.message,
        "objective": None,
        "bound": None,
        "gap": None,
        "seconds": sealed_seconds(unsolved.seconds, unsolved.stamp),
        "seed": unsolved.seed,
        "n_clusters": None,
        "n_exempt_clusters": None,
        "metrics": {},
        "violations": [],
        "exceptions": [],
        **_read(scenario, authority),
        "stamp": unsolved.stamp,
        "caveats": authority.caveats,
    }
    return plain_record(record)
