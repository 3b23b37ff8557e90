"""The reference pages: glossary, notation, references, the summary on one sheet, how figures are checked. Sources, and the built site."""

import functools
import json
import posixpath
import re
import subprocess
import sys

import nbformat
import pytest
from fontTools.ttLib import TTFont
from nbformat import v4
from pybtex.database import parse_file

from tests.support import ROOT, pixels, waiting
from tests.support.browser import EXTENSIONS, load_extension
from tools import check_links

korean = load_extension("korean")
glossary_links = load_extension("glossary_links")
BOOK = ROOT / "book"
APPENDIX = BOOK / "appendix"
TARGET = re.compile(r"\.\./((?:0\d-[\w-]+|outlook|your-own-images)\.ipynb)(?:#([\w-]+))?")
# The Korean words of the lecture notes that the book grew from, as they stand there. The notes themselves are not in the repository.
NOTES = re.split(
    r",\s+",
    """KL 발산, 가우시안 분포, 디코더, 디코딩, 라벨, 랜덤성, 레이블, 로그 분산, 무작위 변수, 베타, 벡터, 병목,
    병목 벡터, 분산, 사전 정의 가우시안 분포, 샘플링, 생성, 손실, 손실함수, 수치적 안정성, 역전파, 연속적, 영역,
    오토인코더, 의미공간 모양 준수 손실, 의미영역, 인코더, 인코딩, 잠재 공간 정규화 손실, 잠재공간, 잠재변수, 재구성,
    재구성 손실, 재파라미터화, 정규분포, 정보량, 중앙값, 파라미터, 평균, 표준편차, 표현, 표현 벡터, 표현 학습, 프로젝션,
    피드포워드, 하이퍼파라미터, 확률 분포""",
)


def read(name):
    """The source of one page of the appendix."""
    return (APPENDIX / name).read_text(encoding="utf-8")


def slug(heading):
    """The anchor of a heading, as MyST makes it: formulas count for nothing."""
    return re.sub(r"[^\w\- ]", "", re.sub(r"\$[^$]*\$", "", heading).lower()).replace(" ", "-")


@functools.cache
def sections(name):
    """{anchor: text} of a chapter: markdown, code, printed outputs, tables and captions of each section; "" is what stands above the first.

    A figure's name is an anchor too, for its section.
    """
    found, at, names = {"": ""}, "", {}
    for cell in nbformat.read(BOOK / name, as_version=4).cells:
        if cell.cell_type == "markdown":
            for line in cell.source.split("\n"):
                heading = re.match(r"##+ (.*)", line)
                at = slug(heading[1]) if heading else at
                found[at] = found.get(at, "") + line + "\n"
        else:
            figure = cell.metadata.get("mystnb", {}).get("figure", {})
            names[figure.get("name")] = at
            shown = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in cell.outputs]
            found[at] += "\n".join([cell.source, figure.get("caption", ""), *shown]) + "\n"
    return found | {name: found[at] for name, at in names.items() if name}


def linked(text):
    """The sections to which a text links, each as a text."""
    return [sections(name)[anchor or ""] for name, anchor in TARGET.findall(text)]


# --- Glossary --------------------------------------------------------------------------------------------


def glossary():
    """{term: definition} of the page, in its order."""
    body = re.search(r"```\{glossary\}\n(.*?)```", read("glossary.md"), re.DOTALL)[1]
    parts = re.split(r"^(?=\S)", body, flags=re.MULTILINE)
    return dict(part.rstrip().split("\n", 1) for part in parts if part.strip())


def names(term):
    """How a text may name a term: without or with what stands in brackets."""
    plain = term.replace("`", "").lower()
    return [re.sub(r" \(.*", "", plain), *re.findall(r"\(([^)]*)\)", plain), *plain.split(", ")]


def test_the_glossary_is_in_order():
    terms = [term.strip("`").lower() for term in glossary()]
    assert terms
    assert terms == sorted(terms)


@pytest.mark.parametrize("term", glossary())
def test_a_term_is_in_the_section_that_it_links_to(term):
    found = linked(glossary()[term])
    assert len(found) == 1
    assert any(name in found[0].lower() for name in names(term))


def test_a_chapters_links_to_the_glossary_lead_to_the_term_that_they_name(site):
    """Of the source, and of the built page, where a term's id is Sphinx's."""
    terms = {glossary_links.slug(term.replace("`", "")): names(term) for term in glossary()}
    assert len(terms) == len(glossary())
    for path in sorted([*BOOK.glob("0*.ipynb"), BOOK / "outlook.ipynb"]):
        text = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown")
        links = re.findall(r"\[([^\]]+)\]\(appendix/glossary\.md#([\w-]+)\)", text)
        for words, anchor in links:
            assert any(name[:4] in words.lower() for name in terms[anchor]), (path.name, words, anchor)
        page = (site / "book" / f"{path.stem}.html").read_text(encoding="utf-8")
        reached = re.findall(r'href="appendix/glossary\.html#(term-[\w-]+)"', page)
        assert len(reached) == len(links), path.name
        glossary_page = (site / "book/appendix/glossary.html").read_text(encoding="utf-8")
        assert all(f'id="{name}"' in glossary_page for name in reached), path.name


def test_definitions_are_one_to_three_sentences():
    for term, definition in glossary().items():
        text = re.sub(r"\{ko\}`[^`]*`†?\.|`[^`]*`|\$[^$]*\$", "x", definition.split("\n\n")[0])
        assert 40 <= len(text) <= 260, term
        assert text.rstrip().endswith("."), term


def test_korean_words_of_the_notes_are_in_the_notes_and_the_others_are_marked():
    for word, dagger in re.findall(r"\{ko\}`([^`]*)`(†?)", read("glossary.md")):
        assert (word in NOTES) == (dagger == ""), word


def test_every_word_of_the_notes_is_found_from_korean():
    table = read("glossary.md").partition("## From Korean")[2]
    assert set(re.findall(r"\{ko\}`([^`]*)`", table)) == set(NOTES)
    assert re.findall(r"\{term\}`([^`]*)`", table)
    assert set(re.findall(r"\{term\}`([^`]*)`", table)) <= {term.replace("`", "") for term in glossary()}


def test_a_browser_is_told_what_is_korean(site):
    page = (site / "book/appendix/glossary.html").read_text(encoding="utf-8")
    assert page.count('<span class="ko" lang="ko">') == read("glossary.md").count("{ko}`")


def test_the_font_of_the_site_has_every_korean_letter_of_its_pages(site):
    font = TTFont(site / "_static/korean/nanum-gothic.woff")
    text = "".join(
        (site / page).read_text(encoding="utf-8") for page in ("book/appendix/glossary.html", "book/appendix/instructors.html")
    )
    assert {ord(letter) for letter in korean.HANGUL.findall(text)} <= set(font.getBestCmap())
    assert (site / "_static/korean/nanum-gothic.woff").stat().st_size < 60_000
    assert "SIL OPEN FONT LICENSE" in (site / "_static/korean/LICENSE").read_text(encoding="utf-8")


def test_without_the_font_the_build_stops_with_one_line(monkeypatch):
    def no_network(*arguments):
        raise korean.npm_package.NpmError("npm could not fetch it")

    monkeypatch.setattr(korean.npm_package, "keep", no_network)
    with pytest.raises(SystemExit, match=r"^Korean letters: npm could not fetch it\. The font is needed once: connect"):
        korean.add_font(None, None)


# --- Notation --------------------------------------------------------------------------------------------


def rows(text):
    """The rows of the Markdown tables in a text, as lists of cells; heads and rulers left out."""
    lines = [line for line in text.split("\n") if line.startswith("|")]
    heads = {i - 1 for i, line in enumerate(lines) if re.fullmatch(r"[|\s:-]+", line)}
    kept = [line for i, line in enumerate(lines) if i not in heads and not re.fullmatch(r"[|\s:-]+", line)]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in kept]


def test_each_symbol_is_in_the_section_that_its_row_links_to():
    table, letters = rows(read("notation.md")), rows(read("notation.md").partition("## Letters")[2])
    assert len(table) > 30
    for row in table:
        text = "".join(linked(row[-1]))
        spellings = [re.sub(r"[`$]", "", name) for cell in row[: len(row) - 2] for name in re.split(r", (?![I\\])", cell)][:2]
        assert any(name and name in text for name in spellings), (row, spellings)
        assert row not in letters or all(name in text for name in spellings), (row, spellings)


# --- References ------------------------------------------------------------------------------------------


def entries():
    """The bibliography: key -> entry."""
    return parse_file(str(BOOK / "references.bib")).entries


def prose():
    """{page: text} of all pages of the book."""
    return {file.relative_to(BOOK).as_posix(): "\n".join(check_links._prose(file)) for file in check_links.pages(ROOT)[1:]}


def cited_in_words(text):
    """(surname, year) of the citations in the text of an exercise, which links to no entry."""
    return set(re.findall(r"([A-Z][\w-]+)(?:, [\w ]+)? (?:and|et al\.?)[\w ]*? \(?((?:19|20)\d\d)\b", text))


def author_and_year(entry):
    """The first author's surname and the year."""
    return " ".join([*entry.persons["author"][0].prelast_names, *entry.persons["author"][0].last_names]).strip("{}"), entry.fields[
        "year"
    ]


def test_every_entry_is_cited_and_every_citation_has_an_entry():
    pages = prose()
    links = {key for text in pages.values() for key in re.findall(r"references\.md#([\w-]+)", text)}
    exercises = " ".join(text for page, text in pages.items() if page.startswith("exercises")).replace("é", "e")
    in_words = {key for key, entry in entries().items() if author_and_year(entry) in cited_in_words(exercises)}
    assert links <= set(entries())
    assert set(entries()) == links | in_words


def test_citations_of_the_chapters_are_links_to_the_right_entry():
    for page, text in prose().items():
        for words, key in re.findall(r"\[([^\]]+)\]\([\w./]*references\.md#([\w-]+)\)", text):
            surname, year = author_and_year(entries()[key])
            if re.search(r"\d{4}", words):
                assert surname.split()[-1] in words, (page, words)
                assert year in words, (page, words)
        if not page.startswith("exercises"):
            unlinked = re.sub(r"\[[^\]]+\]\([^)]*\)", "", text)
            assert not re.search(r"(?:et al\.|[A-Z][a-z]+ and [A-Z][a-z]+),? \(?(?:19|20)\d\d", unlinked), page


def test_entries_have_a_doi_or_else_an_address():
    for key, entry in entries().items():
        doi, url = entry.fields.get("doi"), entry.fields.get("url")
        assert re.fullmatch(r"10\.\d{4,9}/[-.;()/:\w]+", doi) if doi else re.fullmatch(r"https://\S+", url), key
        assert not (doi and url), key
        assert "eprint" not in entry.fields, f"{key}: arXiv papers have a DOI, 10.48550/arXiv.NUMBER"


def test_each_entry_is_on_the_page_under_its_key_with_its_link(site):
    page = (site / "book/appendix/references.html").read_text(encoding="utf-8")
    for key in entries():
        item = re.search(rf'<li id="{key}">(.*?)</li>', page, re.DOTALL)
        assert item, key
        assert re.search(r'class="[^"]*\bexternal\b[^"]*" href="https://', item[1]), key


# --- The summary, one sheet ------------------------------------------------------------------------------


def summary_rows():
    """The rows of "Numbers worth remembering": the numbers, and the section or figure that showed them."""
    table = read("summary.md").partition("## Numbers worth remembering")[2].partition("\n## ")[0]
    return [(re.findall(r"\*\*([^*]+)\*\*", numbers), what) for numbers, what in rows(table)]


@pytest.mark.parametrize(("numbers", "what"), summary_rows(), ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_a_number_of_the_summary_is_in_the_section_that_it_links_to(numbers, what):
    (text,) = linked(what)
    assert numbers
    for number in [*numbers, *re.findall(r"\d+\.\d+", what.partition("](")[0])]:
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", text), number


@pytest.mark.slow
def test_the_summary_prints_on_one_sheet_in_letters_that_can_be_read(browser, address):
    tab = browser.new_page()
    tab.goto(f"{address}/book/appendix/summary.html")
    pdf = tab.pdf(prefer_css_page_size=True)
    tab.emulate_media(media="print")
    sizes = tab.evaluate("""() => [...document.querySelectorAll('section.summary :is(p, td, li)')].map(
        e => parseFloat(getComputedStyle(e).fontSize) * .75)""")
    tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert len(sizes) > 50
    assert min(sizes) >= 8  # points


# --- How the figures are checked -------------------------------------------------------------------------


def test_the_tolerances_on_the_page_are_those_of_the_comparison():
    table = {(row[0], row[1]): row[2] for row in rows(read("figures-checked.md")) if len(row) == 3}
    assert [float(value) for value in table.values()] == list(pixels.TOLERANCE)
    assert f"window of {pixels.TILE} x {pixels.TILE} pixels" in read("figures-checked.md")
    assert f"more than {pixels.LEVELS} levels" in read("figures-checked.md")


def test_the_page_of_figures_has_the_numbers_that_the_run_wrote(site):
    page = (site / "book/appendix/figures-checked.html").read_text(encoding="utf-8")
    found = []
    for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL):
        link, cells = re.search(r'href="([^"#]+)\.html"', row), re.findall(r"<p>([\d.]+)</p>", row)
        if link and len(cells) == 2:
            found.append((posixpath.normpath(f"appendix/{link[1]}"), *cells))
    shown = {f"{name}.ipynb": {"seconds": float(seconds), "peak_mib": int(peak)} for name, seconds, peak in found}
    assert shown == json.loads((BOOK / "measured.json").read_text(encoding="utf-8"))


@pytest.mark.medium
def test_a_notebook_without_a_measurement_fails_the_build_and_so_does_a_measurement_without_a_notebook(tmp_path):
    (tmp_path / "book" / "exercises").mkdir(parents=True)
    for name in ("01-a", "02-b", "exercises/03-c"):
        notebook = v4.new_notebook(cells=[v4.new_markdown_cell("# Title", id="title")], metadata={"orphan": True})
        nbformat.write(notebook, tmp_path / "book" / f"{name}.ipynb")
    measured = {name: {"seconds": 1.5, "peak_mib": 300} for name in ("01-a.ipynb", "09-gone.ipynb")}
    (tmp_path / "book" / "measured.json").write_text(json.dumps(measured))
    (tmp_path / "index.md").write_text("# Index\n\n```{measured}\n```\n")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.append({str(EXTENSIONS)!r})\nextensions = ['myst_nb', 'measured']\nnb_execution_mode = 'off'\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", str(tmp_path), str(tmp_path / "out")],
        capture_output=True,
        text=True,
        timeout=waiting.HANG,
    )
    assert done.returncode != 0
    said = re.findall(r"measured: (\S+) has (\w+)", done.stderr)
    assert said == [("02-b.ipynb", "no"), ("09-gone.ipynb", "an")], done.stderr
    assert "<p>1.5</p>" in (tmp_path / "out" / "index.html").read_text()
