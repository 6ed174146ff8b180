"""Replies to a consultation: who prefers what, and where own plans stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from cluster_optimiser.constants import HOMES
from cluster_optimiser.errors import ClusterOptimiserError, Fault, InputError
from cluster_optimiser.geography.alignment import LAYER_PREFIX
from cluster_optimiser.inputs import load_plan
from cluster_optimiser.inputs.counting import CountRules
from cluster_optimiser.inputs.plans import read_plan
from cluster_optimiser.inputs.replies import DECIDED, Reply
from cluster_optimiser.optimise.universe.all_plans import Universe
from cluster_optimiser.scenario.words import clean, same_name
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.verification import verify_plan
from cluster_optimiser.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_optimiser.domain import Authority, Problem

NO_PREFERENCE = "no preference"
"""Column of replies that prefer none, or one that does not exist."""

LEAST_SAME = 20
"""Shorter comments may be alike by chance."""

LIKE_SHARE = 0.25
"""Two plans are alike if at most this share of pupils is in different company."""


@dataclass(frozen=True, slots=True, eq=False)
class Responses:
    replies: pd.DataFrame
    support: pd.DataFrame
    plans: pd.DataFrame
    groups: pd.DataFrame
    comments: pd.DataFrame  # comments that may be quoted: option, comment, school, row
    uncertain: pd.DataFrame  # names to be confirmed: written, urn, name, how, rows
    respondents: pd.DataFrame  # replies that count, by kind of respondent and place
    themes: pd.DataFrame  # replies by the council's own codes
    same_texts: pd.DataFrame  # comments that came more than once
    private: pd.DataFrame  # comments that may not be quoted, for the council's eyes
    counts: Mapping[str, int]
    judged_by: str  # label of the scenario that own plans are judged by
    options: tuple[str, ...]  # what could be preferred, and no preference
    rules: CountRules
    stamps: Mapping[str, str] = field(default_factory=dict)  # of the options, by label


def company_apart_pupils(one: pd.Series, other: pd.Series, pupils: pd.Series) -> int:
    """Count the pupils in different company: at schools whose cluster is not one of both plans.

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


def _standing(replies: Sequence[Reply], rules: CountRules) -> dict[int, tuple[int, str]]:
    """Give the row of each school's own reply that stands, and what is to be known of that.

    Of those that say what it prefers; where one has no date that can be read, rows decide.
    """
    own: defaultdict[int, list[Reply]] = defaultdict(list)
    for reply in replies:
        if reply.urn is not None and not reply.option_problem and not reply.fault:
            own[reply.urn].append(reply)
    found = {}
    for urn, said in own.items():
        votes = [reply for reply in said if reply.is_vote] or said
        at = -1 if rules.stands == "last" else 0
        is_dated = all(reply.submitted_at is not None for reply in votes)
        # What is quoted below a reply was written before it, though it stands further down.
        in_order = sorted(votes, key=lambda r: (not r.is_quoted, r.row))
        if is_dated:
            in_order.sort(key=lambda r: r.submitted_at.timestamp() if r.submitted_at else 0.0)
        odd = next((r for r in votes if r.no_date), None)
        why = f', by rows: "{odd.no_date}" on row {odd.row} is no date' if odd else ""
        found[urn] = (in_order[at].row, why)
    return found


def _repeated(replies: Sequence[Reply], rules: CountRules) -> dict[int, int]:
    """Give the first row of what others than schools have sent more than once."""
    first: dict[tuple[object, ...], int] = {}
    found = {}
    for reply in replies:
        text = " ".join(reply.comment.casefold().split())
        who = (reply.urn, reply.school.casefold(), rules.kind_of(reply.respondent), reply.option)
        is_sent_again = (*who, text, reply.submitted_at)
        key = (*who, text) if text and rules.same_text == "once" else is_sent_again
        if (text or reply.submitted_at) and first.setdefault(key, reply.row) != reply.row:
            found[reply.row] = first[key]
    return found


def _reply_table(
    replies: Sequence[Reply], authority: Authority, rules: CountRules, stamps: Mapping[str, str]
) -> pd.DataFrame:
    """Say what became of each reply.

    A school counts once, with its last reply that says what it prefers; a blank cancels nothing,
    and an option that does not exist is no vote. Replies of others are counted beside, each once.
    """
    kinds = [rules.kind_of(reply.respondent) for reply in replies]
    of_schools = [r for r, kind in zip(replies, kinds, strict=True) if kind == "school"]
    stands = _standing(of_schools, rules)
    others = [r for r, kind in zip(replies, kinds, strict=True) if kind != "school"]
    again = _repeated(others, rules)
    same = Counter(reply.comment for reply in replies)
    names = authority.schools["name"].to_dict()
    rows = []
    for reply, kind in zip(replies, kinds, strict=True):
        reason = reply.fault or reply.option_problem
        is_counted = not reason
        if kind != "school":
            if not reason and reply.row in again:
                reason, is_counted = f"the same as row {again[reply.row]}", False
        elif reply.urn is None:
            is_counted = False
            reason = reason or reply.how + (": to be confirmed" if reply.likely else "")
        elif not reason and stands[reply.urn][0] != reply.row:
            row, why = stands[reply.urn]
            is_counted, reason = False, f"the reply of the school on row {row} stands{why}"
        if is_counted and reply.stamp and stamps.get(reply.option, reply.stamp) != reply.stamp:
            reason = f"though its page was of other results: the stamp of {reply.option} is another"
        record = {
            "row": reply.row,
            "school": reply.school,
            "urn": pd.NA if reply.urn is None else reply.urn,
            "name": None if reply.urn is None else names[reply.urn],
            "matched": reply.how if reply.urn is not None else "not found",
            "option": reply.option or NO_PREFERENCE,
            "is_counted": is_counted,
            "reason": reason,
            "respondent": kind,
            "n_same_comment": same[reply.comment] if reply.comment else 0,
        }
        rows.append(record)
    columns = ["row", "school", "urn", "name", "matched", "option", "is_counted", "reason"]
    table = pd.DataFrame(rows, columns=[*columns, "respondent", "n_same_comment"])
    return table.astype({"urn": "Int64", "is_counted": bool})


def _uncertain(replies: Sequence[Reply], authority: Authority) -> pd.DataFrame:
    """List the names to be confirmed, with the likely school where there is one only.

    What was decided is listed too, so that the file may be written over and given again.
    """
    rows: dict[str, dict[str, object]] = {}
    for reply in replies:
        is_decided = reply.how in DECIDED.values()
        if is_decided or (reply.urn is None and reply.likely):
            meant = [urn for urn in (reply.urn,) if urn is not None] if is_decided else reply.likely
            only = meant[0] if len(meant) == 1 else None
            names = [str(authority.schools.loc[urn, "name"]) for urn in meant]
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


def _groupings(authority: Authority) -> dict[str, pd.Series]:
    """Give the places that replies are counted by, each school's."""
    schools = authority.schools
    found = {
        "all": pd.Series(say("replies.all_schools"), index=schools.index),
        "cluster": schools["cluster"],
        **{name: schools[LAYER_PREFIX + name] for name in authority.layers},
        "phase": schools["phase"],
    }
    return {by: groups.dropna().astype(str) for by, groups in found.items()}


def _leading(n_of: Counter[str], n_replied: int, n_schools: int, rules: CountRules) -> str:
    """Name the option that leads a place, where enough of its schools have replied."""
    most = n_of.most_common(2)
    is_enough = n_replied >= max(rules.leading_replies, rules.leading_share * n_schools)
    if not is_enough or not most or (len(most) > 1 and most[0][1] == most[1][1]):
        return ""
    return "" if most[0][0] == NO_PREFERENCE else most[0][0]


def _support(
    table: pd.DataFrame, authority: Authority, answers: Sequence[str], rules: CountRules
) -> pd.DataFrame:
    of_schools = table["is_counted"] & (table["respondent"] == "school")
    chosen = table[of_schools].set_index("urn")["option"].reindex(authority.schools.index)
    rows = []
    for by, groups in _groupings(authority).items():
        for group in sorted(set(groups)):
            here = chosen[groups.index[groups == group]]
            n_of = Counter(here.dropna())
            n_replied = int(here.notna().sum())
            row = {
                "by": by,
                "group": group,
                "n_schools": len(here),
                "n_replied": n_replied,
                "response_share": n_replied / len(here),
                "leading": _leading(n_of, n_replied, len(here), rules),
                **{answer: n_of.get(answer, 0) for answer in answers},
            }
            rows.append(row)
    return pd.DataFrame(rows)


def _respondents(table: pd.DataFrame, authority: Authority, answers: Sequence[str]) -> pd.DataFrame:
    """Count the replies of each kind of respondent, by the place of the school that they name."""
    rows = []
    for by, groups in _groupings(authority).items():
        here = table["urn"].map(groups).astype(object)
        here = here.where(
            here.notna(), say("replies.all_schools" if by == "all" else "replies.place_unknown")
        )
        for (group, kind), some in table.groupby([here.rename("group"), "respondent"]):
            n_of = Counter(some.loc[some["is_counted"], "option"])
            row = {
                "by": by,
                "group": group,
                "respondent": kind,
                "n_replies": len(some),
                "n_counted": sum(n_of.values()),
                **{answer: n_of.get(answer, 0) for answer in answers},
            }
            rows.append(row)
    columns = ["by", "group", "respondent", "n_replies", "n_counted", *answers]
    return pd.DataFrame(rows, columns=columns)


def _themes(replies: Sequence[Reply], table: pd.DataFrame, answers: Sequence[str]) -> pd.DataFrame:
    """Count the replies that the council has given each of its codes."""
    options: defaultdict[str, list[str]] = defaultdict(list)
    for reply, option in zip(replies, table["option"], strict=True):
        for theme in reply.themes:
            options[theme].append(option)
    rows = [
        {"theme": t, "n_replies": len(found), **{a: found.count(a) for a in answers}}
        for t, found in sorted(options.items())
    ]
    return pd.DataFrame(rows, columns=["theme", "n_replies", *answers])


def _same_texts(replies: Sequence[Reply], table: pd.DataFrame) -> pd.DataFrame:
    """List the comments that came more than once; in words where all of them may be quoted."""
    found: defaultdict[str, list[tuple[Reply, str]]] = defaultdict(list)
    for reply, kind in zip(replies, table["respondent"], strict=True):
        text = " ".join(reply.comment.casefold().split())
        if len(text) >= LEAST_SAME:
            found[text].append((reply, kind))
    rows = [
        {
            "n_replies": len(some),
            "respondents": tuple(sorted({kind for _, kind in some})),
            "options": tuple(sorted({r.option or NO_PREFERENCE for r, _ in some})),
            "rows": tuple(r.row for r, _ in some),
            "comment": some[0][0].comment if all(r.may_quote for r, _ in some) else "",
        }
        for some in sorted(found.values(), key=len, reverse=True)
        if len(some) > 1
    ]
    return pd.DataFrame(rows, columns=["n_replies", "respondents", "options", "rows", "comment"])


def _comments(replies: Sequence[Reply], table: pd.DataFrame, *, may_quote: bool) -> pd.DataFrame:
    rows = [
        (
            row["option"],
            reply.school if reply.urn is None else row["name"],
            reply.row,
            row["respondent"],
            reply.comment,
        )
        for reply, row in zip(replies, table.to_dict("records"), strict=True)
        if reply.comment and reply.may_quote == may_quote
    ]
    return pd.DataFrame(rows, columns=["option", "school", "row", "respondent", "comment"])


def plan_of_words(text: str, options: Mapping[str, pd.Series], authority: Authority) -> pd.Series:
    """Read a plan as the page's e-mails have it: "4a: Acle + Flegg; Loddon".

    It names the option that it starts from, and each cluster that differs by its units: clusters of
    today, or schools.
    """
    label, _, clusters = text.partition(": ")
    start = {option.casefold(): plan for option, plan in options.items()}.get(label.casefold())
    if start is None:
        remedy = f"It may start from {', '.join(options)}."
        raise InputError.of("plan", f'there is no option "{label}"', remedy)
    schools = authority.schools
    plan, faults = start.copy(), []
    for cluster in clusters.split("; "):
        for unit in cluster.split(" + "):
            asked = same_name(unit)
            held = schools.index[schools["local_cluster"].astype(str).map(same_name) == asked]
            held = held[schools.loc[held, "cluster"].astype(str).map(same_name) == asked]
            if not len(held):
                held = schools.index[schools["name"].astype(str).map(same_name) == asked]
                held = held if len(held) == 1 else held[:0]
            if not len(held):
                problem = f'no cluster of today and no single school is called "{unit}"'
                faults.append(Fault("plan", 0, "", problem, "Correct the name."))
            plan.loc[held] = clean(cluster)
    if faults:
        raise InputError(faults)
    return plan


class _Plans:
    """Judges own plans by one scenario, read and built once for all of them."""

    def __init__(self, problem: Problem, others: Mapping[str, pd.Series]) -> None:
        self.problem, self.others = problem, others
        self.pupils = problem.authority.schools["pupils"]
        self._universe: Universe | str | None = None
        self._known: dict[tuple[tuple[object, object], ...], dict[str, object]] = {}

    def universe(self) -> Universe | str:
        """Give all legal plans, or why there are none to be had; worked out when first asked."""
        if self._universe is None:
            if self.problem.scenario.method != "merge" or self.problem.upper is not None:
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
            "plan": say("replies.in_reply") if reply.plan is None else reply.plan.name,
        }
        try:
            if reply.plan_problem:
                return {**row, "status": "cannot be read", "reasons": reply.plan_problem}, None
            plan = self._read(reply)
        except InputError as error:
            reasons = "; ".join(f"{f.subject}: {f.problem}".strip(": ") for f in error.faults)
            return {**row, "status": "cannot be read", "reasons": reasons}, None
        # Many may send the same plan.
        key = tuple(plan.items())
        if key not in self._known:
            self._known[key] = self._found(plan)
        return {**row, **self._known[key]}, plan

    def _found(self, plan: pd.Series) -> dict[str, object]:
        """Give what is true of a plan, whoever sent it."""
        violations = verify_plan(self.problem, plan).violations
        scored = score(self.problem, plan, "own")
        row: dict[str, object] = {
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
        return {**row, **({} if violations else self._rank(plan))}

    def _read(self, reply: Reply) -> pd.Series:
        text, authority = reply.plan_text, self.problem.authority
        if not text:
            return load_plan(str(reply.plan), authority)
        if "\n" in text:
            return read_plan(text.encode(), authority, "plan")
        return plan_of_words(text, self.others, authority)

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
            apart[i, j] = apart[j, i] = company_apart_pupils(plans[one], plans[rows[j]], pupils)
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
        record = {
            "group": group,
            "n_plans": len(held),
            "rows": tuple(rows[i] for i in held),
            "middle_row": rows[middle],
            "most_pupils": int(within.max()),
        }
        made.append(record)
    return group_of, pd.DataFrame(made, columns=columns)


def tabulate(
    replies: Sequence[Reply],
    problem: Problem,
    options: Mapping[str, pd.Series],
    rules: CountRules | None = None,
    stamps: Mapping[str, str] | None = None,
) -> Responses:
    """Count replies, and judge the plans that came with them; the stamps are of the options."""
    authority, rules = problem.authority, rules or CountRules()
    answers = (*options, NO_PREFERENCE)
    table = _reply_table(replies, authority, rules, stamps or {})
    judged, groups = _judged(replies, _Plans(problem, options))
    quoted = _comments(replies, table, may_quote=True)
    is_school = table["respondent"] == "school"
    has_fault = pd.Series([bool(reply.fault) for reply in replies], dtype=bool)
    is_unknown = pd.Series([bool(reply.option_problem) for reply in replies], dtype=bool)
    is_lost = is_school & table["urn"].isna() & ~has_fault & ~is_unknown
    left = is_school & ~table["is_counted"] & ~is_lost & ~has_fault & ~is_unknown
    counts = {
        "n_rows": len(table),
        "n_counted": int((table["is_counted"] & is_school).sum()),
        "n_others_counted": int((table["is_counted"] & ~is_school).sum()),
        "n_superseded": int(left.sum()),
        "n_same": int(table["reason"].str.startswith("the same as").sum()),
        "n_to_confirm": sum(bool(reply.likely) for reply in replies),
        "n_unknown_school": int(is_lost.sum()),
        "n_unknown_option": int(is_unknown.sum()),
        "n_unreadable": int(has_fault.sum()),
        "n_schools": int((authority.schools["phase"] != HOMES).sum()),
        "n_comments": sum(bool(reply.comment) for reply in replies),
        "n_quoted": len(quoted),
        "n_plans": len(judged),
    }
    return Responses(
        replies=table,
        support=_support(table, authority, answers, rules),
        plans=judged,
        groups=groups,
        comments=quoted,
        uncertain=_uncertain(replies, authority),
        respondents=_respondents(table, authority, answers),
        themes=_themes(replies, table, answers),
        same_texts=_same_texts(replies, table),
        private=_comments(replies, table, may_quote=False),
        counts=counts,
        judged_by=problem.scenario.option,
        options=answers,
        rules=rules,
        stamps=stamps or {},
    )


def _judged(replies: Sequence[Reply], judge: _Plans) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows, plans = [], {}
    for reply in replies:
        if reply.plan is not None or reply.plan_text:
            row, plan = judge.judge(reply)
            rows.append(row)
            if plan is not None:
                plans[reply.row] = plan
    group_of, groups = _grouped(plans, judge.pupils)
    columns = ["row", "urn", "plan", "status", "reasons", "n_clusters"]
    columns += [*judge.problem.scenario.objective.terms, "n_better", "n_equal", "n_worse"]
    columns += ["group", "nearest_option", "nearest_pupils"]
    judged = pd.DataFrame(
        [{**row, "group": group_of.get(int(str(row["row"])))} for row in rows],
        columns=list(dict.fromkeys(columns)),
        dtype=object,  # numbers of plans may be too large for any other
    )
    whole = ("urn", "n_clusters", "group", "nearest_pupils")
    return judged.astype(dict.fromkeys(whole, "Int64")), groups
