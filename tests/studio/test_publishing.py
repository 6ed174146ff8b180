"""What is published can be verified, and says what was asked for."""

import zipfile

import pytest
from click.testing import CliRunner

from cluster_optimiser.cli import app
from cluster_optimiser.errors import ClusterOptimiserError, InputError
from cluster_optimiser.studio import publishing
from cluster_optimiser.studio.beginning import room_for
from cluster_optimiser.studio.project import STATE, Project
from tests.script_types import misdeclared
from tests.studio.conftest import OPTION


@pytest.fixture(scope="module")
def made(world):
    """Publish an option, without the papers: they have tests of their own, and take long."""
    (world / "scenarios/4a.toml").write_text(OPTION, encoding="utf-8")
    theme = {"council": "Three <b>shires</b>", "questions": ["Which one?"]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing, "_paper", lambda *_: ["no paper"])
        return publishing.published(world, ["scenarios/4a.toml"], theme, "made")


def test_options_are_published_as_files_that_verify(made, world):
    assert made["notes"] == ["no paper"]
    home = world / STATE / "made"
    page = (home / publishing.PAGE).read_text(encoding="utf-8")
    assert "Three &lt;b&gt;shires&lt;/b&gt;" in page
    assert 'href="results/4a/plan.csv"' in page
    verified = CliRunner().invoke(app, ["verify", str(home / "results")])
    assert verified.exit_code == 0, verified.output
    with zipfile.ZipFile(home / publishing.ZIP) as packed:
        assert {"consultation.html", "results/4a/plan.csv"} <= set(packed.namelist())


def test_what_cannot_be_published_is_said(world):
    with pytest.raises(ClusterOptimiserError, match="no option is chosen"):
        publishing.published(world, [], {}, "none")
    with pytest.raises(InputError, match="closes"):
        publishing.themed({"closes": "soon"}, world / "boundaries/threeshire")


def test_replies_are_counted_against_what_was_published(made, world, tmp_path):
    answers = {"Answers['api/publish']": made}
    made = publishing.publications(world)[0]
    assert made["labels"] == ["4a"]
    sent = room_for(Project(world), "replies.csv")
    sent.write_text("school,option,comment\n100001,4a,Yes\n100002,none,\nNobody,4a,\n")
    name = f"{sent.parent.name}/{sent.name}"
    counted = publishing.counted(world, made["folder"], "scenarios/4a.toml", [name])
    text = "\n".join(counted["lines"])
    assert "3" in text
    assert "4a" in text
    with zipfile.ZipFile(world / STATE / counted["zip"].removeprefix("made/")) as packed:
        assert {"replies.csv", "support.csv"} <= set(packed.namelist())
    answers |= {"Published": made, "Answers['api/count']": counted}
    assert misdeclared(tmp_path, answers).splitlines() == []
    for folder, files in (("elsewhere", [name]), (made["folder"], [])):
        with pytest.raises(ClusterOptimiserError, match="choose what was published"):
            publishing.counted(world, folder, "scenarios/4a.toml", files)
    with pytest.raises(InputError, match="was sent"):
        publishing.counted(world, made["folder"], "scenarios/4a.toml", ["../x"])
