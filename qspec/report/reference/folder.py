"""The whole reference as a folder of Markdown files: one a page, and a list of them."""

from __future__ import annotations

import re
from pathlib import Path

from qspec.errors import Place, QSpecError
from qspec.report.reference import registry


def write_folder(folder: Path) -> int:
    """Write every page as `KIND/NAME.md` below `folder`, and `README.md`; returns how many pages there are.

    Keys have no files: the pages of their blocks hold them. Files of other names are left alone.
    """
    texts: dict[str, str] = {}
    index = ["# Reference", ""]
    for one in registry:
        if one.last_resort:
            continue
        index += [f"## {one.title}", ""]
        for name in one.names():
            page = one.page(name)
            path = f"{file_name(one.name)}/{file_name(name)}.md"
            if path in texts:
                raise QSpecError(f"Two pages would be written to {path}.")
            texts[path] = page.markdown
            index.append(f"- [`{name}`]({path}) {page.title}")
        index.append("")
    try:
        for path, text in {**texts, "README.md": "\n".join(index)}.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise QSpecError(
            f"The pages cannot be written: {(error.strerror or 'the disk refuses').lower()}.",
            place=Place(str(folder)),
        ) from None
    return len(texts)


def file_name(name: str) -> str:
    """A name as a file may bear it on any system: words joined by hyphens, signs spelt out."""
    spelt = name.replace("%", "percent").replace("@", "-at-").replace("/", " per ")
    return re.sub(r"[^\w.]+", "-", spelt).strip("-.") or "page"
