"""The studio answers who may ask, and as the command line does."""

import asyncio
import http.client
import json
import random
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster_optimiser import run_scenario
from cluster_optimiser.batch import universe
from cluster_optimiser.errors import InfeasibleError, ScenarioError
from cluster_optimiser.scenario import load_scenario
from cluster_optimiser.studio.crew import Crew, Refused
from cluster_optimiser.studio.desk import Desk
from cluster_optimiser.terms import FAMILIES, TERMS
from cluster_optimiser.words import words
from tests.script_types import misdeclared

CHANGED = {"extends": "4a.toml"}


def test_a_scenario_is_solved_proved_and_counted(studio):
    status, found = studio.ask("/api/solve", {"scenario": CHANGED})
    assert status == 200
    result = run_scenario(studio.root / "scenarios/4a.toml")
    assert found["plan"] == {str(urn): name for urn, name in result.plan.assignment.items()}
    assert found["status"] == "OPTIMAL"
    assert found["gap"] == 0
    assert found["objective"] == found["bound"] == result.objective
    assert found["n_plans"] == universe(studio.root / "scenarios/4a.toml").n_plans
    assert found["n_clusters"] == result.score.metrics["n_clusters"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"token": ""}, 403),
        ({"token": "wrong"}, 403),
        ({"token": "right-token\u00e9"}, 403),
        ({"Host": "studio.example:80"}, 403),
        ({"Origin": "https://studio.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": "99999999999"}, 413),
    ],
)
def test_others_are_refused(studio, changes, status):
    refused, told = studio.ask("/api/solve", {"scenario": CHANGED}, **changes)
    assert refused == status
    assert told["error"]


def test_the_studio_s_own_page_may_ask(studio):
    own = f"http://127.0.0.1:{studio.port}"
    assert studio.ask("/api/solve", {"scenario": CHANGED}, Origin=own)[0] == 200
    bearer = {"token": "", "Authorization": f"Bearer {studio.token}"}
    assert studio.ask("/api/solve", {"scenario": CHANGED}, **bearer)[0] == 200
    kept = {"token": "", "Cookie": f"studio-{studio.port}={studio.token}"}
    assert studio.ask("/api/solve", {"scenario": CHANGED}, **kept)[0] == 200


@pytest.mark.parametrize(
    "own",
    [
        "min_pupil = 3\n[size]\nmax_pupil = 1\n",
        "[size]\nmin_pupils = 3000\nmax_pupils = 2\n",
        '[pins]\ntogether = [["Nowhere", "Else"]]\n',
        '[objective]\norder = ["cuont"]\n',
        'authority = "nowhere"\n',
    ],
)
def test_a_fault_is_told_in_the_words_of_check(studio, own, tmp_path_factory):
    import tomllib  # noqa: PLC0415

    from cluster_optimiser.batch.checking import load_batch  # noqa: PLC0415

    file = studio.root / "scenarios" / "wrong.toml"
    text = f'extends = "base.toml"\ntitle = "T"\noption = "w"\nmethod = "merge"\n{own}'
    if "[objective]" not in own:
        text += '[objective]\norder = ["count"]\n'
    file.write_text(text, encoding="utf-8")
    try:
        with pytest.raises(ScenarioError) as caught:
            load_batch([file])
    finally:
        file.unlink()
    status, told = studio.ask("/api/solve", {"scenario": tomllib.loads(text)})
    assert status == 422
    wanted = [(fault.subject, fault.problem, fault.remedy) for fault in caught.value.faults]
    assert told["faults"] == [f"scenario: {s}: {p}. {r}" for s, p, r in wanted]
    assert told["error"].endswith(told["faults"][-1])


@pytest.mark.parametrize("body", [[], {"scenario": 3}, {"scenario": {}, "time_limit_s": "soon"}])
def test_what_is_no_question_is_told_so(studio, body):
    status, told = studio.ask("/api/solve", body)
    assert status in (400, 422)
    assert told["error"]


def test_no_plan_is_an_answer(studio):
    asked = {"extends": "4a.toml", "size": {"min_pupils": 1999, "max_pupils": 2000}}
    status, told = studio.ask("/api/solve", {"scenario": asked})
    assert (status, told["status"], told["n_plans"], told["plan"]) == (200, "INFEASIBLE", 0, None)
    assert told["message"].startswith("no plan exists")


def _random_rules(rng: random.Random, units: list[str]) -> dict:
    """Change some rules at random, as one at the sliders would."""
    low = rng.choice([0, 50, 100, 150, 200])
    changes = {"size": {"min_pupils": low, "max_pupils": low + rng.choice([150, 400, 900, 3000])}}
    if rng.random() < 0.3:
        changes["size"]["max_exceptions"] = rng.randint(0, 2)
    if rng.random() < 0.4:
        changes["count"] = {"min": 1, "max": rng.randint(1, len(units))}
    if rng.random() < 0.3:
        changes["travel"] = {"max_minutes": rng.randint(5, 60)}
    if rng.random() < 0.3:
        changes["secondary"] = {"min": rng.randint(0, 1)}
    if rng.random() < 0.3:
        changes["contiguity"] = {"barriers": [rng.sample(units, 2)]}
    if rng.random() < 0.4:
        changes["pins"] = {rng.choice(["together", "apart"]): [rng.sample(units, 2)]}
    terms = ["count", "pupil_minutes", "deviation", "exceptions"]
    changes["objective"] = {"order": rng.sample(terms, rng.randint(1, len(terms)))}
    return {**changes, "extends": "4a.toml"}


def test_random_changes_have_the_answers_of_run(studio):
    rng = random.Random(21)
    units = sorted(load_units(studio.root))
    seen = set()
    for _ in range(8):
        asked = _random_rules(rng, units)
        status, told = studio.ask("/api/solve", {"scenario": asked})
        file = studio.root / "scenarios" / "draft.toml"
        lines = ['extends = "4a.toml"', 'option = "draft"']
        lines += [
            f"{table}.{key} = {json.dumps(value)}"
            for table, values in asked.items()
            if table != "extends"
            for key, value in values.items()
        ]
        file.write_text("\n".join(lines), encoding="utf-8")
        try:
            result = run_scenario(load_scenario(file))
            wanted = ("OPTIMAL", {str(urn): c for urn, c in result.plan.assignment.items()})
        except InfeasibleError:
            wanted = ("INFEASIBLE", None)
        finally:
            file.unlink()
        assert (status, told["status"], told["plan"]) == (200, *wanted), asked
        seen.add(told["status"])
    assert seen == {"OPTIMAL", "INFEASIBLE"}


def load_units(root):
    from cluster_optimiser import load_authority  # noqa: PLC0415

    return set(load_authority(root / "boundaries/threeshire").schools["local_cluster"])


def test_what_is_solved_is_told_to_those_who_listen(studio):
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=30)
    connection.request("GET", "/api/events", headers={"X-Token": studio.token})
    stream = connection.getresponse()
    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.readline() == b": listening\n"
    asked = {"extends": "4a.toml", "size": {"min_pupils": 77}}
    studio.ask("/api/solve", {"scenario": asked, "job": "mine"})
    told = []
    while not told or told[-1]["kind"] != "end":
        line = stream.readline()
        told += [json.loads(line[6:])] if line.startswith(b"data: ") else []
    connection.close()
    assert {one["job"] for one in told} == {"mine"}
    assert told[0]["kind"] == "start"
    assert told[-1]["status"] == "OPTIMAL"
    assert any(one["kind"] == "progress" and one["stage"] for one in told)


def test_a_later_change_takes_the_place_of_one_that_waits(world):

    async def ask_thrice():
        crew = Crew(world, 0)
        asked = [
            crew.answer("mine", "solve", {"data": {**CHANGED, "size": {"min_pupils": n}}}, print)
            for n in (60, 61, 62)
        ]
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, third = _in_a_loop(ask_thrice)
    assert first["status"] == third["status"] == "OPTIMAL"
    assert isinstance(second, Refused)
    assert second.status == 409


def _in_a_loop(asked):
    # The tests of pages leave a loop running in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(asked())).result()


def test_what_is_stopped_is_kept_with_the_bound_that_it_had(world):
    class Stopping:
        """A worker that shows a plan, then another, and is killed."""

        job, process = "", None

        def run(self, job, tell):
            tell({"best": {"status": "FEASIBLE", "gap": 0.5}})
            tell({"best": {"status": "FEASIBLE", "gap": 0.25}})
            seen.append(crew.best(job.name))
            return {"refused": "stopped before there was an answer", "faults": [], "status": 409}

    seen, told = [], []

    async def asked():
        crew.workers = [Stopping()]
        crew.idle = deque(crew.workers)
        return await crew.answer("mine", "solve", {}, told.append)

    crew = Crew(world, 0)
    assert _in_a_loop(asked) == {"status": "FEASIBLE", "gap": 0.25, "stopped": True}
    assert seen == [{"status": "FEASIBLE", "gap": 0.25}]
    assert told == [{"has_plan": True}] * 2
    assert crew.best("mine") is None


def test_a_redraw_shows_its_plans_while_it_is_solved(world):
    desk, shown = Desk(world), []
    desk.show = shown.append
    asked = {"extends": "4a.toml", "method": "redraw", "units": "schools"}
    answer = desk.solve({**asked, "objective": {"order": ["pupil_minutes"]}})
    assert {one["status"] for one in shown} == {"FEASIBLE"}
    assert shown[-1]["objective"] == answer["objective"]
    assert set(shown[-1]["plan"]) == set(answer["plan"])
    assert all(
        one["bound"]["pupil_minutes"] <= answer["objective"]["pupil_minutes"] for one in shown
    )


def test_answers_are_what_the_scripts_are_declared(studio, tmp_path):
    page = studio.ask("/work?open=scenarios/4a.toml")[1]
    told = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    none = {"extends": "4a.toml", "size": {"min_pupils": 1999, "max_pupils": 2000}}
    solved = studio.ask("/api/solve", {"scenario": CHANGED})[1]
    asked = {
        "Solved": solved,
        "Unsolved": studio.ask("/api/solve", {"scenario": none})[1],
        "Answers['api/explain']": studio.ask("/api/explain", {"scenario": none})[1],
        "Spread": studio.ask("/api/explore", {"scenario": CHANGED, "terms": ["deviation"]})[1],
        "Answers['api/outlook']": studio.ask(
            "/api/outlook", {"scenario": CHANGED, "plan": solved["plan"]}
        )[1],
        "Answers['api/versions']": studio.ask("/api/versions", {"scenario": CHANGED})[1],
        "Answers['api/stop']": studio.ask("/api/stop", {"job": "none"})[1],
        "Answers['api/best']": studio.ask("/api/best", {"job": "none"})[1],
        "Answers['api/published']": studio.ask("/api/published", {})[1],
        "Answers['api/keep']": studio.ask("/api/keep", {"file": "scenarios/4a.toml", "state": {}})[
            1
        ],
        "Answers['api/save']": studio.ask(
            "/api/save",
            {"file": "scenarios/saved.toml", "own": {"option": "x", **CHANGED}, "seen": None},
        )[1],
    }
    assert misdeclared(tmp_path, {"WrittenStudio": json.loads(told[1]), **asked}).splitlines() == []
    (studio.root / "scenarios/saved.toml").unlink()


def test_versions_differ_by_a_share_of_pupils(studio):
    asked = {"extends": "4a.toml", "size": {"max_pupils": 9000}}
    status, told = studio.ask("/api/versions", {"scenario": asked, "number": 2, "differ": 0.2})
    assert status == 200
    plans = [one["plan"] for one in told["versions"]]
    assert plans[0] == studio.ask("/api/solve", {"scenario": asked})[1]["plan"]
    assert len(plans) == 2
    assert plans[0] != plans[1]
    status, told = studio.ask("/api/versions", {"scenario": asked, "differ": 7})
    assert (status, "differ_pupils" in told["error"]) == (422, True)


def test_a_plan_is_judged_with_other_pupils(studio):
    solved = studio.ask("/api/solve", {"scenario": CHANGED})[1]
    asked = {"scenario": CHANGED, "plan": solved["plan"]}
    (row,) = studio.ask("/api/outlook", asked)[1]["outlook"]["rows"]
    assert "of 200" in row["total"]
    growth = [{"name": "slow", "years": [2030], "pct_per_year": 0.1}]
    own = {"assumption": "ours", "from_year": 2029, "growth": growth}
    asked["scenario"] = {**CHANGED, "projection": own}
    assert studio.ask("/api/outlook", asked)[1]["outlook"]["assumptions"] == ["ours"]
    del asked["plan"][next(iter(asked["plan"]))]
    status, told = studio.ask("/api/outlook", asked)
    assert (status, "leaves out schools" in told["error"]) == (422, True)


def test_every_term_has_a_unit_that_can_be_said():
    known = words()["studio"]["units"]
    assert {term.unit for term in (*TERMS, *FAMILIES)} <= set(known)


def test_a_plan_is_kept_as_it_is_with_the_rules_that_judge_it(studio):
    own = {"extends": "base.toml", "title": "Kept", "option": "kept", "method": "merge"}
    own |= {"objective": {"order": ["count"]}, "count": {"max": 3}}
    _, answer = studio.ask("/api/solve", {"scenario": own})
    asked = {"file": "scenarios/kept.toml", "own": own, "seen": None, "plan": answer["plan"]}
    status, told = studio.ask("/api/save", asked)
    assert status == 200, told
    path = studio.root / "scenarios/kept.toml"
    try:
        kept = load_scenario(path)
        assert (kept.method, kept.plan, kept.size.max_pupils) == ("file", "kept.csv", 2000)
        assert kept.count.max == 3, "what a given plan is judged by stays"
        again = run_scenario(path).plan.assignment
        assert {str(urn): name for urn, name in again.items()} == answer["plan"]
        status, told = studio.ask(
            "/api/save", {**asked, "file": "scenarios/kept2.toml", "plan": {"1": "A"}}
        )
        assert status == 422, told
        assert not list(studio.root.glob("scenarios/kept2*"))
    finally:
        path.unlink()
        path.with_suffix(".csv").unlink()
