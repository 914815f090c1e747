"""Every link of the documentation leads somewhere, and every table of it says what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, anchors, pages, prose, read

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"`[^`\n]*`")
PAGES = pages()


def links(text: str) -> list[str]:
    return _LINK.findall(_CODE.sub("", prose(text)))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_resolve(page):
    broken = []
    for link in links(read(page)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(read(target))):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda p: p.name)
def test_every_page_is_reachable_from_the_readme(page):
    assert f"docs/{page.name}" in {link.partition("#")[0] for link in links(read(ROOT / "README.md"))}


def test_a_broken_link_would_be_seen():
    assert links("see [x](no-such.md#here) and `[y](z.md)`") == ["no-such.md#here"]
    assert not Path(DOCS / "no-such.md").exists()
    assert anchors("# A b\n## A b\n### The `x`: done") == {"a-b", "a-b-1", "the-x-done"}
