"""What a reader of the consultation page can do, in a real browser without a network."""

from __future__ import annotations

import importlib.resources
import random
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from cluster_optimiser.present.tables import schools_table
from cluster_optimiser.words import number, one_decimal, rounded
from tests.effort import examples
from tests.norfolk import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from playwright.sync_api import Page

N_SCHOOLS = 50


def _answers(page: Page) -> dict[str, str]:
    found: dict[str, str] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('#answer-list > li')]
            .flatMap(item => item.dataset.options.split(' ').map((label, i, all) => {
                const names = item.querySelector('strong').textContent.split(' / ');
                const option = clusterPage.options.find(one => one.label === label);
                const name = option.names[option.of[clusterPage.chosen.school]];
                return [label, names.includes(name) ? name : names.join()];
            })))"""
    )
    return found


def _truth(assignments: pd.DataFrame, urn: int) -> dict[str, str]:
    rows = assignments[assignments["urn"] == urn]
    return dict(zip(rows["scenario"], rows["cluster"], strict=True))


def _swapped(name: str, rng: random.Random) -> str:
    """Swap two letters in the middle of a word of five letters or more."""
    spots = [
        m.start() + i
        for m in re.finditer(r"[A-Za-z]{5,}", name)
        for i in range(1, len(m[0]) - 2)
        if m[0][i] != m[0][i + 1]
    ]
    i = rng.choice(spots)
    return name[:i] + name[i + 1] + name[i] + name[i + 2 :]


@pytest.mark.parametrize(
    "which", [pytest.param("made_page", marks=pytest.mark.thorough), "norfolk_page"]
)
def test_fifty_schools_are_found_in_every_way(
    which: str, visit: Callable[..., Any], request: pytest.FixtureRequest
) -> None:
    made = request.getfixturevalue(which)
    page = visit(made.path).page
    schools = made.results[0].problem.authority.schools
    rng = random.Random(5)
    for urn in rng.sample(list(schools.index), N_SCHOOLS):
        name = schools["name"][urn]
        asked = [str(urn), name, " ".join(word[:4] for word in re.findall(r"[\w']+", name))]
        if re.search(r"[A-Za-z]{5,}", name):
            asked.append(_swapped(name, rng))
        if "postcode" in schools.columns:
            asked.append(schools["postcode"][urn].lower().replace(" ", ""))
        same = schools["name"].str.casefold() == name.casefold()
        for text in asked:
            found = page.evaluate("text => clusterPage.search(text).slice(0, 8)", text)
            urns = [schools.index[i] for i in found]
            # Schools of one name, or at one postcode, stand together; the reader chooses.
            assert urn in urns or same.sum() > 8, (text, urns)


def test_the_answer_in_short_is_true_of_the_table(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    schools = norfolk_page.results[0].problem.authority.schools
    company: dict[str, dict[int, frozenset[int]]] = {}
    for label, rows in norfolk_page.assignments.groupby("scenario"):
        members = rows.groupby("cluster")["urn"].agg(frozenset)
        company[str(label)] = dict(zip(rows["urn"], rows["cluster"].map(members), strict=True))
    for urn in random.Random(7).sample(list(schools.index), N_SCHOOLS):
        page.evaluate("school => clusterPage.choose({ school })", schools.index.get_loc(urn))
        said = page.inner_text("#answer-short")
        sets = {label: own[urn] for label, own in company.items()}
        n_sets = len(set(sets.values()))
        assert (f" {n_sets} different sets" in said) == (n_sets > 1), urn
        same = [label for label in OPTIONS if sets[label] == sets["1"]]
        named = re.search(r"(Only option|Options) (.*?) leaves? its partners as they are", said)
        # Where all give the same partners, those are today's.
        told = re.split(", | and ", named[2]) if named else list(OPTIONS)
        assert (named is None) == (n_sets == 1), said
        assert told == same, (urn, said)
        always = frozenset.intersection(*sets.values()) - {urn}
        n_always = len(always) or "No"
        assert re.search(rf"\b{n_always} schools? (is|are) with it in every", said), (urn, said)


def test_a_school_that_has_been_renamed_is_found_by_the_rest_of_its_name(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    page.fill("#find", "Cromer High")
    said = page.inner_text("#find-status")
    assert "“Cromer High”" in said
    assert "“Cromer”" in said
    names = page.locator("#find-list [role=option] b").all_inner_texts()
    assert "Cromer Academy" in names
    page.fill("#find", "Hogwarts High School")
    assert page.inner_text("#find-status").startswith("No school found.")
    assert page.locator("#find-list [role=option]").count() == 0


def test_the_search_is_a_combobox_that_keys_alone_can_use(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "find"
    keys = "faken"
    page.keyboard.type(keys)
    find = page.locator("#find")
    assert find.get_attribute("aria-expanded") == "true"
    assert page.locator("#find-list [role=option]").count() > 1
    active = find.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowDown")
    assert find.get_attribute("aria-activedescendant") != active
    page.keyboard.press("Escape")
    assert find.get_attribute("aria-expanded") == "false"
    assert page.input_value("#find") == keys
    page.keyboard.press("Escape")
    assert page.input_value("#find") == ""


def test_a_schools_answers_are_under_ten_keys_away_and_a_sent_reply_at_most_25(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Somebody who has never seen the page: Tab until something can be typed, type, Enter."""
    schools = norfolk_page.results[0].problem.authority.schools
    page = visit(norfolk_page.path).page
    for urn in schools.index[:: len(schools) // examples(8)]:
        page.goto("about:blank")
        page.goto(norfolk_page.path.as_uri())
        pressed = 0

        def press(key: str) -> None:
            nonlocal pressed
            page.keyboard.press(key)
            pressed += 1

        def go_to(what: str) -> None:
            while not page.evaluate("what => document.activeElement.matches(what)", what):
                press("Tab")

        go_to("#find")
        wanted = schools.index.get_loc(urn)
        # The name is typed until the school stands in the list, then chosen by the arrow.
        for letter in schools["name"][urn]:
            press(letter)
            hits = page.evaluate(
                "() => clusterPage.lookUp(document.getElementById('find').value).hits.slice(0, 8)"
            )
            if wanted in hits[:2]:
                break
        for _ in range(hits.index(wanted)):
            press("ArrowDown")
        press("Enter")
        assert page.evaluate("document.activeElement.id") == "answer"
        assert _answers(page) == _truth(norfolk_page.assignments, urn)
        assert pressed < 10
        go_to("[href='#reply']")
        press("Enter")
        for field, key in (("#reply-who", "s"), ("#reply-option", "4"), ("#reply-mail", "Enter")):
            go_to(field)
            press(key)
        assert "mail program" in page.inner_text("#reply-status")
        letter = page.input_value("#reference")
        assert f"school = {urn}\noption = 4a\n" in letter
        assert pressed <= 25


EVERY_ANSWER = """() => clusterPage.data.schools.urn.map((urn, school) => {
    clusterPage.chosen.school = school;
    clusterPage.showAnswer();
    return [...document.querySelectorAll('#answer-list > li')].map(item => [
        item.dataset.options.split(' '),
        item.querySelector('strong').textContent.split(' / '),
        item.querySelector('strong').parentNode.textContent,
        [...item.querySelectorAll('details')].map(list => [
            list.querySelector('summary').textContent,
            [...list.querySelectorAll('li')].map(({ textContent }) => textContent),
        ]),
    ]);
})"""


def test_what_an_answer_says_is_what_the_tables_say(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Every school and option: names, sizes, way, local link, and who joins and leaves."""
    said = {
        (option, school): (names, text, lists)
        for school, items in enumerate(visit(norfolk_page.path).page.evaluate(EVERY_ANSWER))
        for options, names, text, lists in items
        for option in options
    }
    register = norfolk_page.results[0].problem.authority.schools
    unknown = {*register.loc[~register["is_pupils_known"].astype(bool), "name"]}
    before = register.groupby("cluster")["name"].agg(Counter)
    for result in norfolk_page.results:
        table = schools_table(result)
        members = table.groupby("cluster")["school"].agg(Counter)
        clusters = result.score.clusters.set_index("cluster").to_dict("index")
        for school, row in enumerate(table.itertuples()):
            names, text, lists = said.pop((result.plan.label, school))
            cluster = clusters[row.cluster]
            assert row.cluster in names
            holds = "At least " if members[row.cluster].keys() & unknown else ""
            size = f"{cluster['pupils']:,} pupils in {cluster['n_schools']} school"
            assert re.search(rf"\. {holds}{size}", text)
            if row.Index == cluster["meeting_place_urn"]:
                assert "The cluster would meet here." in text
            else:
                place = register["name"][cluster["meeting_place_urn"]]
                minutes = rounded(row.minutes, 0)
                way = re.search(r"About (\d+) minutes? to the meeting place, (.*)\.$", text)
                assert way
                assert (int(way[1]), way[2]) == (minutes, place)
            if cluster["is_exempt"]:
                assert f"local link to {row.secondary_membership}." in text
                continue
            now, was = members[row.cluster], before[row.from_cluster]
            expected = {"joins": now - was, "leaves": was - now}
            told = {"joins" if "join" in head else "leaves": list_ for head, list_ in lists}
            assert {k: Counter(v) for k, v in told.items()} == {
                k: v for k, v in expected.items() if v
            }
            assert [head.split()[0] for head, _ in lists] == [str(len(v)) for v in told.values()]
    assert not said


EVERY_TABLE = """() => {
    const rows = (where) => [...where.querySelectorAll('tbody tr')]
        .map(({ children }) => [...children].map(({ textContent }) => textContent.trim()));
    ['glance', 'details'].forEach(id => clusterPage.reveal(id));
    return [
        rows(document.querySelector('#glance')),
        [...document.querySelectorAll('.sheet')].map(sheet => rows(sheet.querySelector('.legend'))),
        clusterPage.options.map(option => option.names.map((name, i) => [
            name, option.pupils[i], option.schools[i], option.mean[i], option.longest[i],
        ])),
    ];
}"""


def test_tables_of_options_and_clusters_hold_the_numbers_of_the_csvs(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    glance, sheets, maps = visit(norfolk_page.path).page.evaluate(EVERY_TABLE)
    names = norfolk_page.results[0].problem.authority.schools["name"]
    for result, line, sheet, drawn in zip(norfolk_page.results, glance, sheets, maps, strict=True):
        m = result.score.metrics
        assert line[1].endswith(number(m["n_clusters"]))
        low, high, mean = (number(m[f"{key}_pupils"]) for key in ("smallest", "largest", "mean"))
        assert re.search(rf"\b{low}.{high}, average {mean}\b", line[2])
        way = [one_decimal(m[key]) for key in ("mean_minutes", "max_minutes")]
        assert re.findall(r"\d+\.\d", line[4]) == way
        layers = [m[f"misaligned_{one}_pupils"] for one in result.problem.authority.layers]
        found = re.findall(r"([\d,]+)\s+(?:under )?[\d.]+%", line[5])
        assert found == [number(pupils) for pupils in layers]
        rows = result.score.clusters.to_dict("records")
        for row, cells, told in zip(rows, sheet, drawn, strict=True):
            ways = [one_decimal(row[key]) for key in ("mean_minutes", "max_minutes")]
            place = names[row["meeting_place_urn"]]
            assert cells[1].startswith(row["cluster"])
            counts = [number(row[key]) for key in ("pupils", "n_schools", "n_secondary")]
            assert [cells[3].split()[-1], *cells[4:]] == [*counts, place, ", ".join(ways)]
            assert told[:3] == [row["cluster"], row["pupils"], row["n_schools"]]
            assert [one_decimal(n) for n in told[3:]] == ways


def _company(assignments: pd.DataFrame, option: str, urn: int) -> str:
    """Say with which of today's clusters a school would be, worked out from the table."""
    rows = assignments[
        (assignments["scenario"] == option) & assignments["secondary_membership"].isna()
    ]
    own = rows.loc[rows["urn"] == urn].iloc[0]
    inside = rows[rows["cluster"] == own["cluster"]].groupby("from_cluster").size()
    whole = rows.groupby("from_cluster").size()[inside.index]
    others = [name for name in inside.index if name != own["from_cluster"]]
    if not others:
        part = "" if (inside == whole).all() else "part of "
        return f"Made from {part}today's {own['from_cluster']} cluster alone."
    if len(others) == 1:
        part = "" if inside[others[0]] == whole[others[0]] else "part of "
        return f"Together with {part}today's {others[0]} cluster."
    names = [name if inside[name] == whole[name] else f"{name} (part)" for name in others]
    names.sort(key=str.casefold)
    return f"Together with today's clusters {', '.join(names[:-1])} and {names[-1]}."


def test_many_partners_are_told_by_who_is_new_and_who_is_gone(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    table, schools = norfolk_page.assignments, norfolk_page.results[0].problem.authority.schools
    held = {
        option: rows.groupby("cluster")["urn"].agg(frozenset)
        for option, rows in table[table["scenario"].isin(["1", "2c"])].groupby("scenario")
    }
    mine = table.set_index(["scenario", "urn"])["cluster"]
    page = visit(norfolk_page.path, "#a=1&b=2c").page
    for urn in schools.index[::40]:
        page.evaluate("school => clusterPage.choose({ school })", schools.index.get_loc(urn))
        before, now = (held[option][mine[option, urn]] - {urn} for option in ("1", "2c"))
        said = page.inner_text("#answer-partners")
        names = sorted(schools["name"][list(now)], key=str.casefold)
        if len(now) <= 8:
            assert all(name in said for name in names)
            continue
        assert (f" {len(now - before)} are new: " in said) == (len(now - before) > 1)
        assert (f" {len(before - now)} would no longer " in said) == bool(before - now)
        page.click("#answer-partners summary")
        told = page.locator("#answer-partners li").all_inner_texts()
        assert sorted(told, key=str.casefold) == names


def test_an_answer_says_which_of_todays_clusters_come_in_part(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    table = norfolk_page.assignments
    ordinary = table[(table["scenario"] == "2c") & table["secondary_membership"].isna()]
    expected = {urn: _company(table, "2c", urn) for urn in ordinary["urn"]}
    # One school for each kind of sentence that the plan has.
    kinds = {
        re.sub(r"today's .*", "", text) + str("(part)" in text): urn
        for urn, text in expected.items()
    }
    assert len(kinds) >= 3
    page = visit(norfolk_page.path, "#a=1&b=2c").page
    item = page.locator("#answer-list > li[data-options~='2c'] > p").nth(1)
    for urn in kinds.values():
        page.evaluate("hash => { location.hash = hash; }", f"school={urn}&a=1&b=2c")
        expect(item).to_contain_text(expected[urn])


def test_an_answer_says_where_todays_cluster_is_divided(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Who is told that schools leave wants to know first that it is their own school that moves."""
    table = norfolk_page.assignments
    rows = table[(table["scenario"] == "2c") & table["secondary_membership"].isna()]
    size = rows.groupby("from_cluster")["urn"].transform("size")
    here = rows.groupby(["from_cluster", "cluster"])["urn"].transform("size")
    page = visit(norfolk_page.path, "#a=1&b=2c").page
    item = page.locator("#answer-list > li[data-options~='2c']")
    for few in (here == size, (here < size) & (here > 1), here == 1):
        row = rows[few].iloc[0]
        n, of = here[row.name], size[row.name]
        page.evaluate("hash => { location.hash = hash; }", f"school={row['urn']}&a=1&b=2c")
        expect(page.locator("#answer-name")).to_have_text(row["school"])
        head = f"Today's {row['from_cluster']} cluster would be divided: "
        if n == of:
            expect(item).not_to_contain_text("would be divided")
        elif n == 1:
            expect(item).to_contain_text(
                f"{head}of its {of} schools only this one would be in this cluster."
            )
        else:
            expect(item).to_contain_text(
                f"{head}{n} of its {of} schools, this one among them, would be in this cluster."
            )


def test_the_address_restores_school_and_options(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    labels = [result.plan.label for result in norfolk_page.results]
    schools = norfolk_page.results[0].problem.authority.schools
    urn = int(schools.index[100])
    page = visit(norfolk_page.path, f"#school={urn}&a=2a&b=4d").page
    assert page.input_value("#find") == schools["name"][urn]
    assert [page.input_value(f"#pick-{x}") for x in "ab"] == [
        str(labels.index("2a")),
        str(labels.index("4d")),
    ]
    page.select_option("#pick-a", str(labels.index("3b")))
    assert page.evaluate("location.hash") == f"#school={urn}&a=3b&b=4d"
    other = int(schools.index[7])
    page.evaluate("hash => { location.hash = hash; }", f"school={other}&a=1&b=4a")
    expect(page.locator("#find")).to_have_value(schools["name"][other])
    assert _answers(page) == _truth(norfolk_page.assignments, other)
    # What is not known is passed over.
    lost = visit(norfolk_page.path, "#school=1&a=zz&b=4a").page
    assert lost.locator("#answer").is_hidden()
    assert lost.input_value("#pick-b") == str(labels.index("4a"))


def test_both_maps_move_together_and_mark_the_school(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#school=121130&a=1&b=4a").page
    views = """() => clusterPage.panes.map(({ map }) =>
        [map.getZoom(), map.getCenter().lat, map.getCenter().lng])"""
    page.evaluate("clusterPage.openCompare()")
    before = page.evaluate(views)
    page.locator("#map-a").focus()
    page.keyboard.press("ArrowRight")
    page.click("#zoom-in")
    left, right = page.evaluate(views)
    assert left == pytest.approx(right)
    assert left[0] > before[0][0]
    assert left[2] > before[0][2]
    marked = "clusterPage.panes.map(pane => Boolean(pane.layers.school))"
    assert page.evaluate(marked) == [True, True]
    page.evaluate("clusterPage.choose({ school: null })")
    assert page.evaluate(marked) == [False, False]


def test_maps_further_down_are_drawn_before_anybody_has_been_there(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(made_page.path).page
    expect(page.locator("#panes .leaflet-container")).to_have_count(2, timeout=30_000)
    assert page.evaluate("scrollY") == 0


def test_no_name_on_a_map_is_cut_and_a_school_stays_on_it_however_close(
    made_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(made_page.path, viewport={"width": 390, "height": 844}).page
    found = page.evaluate(
        """() => {
            const { first: { pane }, choose, data: { schools } } = clusterPage;
            const { x: width, y: height } = pane.map.getSize();
            const lost = [], cut = [];
            for (let school = 0; school < schools.urn.length; school += 25) {
                choose({ school });
                const [x, y] = schools.at[school];
                for (let presses = 0; presses <= 5; presses += 1) {
                    if (presses) document.getElementById('first-in').click();
                    if (!pane.map.getBounds().contains([y, x])) lost.push([school, presses]);
                    cut.push(...pane.labels.filter(({ kind, box }) => kind !== 'number'
                        && (box[0] < -1 || box[2] > width + 1
                            || (kind !== 'chosen' && (box[1] < -1 || box[3] > height + 1))))
                        .map(({ text }) => text));
                }
            }
            return { lost, cut };
        }"""
    )
    assert found == {"lost": [], "cut": []}


def test_what_changed_is_counted_as_the_plans_say(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path, "#a=1&b=4a").page
    plans = {result.plan.label: result.plan.assignment for result in norfolk_page.results}
    for a, b in (("1", "4a"), ("4a", "4c"), ("4c", "3b"), ("2a", "3a"), ("4a", "4a")):
        page.evaluate("hash => { location.hash = hash; }", f"a={a}&b={b}")
        expect(page.locator("#changes-head")).to_have_text(f"From option {a} to option {b}")
        text = page.inner_text("#changes")
        company = [
            {name: frozenset(group.index) for name, group in plans[x].groupby(plans[x])}
            for x in (a, b)
        ]
        moved = [
            urn for urn in plans[a].index if company[0][plans[a][urn]] != company[1][plans[b][urn]]
        ]
        kept = set(company[0].values()) & set(company[1].values())
        if a == b:
            assert text == "Both maps show the same option."
            continue
        assert text.startswith(f"{len(moved)} of {len(plans[a])} schools")
        assert f"{len(kept)} cluster" in text
    page.check("#show-changes")


def test_what_is_put_together_anew_says_which_clusters_come_in_part(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Acle comes whole into the Hoveton cluster of option 2c: it is no part."""
    page = visit(norfolk_page.path, "#a=1&b=2c").page
    plans = {result.plan.label: result.plan.assignment for result in norfolk_page.results}
    before, after = plans["1"], plans["2c"]
    n_into = after.groupby(before).nunique()
    expected = set()
    for name, urns in after.groupby(after).groups.items():
        inside = sorted(set(before[urns]), key=str.casefold)
        if len(inside) > 1 and any(n_into[one] > 1 for one in inside):
            said = [one if n_into[one] == 1 else f"{one} (part)" for one in inside]
            expected.add(f"{name}: made from {', '.join(said[:-1])} and {said[-1]}")
    assert any("(part)" not in line.split(": made from ")[1].split(", ")[0] for line in expected)
    lines = page.locator("#changes li").all_inner_texts()
    assert {line for line in lines if ": made from" in line} == expected


def test_a_phone_shows_one_map_and_two_buttons(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    address, size = "#a=1&b=4a&see=ask", {"width": 390, "height": 844}
    seen = visit(norfolk_page.path, address, viewport=size)
    page = seen.page
    assert [page.locator(f"#pane-{x}").is_visible() for x in "ab"] == [False, True]
    assert page.inner_text("#turn-a") == "Option 1"
    page.evaluate("clusterPage.openCompare()")
    # Maps that are made above leave a reader where the link has led to.
    assert 0 < page.locator("#ask").bounding_box()["y"] < 120
    page.click("#turn-a")
    assert [page.locator(f"#pane-{x}").is_visible() for x in "ab"] == [True, False]
    assert page.get_attribute("#turn-a", "aria-pressed") == "true"
    assert page.evaluate("clusterPage.panes[0].labels.length") > 5
    assert not seen.complaints


def test_a_part_is_made_when_it_is_opened(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(norfolk_page.path).page
    assert page.locator(".sheet").count() == 0
    page.evaluate("clusterPage.reveal('details')")
    expect(page.locator(".sheet")).to_have_count(len(norfolk_page.results))
    assert page.locator(".sheet svg.plan:visible").count() == 0
    page.locator(".sheet > summary").nth(1).click()
    assert "GP consort" in page.locator(".sheet").nth(1).inner_text()


def test_every_principle_asks_what_to_discuss_beside_the_evidence(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    page = visit(norfolk_page.path).page
    page.evaluate("clusterPage.reveal('principles')")
    tables = page.locator("#principles table.judged")
    asked, *others = [table.locator("tbody tr").all() for table in tables.all()]
    assert asked
    for row in asked:
        assert (row.locator(".ask").text_content() or "").endswith("?")
    for row in (row for rows in (asked, *others) for row in rows):
        assert row.locator("td").count() == len(norfolk_page.results)
    # The others ask of what was asked already.
    assert page.locator("#principles .ask").count() == len(asked)


def test_what_is_hidden_is_not_drawn(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    # A class that lays an element out would show it all the same.
    page = visit(norfolk_page.path).page
    drawn = "nodes => nodes.filter(node => getComputedStyle(node).display !== 'none').length"
    assert page.locator("[hidden]").count() > 1
    assert page.locator("[hidden]").evaluate_all(drawn) == 0
    page.evaluate("clusterPage.reveal('reply')")
    assert page.is_visible("#reply-quote")
    assert not page.is_visible("#reply-plan")


def test_all_words_are_in_one_file() -> None:
    """Templates and scripts hold none, so that a translator needs no other file."""
    folder = importlib.resources.files("cluster_optimiser.present").joinpath("templates")
    pages = [folder.joinpath("index.html.j2"), *folder.joinpath("sections").iterdir()]
    for part in pages:
        text = part.read_text(encoding="utf-8")
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<!?[^>]*>", " ", text, flags=re.DOTALL)
        assert re.findall(r"[A-Za-z]{3,}", text) == [], part.name
    for file in folder.joinpath("js").iterdir():
        name, code = file.name, file.read_text(encoding="utf-8")
        code = re.sub(r"(?m)(^|\s)//.*$|^import .*$", "", code)
        # What readers see are sentences: two words with a space between.
        said = [s for s in re.findall(r'"([^"\n]*)"', code) if re.search(r"[a-z]{3,} [a-z]{2,}", s)]
        # A selector is no sentence.
        assert [s for s in said if not s.startswith(("#", ".", "["))] == [], name


def test_back_leads_to_where_a_link_had_led(norfolk_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(norfolk_page.path).page
    parts = ["measure", "maps", "ask", "try", "figures", "reply"]
    top = "id => document.getElementById(id).getBoundingClientRect().top"
    for part in parts:
        page.locator(f".toc a[href='#{part}']").click()
        assert page.evaluate(top, part) <= 120, part
    for part in parts[-2::-1]:
        page.go_back()
        page.wait_for_function("part => clusterPage.chosen.see === part", arg=part)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
        assert 0 <= page.evaluate(top, part) <= 120, part
    page.go_back()
    page.wait_for_function("clusterPage.chosen.see === '' && scrollY === 0")


def test_the_first_two_screens_are_plain_english(
    norfolk_page: Any, visit: Callable[..., Any]
) -> None:
    """Flesch-Kincaid: the school year that a text suits; five more is the age."""
    page = visit(norfolk_page.path).page
    read = "header p, header h1, #school .why p, .finder .hint, #measure > p.intro, .guide li"
    page.locator("#measure summary").evaluate_all("all => all.forEach((one) => one.click())")
    text = " ".join(f"{one.rstrip('.')}." for one in page.locator(read).all_inner_texts() if one)
    sentences = [one for one in re.split(r"[.!?:](?:\s|$)", text) if len(one.split()) > 2]
    said = re.findall(r"[A-Za-z']+", text)
    sounds = [re.sub(r"(?:[^laeiouy]es|ed|[^laeiouy]e)$", "", word.lower()) for word in said]
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", word))) for word in sounds)
    year = 0.39 * len(said) / len(sentences) + 11.8 * syllables / len(said) - 15.59
    assert len(said) > 150
    assert year + 5 <= 12


def test_a_dot_on_a_map_says_which_school_it_is(made_page: Any, visit: Callable[..., Any]) -> None:
    page = visit(made_page.path).page
    box = page.locator("#map-first").bounding_box()
    tip = page.locator("#map-first .leaflet-tooltip")
    # What is drawn again is not told by what is no number: the ground would be missing.
    box_of = (
        "Object.values(clusterPage.first.pane.dots.layer._pxBounds).flatMap(at => [at.x, at.y])"
    )
    assert None not in page.evaluate(box_of)
    for school in (3, 77):
        x, y, name = page.evaluate(
            """school => { const { pane: { map } } = clusterPage.first;
                const { at, name } = clusterPage.data.schools;
                map.setView([at[school][1], at[school][0]], map.getMaxZoom(), { animate: false });
                const point = map.latLngToContainerPoint([at[school][1], at[school][0]]);
                return [point.x, point.y, name[school]]; }""",
            school,
        )
        # Leaflet looks at the mouse once in 32 ms: as a hand does, move until it has looked.
        for step in range(50):
            page.mouse.move(box["x"] + x, box["y"] + y + step % 2)
            with suppress(AssertionError):
                expect(tip).to_contain_text(name, timeout=100)
                break
        expect(tip).to_contain_text(name)
