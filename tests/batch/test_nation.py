"""Every authority of a register in one go."""

import pandas as pd
import pytest

from cluster_optimiser import cli
from cluster_optimiser.batch import nation
from cluster_optimiser.cli.terminal import EXIT_SOME_FAILED
from tests.inputs.intake.dirt import clean_rows
from tests.made_gias import school, write_register


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Make three authorities and schools of none, one of the authorities without a place."""
    folder = tmp_path_factory.mktemp("nation")
    rows = clean_rows()
    moved = [
        school(110_000 + i, 500_000 + 2_000 * i, 200_000, la="201", la_name="Farley", pupils="")
        for i in range(4)
    ]
    lost = school(120_000, 500_000, 200_000, la="202", la_name="Nowhere")
    lost = lost.with_(Easting="", Northing="", Postcode="")
    nobody = school(130_000, 500_000, 200_000, la="000", la_name="Does Not Apply")
    write_register([*rows, *moved, lost, nobody], folder / "edubasealldata20240115.csv")
    return folder


def run(home, *more):
    register = home / "edubasealldata20240115.csv"
    return ["new", "--la", "all", "--schools", str(register), "--into", str(home), *more]


def test_each_authority_has_a_folder_and_a_line_and_a_second_run_goes_on(home, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.app.main(run(home), standalone_mode=False)
    assert ended.value.code == EXIT_SOME_FAILED
    table = pd.read_csv(home / nation.TABLE, dtype=str, keep_default_na=False)
    table = table.set_index("authority")
    assert list(table["state"]) == ["made", "not made", "made"]
    assert "Does Not Apply" not in table.index
    assert "no location" in table.loc["Nowhere", "message"]
    made = table.loc["Calderbeck"]
    assert (made["schools"], made["pupils"], made["groups"]) == ("12", "3600", "2")
    assert made["groups_are"] == "made by this program"
    assert table.loc["Farley", ["pupils", "pupils_unknown"]].tolist() == ["0", "4"]
    for folder in table.loc[table["state"] == "made", "folder"]:
        assert (home / "boundaries" / folder / "check.html").is_file()
        assert f'href="boundaries/{folder}/check.html"' in (home / nation.PAGE).read_text()
    assert "3 authorities: 2 made, 1 not made." in capsys.readouterr().out
    before = (home / "boundaries" / "farley" / "schools.csv").stat().st_mtime_ns
    with pytest.raises(SystemExit):
        cli.app.main(run(home), standalone_mode=False)
    again = pd.read_csv(home / nation.TABLE, dtype=str, keep_default_na=False)
    assert list(again["state"]) == ["there already", "not made", "there already"]
    assert again["schools"].tolist() == table["schools"].tolist()
    assert (home / "boundaries" / "farley" / "schools.csv").stat().st_mtime_ns == before


@pytest.mark.parametrize("arguments", [["Calderbeck", "--la", "all"], []])
def test_one_authority_is_named_or_all_are_asked_for(home, arguments):
    register = str(home / "edubasealldata20240115.csv")
    with pytest.raises(Exception, match="--la all without one"):
        cli.app.main(["new", *arguments, "--schools", register], standalone_mode=False)
