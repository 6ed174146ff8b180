"""A made language in which every word is another: what is still English is not from the words."""

import re

from cluster_optimiser.words import Language, is_forms, language

MARKED = re.compile(r"⟦[^⟦⟧]*⟧")


def _changed(value, key=""):
    if isinstance(value, str):
        return value if key == "tag" else f"⟦{re.sub(r'{[^}]*}|[a-z]', _letter, value)}⟧"
    if is_forms(value):
        return {form: _changed(text) for form, text in value.items()}
    return {name: _changed(inner, name) for name, inner in value.items()}


def _letter(found):
    text = found[0]
    return text if text.startswith("{") else text.upper()


def pseudo() -> Language:
    english = language()
    return Language(english.tag, _changed(english.words))


def unmarked(text: str) -> str:
    """Take away what came from the words, values within included."""
    before = ""
    while before != text:
        before, text = text, MARKED.sub(" ", text)
    return text.strip()
