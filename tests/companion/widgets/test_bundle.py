"""bundle.py: modules joined into one text, the same for node and the browser, and everything that is not understood refused."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from companion import plots, widgets
from companion.widgets import bundle
from companion.widgets.explorable import Explorable
from tests.support import ROOT

EXPLORABLES = sorted(path for path in bundle.HERE.glob("*.js"))
RUNTIME = ROOT / "sphinx_ext" / "runtime" / "runtime.js"
NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")


@pytest.fixture
def modules(tmp_path):
    """Write files and join the first: `modules(first="…", second="…")`; names are files without their ending."""

    def join(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.js").write_text(text)
        return bundle.join(tmp_path / f"{next(iter(texts))}.js")

    return join


def node(text: str, kind: str, folder: Path) -> subprocess.CompletedProcess:
    """Have node parse a text, as a module or as a classic script."""
    file = folder / {"module": "text.mjs", "script": "text.cjs"}[kind]
    file.write_text(text, encoding="utf-8")
    return subprocess.run([NODE, "--check", str(file)], capture_output=True, text=True)


def test_each_explorable_has_one_script_and_no_script_is_left_over():
    exported = [getattr(widgets, name) for name in widgets.__all__]
    kinds = [kind for kind in exported if isinstance(kind, type) and issubclass(kind, Explorable) and kind is not Explorable]
    assert [file.stem for file in EXPLORABLES] == sorted(kind.__module__.split(".")[-1] for kind in kinds)


@pytest.mark.skipif(NODE is None, reason="there is no node here")
@pytest.mark.parametrize("file", EXPLORABLES, ids=lambda file: file.stem)
def test_an_explorable_is_one_module_whose_names_are_declared_once(file, tmp_path):
    text = bundle.join(file)
    assert node(text, "module", tmp_path).stderr == ""  # a second declaration of a name would be an error
    assert re.findall(r"^(?:import|export)\b.*", text, re.MULTILINE) == ["export default { render };"]
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert len(names) == len(set(names)) > 20
    assert node(text + f"\nconst {names[0]} = 1;\n", "module", tmp_path).returncode != 0


@pytest.mark.skipif(NODE is None, reason="there is no node here")
def test_the_runtime_is_a_classic_script(tmp_path):
    text = bundle.script(RUNTIME)
    assert node(text, "script", tmp_path).stderr == ""
    assert text.startswith("(() => {\n")


def test_each_module_comes_once_and_behind_what_it_needs(modules):
    text = modules(
        first='import { b } from "./second.js";\nimport { c } from "./third.js";\nexport default { b, c };\n',
        second='import { c } from "./third.js";\nexport const b = c + 1;\n',
        third="export const c = 1;\nfunction unused() {}\n",
    )
    assert text == "const c = 1;\nfunction unused() {}\n\nconst b = c + 1;\n\nexport default { b, c };\n"


def test_an_import_over_many_lines_and_one_of_json(modules, tmp_path):
    (tmp_path / "data.json").write_text('{"blue": "#00f"}')
    data = 'import data from "./data.json" with { type: "json" };\n'
    text = modules(
        first=data + 'import {\n  b,\n  c,\n} from "./second.js";\nexport default [b, c, data];\n',
        second="export const b = 1;\nexport function c() {}\n",
    )
    assert text == 'const data = {"blue": "#00f"};\n\nconst b = 1;\nfunction c() {}\n\nexport default [b, c, data];\n'


def test_comments_and_types_of_their_own_stay_behind(modules):
    source = "// A head.\n/**\n * @param {number} a\n */\nexport const f = (/** @type {number} */ a) => `${a} // b`; // c\n"
    assert modules(first=source) == "const f = (a) => `${a} // b`; // c\n"


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ({"a": 'import { x as y } from "./b.js";\n', "b": "export const x = 1;\n"}, "a.js: imports 'x as y', and one plain name"),
        ({"a": 'import b from "./b.js";\n', "b": ""}, 'a.js: this is not understood.*: import b from "./b.js"'),
        ({"a": 'import * as b from "./b.js";\n', "b": ""}, r"a.js: this is not understood.*: import \* as b"),
        ({"a": 'import "./b.js";\n', "b": ""}, "a.js: this is not understood.*: import"),
        ({"a": 'import { x } from "elsewhere";\n'}, "a.js: this is not understood.*: import { x }"),
        ({"a": "const x = 1;\nexport { x };\n"}, "a.js: this is not understood.*: export { x }"),
        ({"a": "const x = 1, y = 2;\nexport const [z] = [1];\n"}, r"a.js: this is not understood.*: export const \[z\]"),
        ({"a": "const [x] = [1];\n"}, r"a.js: this is not understood.*: const \[x\]"),
        ({"a": "var x = 1;\n"}, "a.js: this is not understood.*: var x"),
        ({"a": 'import { x } from "./b.js";\n', "b": "const x = 1;\n"}, "a.js: imports x from b.js, which does not export it"),
        ({"a": 'import { x } from "./b.js";\nconst y = 1;\n', "b": "const y = 2;\nexport const x = 1;\n"}, "a.js: declares y, and so does b.js"),
        ({"a": 'import { x } from "./b.js";\n', "b": 'import { y } from "./a.js";\n'}, "in a circle: a.js -> b.js -> a.js"),
        ({"a": 'import { x } from "./gone.js";\n'}, "a.js: expected a file .*gone.js, there is none"),
        ({"a": 'import { x } from "./b.js";\n', "b": "export const x = 1;\nexport default x;\n"}, "b.js: has a default export"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(modules, texts, problem):
    with pytest.raises(bundle.BundleError, match=problem):
        modules(**texts)


def test_json_goes_by_its_own_name(modules, tmp_path):
    (tmp_path / "data.json").write_text("{}")
    with pytest.raises(bundle.BundleError, match=r"imports other from data\.json"):
        modules(first='import other from "./data.json" with { type: "json" };\n')


# ------------------------------------------------------------------ what several explorables need


def test_what_two_modules_need_is_one_piece_and_comes_first(tmp_path):
    """Whatever each of them imports first."""
    texts = {
        "a": 'import { c } from "./c.js";\nimport { d } from "./d.js";\nexport default [c, d];\n',
        "b": 'import { e } from "./e.js";\nimport { d } from "./d.js";\nimport { c } from "./c.js";\nexport default [c, d, e];\n',
        "c": "export const c = 1;\n",
        "d": "export const d = 2;\n",
        "e": 'import { c } from "./c.js";\nexport const e = c;\n',
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.js").write_text(text)
    a, b = tmp_path / "a.js", tmp_path / "b.js"
    shared = "const c = 1;\n\nconst d = 2;\n"
    assert bundle.pieces({a, b}) == {
        a: [shared, "export default [c, d];\n"],
        b: [shared, "const e = c;\n\nexport default [c, d, e];\n"],
    }
    assert bundle.pieces([b]) == {b: [bundle.join(b)]}


@pytest.mark.skipif(NODE is None, reason="there is no node here")
@pytest.mark.parametrize("count", [2, 3, 7])
def test_pieces_of_explorables_make_their_text(tmp_path, count):
    for file, texts in bundle.pieces(EXPLORABLES[:count]).items():
        text = "\n".join(texts)
        assert sorted(text.splitlines()) == sorted(bundle.join(file).splitlines())
    assert node(text, "module", tmp_path).stderr == ""


# ------------------------------------------------------------------ colours, and what an installed package holds


def test_python_and_pages_have_one_palette():
    palette = json.loads(bundle.PALETTE.read_text())
    assert [palette["figures"][name] for name in ("blue", "orange", "red")] == [plots.BLUE, plots.ORANGE, plots.RED]
    assert list(palette["figures"].values()) == list(plots.PALETTE)
    assert f"const palette = {json.dumps(palette)};" in bundle.join(EXPLORABLES[0])
    style = bundle.style()
    assert f"--explorable-ink: {plots.INK};" in style
    assert "--explorable-far: 35, 39, 47;" in style  # the same ink
    assert f"--explorable-blue: {palette['dark']['blue']};" in style


def test_no_colour_of_the_palette_is_written_out_again():
    palette = json.loads(bundle.PALETTE.read_text())
    known = {colour for group in palette.values() for colour in group.values()} - {"#ffffff"}
    sources = [*bundle.HERE.rglob("*.js"), bundle.HERE / "common.css", ROOT / "companion" / "plots.py"]
    for file in [*sources, ROOT / "sphinx_ext" / "palette.py"]:
        assert not known & set(re.findall(r"#[0-9a-f]{6}\b", file.read_text(encoding="utf-8"))), file.name


def test_the_style_sheets_use_only_colours_that_are_there():
    used = set(re.findall(r"var\(--explorable-([\w-]+)", bundle.style())) - {"height"}
    assert used <= set(re.findall(r"--explorable-([\w-]+):", bundle.style()))


@pytest.mark.medium
def test_an_installed_companion_has_scripts_style_and_palette(tmp_path):
    """A wheel, built from a copy without what git does not know."""
    shutil.copytree(ROOT / "companion", tmp_path / "companion", ignore=shutil.ignore_patterns("__pycache__", "_bundled"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    build = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run([sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shutil.unpack_archive(tmp_path / done.stdout.split()[-1], tmp_path / "installed", format="zip")
    wanted = [path for kind in ("*.js", "*.css", "palette.json") for path in (ROOT / "companion").rglob(kind)]
    assert len(wanted) > 25
    for path in wanted:
        assert (tmp_path / "installed" / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
