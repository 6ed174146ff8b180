"""Try a studio the hard way: random changes drawn and compared with `run`, kills, many clients.

``.venv/bin/python scripts/studio_trial.py changes|kills|clients [N]``, from a checkout; needs
Chromium for ``changes``. Everything is done in a copy of the project, and nothing is left running.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = Path(sys.executable).with_name("cluster-optimiser")
WAIT_S = 120.0
UNITS = (
    "Litcham",
    "Swaffham",
    "Acle",
    "Flegg",
    "Cromer",
    "Sheringham",
    "Diss",
    "Loddon",
    "Reepham",
)
TERMS = ("count", "misaligned.district", "pupil_minutes", "deviation", "changed_pupils")


@dataclass
class Started:
    """A studio that was started."""

    process: subprocess.Popen[str]
    url: str
    token: str
    root: Path

    def ask(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask in JSON."""
        sent = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "X-Token": self.token}
        base = self.url.partition("/?")[0]
        request = urllib.request.Request(base + path, sent, headers)  # noqa: S310 - its own address
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            found = {"status": error.code, **json.load(error)}
        return found


@contextmanager
def project() -> Iterator[Path]:
    """Give a copy of this checkout's data and scenarios."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in ("boundaries", "scenarios"):
            shutil.copytree(name, root / name)
        yield root


def started(root: Path) -> Started:
    """Start a studio and wait until it answers."""
    process = subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, "studio", root, "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    said = json.loads(process.stdout.readline())
    one = Started(process, said["url"], said["token"], root)
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        with suppress(urllib.error.URLError, ConnectionError):
            one.ask("/api/published", {})
            return one
        time.sleep(0.1)
    message = "the studio does not answer"
    raise SystemExit(message)


def end(one: Started) -> None:
    """Kill it at once, and tell of what is still running a while later."""
    os.kill(one.process.pid, signal.SIGKILL)
    one.process.wait()
    until = time.monotonic() + 5
    while _group(one.process.pid) and time.monotonic() < until:
        time.sleep(0.1)
    left = _group(one.process.pid)
    if left:
        print(f"STILL RUNNING after 5 s: {left}")
        for pid in left:
            os.kill(pid, signal.SIGKILL)


def _group(session: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(path.parent.name))
    return found


def a_change(rng: random.Random) -> dict[str, Any]:
    """Change one to three rules, as a hand at the form does."""
    choices = {
        "size.min_pupils": lambda: rng.randrange(2000, 3300, 50),
        "size.max_pupils": lambda: rng.randrange(4600, 6000, 50),
        "count.max": lambda: rng.randint(25, 34),
        "travel.max_minutes": lambda: rng.randint(30, 50),
        "objective.order": lambda: rng.sample(TERMS, rng.randint(1, 4)),
        "pins.together": lambda: [rng.sample(UNITS, 2)],
        "pins.apart": lambda: [rng.sample(UNITS, 2)],
    }
    return {key: choices[key]() for key in rng.sample(sorted(choices), rng.randint(1, 3))}


def _nested(changes: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in changes.items():
        table, _, name = key.partition(".")
        made.setdefault(table, {})[name] = value
    return made


def changes(n: int) -> None:
    """Change rules in the browser; time the answer drawn; compare each with `run_scenario`."""
    from cluster_optimiser import run_scenario  # noqa: PLC0415 - heavy
    from cluster_optimiser.batch import load_place  # noqa: PLC0415
    from cluster_optimiser.errors import InfeasibleError  # noqa: PLC0415
    from cluster_optimiser.scenario import load_scenario  # noqa: PLC0415
    from cluster_optimiser.studio.project import kept_text  # noqa: PLC0415

    rng, seconds, answers = random.Random(21), [], []  # noqa: S311 - no secret
    with project() as root:
        one = started(root)
        program = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1366, "height": 768})
            page.goto(one.url.replace("/?", "/work?open=scenarios/4a.toml&"))
            page.wait_for_selector("html[data-shown='1']")
            page.evaluate("document.body.append(document.createElement('i'))")
            while len(answers) < n:
                change = a_change(rng)
                # From the change until the browser has painted what it comes to.
                found = page.evaluate(DRAWN, change)
                if found is None:
                    continue
                seconds.append(found.pop("ms") / 1000)
                answers.append(found)
                page.evaluate("window.studio.draft.at = 0")
            browser.close()
        end(one)
        seconds.sort()
        load = Path("/proc/loadavg").read_text().split()[0]
        print(
            f"{n} changes drawn: median {statistics.median(seconds):.3f} s, 95 % under "
            f"{seconds[int(0.95 * n)]:.3f} s, worst {seconds[-1]:.3f} s; load {load}"
        )
        place = load_place(load_scenario(root / "scenarios/4a.toml"))
        n_alike = 0
        for found in answers:
            file = root / "scenarios/trial.toml"
            own = {**found["own"], "option": "trial"}
            text = kept_text("", own)
            assert tomllib.loads(text) == own  # noqa: S101 - a script
            file.write_text(text, encoding="utf-8")
            try:
                result = run_scenario(file, place=place)
                plan = {str(urn): name for urn, name in result.plan.assignment.items()}
                wanted = ("OPTIMAL", plan, result.plan.solution.proof.count_of_plans)
            except InfeasibleError:
                wanted = ("INFEASIBLE", None, 0)
            if (found["status"], found["plan"], found["n_plans"]) == wanted:
                n_alike += 1
            else:
                told = (found["status"], wanted[0], found["n_plans"], wanted[2])
                print("DIFFERS", own, *told, flush=True)
        n_none = sum(found["status"] == "INFEASIBLE" for found in answers)
        print(f"{n_alike} of {n} as run gives them, {n_none} of them proved impossible")


DRAWN = """async (changes) => {
    const { studio } = window;
    const number = studio.now.number;
    const started = performance.now();
    studio.change(changes, 'trial');
    if (studio.now.number === number) return null;
    const isShown = () => document.documentElement.dataset.shown === String(number + 1);
    await new Promise((done) => {
        const watcher = new MutationObserver(() => {
            if (isShown()) { watcher.disconnect(); done(); }
        });
        watcher.observe(document.documentElement, { attributes: true });
        if (isShown()) { watcher.disconnect(); done(); }
    });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ms = performance.now() - started;
    const { answer } = studio.now;
    const own = studio.draft.steps[studio.draft.at].own;
    return { ms, own, status: answer.status, plan: answer.plan, n_plans: answer.n_plans };
}"""


def kills(n: int) -> None:
    """Kill the server at random moments of saving; nothing that was told to be saved is lost."""
    rng = random.Random(7)  # noqa: S311 - no secret
    n_told = n_lost = n_broken = 0
    with project() as root:
        file = root / "scenarios/4a.toml"
        for number in range(n):
            one = started(root)
            told = {"n": 0, "file": 0, "state": 0}
            hand = threading.Thread(target=_save_on, args=(one, told, 1 + 1_000 * number))
            hand.start()
            time.sleep(rng.uniform(0.2, 3.0))
            end(one)
            hand.join(150)
            try:
                now = tomllib.loads(file.read_text(encoding="utf-8"))
                state = json.loads((root / ".studio/scenarios__4a.toml.json").read_text())
            except ValueError:
                n_broken += 1
                continue
            # What was told last, or what was on its way when it was killed.
            n_told += told["n"]
            title = now["title"].removeprefix("number ")
            n_lost += int(state["n"] < told["state"])
            n_lost += int((int(title) if title.isdecimal() else 0) < told["file"])
        left = [path.name for path in root.rglob(".*.part")]
    print(f"{n} kills after {n_told} saves: {n_lost} lost, {n_broken} files broken; parts {left}")


def _save_on(one: Started, told: dict[str, int], first: int) -> None:
    """Save and keep, again and again, until nobody answers."""
    with suppress(OSError, ValueError, http.client.HTTPException):
        path = one.root / "scenarios/4a.toml"
        for n in range(first, first + 1_000):
            state = {"file": "scenarios/4a.toml", "state": {"n": n, "fill": "x" * 5000}}
            if one.ask("/api/keep", state).get("kept"):
                told["state"] = n
            seen = hashlib.sha256(path.read_bytes()).hexdigest()
            own = {**tomllib.loads(path.read_text(encoding="utf-8")), "title": f"number {n}"}
            saved = one.ask("/api/save", {"file": "scenarios/4a.toml", "own": own, "seen": seen})
            if "seen" in saved:
                told["n"] += 1
                told["file"] = n


def clients(n: int, seconds: float = 60.0) -> None:
    """Have many clients ask random changes for a minute; the same question has one answer."""
    asked: dict[str, set[str]] = {}
    counts = {"answers": 0, "given way": 0, "faults": 0, "other": 0}
    lock = threading.Lock()
    pool = [_nested(a_change(random.Random(seed))) for seed in range(60)]  # noqa: S311
    with project() as root:
        one = started(root)
        until = time.monotonic() + seconds

        def go(client: int) -> None:
            rng = random.Random(client)  # noqa: S311
            while time.monotonic() < until:
                scenario = {"extends": "4a.toml", **rng.choice(pool)}
                found = one.ask("/api/solve", {"scenario": scenario, "job": f"client-{client}"})
                key = json.dumps(scenario, sort_keys=True)
                with lock:
                    if "plan" in found:
                        counts["answers"] += 1
                        told = [found["status"], found["plan"], found["n_plans"]]
                        asked.setdefault(key, set()).add(json.dumps(told, sort_keys=True))
                    else:
                        kind = {409: "given way", 422: "faults"}.get(found["status"], "other")
                        counts[kind] += 1

        threads = [threading.Thread(target=go, args=(client,)) for client in range(n)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        pids = _group(one.process.pid)
        held = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
        end(one)
    n_unlike = sum(len(found) > 1 for found in asked.values())
    mb = held * os.sysconf("SC_PAGE_SIZE") / 1e6
    print(f"{n} clients, {seconds:.0f} s: {counts}; {n_unlike} of {len(asked)} questions have")
    print(f"more than one answer; {len(pids)} processes hold {mb:.0f} MB")


if __name__ == "__main__":
    what = {"changes": (changes, 200), "kills": (kills, 20), "clients": (clients, 50)}
    act, usual = what[sys.argv[1]]
    act(int(sys.argv[2]) if len(sys.argv) > 2 else usual)  # noqa: PLR2004
