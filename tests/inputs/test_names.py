"""`check_names`: names of a scenario that the authority does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cluster_optimiser.inputs import check_names, load_authority
from cluster_optimiser.scenario import parse_scenario
from tests.inputs.broken import BASE

if TYPE_CHECKING:
    from cluster_optimiser.domain import Authority

SCENARIO = {
    "title": "Test",
    "option": "t",
    "authority": "threeshire",
    "method": "merge",
    "objective": {"order": ["count"]},
}


@pytest.fixture(scope="module")
def authority() -> Authority:
    return load_authority(BASE)


def messages(authority: Authority, change: dict[str, Any]) -> list[str]:
    scenario = parse_scenario(SCENARIO | change)
    return [str(fault) for fault in check_names(scenario, authority, ["Ash + Birch"], "t.toml")]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"within": ["district"], "alignment": {"division": "prefer"}},
        {"objective": {"order": ["misaligned.gp", "misaligned"]}},
        {"contiguity": {"links": [["Ash", "Birch"]], "barriers": [["Birch", "Cedar"]]}},
        {"size": {"exceptions": ["Ash + Birch", "Cedar"]}},
        {"pins": {"together": [["Ash", "Birch"]], "apart": [["Ash + Birch", "Cedar"]]}},
        {"urban": {"areas": ["Ash", "West", "South"]}},
        {"reasons": {"Ash": "why", "Ash - Birch": "why", "Ash + Birch - Cedar": "why"}},
        {"exempt": [{"name": "RC", "where": {"faith": "Roman Catholic"}}]},
        {"exempt": [{"name": "Special", "where": {"phase": ["nursery", "pru"]}}]},
        {"exempt": [{"name": "By figure", "where": {"easting": "603000"}}]},
        {"governance": {"academies": {"faith": ["Jewish", "Roman Catholic"]}}},
        {"exempt": [{"name": "By layer", "where": {"layer.gp": "South"}}]},
    ],
)
def test_right_names_pass(change: dict[str, Any], authority: Authority) -> None:
    assert messages(authority, change) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"within": ["distrct"]}, 'within: there is no layer "distrct". Did you mean "district"?'),
        (
            {"alignment": {"divison": "prefer"}},
            'alignment: there is no layer "divison". Did you mean "division"?',
        ),
        (
            {"objective": {"order": ["misaligned.center"]}},
            'objective: there is no layer "center". Did you mean "centre"?',
        ),
        (
            {"contiguity": {"links": [["Ash", "Burch"]]}},
            'contiguity.links: there is no geographic cluster "Burch". Did you mean "Birch"?',
        ),
        (
            {"contiguity": {"barriers": [["Ash", "Seder"]]}},
            'contiguity.barriers: there is no geographic cluster "Seder". Did you mean "Cedar"?',
        ),
        (
            {"size": {"exceptions": ["Cedr"]}},
            'size.exceptions: there is no unit or cluster "Cedr". Did you mean "Cedar"?',
        ),
        (
            {"size": {"clusters": {"Cedr": {"max_pupils": 5}}}},
            'size.clusters: there is no unit or cluster "Cedr". Did you mean "Cedar"?',
        ),
        (
            {
                "size": {"of": "hub", "places": "pupls", "tolerance": 0.1},
                "redraw": {"hubs": "secondary"},
            },
            'size.places: there is no column of the register "pupls". Did you mean "pupils"?',
        ),
        (
            {
                "size": {"of": "hub", "places": "faith", "tolerance": 0.1},
                "redraw": {"hubs": [100001]},
            },
            (
                'size.places: URN 100001 is a hub, and its faith is "None".'
                " Write how many pupils it has places for, or name other hubs."
            ),
        ),
        (
            {"pins": {"together": [["Ash", "Zzz"]]}},
            (
                'pins.together: there is no unit or cluster "Zzz".'
                " Use one of Ash, Ash + Birch, Birch, Cedar."
            ),
        ),
        (
            {"pins": {"apart": [["Ash", "Birhc"]]}},
            'pins.apart: there is no unit or cluster "Birhc". Did you mean "Birch"?',
        ),
        (
            {"urban": {"areas": ["Wets"]}},
            'urban.areas: there is no cluster or area of a layer "Wets". Did you mean "West"?',
        ),
        (
            {"reasons": {"Ash - Burch": "why"}},
            'reasons: there is no unit or cluster "Burch". Did you mean "Birch"?',
        ),
        (
            {"exempt": [{"name": "RC", "where": {"fath": "Roman Catholic"}}]},
            'exempt.1.where: there is no column "fath". Did you mean "faith"?',
        ),
        (
            {"exempt": [{"name": "RC", "where": {"faith": "Roman Catholc"}}]},
            (
                'exempt.1.where.faith: there is no school with faith "Roman Catholc".'
                ' Did you mean "Roman Catholic"?'
            ),
        ),
        (
            {"exempt": [{"name": "Pru", "where": {"phase": "pru"}}]},
            (
                'exempt.1.where: there is no school with phase "pru".'
                " Change one of them, or remove the group."
            ),
        ),
        (
            {"exempt": [{"name": "RC", "where": {"faith": "Roman Catholic", "phase": "nursery"}}]},
            (
                'exempt.1.where: there is no school with faith "Roman Catholic" and phase'
                ' "nursery". Change one of them, or remove the group.'
            ),
        ),
        (
            {"governance": {"academies": {"faith": ["Roman catholic"]}}},
            (
                'governance.academies: there is no school with faith "Roman catholic".'
                ' Did you mean "Roman Catholic"?'
            ),
        ),
    ],
)
def test_wrong_name_is_given_with_the_nearest(
    change: dict[str, Any], message: str, authority: Authority
) -> None:
    assert messages(authority, change) == [f"t.toml: {message}"]


def test_every_wrong_name_is_found(authority: Authority) -> None:
    change = {"within": ["a1", "b2"], "urban": {"areas": ["c3"]}, "pins": {"apart": [["d4", "e5"]]}}
    assert len(messages(authority, change)) == 5
