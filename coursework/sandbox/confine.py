"""How a process gives up what it has: namespaces, files, capabilities, system calls, resources. Linux; called inside the sandbox.

A worker starts as a fork of the forkserver, inside bubblewrap. It shares nothing that it could write with its siblings, and gives up
the means to get out. Where namespaces do not nest only the last steps are taken: limits, and what any process can give up.
"""

import contextlib
import ctypes
import os
import platform
import re
import resource
import struct
from pathlib import Path
from typing import Any

NOBODY = 65534
NEW_NS, NEW_CGROUP, NEW_UTS, NEW_IPC, NEW_USER, NEW_PID, NEW_NET = (
    *(0x00020000, 0x02000000, 0x04000000, 0x08000000),
    *(0x10000000, 0x20000000, 0x40000000),
)
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC, BIND, MOVE, RECURSIVE, PRIVATE = 1, 2, 4, 8, 1 << 12, 1 << 13, 1 << 14, 1 << 18
DIE_WITH_PARENT, DUMPABLE, SECCOMP, BOUNDING, SUBREAPER, NO_NEW_PRIVILEGES = 1, 4, 22, 24, 36, 38


def libc(name: str, *arguments: Any) -> None:
    """Call a function of the C library; raise OSError where it fails."""
    library = ctypes.CDLL(None, use_errno=True)
    converted = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments]
    if getattr(library, name)(*converted) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def prctl(option: int, value: int = 0, more: Any = 0) -> None:
    """Change one of the process's own settings."""
    libc("prctl", option, value, more, 0, 0)


def become_nobody() -> None:
    """Give up the super-user's identity, for which limits do not count. Anybody else stays who they are.

    The new identity is a number that nobody else has, because the limit on processes counts all of one identity; where only the
    usual numbers exist, it is that of `nobody`.
    """
    if os.getuid() != 0:
        return
    os.setgroups([])
    try:
        _become(0x70000000 + int.from_bytes(os.urandom(3)))
    except OSError:
        _become(NOBODY)
    prctl(DUMPABLE, 1)  # else the process's own entries in /proc stay the super-user's


def _become(number: int) -> None:
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)


def leave() -> None:
    """Leave the namespaces of users, processes, network, messages and names; a child made after this is the first of its own.

    Raises:
        OSError: the system does not let namespaces be nested.
    """
    user, group = os.getuid(), os.getgid()
    libc("unshare", NEW_USER | NEW_PID | NEW_NET | NEW_IPC | NEW_UTS | NEW_CGROUP)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{NOBODY} {user} 1"), ("gid_map", f"{NOBODY} {group} 1")):
        Path(f"/proc/self/{name}").write_text(text, encoding="ascii")
    with contextlib.suppress(OSError):  # as root, bubblewrap has made it read-only; the filter below forbids the same
        Path("/proc/sys/user/max_user_namespaces").write_text("0", encoding="ascii")


def own_files(disk: int) -> None:
    """A file system of one's own: nothing in /tmp and /dev/shm, no /proc at all. For the child that follows `leave`.

    Where the environment itself lies below /tmp, as in a clone that somebody tries out there, it stays, read-only as bubblewrap bound it.
    """
    libc("unshare", NEW_NS)
    libc("mount", b"none", b"/", None, RECURSIVE | PRIVATE, None)
    options = f"size={disk},nr_inodes=10000,mode=1777".encode()
    libc("mount", b"tmpfs", b"/dev/shm", b"tmpfs", NO_SUID | NO_DEVICES, options)
    aside = {place: Path(f"/dev/shm/{i}") for i, place in enumerate(_mounted_below("/tmp"))}
    for place, kept in aside.items():
        kept.mkdir()
        libc("mount", os.fsencode(place), os.fsencode(kept), None, BIND | RECURSIVE, None)
    libc("mount", b"tmpfs", b"/tmp", b"tmpfs", NO_SUID | NO_DEVICES, options)
    for place, kept in aside.items():
        place.mkdir(parents=True)
        libc("mount", os.fsencode(kept), os.fsencode(place), None, MOVE, None)
        kept.rmdir()
    libc("mount", b"tmpfs", b"/proc", b"tmpfs", NO_SUID | NO_DEVICES | NO_EXEC | READ_ONLY, b"size=4k,mode=555")
    os.chdir("/tmp")


def _mounted_below(folder: str) -> list[Path]:
    """The places below a folder at which something is mounted, but for those below another of them."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    places = {Path(re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), line.split()[4])) for line in lines}  # a space is \040
    below = sorted(place for place in places if Path(folder) in place.parents)
    return [place for place in below if not any(other in place.parents for other in below)]


def mapped() -> int:
    """Bytes of address space of this process. To be asked before `own_files`."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()


def bound(limits: dict, size: int, *, alone: bool) -> None:
    """Take on the limits, and the promise not to gain rights by starting programs.

    Args:
        limits: the fields of `wire.limits.Limits`.
        size: bytes of address space that the process has taken already (`mapped`).
        alone: the count of processes is this worker's own, not shared with the rest of a user's session.
    """
    bounds = {"CORE": 0, "CPU": limits["cpu"], "FSIZE": limits["disk"], "NOFILE": limits["files"]}
    bounds |= {"AS": size + limits["memory"], "MSGQUEUE": 0, "MEMLOCK": 0}
    bounds |= {"NPROC": limits["processes"] + 2} if alone else {}
    for name, value in bounds.items():
        number = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(number, (value, value))
    prctl(NO_NEW_PRIVILEGES, 1)


def drop_rights() -> None:
    """Drop all capabilities and forbid the system calls of `FORBIDDEN`. Needs no_new_privs, which `bound` sets."""
    with contextlib.suppress(OSError):  # only those that hold capabilities may drop them from the bounding set
        for capability in range(64):
            prctl(BOUNDING, capability)
    libc("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
    forbid()


# System calls that no exercise needs and that lead, or have led, out of a sandbox or past its limits: memory of System V and what
# a pipe holds belong to no process whose memory could be counted. (x86_64, arm64)
FORBIDDEN = {
    "ptrace": (101, 117),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "memfd_create": (319, 279),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "pidfd_getfd": (438, 438),
    "mount_setattr": (442, 442),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "splice": (275, 76),
    "tee": (276, 77),
    "vmsplice": (278, 75),
    "io_setup": (206, 0),
}
CLONE, SOCKET, MMAP, SETSOCKOPT = (56, 220), (41, 198), (9, 222), (54, 208)
CLONE3 = 435
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # the column above, the kernel's audit number
SHARED, ANONYMOUS = 0x01, 0x20  # of mmap: memory that outlives its process, in no file
FCNTL, LOCKS = (72, 25), (6, 7, 37, 38)  # of parts of a file: the kernel's memory, as many as one likes
SEND_BUFFER = 7  # an option of a socket: how much may wait in it, which is memory of no process, too
SPACES = NEW_NS | NEW_CGROUP | NEW_UTS | NEW_IPC | NEW_USER | NEW_PID | NEW_NET
FAMILIES = (1, 2, 10)  # Unix, IPv4 and IPv6, which a network namespace holds in; others, such as vsock, reach past it


def forbid() -> None:
    """Have the kernel refuse the system calls of `FORBIDDEN`, new namespaces, shared memory and sockets of other families.

    On a machine that is neither x86_64 nor arm64 nothing is done: the namespaces alone are the wall there.
    """
    if platform.machine() in MACHINES:
        program = filter_program(*MACHINES[platform.machine()])
        code = ctypes.create_string_buffer(program, len(program))
        prctl(SECCOMP, 2, struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))


LOAD, EQUAL, ABOVE, MASKED, GIVE = 0x20, 0x15, 0x35, 0x45, 0x06  # steps of a seccomp program
ALLOW, REFUSE, UNKNOWN = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # EPERM, ENOSYS
Step = tuple[int, int, int, int]  # what, how many steps to jump where it holds and where not, a value


def filter_program(column: int, audit: int) -> bytes:
    """A seccomp program: what the kernel answers to each system call. Jumps are counted from the next step."""
    steps: list[Step] = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, audit), (GIVE, 0, 0, REFUSE), (LOAD, 0, 0, 0)]
    if column == 0:
        steps += [(ABOVE, 0, 1, 0x40000000), (GIVE, 0, 0, REFUSE)]  # the x32 calls of x86_64
    for numbers in FORBIDDEN.values():
        steps += [(EQUAL, 0, 1, numbers[column]), (GIVE, 0, 0, REFUSE)]
    # clone3 hides its flags behind a pointer; the C library takes clone where it is unknown.
    steps += [(EQUAL, 0, 1, CLONE3), (GIVE, 0, 0, UNKNOWN)]
    steps += _with_argument(CLONE[column], 0, [(MASKED, 0, 1, SPACES)])
    steps += _with_argument(MMAP[column], 3, [(MASKED, 0, 2, SHARED), (MASKED, 0, 1, ANONYMOUS)])
    steps += _with_argument(SETSOCKOPT[column], 2, [(EQUAL, 0, 1, SEND_BUFFER)])
    steps += _with_argument(
        FCNTL[column], 1, [(EQUAL, len(LOCKS) - 1 - at, at // (len(LOCKS) - 1), one) for at, one in enumerate(LOCKS)]
    )
    steps += _with_argument(SOCKET[column], 0, [(EQUAL, len(FAMILIES) - at, 0, one) for at, one in enumerate(FAMILIES)])
    return b"".join(struct.pack("HBBI", *step) for step in [*steps, (GIVE, 0, 0, ALLOW)])


def _with_argument(call: int, place: int, tests: list[Step]) -> list[Step]:
    """Steps about a call's argument: `tests` end at the refusal that follows them, or jump past it."""
    return [(EQUAL, 0, len(tests) + 3, call), (LOAD, 0, 0, 16 + 8 * place), *tests, (GIVE, 0, 0, REFUSE), (GIVE, 0, 0, ALLOW)]
