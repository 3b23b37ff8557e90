"""A folder or a zip gives files; nothing of it is followed, written elsewhere, or passed over without a word."""

import os
import stat
import struct
import zipfile
import zlib

import pytest

from coursework.handin import archives
from coursework.handin.archives import ArchiveError, decoded_name, files_in

NFD = "김민수.ipynb"


@pytest.fixture
def scratch(tmp_path):
    (tmp_path / "scratch").mkdir()
    return tmp_path / "scratch"


@pytest.fixture
def unpacked(tmp_path, scratch):
    """Make a zip of (name or ZipInfo, content) and unpack it."""

    def unpack(*entries, patch=lambda data: data, method=zipfile.ZIP_DEFLATED):
        path = tmp_path / "submissions.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, content in entries:
                archive.writestr(name, content)
        path.write_bytes(patch(path.read_bytes()))
        return files_in(path, scratch)

    return unpack


class Raw(zipfile.ZipInfo):
    """An entry whose name is these bytes, without saying in which encoding."""

    def __init__(self, raw, extra=b""):
        super().__init__("x")
        self.raw, self.extra = raw, extra

    def _encodeFilenameFlags(self):  # noqa: N802  # zipfile's own, which says UTF-8 of all that is not ASCII
        return self.raw, self.flag_bits


def test_a_zip_and_a_folder_of_the_same_files_give_the_same(tmp_path, unpacked, scratch):
    names = ["a/b/c.ipynb", "kim.ipynb", "이서연.py"]
    for name in names:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(name)
    for files in (unpacked(*((name, name) for name in names)), files_in(tmp_path / "folder", scratch)):
        assert [file.name for file in files] == names
        assert [file.path.read_text() for file in files] == names
        assert [file.path.suffix for file in files] == [".ipynb", ".ipynb", ".py"]


@pytest.mark.parametrize("name", ["../kim.ipynb", "a/../../kim.ipynb", "/tmp/kim.ipynb", "C:\\kim.ipynb", "..\\kim.ipynb"])
def test_no_path_leaves_the_folder(tmp_path, scratch, unpacked, name):
    info = zipfile.ZipInfo("x")
    info.filename = info.orig_filename = name
    [file] = unpacked((info, "{}"))
    assert file.path is None
    assert "leads out" in file.problem
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("mode", "why"), [(stat.S_IFLNK, "link"), (stat.S_IFIFO, "no plain file"), (stat.S_IFCHR, "no plain file")]
)
def test_links_and_devices_in_a_zip_are_not_made(unpacked, mode, why):
    info = zipfile.ZipInfo("kim.ipynb")
    info.external_attr = (mode | 0o777) << 16
    [file] = unpacked((info, "/etc/passwd"))
    assert file.path is None
    assert why in file.problem


def test_links_pipes_and_closed_folders_on_disk_are_listed(tmp_path, scratch, monkeypatch):
    folder = tmp_path / "folder"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "x.ipynb").write_text("{}")
    (folder / "kim").symlink_to(folder / "real")
    (folder / "lee.ipynb").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "park.ipynb")
    (folder / "shut").mkdir()
    scandir = os.scandir

    def refusing(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = {file.name: (file.path is not None, file.problem) for file in files_in(folder, scratch)}
    assert found == {
        "kim": (False, "This is a link; it was not followed."),
        "lee.ipynb": (False, "This is a link; it was not followed."),
        "park.ipynb": (False, "This is no plain file; it was not opened."),
        "real/x.ipynb": (True, ""),
        "shut": (False, "The folder cannot be opened: Permission denied."),
    }


def test_an_encrypted_entry_says_so(unpacked):
    def encrypt(data):  # the flag alone, in the central directory
        at = data.index(b"PK\x01\x02") + 8
        return data[:at] + b"\x01" + data[at + 1 :]

    [file] = unpacked(("kim.ipynb", "{}"), patch=encrypt)
    assert file.problem == "It is encrypted in the zip; it was not unpacked."


def test_other_ways_to_pack_are_not_tried(unpacked):
    [file] = unpacked(("kim.ipynb", "{}"), method=zipfile.ZIP_BZIP2)
    assert "method 12" in file.problem


def test_a_bomb_costs_nobody_else_a_file(unpacked, monkeypatch):
    monkeypatch.setattr(archives, "LARGEST", 1000)
    monkeypatch.setattr(archives, "MOST_BYTES", 2001)
    bombs = [(f"a{i}.ipynb", bytes(1000)) for i in range(5)]
    files = {file.name: file.problem for file in unpacked(*bombs, ("huge.ipynb", bytes(1001)), ("z.ipynb", b"{}"))}
    assert files["z.ipynb"] == ""
    assert "larger than" in files["huge.ipynb"]
    assert [files[name] == "" for name, _ in bombs] == [True, False, False, False, False]


def test_an_entry_that_holds_more_than_it_says_is_damaged(unpacked):
    def lie(data):
        at = data.index(b"PK\x01\x02") + 24
        return data[:at] + struct.pack("<L", 10) + data[at + 4 :]

    [file] = unpacked(("kim.ipynb", bytes(5_000_000)), patch=lie)
    assert file.path is None
    assert "damaged" in file.problem


def test_too_many_files_are_counted(unpacked, monkeypatch, tmp_path, scratch):
    monkeypatch.setattr(archives, "MOST_FILES", 3)
    files = unpacked(*((f"{i}.ipynb", "{}") for i in range(10)))
    assert [file.problem for file in files if file.problem] == ["The zip holds 10 files; 7 were not unpacked."]
    files = unpacked(*((f"flood/{i}.txt", "") for i in range(10)), ("kim/week3.ipynb", "{}"), *((f"d{i}/", "") for i in range(9)))
    assert "kim/week3.ipynb" in [file.name for file in files if not file.problem]
    for i in range(5):
        (tmp_path / f"{i}.ipynb").touch()
    assert "more than 3 files" in files_in(tmp_path, scratch)[-1].problem


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("이서연.ipynb".encode("cp949"), "이서연.ipynb"),
        ("펲시_똠방.ipynb".encode("cp949"), None),
        ("이서연.ipynb".encode(), "이서연.ipynb"),
        (NFD.encode(), "김민수.ipynb"),
        ("Renée Zoë.ipynb".encode("cp437"), "Renée Zoë.ipynb"),
        ("Renée.ipynb".encode("cp437"), "Renée.ipynb"),
        (b"\xff\xfe.ipynb", None),
        (b"./a/.//b/kim.ipynb", "a/b/kim.ipynb"),
        (b"\x1b[2Jkim\n.ipynb", "_[2Jkim_.ipynb"),
    ],
)
def test_names_without_an_encoding(unpacked, raw, name):
    [file] = unpacked((Raw(raw), "{}"))
    assert file.path.read_text() == "{}"
    assert name is None or file.name == name
    file.name.encode()  # can be stored and shown


def test_rare_syllables_of_windows_are_read_in_a_word():
    assert decoded_name("펲시콜라".encode("cp949")) == "펲시콜라"


def test_info_zips_field_holds_the_name(unpacked):
    raw, name = b"___.ipynb", "이서연.ipynb".encode()
    field = b"\1" + struct.pack("<L", zlib.crc32(raw)) + name
    [file] = unpacked((Raw(raw, extra=struct.pack("<HH", 0x7075, len(field)) + field), "{}"))
    assert file.name == "이서연.ipynb"
    stale = b"\1" + struct.pack("<L", 1) + name
    [file] = unpacked((Raw(raw, extra=struct.pack("<HH", 0x7075, len(stale)) + stale), "{}"))
    assert file.name == "___.ipynb"


def test_names_alike_and_names_too_long_for_a_disk_each_have_a_file(unpacked):
    names = ["Kim.ipynb", "kim.ipynb", f"{'가' * 90}.ipynb", "x" * 255 + ".ipynb", "con.ipynb", "a:b?.ipynb"]
    files = unpacked(*((name, name) for name in names))
    assert sorted(file.path.read_text() for file in files) == sorted(names)


def test_a_name_on_disk_that_is_no_utf_8_can_be_shown(tmp_path, scratch):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / os.fsdecode("이서연.ipynb".encode("cp949"))).write_text("{}")
    [file] = files_in(folder, scratch)
    assert file.name == "이서연.ipynb"
    assert file.path.read_text() == "{}"


def test_what_systems_leave_is_passed_over(unpacked):
    left = ["__MACOSX/._kim.ipynb", ".DS_Store", "kim/.ipynb_checkpoints/kim-checkpoint.ipynb", "Thumbs.db", "~$kim.docx", "kim/"]
    assert [file.name for file in unpacked(*((name, "") for name in left), ("kim/kim.ipynb", "{}"))] == ["kim/kim.ipynb"]


@pytest.mark.parametrize("cut", [0, 10, 60, -30, -5])
def test_a_damaged_zip_is_one_clear_error(tmp_path, scratch, cut):
    path = tmp_path / "week3.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("kim.ipynb", "{}" * 100)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(ArchiveError, match=r"week3\.zip: got .* download it again"):
        files_in(path, scratch)


def test_a_damaged_entry_leaves_the_others(unpacked):
    def damage(data):
        at = data.index(b"hello")
        return data[:at] + b"HELLO" + data[at + 5 :]

    files = unpacked(("kim.ipynb", "hello"), ("lee.ipynb", "{}"), patch=damage, method=zipfile.ZIP_STORED)
    assert [bool(file.path) for file in files] == [False, True]
    assert "damaged in the zip" in files[0].problem


def test_no_bytes_of_a_zip_end_in_a_traceback(tmp_path, scratch):
    path = tmp_path / "week3.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kim.ipynb", "{}" * 100)
        archive.writestr("이서연.ipynb", "{}")
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            files = files_in(path, scratch)
        except ArchiveError:
            continue
        assert all(file.path or file.problem for file in files)


def test_nothing_there(tmp_path, scratch):
    with pytest.raises(ArchiveError, match=r"expected a folder of submissions or a \.zip"):
        files_in(tmp_path / "nothing", scratch)
