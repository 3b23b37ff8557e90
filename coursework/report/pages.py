"""The report as pages: one for the instructor, one for each student to read or print. Each is one file that loads nothing.

All text of a result is escaped; a page says so to the browser too, which will run no script in it.
"""

import html
import urllib.parse
from collections.abc import Sequence

STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #a04b00; }
@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #f0883e; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; padding: 0.3rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.8rem 0.4rem 0; border-bottom: 1px solid var(--line); }
td.number, th.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.wide { overflow-x: auto; }
.good { color: var(--good); } .bad { color: var(--bad); }
pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; border-left: 3px solid var(--line); padding-left: 0.8rem; }
td { overflow-wrap: anywhere; }
@media print { body { max-width: none; margin: 0; } section { break-inside: avoid; } nav { display: none; } }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
STATES = {"graded": "graded", "unreadable": "could not be read", "failed": "the grader failed"}


def index(results: Sequence[dict], students: Sequence[str]) -> str:
    """The instructor's page: every student with scores and flags, and the way to each page."""
    exercises = sorted({each["exercise"] for each in results})
    of = {(each["student"], each["exercise"]): each for each in results}
    head = "".join(f'<th scope="col" class="number">{_text(exercise)}</th>' for exercise in exercises)
    rows = "".join(_row(student, [of.get((student, exercise)) for exercise in exercises]) for student in students)
    averages = "".join(f'<td class="number">{_mean(results, exercise)}</td>' for exercise in exercises)
    body = f"""<h1>Results</h1>
<p>{len(students)} students. Open a name for the feedback; each page can be sent or printed by itself.{_by_hand(results)}</p>
<div class="wide" tabindex="0" role="region" aria-label="Scores"><table><caption>Scores of the automatic tests, and what to look at</caption>
<thead><tr><th scope="col">Student</th>{head}<th scope="col">Look at</th></tr></thead>
<tbody>{rows}</tbody>
<tfoot><tr><th scope="row">Mean of those graded</th>{averages}<td></td></tr></tfoot></table></div>"""
    return _page("Results", body)


def student(name: str, results: Sequence[dict], remarks: Sequence[Sequence[str]]) -> str:
    """One student's page.

    Args:
        name: the student's. results: of this student, one an exercise. remarks: for each of them, what to say of it as a whole.
    """
    sections = "".join(_section(result, said) for result, said in zip(results, remarks, strict=True))
    back = '<nav><a href="../index.html">All results</a></nav>'
    return _page(f"Feedback for {name}", f"<h1>Feedback for <bdi>{_text(name)}</bdi></h1>\n{sections}{back}")


def place(name: str) -> str:
    """Where a student's page lies, from the index."""
    return f"students/{name}.html"


def _row(name: str, results: Sequence[dict | None]) -> str:
    flags = [
        f"{flag['kind']}: {flag['detail']}" for result in results if result for flag in result["flags"] if flag["kind"] != "manual"
    ]
    seen = "".join(f"<li>{_text(flag)}</li>" for flag in flags)
    seen = f"<ul>{seen}</ul>" if seen else ""
    link = f'<a href="{_text(urllib.parse.quote(place(name)))}"><bdi>{_text(name)}</bdi></a>'
    cells = "".join(f'<td class="number">{_score(result)}</td>' for result in results)
    return f'<tr><th scope="row">{link}</th>{cells}<td>{seen}</td></tr>\n'


def _by_hand(results: Sequence[dict]) -> str:
    waiting = [each["manual_points"] for each in results if each.get("manual_points")]
    return f" {len(waiting)} submissions hold answers in words, {max(waiting):g} points each, for you to grade." if waiting else ""


def _score(result: dict | None) -> str:
    if result is None:
        return "missing"
    if result["status"] != "graded":
        return f'<span class="bad">{_text(STATES.get(result["status"], result["status"]))}</span>'
    return f"{result['score']:g} of {result['max_score']:g}"


def _mean(results: Sequence[dict], exercise: str) -> str:
    scores = [each["score"] for each in results if each["exercise"] == exercise and each["status"] == "graded"]
    return f"{sum(scores) / len(scores):.2f}" if scores else ""


def _section(result: dict, remarks: Sequence[str]) -> str:
    rows = "".join(_test(test) for test in result["tests"])
    said = "".join(f"<li>{_text(remark)}</li>" for remark in remarks)
    output = _text(result.get("output", "").strip())
    parts = [f"<h2>{_text(result['exercise'])}: {_score(result)}</h2>"]
    parts.append(f"<ul>{said}</ul>" if said else "")
    parts.append(f"""<div class="wide"><table><caption>Tests</caption>
<thead><tr><th scope="col">Exercise</th><th scope="col" class="number">Points</th><th scope="col">What the test says</th></tr></thead>
<tbody>{rows}</tbody></table></div>""")
    parts.append(f"<details><summary>What your cells printed</summary><pre>{output}</pre></details>" if output else "")
    return f"<section>{''.join(parts)}</section>\n"


def _test(test: dict) -> str:
    full = test["points"] >= test["max_points"]
    said = "Passed." if full else test["message"] or "Not passed."
    kind = "good" if full else "bad"
    points = f"{test['points']:g} of {test['max_points']:g}"
    return f'<tr><th scope="row">{_text(test["title"])}</th><td class="number">{points}</td><td class="{kind}">{_text(said)}</td></tr>\n'


def _text(text: str) -> str:
    return html.escape(str(text), quote=True)


def _page(title: str, body: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{_text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
