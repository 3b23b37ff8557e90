"""The key, the stamps that are made with it, and the values that are drawn with it."""

import base64
import hashlib
import hmac
import json
import stat
import unicodedata
from collections import Counter

import jupytext
import nbformat
import pytest

from coursework.assignment.release import student_notebook
from coursework.assignment.source import load_source
from coursework.assignment.stamp import (
    KEY_FILE,
    Key,
    KeyFileError,
    Stamp,
    StampError,
    find_tokens,
    is_authentic,
    make_key,
    make_stamp,
    read_key,
    read_stamp,
    without_stamp,
)
from coursework.assignment.variants import SEEDS, UNKEYED, secret_seed, values_for
from coursework.samples import small
from tests.support import private

KEY = Key(bytes(range(16)))
STAMP = Stamp("week3", "0123456789ab", {"n": 3, "shape": "(2, 7)", "rate": 0.1, "on": [True, None]}, "김민수")
TOKEN = make_stamp(STAMP, KEY)


# --- The key ----------------------------------------------------------------------------------------------


def test_a_folder_gets_a_key_once_that_only_its_owner_reads(tmp_path):
    assert read_key(tmp_path) is None
    key = make_key(tmp_path)
    path = tmp_path / KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key.secret) == 16
    assert path.read_text() == key.secret.hex() + "\n"
    assert make_key(tmp_path) == read_key(tmp_path) == read_key(path) == key
    assert make_key(tmp_path / "another") != key
    assert key.id == hashlib.sha256(key.secret).hexdigest()[:8]


@pytest.mark.parametrize("content", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 16 + " " + "0" * 15, "\u00e9" * 16])
def test_a_damaged_key_is_an_error_and_is_kept(tmp_path, content):
    path = tmp_path / KEY_FILE
    path.write_text(content, encoding="utf-8")
    for read in (read_key, make_key):
        with pytest.raises(KeyFileError, match="expected 32 hex digits"):
            read(tmp_path)
    assert path.read_text(encoding="utf-8") == content


def test_a_key_that_is_not_there_or_a_dangling_link_is_an_error_where_a_file_was_named(tmp_path):
    with pytest.raises(KeyFileError, match="No such file"):
        read_key(tmp_path / "my.key")
    (tmp_path / KEY_FILE).symlink_to(tmp_path / "usb" / KEY_FILE)
    for read in (read_key, make_key):
        with pytest.raises(KeyFileError, match="No such file"):
            read(tmp_path)
    assert (tmp_path / KEY_FILE).is_symlink(), "a new key would make all work of the term look forged"


def test_a_key_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(KeyFileError, match=r"coursework\.key: the key cannot be written: No space left"):
        make_key(tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- Stamps -----------------------------------------------------------------------------------------------


def test_a_stamp_says_what_was_put_in_and_who_signed_it():
    assert read_stamp(TOKEN) == (STAMP, KEY.id, TOKEN)
    assert make_stamp(STAMP, KEY) == TOKEN
    assert is_authentic(TOKEN, KEY)
    assert not is_authentic(TOKEN, Key(bytes(16)))
    assert KEY.secret.hex() not in TOKEN


def test_the_signature_is_an_hmac_over_key_and_payload():
    _, key_id, payload, mac = TOKEN.split(".")
    want = hmac.new(KEY.secret, f"{key_id}.{payload}".encode(), hashlib.sha256).digest()[:16]
    assert base64.urlsafe_b64decode(mac + "==") == want


def test_any_character_changed_is_found_out():
    for i in range(len("coursework-1."), len(TOKEN)):
        changed = TOKEN[:i] + ("a" if TOKEN[i] != "a" else "b") + TOKEN[i + 1 :]
        assert not is_authentic(changed, KEY), i


def signed(payload: bytes | str) -> str:
    """A token with any payload, signed as it should be: what only the owner of the key could make."""
    text = payload if isinstance(payload, str) else base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    mac = hmac.digest(KEY.secret, f"{KEY.id}.{text}".encode(), hashlib.sha256)[:16]
    return f"coursework-1.{KEY.id}.{text}." + base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


GOOD = STAMP._asdict()
BAD = {
    "no JSON": b"week3",
    "no object": b"[1]",
    "a field too few": json.dumps({key: GOOD[key] for key in list(GOOD)[1:]}).encode(),
    "a field too many": json.dumps(GOOD | {"points": 8}).encode(),
    "values that are none": json.dumps(GOOD | {"values": [1]}, sort_keys=True, separators=(",", ":")).encode(),
    "a student that is a number": json.dumps(GOOD | {"student": 1}, sort_keys=True, separators=(",", ":")).encode(),
    "an assignment that is none": json.dumps(GOOD | {"assignment": None}, sort_keys=True, separators=(",", ":")).encode(),
    "spaces, as make_stamp writes none": json.dumps(GOOD, sort_keys=True).encode(),
    "a number that is none": json.dumps(GOOD | {"values": {"n": float("nan")}}, sort_keys=True, separators=(",", ":")).encode(),
    "half a character": json.dumps(GOOD | {"student": "\ud800"}, sort_keys=True, separators=(",", ":")).encode(),
    "depth without end": b"[" * 5000,
    "base64 of an odd length": "A",
}


@pytest.mark.parametrize("payload", BAD.values(), ids=BAD)
def test_what_make_stamp_would_not_write_is_no_stamp(payload):
    with pytest.raises(StampError, match="expected the stamp of a released notebook"):
        read_stamp(signed(payload))


def test_stamps_are_found_in_any_text_once_and_in_order():
    other = make_stamp(STAMP._replace(student=None), KEY)
    text = json.dumps({"a": f"# {TOKEN}", "b": f"<!-- {other} -->", "c": TOKEN})
    assert find_tokens(text) == [TOKEN, other]
    assert find_tokens(f"# # <!-- {TOKEN} -->\\n") == [TOKEN]
    assert find_tokens(f"{TOKEN}x {TOKEN[:-1]} coursework-2{TOKEN[12:]}") == []


def test_values_that_no_stamp_holds_are_refused_when_it_is_made():
    with pytest.raises(StampError, match="week3: got values that make a stamp of"):
        make_stamp(STAMP._replace(values={"text": "x" * 7000}), KEY)


# --- Stamps in notebooks ----------------------------------------------------------------------------------


@pytest.fixture
def exercise(tmp_path):
    return small.exercise(tmp_path)


def test_a_notebook_carries_its_stamp_three_times_and_is_otherwise_the_same(exercise):
    plain, stamped = student_notebook(exercise), student_notebook(exercise, stamp=TOKEN)
    nbformat.validate(stamped)
    assert stamped.metadata.coursework.stamp == TOKEN
    assert "coursework" not in plain.metadata
    with_it = [cell for cell in stamped.cells if TOKEN in cell.source]
    assert [(cell.cell_type, cell.source.splitlines()[-1]) for cell in with_it] == [
        ("markdown", f"<!-- {TOKEN} -->"),
        ("code", f"# {TOKEN}"),
    ]
    assert [without_stamp(cell.source) for cell in stamped.cells] == [cell.source for cell in plain.cells]
    assert [cell.id for cell in stamped.cells] == [cell.id for cell in plain.cells]
    assert not any(cell.metadata.get("nbgrader", {}).get("solution") for cell in with_it), "students write over their answers"


@pytest.mark.parametrize("fmt", ["py:percent", "py:light", "py:sphinx", "md", "md:myst", "Rmd", "ipynb"])
def test_a_stamp_outlives_a_converter_and_can_be_taken_out_after_it(exercise, fmt):
    notebook = student_notebook(exercise, stamp=TOKEN)
    text = jupytext.writes(notebook, fmt=fmt)
    assert find_tokens(text) == [TOKEN]
    back = jupytext.reads(text, fmt=fmt)
    assert find_tokens("\n".join(without_stamp(cell.source) for cell in back.cells)) == []
    imports = next(cell for cell in back.cells if cell.source.startswith("import torch"))
    assert without_stamp(imports.source).endswith("dtype=torch.float64)")


def test_a_stamp_outlives_lost_metadata_and_a_lost_first_cell(exercise):
    notebook = student_notebook(exercise, stamp=TOKEN)
    notebook.metadata.clear()
    assert find_tokens(nbformat.writes(notebook)) == [TOKEN]
    for i in (0, 1):
        left = nbformat.from_dict(notebook)
        del left.cells[i]
        assert find_tokens(nbformat.writes(left)) == [TOKEN]


def test_a_cell_of_another_language_and_an_answer_get_no_line(tmp_path):
    source = private.SOURCE.replace("import companion", "%%bash\nls").replace("Use {{n}} and {{word}}.", "For {{n}} and {{word}}.")
    notebook = student_notebook(load_source(private.folder(tmp_path, source) / "double.md"), stamp=TOKEN)
    with_it = [cell for cell in notebook.cells if cell.cell_type == "code" and TOKEN in cell.source]
    assert [cell.metadata.nbgrader.grade_id for cell in with_it] == ["test-double"]


# --- Values -----------------------------------------------------------------------------------------------

VARIANTS = "companion: {variants: {n: [3, 4, 5], shape: ['(2,)', '(2, 7)']}}"


@pytest.fixture
def varied(tmp_path):
    source = private.SOURCE.replace("companion: {variants: {n: [3, 4], word: [red, othermark]}}", VARIANTS)
    return load_source(private.folder(tmp_path, source.replace("{{word}}", "{{shape}}"), "kl.md") / "kl.md")


def test_values_are_drawn_with_hmac_for_exercise_student_and_name(varied):
    got = values_for(varied, KEY, "김민수")
    for name, values in varied.variants.items():
        message = json.dumps(["kl", "김민수", name]).encode()
        assert got[name] == values[int(hmac.new(KEY.secret, message, hashlib.sha256).hexdigest(), 16) % len(values)]


def test_macs_way_of_writing_hangul_is_the_same_student(varied):
    for name in ("김민수", "이서연", "박지훈", "최유진"):
        assert values_for(varied, KEY, unicodedata.normalize("NFD", name)) == values_for(varied, KEY, name)


def test_every_value_comes_up_and_the_key_decides(varied):
    drawn = [values_for(varied, KEY, f"student {i}") for i in range(600)]
    times = Counter(values["n"] for values in drawn)
    assert all(150 < times[n] < 250 for n in (3, 4, 5)), times  # 200 each, standard deviation 11.5
    together = Counter((values["n"], values["shape"]) for values in drawn)
    assert all(65 < together[n, s] < 135 for n in (3, 4, 5) for s in ("(2,)", "(2, 7)")), "one variant tells another"
    assert [values_for(varied, Key(bytes(16)), f"student {i}") for i in range(600)] != drawn


def test_without_a_key_or_a_student_the_first_value_is_taken(varied):
    assert values_for(varied, None, "kim") == values_for(varied, KEY, None) == {"n": 3, "shape": "(2,)"}


# --- The class's seed -------------------------------------------------------------------------------------


def test_the_seed_is_drawn_with_hmac_for_the_exercise_s_name(varied):
    message = json.dumps(["secret_seed", "kl"]).encode()
    drawn = int(hmac.new(KEY.secret, message, hashlib.sha256).hexdigest(), 16)
    assert secret_seed(varied, KEY) == 1 + drawn % (2**31 - 1)
    other = [varied._replace(name="kl2"), varied._replace(sha256="0" * 64), varied.with_values({"n": 5, "shape": "(2, 7)"})]
    assert [secret_seed(each, KEY) == secret_seed(varied, KEY) for each in other] == [False, True, True], "by the name alone"
    assert secret_seed(varied, Key(bytes(16))) != secret_seed(varied, KEY)


def test_a_seed_is_none_that_practice_has_and_every_generator_takes_it(varied):
    drawn = [secret_seed(varied, Key(i.to_bytes(16, "big"))) for i in range(300)]
    assert len(set(drawn)) == 300
    assert all(0 < seed < SEEDS for seed in (*drawn, UNKEYED))
    assert secret_seed(varied, None) == UNKEYED


def test_no_stamp_and_no_notebook_of_a_student_holds_the_seed(varied):
    seed, token = str(secret_seed(varied, KEY)), make_stamp(Stamp("kl", varied.sha256[:12], {"n": 3}, "kim"), KEY)
    hidden = varied.tests[0]._replace(hidden="double(secret_seed)")
    notebook = nbformat.writes(student_notebook(varied._replace(tests=(hidden,)), stamp=token))
    assert seed not in notebook + json.dumps(read_stamp(token).stamp) + token
    assert "secret_seed" not in notebook
