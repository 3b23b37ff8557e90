"""What a cell binds and needs is read from its syntax, and its notebook commands are taken out."""

from coursework.handin.names import names_of, names_written, needs, without_magics


def test_names_of_a_cell():
    names = names_of("import a.b\nfrom c import d as e\nfor i in r:\n    y = i\ndef f(x):\n    global q\n    q = x + shift\nu += 1")
    assert names.bound == {"i", "y", "f", "q", "u"}
    assert names.imported == {"a", "e"}
    assert names.used == {"r", "i", "shift", "u"}
    assert names_of("def f(:") is None


def test_what_a_cell_needs_is_what_it_reads_before_it_binds_it():
    assert needs("x = torch.zeros(3)\nfor i in x:\n    f(i)\ny = y + x") == {"torch", "f", "y"}


def test_a_cell_with_a_slip_of_the_pen_still_says_what_it_defines():
    assert names_of("def kl(mu:\n    return mu") is None
    assert names_written("def kl(mu:\n    inner = 3\nx: int = 1\ny == 2\nclass A(") == {"kl", "x", "A"}


def test_only_a_cell_that_is_no_python_loses_its_commands():
    assert without_magics("x = '''\n% a\n'''") == ("x = '''\n% a\n'''", "")
    assert without_magics("%time y = 3") == ("y = 3", "%time y = 3")
    assert without_magics("%%bash\nrm -rf /") == ("", "%%bash")
    assert without_magics("if a:\n  %run b.py") == ("if a:\n  get_ipython().run_line_magic('run', 'b.py')", "%run b.py")
    assert without_magics("%matplotlib inline\nx = 1")[0] == "pass  # %matplotlib inline\nx = 1"


def test_a_file_that_a_cell_writes_is_written_by_python(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(without_magics("%%writefile helper.py\nx = 'a\\n'\n")[0])
    exec(without_magics("%%file -a helper.py\ny = 2\n")[0])
    assert (tmp_path / "helper.py").read_text() == "x = 'a\\n'\ny = 2\n"
