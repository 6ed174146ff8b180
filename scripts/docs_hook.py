"""Pages of the documentation that are made when it is built, and what its theme would fetch."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

FETCHED = 'src="https://unpkg.com/iframe-worker/shim"'
UNNAMED = 'data-md-component="search" role="dialog"'
"""Of the theme: a dialog without a name."""
SHIM = "assets/iframe-worker.js"

BOOSTS = {
    "reference-scenario.md": 200,
    "reference-authority.md": 40,
    "reference-commands.md": 40,
    "reference-python.md": 10,
}
"""How much more than elsewhere a word counts there: who asks for a key finds its entry first."""


def on_files(files: Any, *, config: Any) -> Any:  # noqa: ANN401 - of mkdocs
    """Add the reference."""
    path = Path(__file__).with_name("reference.py")
    spec = importlib.util.spec_from_file_location("reference", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    for name, make in reference.PAGES.items():
        content = f"---\nsearch:\n  boost: {BOOSTS[name]}\n---\n{make()}"
        files.append(File.generated(config, name, content=content))
    return files


def on_post_page(output: str, *, page: Any, config: Any) -> str:  # noqa: ANN401 - of mkdocs
    """Let a page take the search's helper from the site: it is read without a network."""
    del config
    named = output.replace(UNNAMED, f'{UNNAMED} aria-label="Search"')
    return named.replace(FETCHED, f'src="{"../" * page.url.count("/")}{SHIM}"')


def on_post_template(output: str, *, template_name: str, config: Any) -> str:  # noqa: ANN401
    """Let the page of what is not there take it too."""
    del template_name, config
    return output.replace(FETCHED, f'src="/{SHIM}"')
