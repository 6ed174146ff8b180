import re

import pytest

from cluster_optimiser import words
from cluster_optimiser.present.theme import load_theme
from cluster_optimiser.words import FORMS, Language, say, speaking


@pytest.mark.parametrize("name", words.languages())
def test_every_language_has_every_key_with_the_same_blanks(name):
    assert words.faults(name) == []


def test_a_language_that_lacks_a_key_or_a_form_is_told_so(monkeypatch):
    english = words.language()
    short = {**english.words, "count": {"schools": {"one": "{n} szkoła", "other": "{m} szkoły"}}}
    monkeypatch.setattr(
        words, "language", lambda name="en": Language("pl", short) if name == "pl" else english
    )
    found = words.faults("pl")
    assert "count.pupils: missing" in found
    assert "count.schools: ['n'] are to be filled in" in found
    assert "count.schools: the plural forms are ['few', 'many', 'one', 'other']" in found


def test_a_key_that_is_not_there_is_an_error():
    with pytest.raises(KeyError, match="en-GB has no words under"):
        say("count.teapots", 1)
    with pytest.raises(KeyError, match="count"):
        say("count.schools.more", 1)
    with pytest.raises(TypeError, match="n must be given as a number"):
        say("count.schools")
    with pytest.raises(TypeError, match="is a section"):
        say("count")
    with pytest.raises(KeyError, match="label"):
        say("script.turn")


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 szkoła"), (3, "3 szkoły"), (5, "5 szkół"), (22, "22 szkoły")]
)
def test_plural_forms_follow_the_language(n, said):
    with speaking("pl"):
        assert say("count.schools", n) == said


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (10**20 + 1, "100,000,000,000,000,000,001"),
        (10**21, "1.00 \u00d7 10²¹"),
        (-45_678 * 10**161, "-4.57 \u00d7 10¹⁶⁵"),
        (12 * 10**400, "1.20 \u00d7 10⁴⁰¹"),
        (1e300, "1.00 \u00d7 10³⁰⁰"),
    ],
)
def test_a_number_of_plans_past_all_reading_is_a_power_of_ten(value, text):
    assert words.number(value) == text


def test_numbers_dates_and_lists_follow_the_language():
    with speaking("pl"):
        assert words.number(12345) == "12\N{NO-BREAK SPACE}345"
        assert words.one_decimal(234.5) == "234,5"
        assert words.exact(12.5) == "12,5"
        assert words.percent(1, 20) == "5,0%"
        assert words.percent(4999, 5000) == "ponad 99,9%"
        assert words.percent(1, 9999) == "poniżej 0,1%"
        assert words.long_date("2019-01-17") == "17 stycznia 2019"
        assert words.joined(["A", "B", "C"]) == "A, B i C"
    assert words.number(12345) == "12,345"


def test_values_are_written_by_what_they_are_and_names_are_never_filled_in():
    with speaking(Language("en-GB", {"a": "{whole}; {part}; {names}; {no}; {text}"})):
        said = say("a", whole=1200, part=2.25, names=["A", "{no}"], no=None, text="{whole}")
    assert said == "1,200; 2.3; A and {no}; –; {whole}"  # noqa: RUF001 - the dash of the unknown


def test_no_section_looks_like_plural_forms():
    for key, forms in words.texts(words.language().words):
        assert forms.keys() <= FORMS, key
        assert "other" in forms, key


def test_a_theme_chooses_the_language_and_is_refused_one_that_is_not_there(tmp_path):
    theme = tmp_path / "theme.toml"
    theme.write_text('language = "en"')
    assert load_theme(theme).language == "en"
    theme.write_text('language = "tlh"')
    with pytest.raises(ValueError, match=f'"tlh" is not one of {", ".join(words.languages())}'):
        load_theme(theme)


TODAY = {"en": r"today", "pl": r"\bdziś|\bdzisiejs"}
NOT_KNOWN = {
    "en": "the clusters of today are not known to it",
    "pl": "dotychczasowych klastrów nie zna",
}


@pytest.mark.parametrize("name", words.languages())
def test_of_made_groups_nothing_is_said_as_of_clusters_of_today(name):
    plain, made = (dict(words.texts(words.language(name, groups=g).words)) for g in ("", "made"))
    instead = {
        key.removeprefix("made."): forms for key, forms in plain.items() if key[:5] == "made."
    }
    for key, forms in instead.items():
        assert forms.keys() == plain[key].keys(), key
        assert words.blanks(forms["other"]) == words.blanks(plain[key]["other"]), key
        assert made[key] == forms
    for key, forms in made.items():
        text = " ".join(forms.values()).lower()
        text = text.replace("{today}", "").replace(NOT_KNOWN[name], "")
        assert not re.search(TODAY[name], text), key


GROUPS = {"en": r"starting group|made by this program", "pl": r"grup\w* początkow|ten program"}


@pytest.mark.parametrize("name", words.languages())
def test_of_areas_where_pupils_live_nothing_is_said_as_of_groups_or_clusters_of_today(name):
    plain, areas = (dict(words.texts(words.language(name, groups=g).words)) for g in ("", "areas"))
    told = {
        key: forms for key, forms in areas.items() if key.split(".")[0] not in ("made", "areas")
    }
    assert told.keys() >= {key.removeprefix("made.") for key in plain if key[:5] == "made."}
    for key, forms in told.items():
        text = " ".join(forms.values()).lower().replace("{today}", "")
        assert not re.search(f"{TODAY[name]}|{GROUPS[name]}", text), key


def test_groups_are_spoken_of_as_made_where_the_program_made_them():
    with speaking("en", groups="made"):
        assert say("script.same_company") == "The same schools as in the starting group."
        assert say("count.schools", 2) == "2 schools"
    assert say("script.same_company") == "The same schools as today."


def test_one_cluster_is_told_in_the_singular() -> None:
    values = {"description": "", "low": 5, "high": 5, "mean": "5"}
    said = [say("report.each.does", n, **values).strip() for n in (1, 2)]
    assert said == [
        "There is 1 cluster, of 5 pupils.",
        "There are 2 clusters of 5 to 5 pupils, 5 on average.",
    ]
