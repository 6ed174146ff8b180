"""Which school a person means: sure, likely, several or none."""

import pandas as pd
import pytest

from cluster_optimiser.inputs.matching import SchoolNames
from tests.norfolk import norfolk_place
from tests.spellings import WAYS


@pytest.fixture(scope="module")
def schools():
    return norfolk_place().authority.schools


@pytest.fixture(scope="module")
def names(schools):
    return SchoolNames(schools, ["Norfolk"])


LEAST_FOUND = {"letters exchanged": 0.9, "place and phase": 0.98}


@pytest.mark.parametrize("way", WAYS)
def test_every_school_is_found_however_it_is_written_and_none_for_another(way, schools, names):
    found = {urn: names.find(WAYS[way](name)) for urn, name in schools["name"].items()}
    wrong = [
        urn for urn, match in found.items() if match.sureness == "sure" and match.urns != (urn,)
    ]
    assert wrong == []
    good = [
        match.sureness in {"sure", "likely"} and urn in match.urns for urn, match in found.items()
    ]
    assert sum(good) >= LEAST_FOUND.get(way, 0.99) * len(good)


@pytest.mark.parametrize(
    ("written", "sureness", "name"),
    [
        ("Hapton CE Primary School", "sure", "Hapton Church of England Primary School"),
        ("Flitcham Primary School", "sure", "Flitcham"),
        ("Ditchingham Primary School", "sure", "Ditchingham"),
        ("Attleborough Infant", "sure", "Attleborough Infant School"),
        ("120883", "sure", ""),
        ("120883.0", "sure", ""),
        ("Hapton High School", "likely", "Hapton"),
        ("Norwich", "likely", ""),
        ("Hapton RC Primary School", "likely", "Hapton"),
        ("Hapton Special School", "likely", "Hapton"),
        ("URN: 120883", "sure", ""),
        ("Hapton CE Primary School, 120883", "several", ""),
        ("120883 and 120777", "several", ""),
        ("Attleboro High", "likely", "Attleborough High School"),
        ("Wymondam Hihg Academy", "likely", "Wymondham High Academy"),
        ("Dersingam Primary", "likely", "Dersingham"),
        ("St Mary's", "several", ""),
        ("Parents of Wymondham", "several", ""),
        ("999999", "none", ""),
        ("\u00b2", "none", ""),
        ("Primary School", "none", ""),
        ("", "none", ""),
    ],
)
def test_what_is_not_sure_is_not_taken_for_sure(written, sureness, name, schools, names):
    match = names.find(written)
    assert match.sureness == sureness
    if name:
        assert schools.loc[match.urns[0], "name"].startswith(name)


def test_postcode_and_laestab_are_numbers_of_a_school(schools):
    urns = schools.index[:3]
    table = schools.loc[urns, ["name"]].assign(
        postcode=["NR1 1AA", "NR1 1AA", "NR2 2BB"], laestab=["9262001", "926/2002", "9262003"]
    )
    names = SchoolNames(table)
    assert names.find("nr2 2bb").urns == (urns[2],)
    assert names.find("NR1 1AA").sureness == "several"
    assert names.find("926/2002").urns == (urns[1],)
    assert names.find("9262003").sureness == "sure"


def test_a_name_without_a_word_that_tells_is_found_if_it_is_written_in_full():
    schools = pd.DataFrame({"name": ["The High School", "The Infant School"]}, index=[1, 2])
    names = SchoolNames(schools)
    assert [names.find(text).urns for text in ("the high school", "High School")] == [(1,), ()]


def test_names_in_other_letters_and_in_signs_alone_are_found():
    schools = pd.DataFrame({"name": ["\u09a2\u09be\u0995\u09be School", "???", "Ash School"]})
    names = SchoolNames(schools)
    assert names.find("\u09a2\u09be\u0995\u09be").urns == (0,)
    assert (names.find("???").sureness, names.find("???").urns) == ("sure", (1,))
    assert names.find("!!").sureness == "none"
