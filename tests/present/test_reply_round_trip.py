"""Replies made in the page, by file and by mail, are read back the same."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cluster_optimiser.comparison.responses import plan_of_words
from cluster_optimiser.inputs.replies import load_replies
from tests.norfolk import norfolk_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = (
    "The way to Dereham is short.",
    "=1+1, or so",
    'We said "no", twice',
    "[end]",
    "| a line that begins as ours do",
    "comment = nothing",
    "> forwarded",
    "school = 1",
    "Żółw i dźwig 🐢",
    "'quoted'",
    "a; b + c",
    "x" * 300,
)
FILL = """([question, text]) => {
    document.querySelectorAll("#reply [data-question]")[question].value = text;
}"""
MAKE = """([school, option, who, quote, plan]) => {
    const page = clusterPage;
    page.choose({ school, plan: "" });
    document.getElementById("reply-option").value = option;
    document.getElementById("reply-who").value = who;
    document.getElementById("reply-quote").checked = quote;
    if (plan) {
        page.openTry();
        page.startFrom(page.options[plan[0]]);
        plan[1].forEach(([unit, other]) => {
            const held = page.tried.result.clusters.find((c) => c.units.includes(other));
            if (!held.units.includes(unit)) page.moveUnit(unit, held.name);
        });
    }
    const reply = page.readForm("2026-11-27T10:00:00Z");
    const sent = { csv: page.replyCsv(reply), text: page.replyText(reply) };
    return { ...reply, ...sent, plan: Boolean(reply.plan) };
}"""


def _parts(plan: pd.Series) -> set[frozenset[int]]:
    return {frozenset(map(int, urns)) for urns in plan.groupby(plan).groups.values()}


def _letter(text: str, chance: random.Random) -> str:
    """Send a letter: lines end as those of mail do, and it may have been forwarded."""
    mark = chance.choice(["", "> ", "> > "])
    return "\r\n".join(f"{mark}{line}" for line in text.split("\n"))


@pytest.mark.parametrize("n", [6, pytest.param(50, marks=pytest.mark.thorough)])
def test_a_reply_is_read_as_it_was_made(
    norfolk_page: Any, visit: Callable[..., Any], tmp_path: Path, n: int
) -> None:
    chance = random.Random(n)
    authority = norfolk_place().authority
    plans = {result.plan.label: result.plan.assignment for result in norfolk_page.results}
    page = visit(norfolk_page.path, "#see=try").page
    at = list(page.evaluate("clusterPage.options.map(({ label }) => label)"))
    whole = page.evaluate(
        """clusterPage.options.map((o, i) => (o.can_edit && !o.ground ? i : -1))
            .filter((i) => i >= 0)"""
    )
    made = []
    for folder in ("files", "mails"):
        (tmp_path / folder).mkdir()
    for i in range(n):
        for question in range(2):
            some = [chance.choice(LINES) for _ in range(chance.randint(0, 3))]
            page.evaluate(FILL, [question, "\n".join(some)])
        moves = [chance.sample(range(47), 2) for _ in range(chance.randint(1, 3))]
        reply = page.evaluate(
            MAKE,
            [
                chance.randrange(426),
                chance.choice(["", *at]),
                chance.choice(["school", "governor", "parent", "other"]),
                chance.random() < 0.5,
                [chance.choice(whole), moves] if i % 2 else None,
            ],
        )
        made.append(reply)
        file = tmp_path / "files" / f"{i:02}.csv"
        file.write_text(reply["csv"], encoding="utf-8", newline="")
        mail = tmp_path / "mails" / f"{i:02}.txt"
        mail.write_text(_letter(reply["text"], chance), encoding="utf-8", newline="")
    n_plans = 0
    read = [load_replies(tmp_path / folder, authority, at) for folder in ("files", "mails")]
    for reply, filed, mailed in zip(made, *read, strict=True):
        for found in (filed, mailed):
            assert (found.fault, found.option_problem, found.plan_problem) == ("", "", "")
            assert str(found.urn) == reply["school"]
            assert found.option == reply["option"]
            assert found.comment == reply["comment"]
            assert found.may_quote == (reply["may_quote"] == "yes")
            assert found.respondent == reply["respondent"]
            assert found.submitted_at is not None
            assert f"{found.submitted_at:%Y-%m-%dT%H:%M:%SZ}" == reply["submitted_at"]
            assert bool(found.plan_text) == reply["plan"]
        if reply["plan"]:
            n_plans += 1
            table = pd.read_csv(io.StringIO(filed.plan_text), dtype={"cluster": str})
            saved = table.set_index("urn")["cluster"]
            told = plan_of_words(mailed.plan_text, plans, authority)
            assert _parts(saved) == _parts(told)
            assert _parts(saved) != _parts(plans[mailed.plan_text.partition(": ")[0]])
    assert n_plans >= n // 2 - 1
