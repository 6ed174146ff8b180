"""The council's own clusters, from a list of clusters or of feeders."""

from dataclasses import replace

import pytest

from cluster_optimiser.batch import starting
from cluster_optimiser.errors import InputError
from cluster_optimiser.inputs.intake.intake import take_in
from tests.inputs.intake.dirt import Files

PLACES = [f"{letter}wick" for letter in "ABCDEFGHIJKL"]


@pytest.fixture
def files(tmp_path):
    made = Files(tmp_path)
    for i, place in enumerate(PLACES):
        phase = "High" if i in {5, 10} else "Primary"
        made.edit(i, name=f"{place} {phase} School")
    return made


def asked(files, which, text):
    path = files.folder / f"{which}.csv"
    path.write_text(text)
    return replace(files.write(), **{which: path})


def clusters_of(files, which, text):
    request = asked(files, which, text)
    new = starting.with_clusters("a", take_in(request), starting.Destination(files.folder))
    return new.cluster.to_dict(), new.cluster_notes


def faults_of(files, which, text):
    with pytest.raises(InputError) as caught:
        take_in(asked(files, which, text))
    return [(fault.row, fault.problem, fault.remedy) for fault in caught.value.faults]


def test_clusters_of_a_file_are_taken_by_number_or_by_name_as_people_write_it(files):
    rows = ["School,URN,Cluster", "awick primary,,West", ",100001,East", "Cwick Primary Sch.,,East"]
    found, notes = clusters_of(files, "clusters", "\n".join(rows))
    assert (found[100000], found[100001], found[100002]) == ("West", "East", "East")
    assert set(found.values()) == {"West", "East"}
    assert notes[0] == "Today's 2 clusters are those of clusters.csv."
    assert notes[1].startswith("9 schools that it gives none are put into that of the nearest")
    assert "Dwick Primary School" in notes[1]


def test_merged_cells_and_the_number_of_another_school_are_faults(files):
    rows = ["School,URN,Cluster", "Awick Primary,100001,West", ",100002,", ",100003,"]
    found = faults_of(files, "clusters", "\n".join(rows))
    assert [(row, problem) for row, problem, _ in found] == [
        (2, '"Awick Primary" is URN 100000, not 100001'),
        (3, "2 of 3 rows name no cluster: were cells merged?"),
    ]


def test_feeders_lead_to_the_last_school_of_their_way(files):
    rows = ["URN,Feeds", "100000,Bwick Primary", "100001,Fwick High School", "100002,Kwick High"]
    rows += ["100005,", "100010,Kwick High School"]
    found, _ = clusters_of(files, "feeders", "\n".join(rows))
    assert [found[100000 + i] for i in (0, 1, 2, 5, 10)] == [
        *["Fwick High School"] * 2, "Kwick High School", "Fwick High School", "Kwick High School"
    ]  # fmt: skip
    assert set(found.values()) == {"Fwick High School", "Kwick High School"}


def test_every_row_that_is_not_sure_is_a_fault_with_its_remedy(files):
    rows = ["School,URN,Cluster", "Mallow Primary,,West", ",199999,West", ",,West"]
    rows += ["Lqick Primary,,East", ",100000,East", ",100000,West"]
    found = faults_of(files, "clusters", "\n".join(rows))
    assert [row for row, *_ in found] == [2, 3, 4, 5, 7]
    assert found[0][1:] == (
        '"Mallow Primary": no school is called so or much like it',
        "Write its URN, or take it out.",
    )
    assert found[1][1] == 'the authority has no school "199999"'
    assert found[2][1] == "the row names no school"
    assert found[3][2] == "Is it lwick primary school (URN 100011)? Write its URN."
    assert found[4][1] == 'URN 100000 is in "East" on an earlier row, in "West" here'


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["100000,Bwick Primary", "100001,Awick Primary"], "feed one another in a circle"),
        (["100000,Fwick High", "100000,Kwick High"], "URN 100000 feeds several schools"),
        (["100000,Oak High"], "no school is called so"),
        (["100000,Bwick Primary"], 'ends at "Bwick Primary School", which is no secondary'),
        (["100000,Awick Primary"], 'ends at "Awick Primary School", which is no secondary'),
    ],
)
def test_feeders_that_cannot_be_followed(files, rows, problem):
    [(_, said, _)] = faults_of(files, "feeders", "\n".join(["URN,Secondary school", *rows]))
    assert problem in said


def test_a_school_that_is_left_out_is_told_not_refused(files):
    files.edit(3, status="Closed", close_date="31-08-2023")
    rows = ["URN,Cluster", "100000,West", "100003,West"]
    intake = take_in(asked(files, "clusters", "\n".join(rows)))
    assert "clusters.csv, row 3: URN 100003 is not taken: closed." in intake.ledger.notes


def test_a_file_without_schools_or_both_files_at_once(files):
    [(_, said, _)] = faults_of(files, "clusters", "Cluster,Colour\nWest,red")
    assert said == "no column names the schools: no URN, no LAESTAB, no school's name"
    request = replace(asked(files, "clusters", "URN,Cluster\n100000,W"), feeders=files.folder / "f")
    with pytest.raises(InputError, match="both given"):
        take_in(request)


def test_what_a_failed_formula_leaves_names_no_cluster(files):
    rows = ["URN,Cluster", "100000,West", "100001,#N/A"]
    [(row, said, _)] = faults_of(files, "clusters", "\n".join(rows))
    assert (row, said) == (3, '"#N/A" is no name: a spreadsheet writes it where a formula failed')
