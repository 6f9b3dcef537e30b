"""Each page says what it is, each link leads somewhere, and each block is run or says why not."""

import re
from functools import cache
from pathlib import Path

import pytest

from testbed.cookbook import FENCE, HEADING, PAGES, ROOT, Block, read

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`[^`]*`")
GENERATED = re.compile(r"<!-- \[\[\[cog.*?\]\]\] -->\n", re.DOTALL)
ELSEWHERE = ("http://", "https://", "mailto:")
RUN = re.compile(r"run by (test_\w+)|not run: \w.+")
SHELL = "sh"
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def prose(page: Path) -> list[str]:
    """Give the lines of *page* that are no block's."""
    lines, inside = [], False
    for line in GENERATED.sub("", page.read_text("utf-8")).splitlines():
        if FENCE.match(line):
            inside = not inside
        elif not inside:
            lines.append(line)
    return lines


def anchors(page: Path) -> set[str]:
    """Give what a link to *page* may name behind its ``#``, as GitHub makes it of headings."""
    found: set[str] = set()
    for line in prose(page):
        if heading := HEADING.match(line):
            plain = re.sub(r"[^\w\- ]", "", heading[1].lower()).replace(" ", "-")
            again = sum(one == plain or one.startswith(f"{plain}-") for one in found)
            found.add(f"{plain}-{again}" if plain in found else plain)
    return found


def broken(page: Path, root: Path = ROOT) -> list[str]:
    """Give the links of *page* that lead nowhere in *root*."""
    wrong = []
    for link in LINK.findall(CODE.sub("code", "\n".join(prose(page)))):
        if link.startswith(ELSEWHERE):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        there = target.exists() and target.is_relative_to(root)
        if not there or (anchor and anchor not in anchors(target)):
            wrong.append(link)
    return wrong


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    """To a file or folder of the repository and, behind ``#``, to a heading of it."""
    assert broken(ROOT / name) == []


@pytest.mark.parametrize("link", ["none.md", "#nothing", "page.md#nothing", "/etc/passwd"])
def test_a_broken_link_is_seen(tmp_path: Path, link: str) -> None:
    """A file that is not there, a heading that is not there, what is outside of the repository."""
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n[here](#a-page), [there]({link}), `[code](not.md)`\n")
    assert broken(page, tmp_path) == [link]


def test_every_page_of_docs_is_named_in_the_readme() -> None:
    """Who begins there finds all of them."""
    named = set(LINK.findall((ROOT / "README.md").read_text("utf-8")))
    assert {name for name in NAMES if name.startswith("docs/")} - named == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_page_begins_with_what_it_is(name: str) -> None:
    """One title, and a sentence under it."""
    title, empty, sentence, *_ = (ROOT / name).read_text("utf-8").splitlines()
    assert title.startswith("# ")
    assert empty == ""
    assert re.match(r"[A-Z*`]\w", sentence) or name == "CONTRIBUTING.md"
    assert [line for line in prose(ROOT / name) if line.startswith("# ")] == [title]


@pytest.mark.parametrize("name", NAMES)
def test_every_block_is_run_or_says_why_not(name: str) -> None:
    """Commands by `test_pages.py`, any other block by the test it names, which asks for it."""
    assert [block.text for block in read(ROOT / name) if not _is_held(name, block)] == []


def _is_held(page: str, block: Block) -> bool:
    said = RUN.fullmatch(block.remark)
    if said is None:
        return block.language == SHELL and not block.remark
    return said[1] is None or _asks(said[1], page, block.heading)


def _asks(test: str, page: str, heading: str) -> bool:
    """Say whether a file has this *test*, and asks for *page*, or the blocks under a *heading*."""
    return any(
        re.search(rf"^(async )?def {test}\(", text, re.MULTILINE)
        and (f'"{heading}"' in text or f'"{page}"' in text or "PAGES" in text)
        for text in _tests()
    )


@cache
def _tests() -> list[str]:
    return [file.read_text("utf-8") for file in (ROOT / "tests").rglob("test_*.py")]
