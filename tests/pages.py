"""The consultation page as one text."""

from cluster_optimiser.present.page import page_record, pages_from_folder, render_pages


def index_html(results, comparison, *, theme=None, **more):
    record = page_record(results, comparison, **more)
    return next(iter(render_pages(record, theme=theme).values()))


def page_from_folder(folder, *, theme=None):
    return next(iter(pages_from_folder(folder, theme=theme).values()))
