"""Office files are zip archives: written so that the same content is the same bytes."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip archive knows."""


def same_bytes(content: bytes) -> bytes:
    """Pack an archive again without the time it was made."""
    return changed_member(content, "", str)


def changed_member(content: bytes, member: str, change: Callable[[str], str]) -> bytes:
    """Pack an archive again with the text of one file in it changed."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            held = old.read(name)
            new.writestr(info, change(held.decode()).encode() if name == member else held)
    return out.getvalue()
