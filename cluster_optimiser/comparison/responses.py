"""Replies to a consultation: who prefers what, and where own plans stand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from cluster_optimiser.errors import ClusterOptimiserError, InputError
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.verification import verify_plan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Authority, Problem
    from cluster_optimiser.inputs.replies import Reply

NO_PREFERENCE = "no preference"
"""Column of replies that prefer none, or one that does not exist."""

LIKE_SHARE = 0.25
"""Two plans are alike if at most this share of pupils is in different company."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    """What replies say."""

    replies: pd.DataFrame
    support: pd.DataFrame
    plans: pd.DataFrame
    groups: pd.DataFrame
    comments: pd.DataFrame  # comments that may be quoted: option, comment, school, row
    uncertain: pd.DataFrame  # names to be confirmed: written, urn, name, how, rows
    counts: Mapping[str, int]
    judged_by: str  # label of the scenario that own plans are judged by


def company_apart_pupils(one: pd.Series, other: pd.Series, pupils: pd.Series) -> int:
    """Count the pupils in different company: at schools whose cluster is not one of both plans.

    Examples
    --------
    >>> ab_c, a_bc = pd.Series(["x", "x", "y"]), pd.Series(["x", "y", "y"])
    >>> company_apart_pupils(ab_c, a_bc, pd.Series([1, 2, 4]))
    7
    """
    joint = pd.DataFrame({"one": one.astype(str), "other": other.reindex(one.index).astype(str)})
    size_of_both = joint.groupby(["one", "other"])["one"].transform("size")
    is_same = (size_of_both == joint.groupby("one")["one"].transform("size")) & (
        size_of_both == joint.groupby("other")["other"].transform("size")
    )
    return int(pupils.reindex(one.index)[~is_same].sum())


def _reply_table(replies: Sequence[Reply], authority: Authority) -> pd.DataFrame:
    """Say what became of each reply.

    A school counts once, with its last reply that says what it prefers; a blank cancels nothing,
    and an option that does not exist is no vote.
    """
    votes = {reply.urn: reply.row for reply in replies if reply.is_vote}
    heard = {reply.urn: reply.row for reply in replies if not reply.option_problem}
    last = {**heard, **votes}
    same = Counter(reply.comment for reply in replies)
    rows = []
    for reply in replies:
        reason = reply.option_problem
        is_counted = reply.urn is not None and last.get(reply.urn) == reply.row
        if reply.urn is None:
            reason = reply.how + (": to be confirmed" if reply.likely else "")
        elif not is_counted and not reason:
            reason = f"the reply of the school on row {last[reply.urn]} stands"
        rows.append(
            {
                "row": reply.row,
                "school": reply.school,
                "urn": pd.NA if reply.urn is None else reply.urn,
                "name": None if reply.urn is None else authority.schools.loc[reply.urn, "name"],
                "matched": reply.how if reply.urn is not None else "not found",
                "option": reply.option or NO_PREFERENCE,
                "is_counted": is_counted and not reply.option_problem,
                "reason": reason,
                "respondent": reply.respondent,
                "n_same_comment": same[reply.comment] if reply.comment else 0,
            }
        )
    table = pd.DataFrame(rows)
    table["urn"] = table["urn"].astype("Int64")
    return table


def _uncertain(replies: Sequence[Reply], authority: Authority) -> pd.DataFrame:
    """List the names to be confirmed, with the likely school where there is one only."""
    rows: dict[str, dict[str, object]] = {}
    for reply in replies:
        if reply.urn is None and reply.likely:
            only = reply.likely[0] if len(reply.likely) == 1 else None
            names = [str(authority.schools.loc[urn, "name"]) for urn in reply.likely]
            row = rows.setdefault(
                reply.school,
                {
                    "written": reply.school,
                    "urn": pd.NA if only is None else only,
                    "name": "; ".join(names),
                    "how": reply.how,
                    "rows": (),
                },
            )
            row["rows"] = (*row["rows"], reply.row)  # type: ignore[misc]
    columns = ["written", "urn", "name", "how", "rows"]
    return pd.DataFrame(list(rows.values()), columns=columns).astype({"urn": "Int64"})


def _support(table: pd.DataFrame, authority: Authority, options: Sequence[str]) -> pd.DataFrame:
    schools = authority.schools
    counted = table[table["is_counted"]].set_index("urn")["option"]
    chosen = counted.reindex(schools.index)
    groupings = {
        "all": pd.Series("all schools", index=schools.index),
        "cluster": schools["cluster"],
        **{name: schools[LAYER_PREFIX + name] for name in authority.layers},
        "phase": schools["phase"],
    }
    rows = []
    for by, groups in groupings.items():
        for group in sorted(set(groups.dropna().astype(str))):
            here = chosen[groups.astype(str) == group]
            n_of = Counter(here.dropna())
            n_replied = int(here.notna().sum())
            rows.append(
                {
                    "by": by,
                    "group": group,
                    "n_schools": len(here),
                    "n_replied": n_replied,
                    "response_share": n_replied / len(here),
                    **{option: n_of.get(option, 0) for option in (*options, NO_PREFERENCE)},
                }
            )
    return pd.DataFrame(rows)


class _Plans:
    """Judges own plans by one scenario, read and built once for all of them."""

    def __init__(self, problem: Problem, others: Mapping[str, pd.Series]) -> None:
        self.problem, self.others = problem, others
        self.pupils = problem.authority.schools["pupils"]
        self._universe: Universe | str | None = None

    def universe(self) -> Universe | str:
        """Give all legal plans, or why there are none to be had; worked out when first asked."""
        if self._universe is None:
            if self.problem.scenario.method != "merge" or self.problem.scenario.levels is not None:
                self._universe = "all plans of this scenario cannot be counted"
            else:
                try:
                    self._universe = Universe.of(self.problem)
                except ClusterOptimiserError as error:
                    self._universe = str(error)
        return self._universe

    def judge(self, reply: Reply) -> tuple[dict[str, object], pd.Series | None]:
        """Give the row of one plan, and its assignment if it could be read."""
        row: dict[str, object] = {
            "row": reply.row,
            "urn": pd.NA if reply.urn is None else reply.urn,
            "plan": None if reply.plan is None else reply.plan.name,
        }
        try:
            if reply.plan_problem:
                return {**row, "status": "cannot be read", "reasons": reply.plan_problem}, None
            plan = load_plan(str(reply.plan), self.problem.authority)
        except InputError as error:
            reasons = "; ".join(f"{f.subject}: {f.problem}".strip(": ") for f in error.faults)
            return {**row, "status": "cannot be read", "reasons": reasons}, None
        violations = verify_plan(self.problem, plan).violations
        scored = score(self.problem, plan, "own")
        row |= {
            "status": "breaks rules" if violations else "legal",
            "reasons": "; ".join(str(violation) for violation in violations),
            "n_clusters": scored.metrics["n_clusters"],
            **objective_values(self.problem, scored.metrics),
        }
        near = {
            label: company_apart_pupils(plan, other, self.pupils)
            for label, other in self.others.items()
        }
        if near:
            label = min(near, key=lambda name: (near[name], name))
            row |= {"nearest_option": label, "nearest_pupils": near[label]}
        return {**row, **({} if violations else self._rank(plan))}, plan

    def _rank(self, plan: pd.Series) -> dict[str, object]:
        found = self.universe()
        if isinstance(found, str):
            return {}
        order = found.rank(plan).loc["order"]
        return {name: order[name] for name in ("n_better", "n_equal", "n_worse")}


def _grouped(
    plans: Mapping[int, pd.Series], pupils: pd.Series
) -> tuple[dict[int, int], pd.DataFrame]:
    """Put plans into groups in which any two are alike (complete linkage)."""
    rows = sorted(plans)
    columns = ["group", "n_plans", "rows", "middle_row", "most_pupils"]
    if not rows:
        return {}, pd.DataFrame(columns=columns)
    apart = np.zeros((len(rows), len(rows)))
    for i, one in enumerate(rows):
        for j in range(i):
            other = plans[rows[j]]
            apart[i, j] = apart[j, i] = company_apart_pupils(plans[one], other, pupils)
    numbers = [1]
    if len(rows) > 1:
        tree = linkage(squareform(apart), method="complete")
        numbers = fcluster(tree, LIKE_SHARE * int(pupils.sum()), criterion="distance").tolist()
    # Groups are numbered by their first plan, so that a name means the same in every run.
    order = {number: k for k, number in enumerate(dict.fromkeys(numbers), start=1)}
    group_of = {row: order[n] for row, n in zip(rows, numbers, strict=True)}
    made = []
    for group in sorted(set(group_of.values())):
        held = [i for i, row in enumerate(rows) if group_of[row] == group]
        within = apart[np.ix_(held, held)]
        middle = held[int(within.sum(axis=1).argmin())]
        made.append(
            {
                "group": group,
                "n_plans": len(held),
                "rows": tuple(rows[i] for i in held),
                "middle_row": rows[middle],
                "most_pupils": int(within.max()),
            }
        )
    return group_of, pd.DataFrame(made, columns=columns)


def tabulate(
    replies: Sequence[Reply], problem: Problem, options: Mapping[str, pd.Series]
) -> Responses:
    """Count replies, and judge the plans that came with them."""
    authority = problem.authority
    table = _reply_table(replies, authority)
    judge = _Plans(problem, options)
    rows, plans = [], {}
    for reply in replies:
        if reply.plan is not None:
            row, plan = judge.judge(reply)
            rows.append(row)
            if plan is not None:
                plans[reply.row] = plan
    group_of, groups = _grouped(plans, authority.schools["pupils"])
    columns = ["row", "urn", "plan", "status", "reasons", "n_clusters"]
    columns += [*problem.scenario.objective.terms, "n_better", "n_equal", "n_worse"]
    columns += ["group", "nearest_option", "nearest_pupils"]
    judged = pd.DataFrame(
        [{**row, "group": group_of.get(int(str(row["row"])))} for row in rows],
        columns=list(dict.fromkeys(columns)),
        dtype=object,  # numbers of plans may be too large for any other
    )
    whole = ("urn", "n_clusters", "group", "nearest_pupils")
    judged = judged.astype(dict.fromkeys(whole, "Int64"))
    quoted = [
        (reply.option or NO_PREFERENCE, reply.comment, reply.school, reply.row)
        for reply in replies
        if _quoted(reply)
    ]
    counts = {
        "n_rows": len(table),
        "n_counted": int(table["is_counted"].sum()),
        "n_superseded": int(
            (~table["is_counted"] & table["urn"].notna()).sum()
            - sum(bool(r.option_problem) and r.urn is not None for r in replies)
        ),
        "n_to_confirm": sum(bool(reply.likely) for reply in replies),
        "n_unknown_school": int(table["urn"].isna().sum()),
        "n_unknown_option": sum(bool(reply.option_problem) for reply in replies),
        "n_schools": len(authority.schools),
        "n_comments": sum(bool(reply.comment) for reply in replies),
        "n_quoted": len(quoted),
        "n_plans": len(rows),
    }
    return Responses(
        replies=table,
        support=_support(table, authority, list(options)),
        plans=judged,
        groups=groups,
        comments=pd.DataFrame(quoted, columns=["option", "comment", "school", "row"]),
        uncertain=_uncertain(replies, authority),
        counts=counts,
        judged_by=problem.scenario.option,
    )


def _quoted(reply: Reply) -> bool:
    return bool(reply.comment) and reply.may_quote
