"""What is published can be verified, and says what was asked for."""

import zipfile

import pytest
from click.testing import CliRunner

from cluster_optimiser.cli import app
from cluster_optimiser.errors import ClusterOptimiserError, InputError
from cluster_optimiser.studio import publishing
from cluster_optimiser.studio.project import STATE
from tests.studio.conftest import OPTION


def test_options_are_published_as_files_that_verify(world, monkeypatch):
    # Papers have tests of their own, and take long.
    monkeypatch.setattr(publishing, "_paper", lambda *_: ["no paper"])
    (world / "scenarios/4a.toml").write_text(OPTION, encoding="utf-8")
    theme = {"council": "Three <b>shires</b>", "questions": ["Which one?"]}
    made = publishing.published(world, ["scenarios/4a.toml"], theme, "made")
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
