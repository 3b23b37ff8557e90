"""An explorable's page code: its JavaScript modules joined into the one text that anywidget takes, and its style sheet.

Binder and Colab have no node, so none of npm's bundlers can do it. What is joined is our own, checked by tsc and a linter, and written in
a small part of the language; the rest is refused:

- `import { name, other } from "./file.js";` at the beginning of a line, without `as`;
- `import file from "./file.json" with { type: "json" };`, under the file's own name;
- `export` before a function or class, or before a `const` or `let` of one name;
- `export default …;` in the module that is asked for, and nowhere else.

Each module comes once, behind those that it needs. Comments that stand on lines of their own are left out: they are for who reads the
files, and every page would carry them.

Nothing but the standard library is imported: the site's build loads this file alone.
"""

import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PALETTE = HERE.parent / "palette.json"
TURNED = 0.93  # of 1: white paper becomes nearly the dark page
DARK = 'html[data-theme="dark"] .explorable, body[data-jp-theme-light="false"] .explorable'  # the site's, JupyterLab's

IMPORT = re.compile(r'^import \{(?P<names>[^}]*)\} from "(?P<path>\.[^"]+\.js)";\n', re.MULTILINE)
IMPORT_JSON = re.compile(r'^import (?P<names>\w+) from "(?P<path>\.[^"]+\.json)" with \{ type: "json" \};\n', re.MULTILINE)
DECLARATION = re.compile(r"^(?P<export>export )?(?:async )?(?:function|class|const|let) (?P<name>\w+)(?=[ (])(?! *,)", re.MULTILINE)
DEFAULT = re.compile(r"^export default .*", re.MULTILINE)
OTHER = re.compile(r"^(?:import|export|async|function|class|const|let|var)\b.*", re.MULTILINE)  # what the ones above did not take
COMMENT = re.compile(r"^ *(?:/\*.*?\*/|//[^\n]*)\n", re.MULTILINE | re.DOTALL)
CAST = re.compile(r"/\*\* [^*]*\*/ ?")  # a type in the middle of a line


class BundleError(ValueError):
    """A module cannot be joined; says which and why."""


class Module(NamedTuple):
    """A file. needs: the names that it imports from each file. body: its code without imports. names: what it declares."""

    file: Path
    needs: dict[Path, list[str]]
    body: str
    names: list[str]
    exports: list[str]
    has_default: bool


def join(file: Path) -> str:
    """Join a module and all that it needs into the text of one module.

    Raises:
        BundleError: a file is missing, modules import each other in a circle, a name is imported that is not exported, two modules
            declare the same name, or something is written in a way that is not understood.
    """
    return _text(_modules(file))


def pieces(files: Iterable[Path]) -> dict[Path, list[str]]:
    """Join each module as `join` does, in pieces: what the same modules of `files` need is one piece, the same text in each of them.

    Joined with line breaks between them, the pieces of a module are its text, what more of `files` need first. Raises as `join`.

    Example: where a and b both need c, {a: [c's text, a's own], b: [c's text, b's own]}.
    """
    needed = {file: _modules(file) for file in files}
    users: dict[Path, frozenset[Path]] = {}
    for file, modules in needed.items():
        users |= {module.file: users.get(module.file, frozenset()) | {file} for module in modules}

    def piece(group: frozenset[Path]) -> str:
        return _text([module for module in needed[min(group)] if users[module.file] == group])

    def groups(file: Path) -> list[frozenset[Path]]:
        """Whoever needs a module needs what that needs: so the larger group comes first."""
        return sorted({users[module.file] for module in needed[file]}, key=lambda group: (-len(group), sorted(group)))

    return {file: [piece(group) for group in groups(file)] for file in needed}


def script(file: Path) -> str:
    """Join a module without a default export into a classic script, which also a page from disk may load. Raises as `join`."""
    return f"(() => {{\n{join(file)}}})();\n"


def style() -> str:
    """The style sheet of every explorable: common.css, behind the palette's colours as custom properties, light and dark."""
    palette = json.loads(PALETTE.read_text(encoding="utf-8"))
    light, dark = palette["light"], palette["dark"]
    paper = f"--explorable-paper-edge: {light['edge']}; --explorable-paper-turned: none;"  # for pictures, which are ink on paper
    paper += " --explorable-signed-turned: none;"  # and for those in colours, which keep their hue
    turned = f"--explorable-paper-turned: invert({TURNED}); --explorable-signed-turned: invert({TURNED}) hue-rotate(180deg);"
    colours = f".explorable {{ {_properties(light)} {paper} }}\n{DARK} {{ {_properties(dark)} {turned} }}\n"
    return colours + (HERE / "common.css").read_text(encoding="utf-8")


def _modules(file: Path) -> list[Module]:
    modules = _in_order(Path(os.path.abspath(file)))
    _check(modules)
    return modules


def _text(modules: list[Module]) -> str:
    return "\n".join(re.sub(r"^export (?!default)", "", module.body, flags=re.MULTILINE) for module in modules)


def _properties(colours: dict[str, str]) -> str:
    """Custom properties, and `far`: the ink as numbers, to be made transparent."""
    far = ", ".join(str(int(colours["ink"][place : place + 2], 16)) for place in (1, 3, 5))
    return " ".join(f"--explorable-{name}: {value};" for name, value in (colours | {"far": far}).items())


def _in_order(entry: Path) -> list[Module]:
    """The module `entry` and all that it needs, each behind what it needs."""
    found: dict[Path, Module] = {}

    def visit(file: Path, way: tuple[Path, ...]) -> None:
        if file in way:
            circle = [*way[way.index(file) :], file]
            raise BundleError(f"{file.name}: modules import each other in a circle: {' -> '.join(each.name for each in circle)}")
        if file not in found:
            module = _read(file, asked_by=way[-1] if way else None)
            for needed in module.needs:
                visit(needed, (*way, file))
            found[file] = module

    visit(entry, ())
    return list(found.values())


def _read(file: Path, asked_by: Path | None) -> Module:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BundleError(f"{asked_by.name if asked_by else 'join'}: expected a file {file}, there is none") from None
    if file.suffix == ".json":
        body = f"const {file.stem} = {json.dumps(json.loads(text))};\n"
        return Module(file, {}, body, [file.stem], [file.stem], has_default=False)
    text = CAST.sub("", COMMENT.sub("", text))
    found = sorted([*IMPORT.finditer(text), *IMPORT_JSON.finditer(text)], key=re.Match.start)
    body = IMPORT_JSON.sub("", IMPORT.sub("", text)).strip() + "\n"
    if unknown := OTHER.search(DEFAULT.sub("", DECLARATION.sub("", body))):
        raise BundleError(f"{file.name}: this is not understood, see the head of bundle.py: {unknown[0]}")
    declared = list(DECLARATION.finditer(body))
    return Module(
        file,
        needs={Path(os.path.normpath(file.parent / each["path"])): _names(file, each) for each in found},
        body=body,
        names=[each["name"] for each in declared],
        exports=[each["name"] for each in declared if each["export"]],
        has_default=DEFAULT.search(body) is not None,
    )


def _names(file: Path, statement: re.Match) -> list[str]:
    """The names of an import statement."""
    names = [name.strip() for name in statement["names"].split(",") if name.strip()]
    if odd := [name for name in names if not name.isidentifier()]:
        raise BundleError(f"{file.name}: imports {odd[0]!r}, and one plain name is understood")
    return names


def _check(modules: list[Module]) -> None:
    """Every imported name is exported, every name is declared once, and the last module alone has a default export."""
    exports = {module.file: module.exports for module in modules}
    owner: dict[str, str] = {}
    for module in modules:
        for file, names in module.needs.items():
            if missing := set(names) - set(exports[file]):
                raise BundleError(f"{module.file.name}: imports {min(missing)} from {file.name}, which does not export it")
        for name in module.names:
            if name in owner:
                raise BundleError(
                    f"{module.file.name}: declares {name}, and so does {owner[name]}: in one text a name has one meaning"
                )
            owner[name] = module.file.name
        if module.has_default and module is not modules[-1]:
            raise BundleError(
                f"{module.file.name}: has a default export, understood only in what is asked for, here {modules[-1].file.name}"
            )
