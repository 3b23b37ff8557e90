"""Attacks on a worker's sandbox: what a student's code tries, and that neither the machine, the siblings nor the grader notice.

Each attack is real and bounded by the very limits that it is against; nothing leaves this machine. Linux with bubblewrap.
"""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from coursework.sandbox import commands
from coursework.sandbox.commands import SandboxError
from coursework.sandbox.supervisor import Forkserver, Supervisor, UnconfinedWarning
from coursework.wire.limits import Limits, tree
from coursework.wire.session import WorkerError
from tests.support import ROOT, waiting
from tests.support.processes import started

LIMITS = Limits(memory=300 * 2**20, cpu=20, processes=16, call=10, output=2000)


@pytest.fixture(scope="module")
def supervisor(sandbox):
    with Supervisor("bwrap", LIMITS) as supervisor:
        assert supervisor.shared, supervisor.fault
        yield supervisor


@pytest.fixture(scope="module", params=["forked", pytest.param("alone", marks=pytest.mark.slow)])
def walled(supervisor, request):
    """A function that opens a worker: forked by the forkserver, or in a sandbox of its own, where namespaces cannot be nested."""
    return supervisor.session if request.param == "forked" else lambda: alone("bwrap")


def alone(kind):
    """A worker with a sandbox of its own."""
    return Forkserver(kind, LIMITS, nested=False).session(None, None, (), alone=True)


@pytest.fixture(scope="module")
def shared(walled):
    """One worker for the attacks that it survives."""
    with walled() as session:
        yield session


@pytest.fixture(autouse=True)
def nothing_left(supervisor):
    """Whatever a test does, no process of a worker outlives its session."""
    before = started()
    yield
    # A watchdog tells of the end of its worker's last process a moment before its own.
    waiting.until(lambda: started() <= before, "the processes that the test left had ended")


def told(session, code, timeout=20):
    """What a cell prints, which has to end well."""
    outcome = session.run(code, timeout)
    assert outcome.ok, outcome.error
    return outcome.output.strip()


def test_half_precision_is_computed_as_outside(walled):
    """torch looks for the processor in a place that a worker does not have, the first time that it computes in float16."""
    with walled() as session:
        assert told(session, "import torch\nprint(torch.full((3,), 1.0).half().exp().tolist())") == "[2.71875, 2.71875, 2.71875]"


def test_a_gradient_and_an_optimizer_import_nothing_anew(walled):
    """torch imports hundreds of modules at the first of either: a second for every worker, and a loss where a cell patched `math`."""
    cell = """
import sys, torch
before = set(sys.modules)
layer = torch.nn.Linear(2, 1)
x = torch.ones(3, 2, requires_grad=True)
torch.autograd.grad([layer(x)], [x], [torch.ones(3, 1)])
torch.optim.Adam(layer.parameters())
print(len(set(sys.modules) - before) < 10)
"""
    with walled() as session:
        assert told(session, cell) == "True"


TRY = """
import ctypes, os, socket
def attempt(f, *a):
    try:
        return f(*a)
    except Exception as e:
        return type(e).__name__
"""


def sees_processes(session):
    """A worker with a sandbox of its own sees its own processes in /proc, and its /dev/shm is no file system."""
    return told(session, "import os\nprint(os.path.exists('/proc/1'))") == "True"


# Files


def test_no_file_of_the_machine_is_in_sight(shared, tmp_path):
    secret = tmp_path / "other-student.ipynb"
    secret.write_text("secret")
    home = Path.home()
    places = [secret, *(ROOT / name for name in ("tests", "book", ".git", "pyproject.toml")), home / ".ssh", home / ".bashrc"]
    places += ["/etc/passwd", "/etc/shadow", "/etc/hostname", "/var", "/home", "/sys", "/run", "/dev/tty", "/dev/pts", "/dev/mem"]
    places += ["/proc/self", "/proc/1", "/proc/mounts", "/tmp"]
    here = told(shared, f"import os\nprint(*filter(os.path.exists, {list(map(str, places))}))").split()
    assert [place for place in here if not sees_processes(shared) or not place.startswith("/proc")] == ["/tmp"]
    assert told(shared, f"print(*sorted(os.listdir({str(ROOT)!r})))").split() in (
        ["companion", "coursework"],
        [".venv", "companion", "coursework"],
    )
    assert told(shared, "print(os.listdir('/etc'))") == "['ld.so.cache']"


@pytest.mark.slow
def test_an_environment_below_tmp_stays_and_nothing_else_there(tmp_path, monkeypatch):
    """As of a clone that somebody tries out in /tmp, where each worker has a file system of its own."""
    tmp_path.chmod(0o755)  # a worker is nobody
    (tmp_path / "package.py").write_text("answer = 42")
    binds = [*commands._binds(), "--perms", "0755", "--dir", "/tmp/a clone", "--ro-bind", str(tmp_path), "/tmp/a clone/env"]
    monkeypatch.setattr(commands, "_binds", lambda: binds)
    with Supervisor("bwrap", LIMITS) as supervisor, supervisor.session() as session:
        assert supervisor.shared, supervisor.fault
        assert told(session, "print(open('/tmp/a clone/env/package.py').read())") == "answer = 42"
        assert (
            told(session, f"{TRY}print(attempt(open, '/tmp/a clone/env/mine', 'w'), os.listdir('/tmp/a clone'))")
            == "OSError ['env']"
        )
        told(session, "open('/tmp/mine', 'w').write('x')")


def test_nothing_can_be_written_but_tmp(shared):
    package = Path(torch.__file__).parent
    places = ["/", "/usr", "/dev", "/proc", "/work", package, ROOT / "companion", ROOT / "coursework", sys.prefix, sys.base_prefix]
    code = "for place in places:\n    r = attempt(lambda: open(f'{place}/x', 'w'))\n    assert isinstance(r, str), (place, r)\n"
    code += "    assert isinstance(attempt(os.chmod, place, 0o777), str), place\n"
    told(shared, f"{TRY}places = {[str(p) for p in places if Path(p).exists()]}\n{code}open('/tmp/mine', 'w').write('x')")


FILL = """
def fill(name, size):
    with open(name, 'wb') as f:
        for _ in range(size >> 20):
            f.write(bytes(1 << 20))
"""


def test_files_are_bounded_in_size_and_space(shared):
    assert "OSError" in shared.run(f"{FILL}fill('/tmp/one', 80 << 20)", 20).error
    if not sees_processes(shared):
        outcome = shared.run(
            "for i in range(9):\n    for place in ('/tmp', '/dev/shm'):\n        fill(f'{place}/{i}', 30 << 20)", 20
        )
        assert "No space left" in outcome.error


# Processes and privileges


def test_no_other_process_is_in_sight(shared, supervisor):
    forkserver = list(tree(supervisor.shared.process.pid))
    code = f"{TRY}import signal\nprint(os.getppid() if os.getpid() == 1 else 0, "
    code += f"[p for p in {forkserver} + list(range(3, 3000)) if attempt(os.kill, p, 0) is None])"
    seen = told(shared, code)
    assert seen == "0 []" or (sees_processes(shared) and set(eval(seen[2:])) <= set(range(2, 12)))  # its own watchdog
    for process in forkserver:
        os.kill(process, 0)


@pytest.mark.parametrize(
    "call",
    [
        "libc.unshare(0x10000000)",
        "libc.unshare(0x00020000)",
        "libc.setns(0, 0)",
        "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
        "libc.umount2(b'/proc', 2)",
        "libc.umount2(b'/tmp', 2)",
        "libc.chroot(b'/tmp')",
        "libc.ptrace(16, 1, 0, 0)",
        "libc.process_vm_readv(1, None, 0, None, 0, 0)",
        "libc.syscall(435, ctypes.create_string_buffer(88), 88)",  # clone3
        "libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)",  # clone with a user namespace
        "libc.syscall(319, b'x', 0)",  # memfd_create
        "libc.syscall(425, 1, ctypes.create_string_buffer(120))",  # io_uring_setup
        "libc.syscall(321, 0, None, 0)",  # bpf
        "libc.syscall(250, 0, 0, 0)",  # keyctl
        "libc.syscall(0x40000000 + 39)",  # an x32 call
        "libc.setuid(0)",
        "libc.setgid(0)",
        "libc.sethostname(b'x', 1)",
        "libc.prctl(24, 0, 0, 0, 0) if libc.prctl(23, 21, 0, 0, 0) == 0 else -1",  # CAP_SYS_ADMIN is not even in the bounding set
        "libc.shmget(0, 100, 0o1600)",
        "libc.semget(0, 1, 0o1600)",
        "libc.msgget(0, 0o1600)",
        "libc.mmap(None, 4096, 3, 0x21, -1, 0)",  # shared, in no file
        "libc.syscall(278, 1, None, 0, 0)",  # vmsplice
        "libc.setsockopt(libc.socket(1, 1, 0), 1, 7, ctypes.byref(ctypes.c_int(1 << 20)), 4)",  # a larger buffer
        "libc.syscall(72, 0, 6, None)",  # a lock of a part of a file
        "libc.socket(40, 1, 0)",  # vsock
        "libc.socket(16, 3, 0)",  # netlink
        "libc.socket(17, 3, 0)",  # packets
        "libc.socket(2, 3, 1)",  # raw
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of system calls are those of x86_64")
def test_a_system_call_that_leads_out_is_refused(shared, call):
    assert told(shared, f"import ctypes\nlibc = ctypes.CDLL(None)\nprint({call})") == "-1"


def test_no_capability_is_left_and_limits_cannot_be_raised(shared):
    code = "import ctypes, resource\nlibc, data = ctypes.CDLL(None), (ctypes.c_uint32 * 6)()\n"
    code += (
        "libc.capget((ctypes.c_uint32 * 2)(0x20080522, 0), data)\nprint(list(data), libc.prctl(39, 0, 0, 0, 0), os.getuid() > 0)\n"
    )
    code += f"{TRY}names = ['AS', 'CPU', 'NPROC', 'FSIZE', 'NOFILE', 'CORE']\n"
    code += "print({attempt(resource.setrlimit, getattr(resource, f'RLIMIT_{n}'), (-1, -1)) for n in names})"
    assert told(shared, f"import os\n{code}").splitlines() == ["[0, 0, 0, 0, 0, 0] 1 True", "{'ValueError'}"]


def test_programs_that_change_who_one_is_do_not(shared):
    assert (
        told(shared, "import subprocess\nprint(subprocess.run(['su', '-c', 'id'], capture_output=True).returncode != 0)") == "True"
    )
    assert told(shared, "print(subprocess.run(['unshare', '-Ur', 'id'], capture_output=True).returncode != 0)") == "True"


# The network


def test_no_network_not_even_this_machines(shared):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("\0companion-test-abstract")
        abstract.listen()
        port = server.getsockname()[1]
        code = f"{TRY}print(attempt(socket.create_connection, ('127.0.0.1', {port}), 2), attempt(socket.getaddrinfo, 'example.org', 80))\n"
        code += "s = socket.socket(socket.AF_UNIX)\nprint(attempt(s.connect, '\\0companion-test-abstract'))"
        lines = told(shared, code).splitlines()
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert lines == [f"{lines[0].split()[0]} gaierror", "ConnectionRefusedError"]
    assert lines[0].split()[0] in ("OSError", "ConnectionRefusedError")


# Siblings


def test_siblings_share_no_file_no_memory_no_socket_and_no_signal(supervisor):
    with supervisor.session() as mine, supervisor.session() as other:
        told(mine, "open('/tmp/answer', 'w').write('x')\nopen('/dev/shm/answer', 'w').write('x')")
        told(
            mine,
            "import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind('\\0sibling')\ns.listen()\nt = socket.create_server(('', 0))",
        )
        told(mine, "from multiprocessing import shared_memory\nm = shared_memory.SharedMemory('answer2', create=True, size=10)")
        port = told(mine, "print(t.getsockname()[1])")
        code = f"{TRY}from multiprocessing.shared_memory import SharedMemory\nprint(os.listdir('/tmp'), os.listdir('/dev/shm'))\n"
        code += "print(attempt(SharedMemory, 'answer2'), attempt(socket.socket(socket.AF_UNIX).connect, '\\0sibling'))\n"
        code += f"print(attempt(socket.create_connection, ('127.0.0.1', {port}), 2))"
        lines = told(other, code).splitlines()
        assert "answer" not in lines[0]
        assert lines[1] == "FileNotFoundError ConnectionRefusedError"
        assert lines[2] == "OSError"
        told(other, "import signal\nattempt(os.kill, -1, signal.SIGKILL)\nattempt(os.killpg, 0, signal.SIGKILL)")
        assert told(mine, "print('here')") == "here"
        assert told(other, "print('here')") == "here"


def test_a_worker_has_its_own_channel_and_no_other_descriptor(supervisor):
    with supervisor.session() as other, supervisor.session() as mine:
        code = f"{TRY}import stat\nprint([(n, stat.S_ISSOCK(os.fstat(n).st_mode)) for n in range(300) if attempt(os.fstat, n) != 'OSError'])"
        listed = eval(told(mine, code))
        assert [number for number, is_socket in listed if not is_socket][:3] == [0, 1, 2]
        assert sum(is_socket for _, is_socket in listed) == 1
        assert len(listed) <= 5  # the three standard ones, the channel, and the empty standard input as Python holds it
        assert other.run("1", 5).ok


# What takes too much


def ended(session, code, timeout=10, wall=None):
    """How a cell ends that the worker does not survive."""
    outcome = session.run(code, timeout, wall)
    assert not outcome.alive
    with pytest.raises(WorkerError):
        session.value("x")
    return outcome.kind


def test_a_fork_bomb_meets_the_limit(supervisor):
    with supervisor.session() as session:
        outcome = session.run("import os\nwhile True:\n    os.fork()", 10)
        assert not outcome.ok


BOMB = """
import os, time
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        time.sleep(0.01)
"""


def test_a_fork_bomb_that_does_not_mind_is_stopped(supervisor):
    with supervisor.session() as session, supervisor.session() as sibling:
        assert ended(session, BOMB, 1.5, 3) in ("timeout", "protocol")
        assert sibling.run("1", 10).ok


THREADS = """
import threading
stop, started = threading.Event(), 0
try:
    for _ in range(100):
        threading.Thread(target=stop.wait).start()
        started += 1
except RuntimeError:
    pass
stop.set()
print(started)
"""


def test_threads_are_counted_too(shared):
    assert 0 < int(told(shared, THREADS)) <= LIMITS.processes + 2


@pytest.mark.parametrize(
    "code",
    ["x = bytearray(2 << 30)", "import torch\nx = torch.zeros(1 << 28)", "x = []\nwhile True:\n    x.append(bytes(1 << 20))"],
)
def test_a_memory_bomb_is_an_error_and_the_worker_goes_on(supervisor, code):
    with supervisor.session() as session:
        outcome = session.run(code, 10)
        assert outcome.alive
        assert not outcome.ok
        session.run("x = None", 5)
        assert session.run("y = bytearray(50 << 20)", 5).ok


TOGETHER = """
import os, time
for _ in range(10):
    if os.fork() == 0:
        x = b'x' * (100 << 20)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


def test_memory_of_all_processes_counts_together(supervisor):
    with supervisor.session() as session:
        assert ended(session, TOGETHER, 20) == "memory"


def test_the_limits_are_those_asked_for(shared):
    names = ["CPU", "FSIZE", "NOFILE", "CORE", "NPROC"]
    expected = [LIMITS.cpu, LIMITS.disk, LIMITS.files, 0, LIMITS.processes + 2]
    code = f"import resource\nprint([resource.getrlimit(getattr(resource, f'RLIMIT_{{n}}')) for n in {names}])"
    assert told(shared, code) == str([(value, value) for value in expected])


DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(100)
    os._exit(0)
os.wait()
"""
LOOPS = {
    "plain": "while True: pass",
    "catches all": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "signals blocked": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    "signals ignored": "import signal\nfor n in set(range(1, 65)) - {9, 19, 32, 33}:\n    signal.signal(n, signal.SIG_IGN)\nwhile True: pass",
    "sleeps": "import time\nwhile True: time.sleep(1000)",
    "in C": "10 ** 10 ** 9",
    "in torch": "import torch\nx = torch.rand(3000, 3000)\nwhile True: x @ x",
    "a regular expression": "import re\nre.match('(a+)+$', 'a' * 60 + 'b')",
    "leaves its group": f"{DAEMON}while True: pass",
    "does not die with its parent": "import ctypes\nctypes.CDLL(None).prctl(1, 0, 0, 0, 0)\nwhile True: pass",
    "a thread that holds the lock": "import ctypes\nctypes.PyDLL(None).sleep(1000)",
}


@pytest.mark.parametrize("code", LOOPS.values(), ids=LOOPS)
def test_a_loop_without_an_end_is_ended(supervisor, code):
    """By its processor time; by the clock where it uses none."""
    with supervisor.session() as session:
        waits = "sleep" in code and "while True: pass" not in code
        assert ended(session, code, 0.5, 1 if waits else waiting.HANG) == "timeout"


UNWAITED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
while True:
    if os.fork() == 0:
        while time.process_time() < 0.3: pass
        os._exit(0)
    time.sleep(0.3)
"""
TRICKLE = """
import os, threading, time
from coursework.wire import protocol
def spin():
    while True: pass
threading.Thread(target=spin, daemon=True).start()
for number in range(3, 300):
    try:
        os.write(number, protocol.PREFIX.pack(protocol.MARK, 1000, 0))
        while True:
            os.write(number, b" ")
            time.sleep(0.02)
    except OSError:
        pass
"""


@pytest.mark.parametrize("code", [UNWAITED, TRICKLE], ids=["children that nobody waits for", "an answer in trickles"])
def test_processor_time_cannot_be_hidden(supervisor, code):
    with supervisor.session() as session:
        assert ended(session, code, 1, waiting.HANG) == "timeout"


SOCKETS = """
import os, socket
for _ in range(20):
    if os.fork() == 0:
        break
kept = []
while True:
    try:
        kept.append(socket.socketpair())
    except OSError:
        pass
"""


def test_what_waits_in_sockets_counts_as_memory(supervisor):
    with supervisor.session() as session:
        assert ended(session, SOCKETS, 10, waiting.HANG) == "memory"


def test_dev_zero_is_not_there_because_it_can_be_mapped_as_shared(shared):
    assert told(shared, "import os\nprint(sorted(os.listdir('/dev')))") == "['full', 'null', 'random', 'shm', 'urandom']"


def test_memory_that_processes_share_counts_once(supervisor):
    """A mapped file of /dev/shm, in three processes: more than the limit together, less than it in truth."""
    code = "import mmap, os, time\nf = os.open('/dev/shm/x', os.O_RDWR | os.O_CREAT)\nos.truncate(f, 60 << 20)\nm = mmap.mmap(f, 60 << 20)\n"
    code += (
        "for _ in range(7):\n    if os.fork() == 0:\n        bytes(m) and time.sleep(100)\nm[:] = bytes(60 << 20)\ntime.sleep(0.3)"
    )
    with supervisor.session() as session:
        told(session, code.replace("bytes(m) and", "m.find(b'x') and"))


NEIGHBOUR = "import os\nfor _ in range(13):\n    if os.fork() == 0:\n        while True: pass"
ANSWER = "import time\ndef f(x):\n    end = time.process_time() + 0.3\n    while time.process_time() < end: pass\n    return x"


def test_eight_answers_beside_spinning_children_have_their_points(supervisor):
    with supervisor.session() as bad, supervisor.session() as good:
        told(bad, NEIGHBOUR)
        told(good, ANSWER)
        points = 0
        for number in range(8):
            good.allow(0.6, waiting.HANG)
            points += good.value("f")(number) == number
        assert points == 8


CHILDREN = """
import os
for _ in range(3):
    if os.fork() == 0:
        while True: pass
os.wait()
"""


def test_the_processor_time_of_all_processes_counts(walled):
    """Of those too that it waited for, of two workers in two kinds of sandbox, and not of the one beside it."""
    with walled() as session:
        told(session, "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.5: pass\n    os._exit(0)\nos.wait()")
        session.allow(10)
        assert session.used >= 0.4
        assert ended(session, CHILDREN, 0.5, waiting.HANG) == "timeout"
        assert session.used >= 0.4


def test_a_neighbour_that_spins_costs_nothing(supervisor):
    """More busy processes than processors, and an answer that gets just the processor time that it takes."""
    with contextlib.ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            busy = stack.enter_context(supervisor.session())
            told(busy, "import os\nfor _ in range(3):\n    if os.fork() == 0:\n        while True: pass")
        session = stack.enter_context(supervisor.session())
        outcome = session.run("import time\nwhile time.process_time() < 0.3: pass", 0.6, waiting.HANG)
        assert outcome.ok, outcome.error


def test_the_questions_of_a_test_share_its_budget(supervisor):
    with supervisor.session() as session:
        told(session, "import time\ndef f(x):\n    end = time.process_time() + 0.3\n    while time.process_time() < end: pass")
        f = session.value("f")
        session.allow(0.8, waiting.HANG)
        with pytest.raises(WorkerError) as caught:
            list(map(f, range(9)))
        assert caught.value.kind == "timeout"


def test_what_a_session_started_in_the_background_ends_with_it(supervisor):
    with supervisor.session() as session:
        told(session, DAEMON)
        told(session, "import subprocess\np = subprocess.Popen(['sleep', '1000'], start_new_session=True)")
        assert len(list(tree(supervisor.shared.process.pid))) >= 5


@pytest.mark.parametrize(
    "code",
    ["print('x' * 10**8)", "import os\nfor _ in range(100):\n    os.write(1, bytes(1 << 20))\n    os.write(2, bytes(1 << 20))"],
)
def test_huge_output_is_cut_off_where_it_is_made(shared, code):
    assert len(told(shared, code)) < 2100


def test_huge_answers_are_refused(supervisor):
    with supervisor.session() as session:
        session.run("import sys\ndef f(kind):\n    return {'text': 'x' * 10**8, 'list': [0.5] * 10**6, 'names': 1}[kind]", 10)
        f = session.value("f")
        assert len(f("text")) == 10**8
        with pytest.raises((WorkerError, Exception), match="carried"):
            f("list")
        outcome = session.run("raise type('E' * 10**7, (Exception,), {})('x' * 10**7)", 10)
        assert len(outcome.error) <= 2001


# Lies


def test_a_process_that_ends_itself_is_told_as_such(supervisor):
    for code in ("import os\nos._exit(0)", "import ctypes\nctypes.string_at(0)", "import os\nos.abort()"):
        with supervisor.session() as session:
            assert ended(session, code) == "died"


def test_a_worker_that_closes_what_it_has_is_gone(supervisor):
    with supervisor.session() as session:
        assert ended(session, "import os\nos.closerange(0, 1000)") == "died"


FORGE = """
import json, os, socket, stat, threading, time
from coursework.wire import protocol
def frame(message, body=b''):
    text = json.dumps(message).encode()
    return protocol.PREFIX.pack(protocol.MARK, len(text), len(body)) + text + body
def everywhere(data):
    for number in range(300):
        try:
            os.write(number, data)
        except OSError:
            pass
def is_socket(number):
    try:
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    except OSError:
        return False
channel = socket.socket(fileno=next(filter(is_socket, range(300))))
"""


@pytest.mark.parametrize(
    "lie",
    [
        "everywhere(frame({'re': 2, 'ok': True, 'error': None, 'output': ''}))",
        "everywhere(frame({'re': 3, 'ok': True, 'value': 10}))",
        "everywhere(frame({'re': 2, 'ok': True, 'value': 10}) * 100)",
        "everywhere(frame({'hello': 1}))",
        "everywhere(bytes(1000))",
        "everywhere(b'\\x80\\x04cos\\nsystem\\n.')",
        "everywhere(protocol.PREFIX.pack(protocol.MARK, 2**32 - 1, 2**64 - 1))",
        "threading.Thread(target=lambda: (time.sleep(0.05), everywhere(bytes(999)))).start(); time.sleep(0.1)",
        "socket.send_fds(channel, [bytes(99)], [0, 1, 2])",
        "channel.shutdown(socket.SHUT_RD)",
    ],
)
def test_forged_messages_end_the_worker_that_sent_them(supervisor, lie):
    descriptors = len(os.listdir("/proc/self/fd"))
    with supervisor.session() as session, supervisor.session() as sibling:
        session.run(FORGE, 10)
        with contextlib.suppress(WorkerError):
            session.run(lie, 5)
            session.value("x")
            session.value("json")
            pytest.fail("the worker is still believed")
        assert session.fault.kind in ("protocol", "died")
        assert told(sibling, "print('here')") == "here"
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_worker_rewritten_from_within_makes_only_its_own_values_wrong(supervisor):
    code = "import gc, json, torch\nfrom coursework.wire import protocol, worker\ntorch.allclose = lambda *a, **k: True\n"
    code += "worker.Worker.do_value = lambda self, m, d, e: {'value': {'t': 'ref', 'id': 7, 'k': 'module', 'name': '__class__'}}\n"
    code += "import builtins\nbuiltins.open = builtins.print = None"
    with supervisor.session() as session:
        session.run(code, 10)
        model = session.value("x")
        assert isinstance(model, torch.nn.Module)
        with pytest.raises(Exception, match=r".*"):
            model(torch.ones(1))
    assert not torch.allclose(torch.ones(1), torch.zeros(1))
    assert callable(open)


# The sandbox itself


GRADER = """
import sys, warnings
from coursework.sandbox.supervisor import Supervisor
warnings.simplefilter('ignore')
with Supervisor(sys.argv[1]) as supervisor:
    session = supervisor.session()
    session.run('import os\\nfor _ in range(3):\\n    if os.fork() == 0:\\n        while True: pass', 10)
    print('ready', flush=True)
    session.run('while True: pass', 1000)
"""


@pytest.mark.parametrize("kind", ["bwrap", "none"])
def test_nothing_outlives_a_grader_that_is_killed_while_a_submission_hangs(kind):
    with subprocess.Popen([sys.executable, "-c", GRADER, kind], stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        family = list(tree(process.pid))
        assert len(family) >= 7
        process.kill()
        process.wait()
    waiting.until(lambda: not any(map(alive, family)), "all processes of the grader had ended")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_worker_ends_with_the_forked_process_that_asked_for_it(supervisor):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        with supervisor.session() as session:
            session.run(DAEMON, 10)
            os.write(write, b"ready")
            session.run("while True: pass", 60)
    assert os.read(read, 9) == b"ready"
    family = list(tree(supervisor.shared.process.pid))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(read), os.close(write)
    waiting.until(lambda: len(list(tree(supervisor.shared.process.pid))) <= len(family) - 3, "the worker's processes had ended")


def alive(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_supervisor_leaves_no_process():
    with Supervisor("bwrap") as supervisor:
        sessions = [supervisor.session() for _ in range(3)]
        family = list(tree(supervisor.shared.process.pid))
    assert len(family) >= 8
    waiting.until(lambda: not any(map(alive, family)), "all processes of the supervisor had ended")
    with pytest.raises(WorkerError):
        sessions[0].value("x")
    for session in sessions:
        session.close()
    with pytest.raises(WorkerError, match="closed"):
        supervisor.session()


@pytest.mark.slow
def test_a_session_whose_sandbox_is_killed_has_died(supervisor):
    with Supervisor("bwrap") as own, own.session() as session:
        os.killpg(own.shared.process.pid, signal.SIGKILL)
        own.shared.process.wait()
        # The system ends the processes of a namespace one after the other.
        outcome = waiting.until(lambda: None if (now := session.run("1", 5)).alive else now, "the worker had ended")
        assert outcome.kind == "died"
        with pytest.raises(WorkerError):
            own.session()


@pytest.mark.slow
def test_where_namespaces_do_not_nest_each_worker_has_its_own_sandbox(monkeypatch):
    real = commands.forkserver_command

    def broken(*args, **kwargs):
        fault = "import main, confine\ndef leave():\n    raise OSError(1, 'Operation not permitted')\nconfine.leave = leave\n"
        return [part.replace("import main; ", fault) for part in real(*args, **kwargs)]

    monkeypatch.setattr(commands, "forkserver_command", broken)
    with Supervisor("bwrap", LIMITS) as supervisor:
        assert supervisor.shared is None
        assert supervisor.fault == "Operation not permitted"
        with supervisor.session() as session:
            assert told(session, "print(1)") == "1"


@pytest.mark.slow
def test_none_is_for_those_who_ask_by_name_and_are_warned():
    supervisor = Supervisor("none", LIMITS)
    with pytest.warns(UnconfinedWarning, match="without a sandbox"):
        supervisor.__enter__()
    with contextlib.closing(supervisor):
        assert supervisor.shared
        with supervisor.session() as session:
            told(session, DAEMON)
            family = set(tree(supervisor.shared.process.pid)) - {supervisor.shared.process.pid}
            assert len(family) >= 3
            assert ended(session, "while True: pass", 0.3) == "timeout"
        waiting.until(lambda: not any(map(alive, family)), "what the worker left had ended")
        with supervisor.session() as session:
            assert not session.run("x = bytearray(1 << 30)", 5).ok


def test_where_nobody_tells_the_processor_time_the_clock_counts(monkeypatch, supervisor):
    monkeypatch.setattr("coursework.wire.limits.tells_children", lambda: False)
    with supervisor.session() as session:
        assert ended(session, "import time\ntime.sleep(1000)", 0.5, waiting.HANG) == "timeout"
        assert session.used == 0


def test_auto_without_any_sandbox_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SandboxError, match=r"bubblewrap is not installed.*apt install bubblewrap.*macOS"):
        Supervisor().__enter__()
    with pytest.raises(SandboxError, match="expected auto"):
        Supervisor("chroot")


def script(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize(
    ("text", "said", "start"),
    [
        ("echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1", "Permission denied.*apt install", waiting.HANG),
        ("exec sleep 600", "did not start within 1 s", 1),
    ],
    ids=["refused", "hangs"],
)
def test_a_sandbox_that_does_not_start_says_why(monkeypatch, tmp_path, text, said, start):
    script(tmp_path / "bwrap", text)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("coursework.sandbox.supervisor.PATIENCE", 0.1)
    with pytest.raises(SandboxError, match=said):
        Supervisor("bwrap", LIMITS._replace(start=start)).__enter__()
