"""Sphinx extension: the repository, Binder and Colab buttons of whichever public clone builds the book.

The address is in no file. It comes from CI's variables or from the clone's remote ``origin``, so a fork's
buttons lead to the fork. Without a public address the book is built without these buttons; the download button
stays. Colab's button opens the notebook of the branch ``colab``, or in a release of the tag ``colab-v1.2.0``: tools/colab.py
makes these copies and CI publishes them.
"""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

# [scheme://][user[:secret]@]host[:port](: or /)owner/name[.git][/]
ADDRESS = re.compile(
    r"^(?:(?:https?|ssh|git)://)?(?:[^@/\s]+@)?(?P<host>github\.com|gitlab\.com)(?::\d+/|[:/])/?"
    r"(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/?$",
    re.IGNORECASE | re.ASCII,
)


def public_address(text: str | None) -> str | None:
    """Return ``https://host/owner/name`` for a web or git address on github.com or gitlab.com, else None.

    User names, passwords, ports and a closing ``.git`` are dropped. An address with more or fewer than two path
    parts (a GitLab subgroup, say) gives None: the theme cannot make launch addresses for it.

    >>> public_address("git@github.com:ada/engine.git")
    'https://github.com/ada/engine'
    """
    found = ADDRESS.match((text or "").strip())
    if not found or {found["owner"], found["name"]} & {".", ".."}:
        return None
    return f"https://{found['host'].lower()}/{found['owner']}/{found['name']}"


def repository_url(environ: Mapping[str, str], remote: str | None) -> str | None:
    """Return the repository's public address: CI's variables first, then the clone's remote, else None."""
    server, name = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    from_ci = public_address(f"{server.rstrip('/')}/{name}") if server and name else None
    return from_ci or public_address(remote)


def repository_branch(environ: Mapping[str, str], current: str | None) -> str:
    """Return the branch for the buttons: the one CI builds (a pull request's target), the current one, or main."""
    return environ.get("GITHUB_BASE_REF") or environ.get("GITHUB_REF_NAME") or current or "main"


def colab_ref(environ: Mapping[str, str]) -> str:
    """Return the branch or tag whose notebooks Colab opens. A release has a tag of its own, so that its site never opens newer ones.

    >>> colab_ref({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.2.0"})
    'colab-v1.2.0'
    """
    return f"{COLAB_BRANCH}-{environ['GITHUB_REF_NAME']}" if environ.get("GITHUB_REF_TYPE") == "tag" else COLAB_BRANCH


def git(root: Path, *arguments: str) -> str | None:
    """Return what one git command prints, or None without git, outside a clone or when it fails."""
    if not (root / ".git").exists():  # a copy inside another project's clone must not take that one's address
        return None
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None


COLAB = "https://colab.research.google.com"
COLAB_BRANCH = "colab"
HINT = (
    '<p class="launch-hint">You can read all of this page on a phone. To run its code, open it on a computer: '
    "Jupyter wants a keyboard and a wide screen.</p>"
)


def launch_links(url: str, branch: str, page: str, colab: str = COLAB_BRANCH) -> dict[str, str]:
    """Return the addresses of a notebook page's launch buttons: name of the button -> address. Colab reads from GitHub alone.

    >>> launch_links("https://github.com/ada/engine", "main", "book/07-loss")["Colab"]
    'https://colab.research.google.com/github/ada/engine/blob/colab/book/07-loss.ipynb'
    """
    host, owner, name = url.removeprefix("https://").split("/")
    where = f"gh/{owner}/{name}" if host == "github.com" else f"gl/{owner}%2F{name}"
    links = {"Binder": f"https://mybinder.org/v2/{where}/{quote(branch, safe='')}?urlpath=lab/tree/{page}.ipynb"}
    if host == "github.com":
        links["Colab"] = f"{COLAB}/github/{owner}/{name}/blob/{quote(colab, safe='')}/{page}.ipynb"
    return links


def lead_to_colabs_copies(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Point the theme's Colab button at the copies whose first cell installs companion; say on a notebook's page what running wants."""
    groups = [group for group in context.get("header_buttons", []) if group.get("label") == "launch-buttons"]
    for button in (button for group in groups for button in group["buttons"] if button["text"] == "Colab"):
        links = launch_links(app.config.html_theme_options["repository_url"], "", pagename, colab_ref(os.environ))
        button["url"] = links["Colab"]
    if "kernelspec" in app.env.metadata.get(pagename, {}) and pagename != app.config.root_doc:
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{HINT}", 1)


def button_options(url: str | None, branch: str, launch_buttons: dict) -> dict:
    """Return the theme options that show the buttons for ``url``, or none of them when it is None."""
    if url is None:
        return {"repository_url": "", "use_repository_button": False, "launch_buttons": {}}
    if url.startswith("https://github.com/"):  # the theme warns of a Colab button for another host
        launch_buttons = launch_buttons | {"colab_url": COLAB}
    return {
        "repository_url": url,
        "repository_branch": quote(branch, safe=""),
        "use_repository_button": True,
        "launch_buttons": launch_buttons,
    }


def set_buttons(app: Sphinx, config: Config) -> None:
    """Fill in the theme's options before the theme reads them."""
    root = Path(app.srcdir)
    url = repository_url(os.environ, git(root, "remote", "get-url", "origin"))
    branch = repository_branch(os.environ, git(root, "symbolic-ref", "--short", "-q", "HEAD"))
    options = config.html_theme_options
    options.update(button_options(url, branch, options.get("launch_buttons", {})))
    # Printed, not logged: a quiet build must say it too.
    if url:
        print(f"buttons: {url}, branch {branch}")
    else:
        print("buttons: none (no public address of this repository in CI's variables or in git's remote origin)")


def setup(app: Sphinx) -> dict:
    """Connect before the theme's own handlers, which run at builder-inited."""
    app.connect("config-inited", set_buttons)
    app.connect("html-page-context", lead_to_colabs_copies, priority=900)  # after the theme has made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}
