"""The words of the register."""

from __future__ import annotations

import pytest

from cluster_optimiser.constants import PHASES
from cluster_optimiser.inputs.intake.gias import KIND_OF_TYPE, LEFT_OUT, kind_of, phase_of

ALL_TYPES = """
Community school|Voluntary aided school|Voluntary controlled school|Foundation school
City technology college|Community special school|Non-maintained special school
Other independent special school|Other independent school|Foundation special school
Pupil referral unit|Local authority nursery school|Further education|Secure units
Offshore schools|Service children's education|Miscellaneous|Academy sponsor led
Higher education institutions|Welsh establishment|Sixth form centres
Special post 16 institution|Academy special sponsor led|Academy converter|Free schools
Free schools special|British schools overseas|Free schools alternative provision
Free schools 16 to 19|University technical college|Studio schools
Academy alternative provision converter|Academy alternative provision sponsor led
Academy special converter|Academy 16-19 converter|Academy 16 to 19 sponsor led
Children's centre|Children's centre linked site|Online provider
Institution funded by other government department|Academy secure 16 to 19
"""


@pytest.mark.parametrize("name", [n.strip() for n in ALL_TYPES.replace("\n", "|").split("|") if n])
def test_every_type_of_establishment_is_known(name: str) -> None:
    assert name.lower() in KIND_OF_TYPE
    assert kind_of(name.upper(), "") in {*LEFT_OUT, "special", "pru", "nursery", "school"}


def test_a_new_type_is_judged_by_its_group() -> None:
    assert kind_of("Made type", "Independent schools") == "independent"
    assert kind_of("Made type", "Academies") == "school"


@pytest.mark.parametrize(
    ("ages", "phase"),
    [
        ((2, 5), "nursery"),
        ((3, 7), "primary"),
        ((4, 11), "primary"),
        ((7, 11), "primary"),
        ((5, 9), "primary"),
        ((5, 12), "primary"),
        ((8, 12), "middle"),
        ((9, 13), "middle"),
        ((10, 14), "middle"),
        ((11, 14), "secondary"),
        ((11, 18), "secondary"),
        ((13, 19), "secondary"),
        ((14, 19), "secondary"),
        ((9, 16), "secondary"),
        ((4, 16), "all-through"),
        ((3, 19), "all-through"),
        ((16, 19), "16 plus"),
    ],
)
def test_phase_from_ages(ages: tuple[int, int], phase: str) -> None:
    read = phase_of("Not applicable", "school", ages, "Made")
    assert read.phase == phase
    assert read.guessed_from == f"ages {ages[0]} to {ages[1]}"


@pytest.mark.parametrize(
    ("word", "phase"),
    [
        ("Middle deemed primary", "middle"),
        ("Middle Deemed Secondary", "middle"),
        ("All-through", "all-through"),
        ("All through", "all-through"),
        ("All-age", "all-through"),
        ("16 plus", "16 plus"),
        ("4", "secondary"),
        *((phase.upper(), phase) for phase in PHASES),
    ],
)
def test_phases_the_register_says_are_not_guessed(word: str, phase: str) -> None:
    assert phase_of(word, "school", (None, None), "Made") == type(
        phase_of("Primary", "school", (None, None), "")
    )(phase)


@pytest.mark.parametrize(
    ("ages", "la_code", "phase", "guessed_from"),
    [
        ((3, 16), "", "all-through", 'ages 3 to 16 (the file says "Middle")'),
        ((4, 19), "675", "all-through", 'ages 4 to 19 (the file says "Middle")'),
        ((None, None), "660", "all-through", 'its place in Wales (the file says "Middle")'),
        ((3, None), "681.0", "all-through", 'its place in Wales (the file says "Middle")'),
        ((9, 13), "926", "middle", ""),
        ((5, 12), "", "middle", ""),
        ((9, 16), "", "middle", ""),
        ((None, None), "682", "middle", ""),
        ((None, None), "", "middle", ""),
    ],
)
def test_schools_for_all_ages_are_called_middle_in_wales(
    ages: tuple[int | None, int | None], la_code: str, phase: str, guessed_from: str
) -> None:
    read = phase_of("Middle", "school", ages, "Made", la_code=la_code)
    assert (read.phase, read.guessed_from) == (phase, guessed_from)


def test_a_phase_nobody_knows_is_said() -> None:
    read = phase_of("Prymary", "school", (4, 11), "Made")
    assert read.guessed_from == 'ages 4 to 11 (the file says "Prymary")'


@pytest.mark.parametrize(
    ("name", "phase"),
    [("Ash Infant School", "primary"), ("Ash High School", "secondary"), ("Ash Endeavour", "")],
)
def test_the_name_is_the_last_resort(name: str, phase: str) -> None:
    assert phase_of("", "school", (None, 11), name).phase == phase
