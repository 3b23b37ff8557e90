"""One rule for names, one way to write a file."""

import threading

import pytest

from coursework.files import LONGEST, listed_names, safe_name, unsafe, write_whole


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty"),
        ("../kim", "it holds /"),
        ("a:b", "it holds :"),
        ("kim\u200b", "cannot be seen"),
        ("kim\tlee", "cannot be seen"),
        (".kim", "begins or ends"),
        ("kim.", "begins or ends"),
        (" kim", "begins or ends"),
        ("kim~2", "holds ~"),
        ("con", "for a device"),
        ("LPT1.txt", "for a device"),
        ("김" * 67, "longer than 200 bytes"),
    ],
)
def test_what_no_disk_takes_says_why_and_has_a_safe_name(name, reason):
    assert reason in unsafe(name)
    assert unsafe(safe_name(name)) is None


@pytest.mark.parametrize("name", ["kim", "김민수", "Lee, Min", "van der Berg", "o'neil", "kim_1001", "x" * LONGEST])
def test_a_name_that_every_disk_takes_stays(name):
    assert unsafe(name) is None
    assert safe_name(name) == name


def test_names_are_composed_and_lone_surrogates_are_no_names():
    assert safe_name("김") == "김"
    assert safe_name("a\ud800b") == "a?b".replace("?", "_")


def test_two_who_write_one_file_at_once_leave_one_whole_file(tmp_path):
    path = tmp_path / "new" / "kim.json"
    texts = [str(i) * 100_000 for i in range(8)]
    threads = [threading.Thread(target=lambda text=text: [write_whole(path, text) for _ in range(20)]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() in texts
    assert [each.name for each in path.parent.iterdir()] == ["kim.json"]


def test_an_error_names_the_file_and_not_its_place_on_the_way(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="exists") as caught:
        write_whole(tmp_path / "file" / "kim.json", "x")
    assert caught.value.filename == str(tmp_path / "file" / "kim.json")


def test_line_ends_and_bytes_stay(tmp_path):
    write_whole(tmp_path / "a", "1\r\n2\n")
    write_whole(tmp_path / "b", b"\x00\xff")
    assert ((tmp_path / "a").read_bytes(), (tmp_path / "b").read_bytes()) == (b"1\r\n2\n", b"\x00\xff")


def test_names_in_one_line_can_be_told_apart():
    assert listed_names(["Han, Soo", "Lim, Hyun"]) == "Han, Soo; Lim, Hyun"
    assert listed_names(["kim", "lee"], 2) == "kim, lee"
    assert listed_names(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed_names([]) == ""
