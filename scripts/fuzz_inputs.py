"""Spoil files of every kind at random and see that `check` ends as documented.

    python scripts/fuzz_inputs.py 4000 [first number]

Cases run in a worker with 2 GB and 20 seconds each; a worker that a case ends is replaced. What
ends otherwise than documented is listed with its number, which makes it again.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.fuzzing import CODES, Projects

MOST_BYTES = 2 * 1024**3
MOST_S = 20


def work(first: int, end: int) -> None:
    """Run cases and print the number of each before, and what is wrong after."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    with tempfile.TemporaryDirectory() as home:
        projects = Projects(Path(home))
        for number in range(first, end):
            print(number, flush=True)
            kind, run = projects.case(number)
            signal.alarm(MOST_S)
            code, said = run()
            signal.alarm(0)
            if code not in CODES or "nobody foresaw" in said:
                print(f"case {number} ({kind}) ended with {code}: {said[:300]}", file=sys.stderr)


def main() -> None:
    """Keep a worker running until all cases are through."""
    first, n_cases = int((*sys.argv[2:], "0")[0]), int(sys.argv[1])
    end = first + n_cases
    while first < end:
        command = [sys.executable, __file__, "--worker", str(first), str(end)]
        done = subprocess.run(  # noqa: S603 - this file itself
            command, stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode == 0:
            break
        first = int(done.stdout.split()[-1]) + 1
        print(f"case {first - 1} ended its process with {done.returncode}", flush=True)
    print(f"{n_cases} cases are through")


if __name__ == "__main__":
    if sys.argv[1] == "--worker":
        work(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
