"""What a worker of the studio does for a page: solve, count, explain, and give what a map needs."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cluster_optimiser import batch, present
from cluster_optimiser.batch.ground import Place, place_of
from cluster_optimiser.batch.one import make_plan, prepare, result_of
from cluster_optimiser.batch.places import scenario_files
from cluster_optimiser.deadline import within
from cluster_optimiser.domain import Plan, Problem, Result, Solution, Stage
from cluster_optimiser.errors import (
    ClusterOptimiserError,
    InfeasibleError,
    InputError,
    NoPlanFoundError,
    ScenarioError,
)
from cluster_optimiser.identity import key_of
from cluster_optimiser.inputs.plans import PLAN_COLUMNS, read_plan
from cluster_optimiser.optimise.universe.all_plans import PickedPlan, Universe
from cluster_optimiser.present.records import plain_record
from cluster_optimiser.present.script_data import ground_data, rules_data
from cluster_optimiser.present.tables import csv_text
from cluster_optimiser.present.universe_page import outlook_view
from cluster_optimiser.progress import Progress, listener, listening
from cluster_optimiser.rules import unsupported
from cluster_optimiser.scenario import (
    Objective,
    Scenario,
    is_scenario,
    load_scenario,
    locating,
    scenario_from,
)
from cluster_optimiser.scoring import objective_values, score
from cluster_optimiser.studio.beginning import begun
from cluster_optimiser.studio.page_data import TODAY, page_data
from cluster_optimiser.studio.publishing import counted, publications, published
from cluster_optimiser.terms import TIE_BREAK, UPPER, WEIGHTED, gathered, term_scale

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = dict[str, Any]

FOLDER = "scenarios"
EXPLAIN_S, EXPLORE_S = 60.0, 30.0
MADE = ("merge", "redraw")
AS_TODAY = {"method": "keep", "objective": Objective()}

TEST = {
    "assumption": "A test, not a forecast: 200 draws in which a school's pupils differ from "
    "today's with a standard deviation of 5 %.",
    "spread": {"relative_sd": 0.05},
}
"""Projections of a scenario that has none of its own."""

UNNAMED = "scenario"
"""What a scenario that has no file yet is called in faults."""

MOST_PROBLEMS, MOST_ANSWERS, MOST_PAGES = 12, 200, 8
"""So many grounds, answers and pages are kept by a worker; the ones used longest ago go first."""


class Desk:
    """Answers questions about scenarios of one project, one after another."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: OrderedDict[str, Problem] = OrderedDict()
        self.answers: OrderedDict[str, Answer] = OrderedDict()
        self.pages: OrderedDict[str, Answer] = OrderedDict()
        self.show: Callable[[Answer], None] = lambda _: None

    def warm_up(self) -> None:
        """Read the data and import the solvers before anybody asks; faults are told when asked."""
        for path in sorted((self.root / "scenarios").glob("*.toml")):
            with suppress(ClusterOptimiserError, OSError):
                if is_scenario(path) and (scenario := load_scenario(path)).method == "merge":
                    make_plan(self.problem(scenario), earlier=(), seed=0, time_limit_s=5)
                    return

    def scenario(self, data: Answer, home: str = FOLDER, name: str = UNNAMED) -> Scenario:
        """Read a scenario as if a file of the project held it."""
        if "option" not in data and name == UNNAMED:
            data = {**data, "option": "draft"}
        folder = self.root / home
        extends = data.get("extends")
        if isinstance(extends, str) and not (folder / extends).is_file():
            folder = self.root if (self.root / extends).is_file() else folder
        return scenario_from({"title": data.get("option", name), **data}, folder / name)

    def problem(self, scenario: Scenario, place: Place | None = None) -> Problem:
        """Put a problem together, on ground that is kept from one change of rules to the next."""
        problem = prepare(scenario, place=place or place_of(scenario), kept=self.problems)
        while len(self.problems) > MOST_PROBLEMS:
            self.problems.popitem(last=False)
        return problem

    def solve(
        self,
        data: Answer,
        *,
        home: str = FOLDER,
        name: str = UNNAMED,
        time_limit_s: float = 60.0,
        seed: int = 0,
    ) -> Answer:
        """Solve a scenario: the same plan, proof and count as the command `run` gives."""
        scenario = self.scenario(data, home, name)
        place = place_of(scenario)
        asked = [scenario.resolved(), time_limit_s, seed, *map(str, scenario.files)]
        key = key_of([json.dumps(asked, sort_keys=True), dict(place.authority.inputs)])
        is_alone = not (scenario.units_scenario or scenario.upper or scenario_files(scenario))
        if is_alone and key in self.answers:
            self.answers.move_to_end(key)
            return self.answers[key]
        started = time.perf_counter()
        with within(time_limit_s):
            answer = self._solved(self.problem(scenario, place), seed, time_limit_s)
        answer["seconds"] = round(time.perf_counter() - started, 3)
        if is_alone and answer["status"] != "UNKNOWN":
            self.answers[key] = answer
        while len(self.answers) > MOST_ANSWERS:
            self.answers.popitem(last=False)
        return answer

    def page(self, data: Answer, *, home: str, name: str) -> Answer:
        """Give what the page of a scenario is drawn from: today's clusters on its ground."""
        scenario = self.scenario(data, home, name)
        place = place_of(scenario)
        drawn = scenario if scenario.method in MADE else scenario.model_copy(update=AS_TODAY)
        key = key_of([json.dumps(drawn.resolved(), sort_keys=True), dict(place.authority.inputs)])
        if key not in self.pages:
            with present.speaking_for(place.authority):
                self.pages[key] = page_data(_today(self.problem(drawn, place)), scenario)
        while len(self.pages) > MOST_PAGES:
            self.pages.popitem(last=False)
        return self.pages[key]

    def sound(self, data: Answer, *, home: str, name: str) -> Answer:
        """Refuse a scenario that `check` would refuse."""
        scenario = self.scenario(data, home, name)
        path = self.root / home / name
        others = (one for one in path.parent.glob("*.toml") if one != path and is_scenario(one))
        with suppress(ScenarioError):
            for other in others:
                if load_scenario(other).option == scenario.option:
                    problem = f'"{scenario.option}" is the label of {other.name}'
                    raise InputError.of(name, problem, "Choose another label.", subject="option")
        self.problem(scenario)
        return {}

    def as_given(self, data: Answer, *, home: str, name: str, plan: dict[str, str]) -> Answer:
        """Give a scenario that keeps a plan as it is, and the file of that plan.

        Of its rules those stay by which a given plan is judged, inherited ones among them.
        """
        scenario = self.scenario(data, home, name)
        text = csv_text(pd.DataFrame(plan.items(), columns=list(PLAN_COLUMNS)))
        file = Path(name).with_suffix(".csv").name
        read_plan(text.encode(), place_of(scenario).authority, file)
        own = json.loads(scenario.model_dump_json(exclude_defaults=True))
        own |= {"method": "file", "plan": file}
        for key in {key for key, _ in unsupported("file", scenario.stated)}:
            table, _, inner = key.partition(".")
            if inner:
                own.get(table, {}).pop(inner, None)
            else:
                own.pop(key, None)
        return {"own": own, "plan": text}

    def explain(
        self,
        data: Answer,
        *,
        home: str = FOLDER,
        name: str = UNNAMED,
        time_limit_s: float = EXPLAIN_S,
    ) -> Answer:
        """Say why there is no plan and what would admit one, or what each rule costs."""
        scenario = self.scenario(data, home, name)
        found = batch.explain(scenario, place=place_of(scenario), time_limit_s=time_limit_s)
        return {**plain_record(found.as_dict()), "lines": list(found.lines())}

    def explore(
        self, data: Answer, *, terms: list[str], home: str = FOLDER, name: str = UNNAMED
    ) -> Answer:
        """Say how all legal plans are spread, which ones none betters, and what they share."""
        scenario = self.scenario(data, home, name)
        with within(EXPLORE_S):
            return explored(self.problem(scenario, place_of(scenario)), terms)

    def versions(
        self, data: Answer, *, number: int, differ: float, home: str = FOLDER, name: str = UNNAMED
    ) -> Answer:
        """Give the best plan, then the best of those in which enough pupils are with others."""
        asked = {"number": number, "differ_pupils": differ}
        scenario = self.scenario({**data, "versions": asked}, home, name)
        plans: list[Plan] = []
        answers: list[Answer] = []
        with within(EXPLORE_S), locating(scenario.files):
            problem = self.problem(scenario, place_of(scenario))
            for version in scenario.all_versions():
                like = dataclasses.replace(problem, scenario=version)
                try:
                    plans.append(make_plan(like, earlier=plans, seed=0, time_limit_s=EXPLORE_S))
                except (InfeasibleError, NoPlanFoundError) as error:
                    return {"versions": answers, "ended": str(error)}
                answers.append(answer_of(like, plans[-1]))
        return {"versions": answers, "ended": ""}

    def outlook(
        self, data: Answer, *, plan: dict[str, str], home: str = FOLDER, name: str = UNNAMED
    ) -> Answer:
        """Say how a plan stands if pupils change, as the scenario projects them, or by a test."""
        own = self.scenario(data, home, name)
        scenario = (
            own if own.projection else self.scenario({**data, "projection": TEST}, home, name)
        )
        problem = self.problem(scenario, place_of(scenario))
        urns = problem.authority.schools.index
        given = pd.Series([plan.get(str(urn), "") for urn in urns], urns, name="cluster")
        if not given.ne("").all():
            raise ClusterOptimiserError("the plan leaves out schools: solve it again")
        made = Plan(scenario.option, given, Solution("GIVEN"))
        result = result_of(problem, made, seconds=0, seed=0, stamp="")
        with present.speaking_for(problem.authority):
            return {"outlook": plain_record(outlook_view([result]) or {})}

    def begin(self, asked: Answer) -> Answer:
        """Make a new authority of files that were sent."""
        return begun(self.root, asked)

    def publish(self, files: list[str], theme: Answer, folder: str) -> Answer:
        """Make page and paper of some scenario files into a folder of the studio's own."""
        return published(self.root, files, theme, folder)

    def published(self) -> Answer:
        return {"published": publications(self.root)}

    def count(self, folder: str, scenario: str, files: list[str]) -> Answer:
        return counted(self.root, folder, scenario, files)

    def _solved(self, problem: Problem, seed: int, time_limit_s: float) -> Answer:
        about = {"rules": rules_data(problem), "ground": ground_data(problem)}
        nothing = dict.fromkeys(("objective", "bound", "gap", "n_clusters", "plan"))
        try:
            seen = self._watched(problem, about)
            is_watched = problem.scenario.method == "redraw"
            with locating(problem.scenario.files), listening(seen, with_plans=is_watched):
                plan = make_plan(problem, earlier=(), seed=seed, time_limit_s=time_limit_s)
        except InfeasibleError as error:
            found = {"status": "INFEASIBLE", "n_plans": 0, "message": str(error)}
        except NoPlanFoundError as error:
            found = {"status": "UNKNOWN", "n_plans": None, "message": str(error)}
        else:
            return {**answer_of(problem, plan), **about}
        return {**found, **nothing, **about}

    def _watched(self, problem: Problem, about: Answer) -> Callable[[Progress], None]:
        """Give what hears of a plan being made, and shows each that is better than the last."""
        tell, started = listener(), time.perf_counter()

        def hear(progress: Progress) -> None:
            if progress.plan is not None and progress.objective is not None:
                bound, gap = progress.bound or 0.0, progress.gap
                stage = Stage(
                    progress.stage,
                    "FEASIBLE",
                    progress.objective,
                    bound,
                    1.0 if gap is None else gap,
                    0.0,
                )
                plan = Plan(problem.scenario.option, progress.plan, Solution("FEASIBLE", (stage,)))
                seconds = round(time.perf_counter() - started, 3)
                self.show({**answer_of(problem, plan), **about, "seconds": seconds})
            tell(progress)

        return hear


def _today(problem: Problem) -> Result:
    """Put today's clusters on the ground of a scenario, as a plan that was given."""
    local = problem.authority.schools["local_cluster"].astype(str)
    assignment = problem.exempt_of.astype(str).combine_first(local).reindex(local.index)
    return Result(
        problem=problem,
        plan=Plan(TODAY, assignment, Solution("GIVEN")),
        score=score(problem, assignment, TODAY),
        violations=(),
        objective={},
        seconds=0.0,
        seed=0,
        stamp="",
        caveats=problem.authority.caveats,
    )


def answer_of(problem: Problem, plan: Plan) -> Answer:
    solution = plan.solution
    own = [s for s in solution.stages if s.term != TIE_BREAK and not s.term.startswith(UPPER)]
    values = {stage.term: stage.objective for stage in own}
    if WEIGHTED in values or set(values) != set(problem.scenario.objective.terms):
        metrics = score(problem, plan.assignment, plan.label).metrics
        lost = {term: values[term] for term in gathered("projections") if term in values}
        values = objective_values(problem, metrics) | lost
    is_given = solution.status == "GIVEN"
    return plain_record(
        {
            "status": solution.status,
            "objective": values,
            "bound": None if is_given else {stage.term: stage.bound for stage in own},
            "gap": None if is_given else max((s.gap for s in solution.stages), default=None),
            "n_clusters": plan.assignment.loc[problem.unit_of.index].nunique(),
            "n_plans": solution.proof.count_of_plans,
            "plan": plan.assignment.to_dict(),
            "proof": solution.proof.facts(),
        }
    )


N_BARS, N_DRAWN, MOST_POINTS, MOST_PAIRS = 24, 2_000, 150, 400


def explored(problem: Problem, terms: list[str]) -> dict[str, Any]:
    """Work out what is shown of all plans; the first of the terms is spread over bars."""
    found = Universe.of(problem)
    if not found.n_plans:
        return {"n_plans": 0, "metrics": list(found.metrics)}
    asked = [term for term in terms if term in found.metrics]
    # A front is of two terms at least.
    known = asked if len(asked) > 1 else list(dict.fromkeys([*asked, *found.metrics]))[:2]
    return plain_record(
        {
            "n_plans": found.n_plans,
            "metrics": found.metrics,
            "terms": known,
            "by_count": found.n_plans_by_count,
            "bars": _bars(found, known[0]),
            **_front(found, known),
            "pairs": _pairs(found),
        }
    )


def _values(picked: PickedPlan) -> dict[str, float]:
    return {term: value / term_scale(term) for term, value in picked.costs.items()}


def _bars(found: Universe, term: str) -> dict[str, Any]:
    """Count plans by the value of a term: every plan, or many drawn with the same chance."""
    if found.n_plans <= N_DRAWN:
        plans, is_all = found.best(found.n_plans), True
    else:
        plans, is_all = found.sample(N_DRAWN, seed=0), False
    values = [picked.costs[term] / term_scale(term) for picked in plans]
    counts, edges = np.histogram(values, bins=N_BARS)
    return {"term": term, "edges": edges, "counts": counts, "is_all": is_all, "n": len(plans)}


def _front(found: Universe, terms: list[str]) -> dict[str, Any]:
    points = found.pareto(terms[:3])
    points.sort(key=lambda picked: [picked.costs[term] for term in terms])
    step = -(-len(points) // MOST_POINTS) or 1
    drawn = [
        {"values": _values(picked), "plan": found.plan(picked.groups).assignment.to_dict()}
        for picked in points[::step]
    ]
    return {"front": drawn, "n_front": len(points)}


def _pairs(found: Universe) -> list[list[Any]]:
    """Give neighbours, and in what share of all plans and of those near best they are together."""
    table = found.together().reset_index()
    columns = ["unit_a", "unit_b", "share_all", "share_near"]
    rows: list[list[Any]] = table[columns].to_numpy().tolist()
    rows.sort(key=lambda row: (-row[2], -row[3] if math.isfinite(row[3]) else 0, row[0], row[1]))
    return rows[:MOST_PAIRS]
