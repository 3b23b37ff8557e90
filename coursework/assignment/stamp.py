"""The instructor's key, and the stamp that says of a notebook which assignment it is, for whom, and with which numbers.

A stamp is one token of text, signed with the key: `coursework-1.KEYID.PAYLOAD.MAC`. It stands in three places of a notebook, so that
renaming, Colab, VS Code and converters leave at least one. Anybody can read a stamp; only who has the key can make one.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from pathlib import Path
from typing import NamedTuple

KEY_FILE = "coursework.key"
KEY_BYTES = MAC_BYTES = 16
HEX = re.compile(rf"[0-9a-f]{{{2 * KEY_BYTES}}}")
TOKEN = re.compile(r"coursework-1\.([0-9a-f]{8})\.([A-Za-z0-9_-]{1,8000})\.([A-Za-z0-9_-]{22})(?![A-Za-z0-9_-])")
STAMP_LINE = re.compile(rf"\n*^[ \t]*(?:#[ \t]*)?(?:<!--[ \t]*)?{TOKEN.pattern}(?:[ \t]*-->)?[ \t]*$", re.MULTILINE)


class KeyFileError(ValueError):
    """A key file is not as it should be; says which, what came and what was expected."""


class StampError(ValueError):
    """A text has the form of a stamp, and is none."""


class Key(NamedTuple):
    """What signs the stamps of a course and draws each student's numbers. Whoever has it can do both."""

    secret: bytes

    @property
    def id(self) -> str:
        """Eight digits that tell keys apart and say nothing of the secret."""
        return hashlib.sha256(self.secret).hexdigest()[:8]

    @classmethod
    def new(cls) -> "Key":
        """128 bits that nobody has seen."""
        return cls(secrets.token_bytes(KEY_BYTES))


class Stamp(NamedTuple):
    """What a released notebook is.

    assignment: the exercise's name. version: the first 12 hex digits of its source's sha256. values: of its variants. student: whom it
    was made for, a student or a group; None where one notebook goes to all.
    """

    assignment: str
    version: str
    values: dict
    student: str | None


class Read(NamedTuple):
    """A stamp as it was found: what it says, which key it names, and its text. It may be forged until `is_authentic` says otherwise."""

    stamp: Stamp
    key_id: str
    token: str


def read_key(path: str | Path) -> Key | None:
    """Read a key from its file, or from the file `coursework.key` in a folder.

    Returns:
        None for a folder without one.

    Raises:
        KeyFileError: no such file, one that cannot be read, or one that holds something else than 32 hex digits.

    Example:
        >>> read_key("assignments").id
        '1f3870be'
    """
    path = Path(path)
    if path.is_dir():
        path = path / KEY_FILE
        if not os.path.lexists(path):
            return None
    try:
        text = path.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise KeyFileError(f"{path}: the key cannot be read: {error.strerror}") from error
    if not HEX.fullmatch(text):
        raise KeyFileError(f"{path}: got {len(text)} characters that are no key, expected 32 hex digits: put back your copy of it")
    return Key(bytes.fromhex(text))


def make_key(folder: str | Path) -> Key:
    """Make a folder's key, which only its owner may read. One that is there is never overwritten, but returned.

    Raises:
        KeyFileError: as `read_key`, or when it cannot be written.
    """
    path, key = Path(folder) / KEY_FILE, Key.new()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        if (there := read_key(path.parent)) is None:
            raise KeyFileError(f"{path}: the key cannot be written: {error.strerror}") from error
        return there
    except OSError as error:
        raise KeyFileError(f"{path}: the key cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(place, "w") as file:
            file.write(key.secret.hex() + "\n")
    except OSError as error:  # nothing was made with it yet
        path.unlink()
        raise KeyFileError(f"{path}: the key cannot be written: {error.strerror}") from error
    return key


def make_stamp(stamp: Stamp, key: Key) -> str:
    """Sign a stamp; return its token. The same stamp and key give the same token.

    Raises:
        StampError: it is longer than a token may be.
    """
    head = f"{key.id}.{_payload(stamp)}"
    token = f"coursework-1.{head}.{_mac(head, key)}"
    if not TOKEN.fullmatch(token):
        raise StampError(f"{stamp.assignment}: got values that make a stamp of {len(token)} characters, expected at most 8000")
    return token


def find_tokens(text: str) -> list[str]:
    """Every text that has the form of a stamp, once, in the order of the first place: of a notebook's JSON, a script, Markdown."""
    return list(dict.fromkeys(found[0] for found in TOKEN.finditer(text)))


def without_stamp(source: str) -> str:
    """A cell's text without the line of its stamp, as it was before the release put it in.

    >>> without_stamp(stamped)
    'import torch'
    """
    return STAMP_LINE.sub("", source)


def read_stamp(token: str) -> Read:
    """Read what a token says, strictly; whether it is true is for `is_authentic` to say.

    Raises:
        StampError: it is not one that `make_stamp` could have made.
    """
    found = TOKEN.fullmatch(token)
    try:
        payload = found[2] if found else ""
        stamp = Stamp(**json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))
        if not found or not _is_stamp(stamp) or _payload(stamp) != payload:
            raise ValueError("not as make_stamp writes it")
    except (ValueError, TypeError, RecursionError) as error:
        raise StampError(f"got {token[:60]!r}, expected the stamp of a released notebook") from error
    return Read(stamp, found[1], token)


def is_authentic(token: str, key: Key) -> bool:
    """Say whether a token was made with a key and not changed since."""
    found = TOKEN.fullmatch(token)
    return found is not None and hmac.compare_digest(_mac(f"{found[1]}.{found[2]}", key), found[3])


def _payload(stamp: Stamp) -> str:
    text = json.dumps(stamp._asdict(), sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _encoded(text.encode())


def _mac(head: str, key: Key) -> str:
    return _encoded(hmac.digest(key.secret, head.encode(), hashlib.sha256)[:MAC_BYTES])


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _is_stamp(stamp: Stamp) -> bool:
    texts = (stamp.assignment, stamp.version, "" if stamp.student is None else stamp.student)
    return all(isinstance(text, str) for text in texts) and isinstance(stamp.values, dict)
