"""What may be done to answers, and who may ask for it: the page's app without a network."""

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from coursework.report.answers import Marking, MarkingError
from coursework.report.marking import App, serve, server
from coursework.report.marks import read_marks
from coursework.report.prose import readable
from coursework.report.reading import ReportError
from tests.support.graded import FREE, WHY, graded, result, student

HOST, TOKEN = "127.0.0.1:8123", "t0ken"
SAME = {"Host": HOST, "Origin": f"http://{HOST}", "Content-Type": "application/json"}


@pytest.fixture
def folder(tmp_path):
    words = {"kim": {"why": "So.", "free": ""}, "lee": {"why": " ", "free": "Well."}, "an": {"why": "", "free": ""}}
    people = [student(name, f"{name.title()} Park") for name in words]
    return graded(
        tmp_path / "week3", [result(name, words=text) for name, text in words.items()], students=people, written=[WHY, FREE]
    )


@pytest.fixture
def marking(folder):
    return Marking(folder)


def ids(marking) -> dict[str, str]:
    """Name -> the page's id."""
    return {name: marking.find(name)["who"] for name in ("kim", "lee", "an")}


def marks(folder, who):
    return read_marks(folder / "marks" / f"{who}.json")


# --- What is shown ----------------------------------------------------------------------------------------


def test_the_page_is_told_no_name(marking):
    told = json.dumps(marking.data())
    assert '"So."' in told
    for name in ("kim", "lee", "Park", ".ipynb"):
        assert name not in told


def test_each_question_has_an_order_of_its_own_that_stays(tmp_path):
    folder = graded(
        tmp_path / "week3", [result(f"s{i}", words={"why": f"{i}", "free": f"{i}"}) for i in range(20)], written=[WHY, FREE]
    )
    orders = [
        [[each["text"] for each in question["answers"]] for question in Marking(folder).data()["questions"]] for _ in range(2)
    ]
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[0][1]
    assert sorted(orders[0][0], key=int) == [str(i) for i in range(20)] != orders[0][0]


def test_keys_give_levels_or_without_a_rubric_points(marking):
    why, free = marking.data()["questions"]
    assert [level["points"] for level in why["levels"]] == [0, 1, 2]
    assert [level["points"] for level in free["levels"]] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a plot](attachment:plot.png)", "[picture: plot.png]"),
        ("![](data:image/png;base64,AAAA)", "[picture: image/png inside the text]"),
        ("a <img width=3 src='x/y.png'> b", "a [picture: x/y.png] b"),
        ("<b>1 < 2</b>", "<b>1 < 2</b>"),
        ("x" * 20_001, "x" * 20_000 + "\n[… 1 more characters]"),
    ],
)
def test_an_answer_is_text_with_its_pictures_named(text, shown):
    assert readable(text) == shown


def test_code_is_shown_as_it_is(tmp_path):
    text = "x = '![a](b.png)'"
    folder = graded(tmp_path / "week3", [result("kim", words={"free": text})], written=[{**FREE, "code": True}])
    (question,) = Marking(folder).data()["questions"]
    assert (question["code"], question["answers"][0]["text"]) == (True, text)


# --- What is done -----------------------------------------------------------------------------------------


def test_a_level_brings_its_points_and_points_take_the_level_away(marking, folder):
    kim = ids(marking)["kim"]
    assert marking.mark("why", kim, level=1)["points"] == 1
    assert (marks(folder, "kim").marks["why"].level, marks(folder, "kim").marks["why"].points) == (1, 1)
    marking.mark("why", kim, points=1.75)
    assert (marks(folder, "kim").marks["why"].level, marks(folder, "kim").marks["why"].points) == (None, 1.75)
    marking.mark("why", kim, comment="Say in which unit.")
    assert marks(folder, "kim").marks["why"][:3] == (1.75, None, "Say in which unit.")
    assert marking.mark("why", kim, points=None)["open"]
    assert marks(folder, "kim").marks["why"][:3] == (None, None, "Say in which unit.")


@pytest.mark.parametrize(
    "change",
    [
        {"level": 3},
        {"level": -1},
        {"level": True},
        {"level": 1.0},
        {"level": None},
        {"points": 2.5},
        {"points": -1},
        {"points": float("nan")},
        {"points": "2"},
        {"comment": "x" * 10_001},
        {"comment": None},
        {"answer": "abc"},
        {},
        {"level": 1, "points": 2},
    ],
)
def test_what_cannot_be_a_mark_is_refused_and_changes_nothing(marking, folder, change):
    with pytest.raises(MarkingError, match=r"got .*, expected"):
        marking.mark("why", ids(marking)["kim"], **change)
    assert not (folder / "marks").exists()
    assert marking.undo() == {}


def test_undo_takes_back_one_step_and_a_typed_comment_is_one(marking, folder):
    who = ids(marking)
    marking.mark("why", who["kim"], level=1)
    for text in ("G", "Go", "Goo"):
        marking.mark("why", who["kim"], comment=text)
    marking.mark("why", who["lee"], level=2)
    marking.comment(who["lee"], "Good")
    assert marking.undo() == {"who": who["lee"], "question": None}
    assert marks(folder, "lee").comment == ""
    assert marking.undo() == {"who": who["lee"], "question": "why"}
    assert marks(folder, "kim").marks["why"].comment == "Goo"
    marking.undo()
    assert marks(folder, "kim").marks["why"][:3] == (1, 1, "")
    marking.undo()
    assert marks(folder, "kim").marks["why"].points is None
    assert marking.undo() == {}


def test_all_that_was_left_empty_gets_nothing_in_one_step(marking, folder):
    who = ids(marking)
    marking.mark("why", who["an"], level=1)
    assert marking.empty("why") == {"count": 1}, "of an, who has a mark, nothing is taken"
    assert (marks(folder, "lee").marks["why"].points, marks(folder, "an").marks["why"].points) == (0, 1)
    assert marking.empty("free") == {"count": 2}
    marking.undo()
    assert marks(folder, "an").marks["free"].points is None
    assert marks(folder, "kim").marks["free"].points is None


def test_another_persons_marks_of_the_same_student_stay(marking, folder):
    other = Marking(folder)
    marking.mark("why", ids(marking)["kim"], level=1)
    other.mark("free", ids(other)["kim"], points=3)
    marking.mark("why", ids(marking)["kim"], level=2)
    assert {name: mark.points for name, mark in marks(folder, "kim").marks.items()} == {"why": 2, "free": 3}


def test_a_new_answer_is_to_be_looked_at_again(marking, folder):
    marking.mark("why", ids(marking)["kim"], level=2)
    graded(folder, [result("kim", words={"why": "No.", "free": ""})], written=[WHY, FREE])
    (answer,) = [each for each in marking.data()["questions"][0]["answers"] if each["text"] == "No."]
    assert (answer["points"], answer["changed"], answer["open"]) == (2, True, True)
    marking.mark("why", answer["who"], level=2)
    assert not any(each["changed"] for each in marking.data()["questions"][0]["answers"])


def test_a_group_is_marked_once(tmp_path):
    people = [student("kim", group="red"), student("lee", group="red")]
    folder = graded(tmp_path / "week3", [result("red", words={"why": "So."})], students=people, written=[WHY])
    marking = Marking(folder)
    assert len(marking.data()["questions"][0]["answers"]) == 1
    assert marking.find("Lee") == marking.find("red") == marking.find("kim") != {}
    marking.mark("why", marking.find("kim")["who"], level=2)
    assert [path.name for path in (folder / "marks").iterdir()] == ["red.json"]


def test_a_damaged_file_of_marks_is_never_written_over(marking, folder):
    (folder / "marks").mkdir()
    (folder / "marks" / "kim.json").write_text("{")
    with pytest.raises(ValueError, match=r"kim\.json.*move it away"):
        marking.mark("why", ids(marking)["kim"], level=1)
    assert (folder / "marks" / "kim.json").read_text() == "{"


def test_progress_counts_marks_of_all_questions(marking):
    marking.mark("why", ids(marking)["kim"], level=0)
    assert marking.progress() == "1 of 6 answers are marked"


def test_nothing_to_mark_is_said(tmp_path):
    folder = graded(tmp_path / "a" / "week3", [result("kim")])
    with pytest.raises(ReportError, match="got no answer in words"):
        Marking(folder)
    graded(tmp_path / "a" / "week4", [result("kim")], written=[WHY])
    with pytest.raises(ReportError, match="got the results of 2 exercises"):
        Marking(tmp_path / "a")


# --- Who may ask ------------------------------------------------------------------------------------------


def post(app, path="mark", headers=SAME, **body):
    reply = app.answer("POST", f"/{TOKEN}/{path}", headers, json.dumps(body).encode())
    return reply.status, json.loads(reply.body) if reply.kind == "application/json" else reply.body.decode()


@pytest.fixture
def app(marking):
    return App(marking, HOST, TOKEN)


def test_the_page_runs_its_own_script_alone(app):
    reply = app.answer("GET", f"/{TOKEN}/", {"Host": HOST})
    nonce = reply.policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert reply.status == 200
    assert reply.policy.startswith("default-src 'none'")
    assert len(nonce) >= 20
    assert reply.body.decode().count(f'nonce="{nonce}"') == 2
    assert nonce not in app.answer("GET", f"/{TOKEN}/", {"Host": HOST}).policy
    assert b"innerHTML" not in reply.body
    assert b"http" not in reply.body


@pytest.mark.parametrize("host", ["evil.example:8123", "localhost:8123", "127.0.0.1", "127.0.0.1:8124", None])
def test_another_host_is_refused(app, host):
    headers = {**SAME, "Host": host} if host else {name: value for name, value in SAME.items() if name != "Host"}
    assert app.answer("GET", f"/{TOKEN}/data", headers).status == 403
    assert post(app, "undo", headers)[0] == 403


@pytest.mark.parametrize(
    "path", ["/", "//", "/data", "/t0ke/data", "/t0kenx/data", "/tökèn/data", f"/x/{TOKEN}/data", f"/{TOKEN}/../x"]
)
def test_without_the_token_there_is_nothing(app, path):
    assert app.answer("GET", path, SAME).status == 404
    assert app.answer("POST", path, SAME, b"{}").status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_another_site_can_change_nothing(app, folder, change):
    marking_id = json.loads(app.answer("GET", f"/{TOKEN}/data", SAME).body)["questions"][0]["answers"][0]["who"]
    assert post(app, headers=SAME | change, question="why", who=marking_id, level=1)[0] == 403
    assert not (folder / "marks").exists()
    assert post(app, question="why", who=marking_id, level=1)[0] == 200


def test_another_site_can_read_nothing(app):
    assert app.answer("GET", f"/{TOKEN}/data", SAME | {"Sec-Fetch-Site": "cross-site"}).status == 403


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("mark", {"question": "why"}),
        ("mark", {"question": "why", "who": "x", "self": "y"}),
        ("mark", {"question": "no", "who": "x", "level": 1}),
        ("mark", {"question": ["why"], "who": {}, "level": 1}),
        ("mark", {"question": "why", "who": "../../x", "level": 1}),
        ("comment", {"who": "x", "text": 3}),
        ("find", {"name": 3}),
        ("whose", {}),
    ],
)
def test_a_request_that_means_nothing_gets_a_line(as_users_run, app, name, body):
    status, said = post(app, name, **body)
    assert status == 400
    assert "\n" not in said["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_none_gets_a_line(as_users_run, app, body):
    assert app.answer("POST", f"/{TOKEN}/mark", SAME, body).status == 400


def test_what_is_not_there_is_said(app):
    assert post(app, "_write")[0] == post(app, "data")[0] == 404
    assert app.answer("GET", f"/{TOKEN}/mark", SAME).status == 404


def test_a_disk_that_is_full_is_said(app, folder):
    (folder / "marks").write_text("")  # a file where the folder should be
    who = json.loads(app.answer("GET", f"/{TOKEN}/data", SAME).body)["questions"][0]["answers"][0]["who"]
    status, said = post(app, question="why", who=who, level=1)
    assert status == 500
    assert str(folder / "marks") in said["error"]


def test_half_a_character_is_kept_as_a_question_mark(app, folder, marking):
    assert (
        app.answer("POST", f"/{TOKEN}/comment", SAME, json.dumps({"who": ids(marking)["kim"], "text": "\ud800"}).encode()).status
        == 200
    )
    assert marks(folder, "kim").comment == "?"


# --- On the network ---------------------------------------------------------------------------------------


def test_the_server_is_on_this_machine_alone_and_refuses_too_much(marking):
    with server(marking) as (httpd, address):
        assert httpd.server_address[0] == "127.0.0.1"
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        with urllib.request.urlopen(address) as reply:
            assert reply.headers["X-Frame-Options"] == "DENY"
            assert reply.headers["Referrer-Policy"] == "no-referrer"
            assert "'unsafe" not in reply.headers["Content-Security-Policy"]
        for body, status in ((b"{" + b" " * 100_000, 413), (b"{}", 403)):
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(urllib.request.Request(f"{address}undo", body))
            assert refused.value.code == status
            refused.value.close()
        httpd.shutdown()


def test_two_servers_have_two_tokens_and_a_taken_port_is_said(marking):
    with server(marking) as (httpd, one), server(marking) as (_, two):
        assert one.rsplit("/", 2)[1] != two.rsplit("/", 2)[1]
        with pytest.raises(ReportError, match=r"mark: port \d+: Address already in use"):
            serve(marking._graded.folder, httpd.server_port)
    with pytest.raises(ReportError, match="mark: port 70000"):
        serve(marking._graded.folder, 70000)


def test_ctrl_c_ends_it_and_says_how_far_it_is(folder):
    code = (
        f"import sys; from pathlib import Path; from coursework.report.marking import serve; sys.exit(serve(Path({str(folder)!r})))"
    )
    started = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert started.stdout.readline().startswith("Marking at http://127.0.0.1:")
    started.stdout.readline()
    os.kill(started.pid, signal.SIGINT)
    assert started.communicate()[0].strip() == "0 of 6 answers are marked"
    assert started.returncode == 0
