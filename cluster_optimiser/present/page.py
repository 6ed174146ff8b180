"""The consultation page: one file, no requests."""

from __future__ import annotations

import collections
import dataclasses
import functools
import importlib.metadata
import importlib.resources
import itertools
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
import markupsafe

from cluster_optimiser.constants import HOMES
from cluster_optimiser.errors import InputError
from cluster_optimiser.present.charts import charts
from cluster_optimiser.present.matrix import matrix_view
from cluster_optimiser.present.meaning_page import levels_view, money_view
from cluster_optimiser.present.options import (
    all_exceptions,
    knows_pupils,
    option_view,
    strip,
    strip_domain,
)
from cluster_optimiser.present.placing import (
    Placed,
    Placing,
    joined_script,
    leaflet,
    placed,
    snippet,
)
from cluster_optimiser.present.principles import lower_first, own_clusters, principles, today_at
from cluster_optimiser.present.records import plain, plain_record
from cluster_optimiser.present.script_data import (
    POSTCODE_COLUMNS,
    ask_data,
    naming_data,
    script_data,
)
from cluster_optimiser.present.shapes import PALETTE
from cluster_optimiser.present.svg import WIDTH, ground
from cluster_optimiser.present.tables import schools_table
from cluster_optimiser.present.theme import Theme, groups_of, load_theme
from cluster_optimiser.present.universe_page import outlook_view, universe_view
from cluster_optimiser.present.words import least, template
from cluster_optimiser.words import is_unknown, language, long_date, number, say, speaking, words
from cluster_optimiser.words import say as tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path

    import pandas as pd

    from cluster_optimiser.domain import Result, Standing, Unsolved
    from cluster_optimiser.scenario import Scenario

    Call = Callable[[Scenario], Mapping[str, str]]

RECORD_FILE = "page.json"

RECORD_FORMAT = 2
"""Raised where the page's scripts read other data than before: they would judge plans wrongly."""
"""What of a results folder the page can be made from again."""

ENTRY = "main.js"
"""The module that puts the page's scripts together."""

DATA_MARK = '<script type="application/json"'
"""Where the page's text ends and the data of its scripts begins."""


def script_json(value: object) -> markupsafe.Markup:
    r"""Write data for a script element: no name in it can end the element.

    >>> print(script_json(["</script>"]))
    ["\u003c/script\u003e"]
    """
    text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return markupsafe.Markup(text)  # noqa: S704 - escaped above


def _unsolved(
    results: Sequence[Result], comparison: pd.DataFrame, unsolved: Sequence[Unsolved], call: Call
) -> list[dict[str, str]]:
    """Name the options without a plan: those given, and those only the comparison knows."""
    say = words()["status"]
    found = [
        {
            "label": one.scenario.option,
            **call(one.scenario),
            "status": say[one.status],
            "message": one.message,
        }
        for one in unsolved
    ]
    known = {result.plan.label for result in results} | {one["label"] for one in found}
    if {"scenario", "status"} <= set(comparison.columns):
        missing = comparison[~comparison["scenario"].isin(known)].drop_duplicates("scenario")
        found += [
            {
                "label": str(row["scenario"]),
                "title": str(row.get("title", "")),
                "title_lang": "",
                "status": say.get(row["status"], str(row["status"])),
                "message": "",
            }
            for _, row in missing.iterrows()
        ]
    return found


def _authority(result: Result) -> dict[str, Any]:
    authority, say = result.problem.authority, words()["page"]
    schools = authority.schools
    has_postcodes = authority.postcodes is not None or any(
        column in schools.columns for column in POSTCODE_COLUMNS
    )
    return {
        "name": authority.name,
        "title": say["title"].format(authority=authority.name),
        "lead_pupils": say["lead_pupils"].format(
            n_schools=number(int((schools["phase"] != HOMES).sum())),
            n_pupils=number(int(schools["pupils"].sum())),
        ),
        "school_label": say["school_label_postcode" if has_postcodes else "school_label"],
        "data_date": long_date(authority.data_date),
        "sources": [dataclasses.asdict(source) for source in authority.sources],
        "layer_titles": [layer.title for layer in authority.layers.values()],
        "layer_words": [lower_first(layer.title) for layer in authority.layers.values()],
    }


def _own_principles(results: Sequence[Result], matrix: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Judge options by their own rules, where that says something else than the matrix."""
    own = [dataclasses.asdict(one) for one in principles(results)]
    pairs = zip(own, matrix["rows"], strict=True)
    return [one for one, row in pairs if one["findings"] != row["findings"]]


def page_record(
    results: Sequence[Result],
    comparison: pd.DataFrame,
    *,
    unsolved: Sequence[Unsolved] = (),
    standing: Standing | None = None,
) -> dict[str, Any]:
    """Gather everything the page says, so that it can be made again from this alone.

    Of each other language that the theme names, ``others`` holds what is said otherwise in it.
    """
    if not results:
        raise ValueError("there is no result to show: give at least one")
    authority = results[0].problem.authority
    theme = load_theme(authority.folder)
    call = functools.partial(theme.called, name=theme.language)
    record = _record(results, comparison, unsolved, standing, call) | {
        "theme": theme.model_dump(mode="json", exclude_defaults=True) | {"language": theme.language}
    }
    for name in theme.others:
        with speaking(name, groups=groups_of(authority)):
            call = functools.partial(theme.called, name=name)
            said = theme.results_in(results, name)
            other = _record(said, comparison, unsolved, standing, call)
        record.setdefault("others", {})[name] = _differing(other, record)
    return record


def _differing(other: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, Any]:
    """Give what a record holds otherwise than another, and of its data likewise."""
    found = {key: value for key, value in other.items() if value != record[key]}
    data = {key: v for key, v in other["data"].items() if v != record["data"][key]}
    return {**found, "data": data}


def _record(
    results: Sequence[Result],
    comparison: pd.DataFrame,
    unsolved: Sequence[Unsolved],
    standing: Standing | None,
    call: Call,
) -> dict[str, Any]:
    first = results[0]
    under, domain = ground(first), strip_domain(results)
    matrix = matrix_view(results)
    caveats = [caveat for result in results for caveat in result.caveats]
    called = [call(result.problem.scenario) for result in results]
    options = [
        option_view(result, under, domain, own) for result, own in zip(results, called, strict=True)
    ]
    common = [note for note in options[0]["notes"] if all(note in o["notes"] for o in options)]
    for option in options:
        option["notes"] = [note for note in option["notes"] if note not in common]
    record = {
        "format": RECORD_FORMAT,
        "authority": _authority(first),
        "caveats": list(dict.fromkeys([*caveats, first.problem.travel.note])),
        "findings": [*first.problem.territory.findings, *common],
        "why": why_view(results),
        "matrix": matrix,
        "options": options,
        "exceptions": all_exceptions(options),
        "principles": _own_principles(results, matrix),
        "charts": charts(results),
        "universe": universe_view(results, standing, under),
        "outlook": outlook_view(results),
        "money": money_view(results),
        "levels": levels_view(results),
        "schools": all_schools(results),
        "unsolved": _unsolved(results, comparison, unsolved, call),
        "under": {"symbols": str(under.symbols), "areas_title": under.areas_title},
        "map_width": WIDTH,
        "groups": groups_of(first.problem.authority),
        "data": {
            **script_data(results, [option.pop("colour_of") for option in options], called),
            "ask": ask_data(results, standing),
        },
    }
    return plain_record(record)


@functools.cache
def page_script() -> str:
    # A line's end says nothing beside these marks; no template of ours goes over several lines.
    ends = r"(?<=[;{,(\[])\n|,?\n(?=[)\]}])|\n(?=[.?:&|])"
    return re.sub(ends, "", joined_script(_scripts(), ENTRY))


_AREA = re.compile(r'<path class="(c\d)" d="([^"]{60,})"/>')


def _shared(pictures: Sequence[str]) -> tuple[str, list[str]]:
    """Draw an area that several pictures have once: symbols for it, and pictures that use them."""
    times = collections.Counter(shape for text in pictures for _, shape in _AREA.findall(text))
    at = {shape: i for i, shape in enumerate(s for s, n in times.items() if n > 1)}

    def used(found: re.Match[str]) -> str:
        kind, shape = found.groups()
        return f'<use class="{kind}" href="#m{at[shape]}"/>' if shape in at else found[0]

    symbols = (f'<path id="m{i}" d="{shape}"/>' for shape, i in at.items())
    return "".join(symbols), [_AREA.sub(used, text) for text in pictures]


def _still(picture: str) -> tuple[str, str]:
    """Give a picture for the first screen, and the same where it is shown once more."""
    head, mark, rest = picture.partition(">")
    inner = rest.removesuffix("</svg>")
    return f'{head}{mark}<g id="still">{inner}</g></svg>', f'{head}{mark}<use href="#still"/></svg>'


def _once(record: Mapping[str, Any]) -> dict[str, Any]:
    """Take out of a record what it says twice; the page's scripts know where to find it."""
    symbols, pictures = _shared([str(option["svg"]) for option in record["options"]])
    right = record["matrix"]["most_kept"]
    still, pictures[right] = _still(pictures[right])
    first = record["data"]["grounds"][0]
    grounds = [
        {
            key: value
            for key, value in one.items()
            if key != "single" and (key != "group" or one is first or value != first[key])
        }
        for one in record["data"]["grounds"]
    ]
    return {
        **record,
        "still": still,
        "under": {**record["under"], "symbols": record["under"]["symbols"] + symbols},
        "options": [
            {**option, "svg": svg} for option, svg in zip(record["options"], pictures, strict=True)
        ],
        "data": {**record["data"], "grounds": grounds},
    }


def _flush(text: str) -> str:
    """Take off indents, a tenth of the page, where they do not count."""
    return re.sub(r"\n\s+", "\n", re.sub(r" {4,}", "", text))


def _tight(style: str) -> str:
    """Take off a style's comments and the spaces that say nothing."""
    return re.sub(r"(?<=[:;{},]) +| +(?=[{}])", "", re.sub(r"/\*(?!!).*?\*/\s*", "", _flush(style)))


def render_pages(
    record: Mapping[str, Any],
    *,
    theme: Theme | None = None,
    name: str = "index.html",
    how: Placing | None = None,
    replied: Callable[[], Mapping[str, Any]] | None = None,
) -> dict[str, str]:
    """Make the page from what `page_record` gathered, in the language that it was gathered in.

    It comes by the name of its file, and so does what stands beside it: pages in the theme's other
    languages, then styles, scripts and what is pasted into a site, if asked for. ``replied`` tells
    what was replied to it, in the language that is spoken.
    """
    how = how or Placing()
    own = record["theme"]["language"]
    chosen = (theme or Theme(**record["theme"])).model_copy(update={"language": own})
    if record.get("format") != RECORD_FORMAT:
        problem = "the results were gathered by an earlier program"
        raise InputError.of(RECORD_FILE, problem, "Run again.")
    if theme and "language" in theme.model_fields_set and theme.language != own:
        remedy = f'Say language = "{theme.language}" in the authority\'s theme, and run again.'
        raise InputError.of(RECORD_FILE, f"the results were gathered in {own}", remedy)
    missing = [one for one in chosen.others if one not in record.get("others", {})]
    if missing:
        remedy = (
            f"Name {', '.join(missing)} in the languages of the authority's theme, and run again."
        )
        raise InputError.of(
            RECORD_FILE, f"the results were gathered without {', '.join(missing)}", remedy
        )
    stem, dot, end = name.rpartition(".")
    names = {one: f"{stem}.{one}{dot}{end}" for one in chosen.others}
    names = {own: name, **names}
    pages: dict[str, str] = {}
    files: dict[str, str] = {}
    for one, file in names.items():
        other = record["others"][one] if one != own else {}
        said = {**record, **other, "data": {**record["data"], **other.get("data", {})}}
        with speaking(one, groups=record.get("groups", "")):
            look = chosen.spoken_in(one)
            told = replied() if replied else None
            styles = _styles(look, has_replies=told is not None)
            scripts = [leaflet().script, page_script()]
            scripts += [joined_script(_scripts(), "embedded.js")] if how.embed else []
            parts = placed(styles, scripts, stem, how)
            tongues = names if len(names) > 1 else {}
            pages[file] = _render({**said, "replied": told}, look, parts, tongues)
        files |= parts.files
        if how.embed:
            files |= snippet(_scripts(), _title(said, look), file, how)
    return pages | files


def _title(record: Mapping[str, Any], theme: Theme) -> str:
    return theme.title or str(record["authority"]["title"])


def _scripts() -> Traversable:
    return importlib.resources.files(__package__).joinpath("templates", "js")


def _styles(theme: Theme, *, has_replies: bool) -> list[str]:
    look = {"palette": PALETTE, "theme": theme, "has_replies": has_replies}
    return [_tight(text) for text in (leaflet().plain_style, template("page.css").render(look))]


def _render(
    record: Mapping[str, Any], chosen: Theme, parts: Placed, names: Mapping[str, str]
) -> str:
    """Make a page; names are those of the pages in each language, where there are several."""
    record = _once(record)
    say = words()
    asked = {"questions": chosen.questions, "reply_to": chosen.reply_to}
    spoken = {"say": say["script"], "and": say["numbers"]["and"]}
    closes = chosen.closes and say["first"]["closes"].format(date=long_date(str(chosen.closes)))
    page: str = template("index.html.j2").render(
        **{key: value for key, value in record.items() if key not in {"data", "theme", "others"}},
        say=say,
        theme=chosen,
        tongues=[(language(name), quote(file)) for name, file in names.items()],
        title=_title(record, chosen),
        when=closes or say["first"]["no_date"],
        families=families_view(record["options"], chosen),
        backdrop=[kind for kind, *_ in record["data"]["backdrop"]],
        data_has_ask=record["data"]["ask"],
        parts=parts,
        lead=tell("page.lead", len(record["options"])),
        data=script_json(
            {
                **record["data"],
                **spoken,
                **asked,
                "right": record["matrix"]["most_kept"],
                "naming": naming_data(record["authority"]["name"]),
            }
        ),
        version=importlib.metadata.version("cluster-optimiser"),
    )
    head, mark, tail = page.partition(DATA_MARK)
    # No attribute of the templates is in single quotes.
    return _flush(head).replace("&#39;", "'") + mark + tail


@contextmanager
def record_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Read what a page is made of; what fails with it is told as the folder's fault."""
    path = folder / RECORD_FILE
    try:
        yield json.loads(path.read_text(encoding="utf-8"))
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError, jinja2.UndefinedError) as error:
        remedy = 'Give a folder that "cluster-optimiser run" of this version wrote.'
        raise InputError.of(path, "the record of the page cannot be read", remedy) from error


def pages_from_folder(
    folder: Path,
    *,
    theme: Theme | None = None,
    name: str = "index.html",
    how: Placing | None = None,
    replied: Callable[[], Mapping[str, Any]] | None = None,
) -> dict[str, str]:
    """Make the page again from a results folder, and what stands beside it."""
    with record_of(folder) as record:
        return render_pages(record, theme=theme, name=name, how=how, replied=replied)


def why_view(results: Sequence[Result]) -> dict[str, Any]:
    """Say in one sentence how today's clusters stand to the size that the principles ask for."""
    at = today_at(results)
    shown = [result for result in results if not own_clusters(result).empty]
    if at < 0 or results[at] not in shown:
        return {"sentence": say("first.why_unknown", len(results)), "strip": None}
    today = results[at]
    pupils, size = own_clusters(today)["pupils"], today.problem.scenario.size
    under, over = int(size.is_under(pupils).sum()), int(size.is_over(pupils).sum())
    values: dict[str, Any] = {
        **dict(size),
        "all": len(pupils),
        "outside": under + over,
        "under": under,
        "over": over,
        "smallest": least(pupils.min(), is_known=knows_pupils(today)),
        "largest": int(pupils.max()),
    }
    is_sized = size.asks != "any"
    key = "why_both" if under and over else "why_under" if under else "why_over"
    key = "why_unsized" if not is_sized else key if under + over else "why_none"
    unsized = "" if is_sized else "_unsized"
    return {
        "sentence": say(f"first.{key}", under or over, **values),
        "strip": strip(today, strip_domain([today])),
        "label": say(f"first.why_chart{unsized}", **values),
        "key": say(f"first.why_key{unsized}", **values),
    }


def families_view(options: Sequence[Mapping[str, Any]], theme: Theme) -> list[dict[str, Any]]:
    """Put versions of one option together: those whose labels begin with the same number."""
    found: dict[str, list[int]] = {}
    for i, option in enumerate(options):
        head = re.match(r"\d+", option["label"])
        found.setdefault(head[0] if head else option["label"], []).append(i)
    return [
        {"title": theme.families.get(key) or _family_title(options, own, key), "options": own}
        for key, own in found.items()
    ]


def _family_title(options: Sequence[Mapping[str, Any]], own: Sequence[int], key: str) -> str:
    if len(own) == 1:
        return str(options[own[0]]["title"])
    return str(words()["first"]["family"].format(label=key, n=number(len(own))))


def _cells(table: pd.DataFrame) -> list[str]:
    """Give each school's cluster in one option, with the local link of those that are exempt."""
    say = words()["page"]
    return [
        str(cluster) if is_unknown(link) else say["link"].format(cluster=cluster, link=link)
        for cluster, link in zip(table["cluster"], table["secondary_membership"], strict=True)
    ]


def all_schools(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Gather schools by today's cluster and by their cluster in every option."""
    tables = [table[table["phase"] != HOMES] for table in map(schools_table, results)]
    held = zip(*(_cells(table) for table in tables), strict=True)
    rows: dict[tuple[str, tuple[str, ...]], list[tuple[str, int]]] = {}
    first = tables[0]
    for urn, name, today, clusters in zip(
        first.index, first["school"], first["from_cluster"], held, strict=True
    ):
        rows.setdefault((str(today), clusters), []).append((str(name), int(urn)))
    return [
        {
            "today": today,
            "schools": sorted(members, key=lambda school: (school[0].casefold(), school[1])),
            "clusters": [(name, len(list(run))) for name, run in itertools.groupby(clusters)],
        }
        for (today, clusters), members in sorted(
            rows.items(), key=lambda row: (row[0][0].casefold(), row[0])
        )
    ]
