#!/usr/bin/env python3
"""Fetches the files of a Weighbridge release, proves every byte, and hands out their paths.

One file, the standard library only, Python 3.9 or later. Copy it into a project as it is. Importing it touches neither
the network nor the disk.

    from weighbridge_get import get

    path = get("weights@1.2.0", "encoder", base="https://models.example.org/")    # one file: its absolute path
    paths = get("weights", base="https://models.example.org/")                     # all files of the latest version

    python weighbridge_get.py weights@1.2.0 encoder --from https://models.example.org/ --into models

Files lie at CACHE/COLLECTION/VERSION/FILE (CACHE is $WEIGHBRIDGE_CACHE, else ~/.cache/weighbridge), or with `dir` at
DIR/FILE. `weighbridge pull` keeps the same folders: both may work in one at the same time, and either continues what
the other began. What is here already is proven by its size and SHA-256 and costs no transfer.

Environment: WEIGHBRIDGE_CACHE, WEIGHBRIDGE_SKIP_DOWNLOAD, WEIGHBRIDGE_API, WEIGHBRIDGE_TOKEN, WEIGHBRIDGE_TOKEN_FILE,
WEIGHBRIDGE_ID_TOKEN, NETRC, HTTPS_PROXY, HTTP_PROXY, NO_PROXY, SSL_CERT_FILE. Exit codes: 0 done, 1 a file failed,
2 wrong usage, 4 not authorised, 5 no such release or file, 6 skipped by the switch, 130 interrupted or out of time.
"""

from __future__ import annotations

import argparse
import base64
import calendar
import email.utils
import errno
import hashlib
import http.client
import ipaddress
import json
import logging
import os
import queue
import random
import re
import shutil
import socket
import ssl
import stat
import sys
import threading
import time
import unicodedata
import urllib.parse
import urllib.request
import uuid
import zlib
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, Tuple, TypeVar, Union

__version__ = "0.1.0"
__all__ = [
    "get", "get_url", "latest", "pull", "verify", "WeighbridgeError", "Usage", "NotFound", "NotAuthorised", "Mismatch",
    "Skipped", "Unavailable", "TimedOut", "Unwritable",
]  # fmt: skip

Progress = Callable[[int, int, str], None]
Name = Union[str, "os.PathLike[str]"]
T = TypeVar("T")

_log = logging.getLogger("weighbridge_get")

MIB = 1024 * 1024
# A release of 50,000 artifacts has a record of about 30 MB.
_RECORD_LIMIT = 128 * MIB
# Less than this is fetched again rather than continued.
_RESUME_FROM = MIB
_POINTER_START = b"version https://git-lfs.github.com/spec/"
_POINTER_LIMIT = 1024
# Seconds that waits between tries add up to at most: one rate-limit window, and jitter.
_WAIT_BUDGET = 330.0
_MOST_REDIRECTS = 10
_PRIVATE = ".weighbridge"
_RESERVED = ("SHA256SUMS", "RELEASE.md", "release.json", "objects.json")


# --- Errors: one class for each decision that a caller can make ---


class WeighbridgeError(Exception):
    """Base of everything that this module raises on purpose. No message holds a token, a signed URL or a password."""

    exit = 1

    def __init__(
        self,
        message: str,
        hint: Optional[str] = None,
        *,
        retryable: bool = False,
        retry_after: Optional[float] = None,
        expected: Optional[str] = None,
        actual: Optional[str] = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retryable = retryable
        # Seconds, when the other side said so.
        self.retry_after = retry_after
        self.expected = expected
        self.actual = actual
        # What became of every file, where the call was about several.
        self.report: Optional[Dict[str, Any]] = None

    @property
    def code(self) -> str:
        return type(self).__name__

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message} ({self.hint})"


class Usage(WeighbridgeError):
    """What was asked for makes no sense: a name that cannot be one, a URL that is no base."""

    exit = 2


class NotFound(WeighbridgeError):
    """No such collection, version or file; offline: it is not on this machine."""

    exit = 5


class NotAuthorised(WeighbridgeError):
    """There is no credential, or it does not suffice (HTTP 401, 403)."""

    exit = 4


class Mismatch(WeighbridgeError):
    """Bytes, or a record, are not what they must be: `expected` and `actual`. Nothing was installed."""


class Skipped(WeighbridgeError):
    """WEIGHBRIDGE_SKIP_DOWNLOAD is set, and not everything is on this machine and proven."""

    exit = 6


class Unavailable(WeighbridgeError):
    """The mirror did not answer as one should: network, server fault, limit. Trying later may help."""


class TimedOut(Unavailable):
    """The time that the caller gave is over. What arrived is kept, and the next call goes on from there."""

    exit = 130


class Unwritable(WeighbridgeError):
    """The folder cannot take the file: full, not permitted, or a link or another file is in the way."""


class _Cancelled(WeighbridgeError):
    """Another thread of this call has ended it."""


# --- Names: a mirror may be hostile, and its names become paths on this disk ---

_COLLECTION = re.compile(r"[a-z0-9][a-z0-9._-]{0,126}")
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SEMVER = re.compile(
    r"(?:0|[1-9]\d{0,15})\.(?:0|[1-9]\d{0,15})\.(?:0|[1-9]\d{0,15})"
    r"(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?",
    re.ASCII,
)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)", re.IGNORECASE)
_HEX = re.compile(r"[0-9a-f]{64}")
# Controls, surrogates, separators, and what is invisible or turns the direction of text.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)


def _shown(text: str) -> str:
    """Text from elsewhere, so that a terminal shows what is there."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _is_device(segment: str) -> bool:
    return _DEVICE.fullmatch(segment.split(".", 1)[0].rstrip()) is not None


def _is_collection(name: str) -> bool:
    fine = _COLLECTION.fullmatch(name) is not None and ".." not in name and not name.endswith(".")
    return fine and name != "registry.json" and not _is_device(name)


def _is_version(name: str) -> bool:
    if name.lower() == "latest":
        return False
    tag = _TAG.fullmatch(name) is not None and ".." not in name and not name.endswith(".") and not _is_device(name)
    return tag or (len(name) <= 256 and _SEMVER.fullmatch(name) is not None)


def _folded(name: str) -> str:
    """As a file system would compare it that ignores case and Unicode form."""
    normal = unicodedata.normalize("NFC", name).lower().upper().lower()
    return unicodedata.normalize("NFC", normal)


def _file_fault(file: str) -> Optional[str]:
    """Why a record's file name may not become a path; None for a safe one."""
    if file in ("", "__proto__") or file in _RESERVED:
        return "is no name for a file of a release"
    if _UNSAFE.search(file) is not None:
        return "holds a character that no file name may have"
    if "\\" in file or file.startswith("/") or re.match(r"[A-Za-z]:", file) is not None:
        return "is no relative path with forward slashes"
    if len(file.encode()) > 900 or file.count("/") > 7:
        return "is too long or too deep"
    for segment in file.split("/"):
        if segment in ("", ".", "..") or segment[-1] in ". " or len(segment.encode()) > 255 or _is_device(segment):
            return f"has a segment that no path may have: {_shown(segment)!r}"
    if _folded(file.split("/", 1)[0]) == _PRIVATE:
        return "lies in the private folder"
    return None


def _parse_ref(text: str) -> Tuple[str, Optional[str]]:
    """`collection`, `collection@latest` (None) or `collection@version`."""
    collection, at, version = str(text).partition("@")
    if not _is_collection(collection):
        raise Usage(f"{_shown(str(text))!r} names no release", "write COLLECTION or COLLECTION@VERSION")
    if not at or version == "latest":
        return collection, None
    if not _is_version(version):
        raise Usage(f"{_shown(version)!r} cannot be a version", "versions look like 1.2.0 or, as tags, like v2-final")
    return collection, version


def _known(names: Sequence[str], wanted: str = "") -> str:
    if not names:
        return "; there is none"
    plain = re.sub(r"[-_\s]", "", wanted.lower())
    close = next((name for name in names if plain and re.sub(r"[-_\s]", "", name.lower()) == plain), None)
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    which = "; there is" if close is None else f"; did you mean {_shown(close)}? There is"
    return f"{which} {', '.join(_shown(name) for name in names[:20])}{more}"


# --- Records: parsed once, here; inside, their fields are trusted ---


class _Damaged(Mismatch):
    """A record cannot be read, or the chain from registry to content does not hold."""

    @property
    def code(self) -> str:
        return "Mismatch"


def _small_int(text: str) -> int:
    if len(text) > 17:
        raise ValueError("a number is too long")
    return int(text)


def _no_constant(text: str) -> float:
    raise ValueError(f"JSON has no {text}")


def _parse(data: bytes, schema: str, what: str) -> Dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"), parse_int=_small_int, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Damaged(f"{what} is not JSON") from None
    if not isinstance(value, dict):
        raise _Damaged(f"{what} is damaged: it is no object")
    written = value.get("schema")
    if written != schema:
        if isinstance(written, str) and written.rpartition("/")[0] == schema.rpartition("/")[0]:
            raise _Damaged(
                f"{what} has the format {_shown(written)[:100]}; this version reads {schema}",
                "take a newer weighbridge_get.py",
            )
        raise _Damaged(f"{what} is damaged: its schema is not {schema}")
    return value


def _field(record: Dict[str, Any], name: str, kind: Any, what: str) -> Any:
    value = record.get(name)
    # In Python, True is an int.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _Damaged(f"{what} is damaged: {name} is missing or of another type")
    return value


def _hex(record: Dict[str, Any], name: str, what: str) -> str:
    value = _field(record, name, str, what)
    if _HEX.fullmatch(value) is None:
        raise _Damaged(f"{what} is damaged: {name} is no SHA-256")
    return str(value)


class _Registry:
    """`registry.json`, as one read found it."""

    def __init__(self, data: bytes, what: str) -> None:
        self.bytes = data
        self.what = what
        record = _parse(data, "weighbridge/registry/1", what)
        self.access: str = _field(record, "access", str, what)
        self.serial: int = _field(record, "serial", int, what)
        self.collections: Dict[str, Any] = _field(record, "collections", dict, what)

    def _collection(self, collection: str) -> Tuple[Any, Dict[str, Any]]:
        entry = self.collections.get(collection)
        if entry is None:
            raise NotFound(f"{self.what} has no collection {collection}{_known(sorted(self.collections), collection)}")
        if not isinstance(entry, dict):
            raise _Damaged(f"{self.what} is damaged: {collection} is no object")
        return entry.get("latest"), _field(entry, "versions", dict, self.what)

    def latest(self, collection: str) -> str:
        """The version that `@latest` means, as the registry says. Raises NotFound where it says that there is none."""
        version, versions = self._collection(collection)
        if version is None:
            hint = f"name one: {collection}@VERSION"
            raise NotFound(f"{collection} has no latest version{_known(sorted(versions))}", hint)
        if not isinstance(version, str) or not _is_version(version) or version not in versions:
            raise _Damaged(f"{self.what} calls something the latest of {collection} that it does not list")
        return version

    def find(self, collection: str, version: Optional[str]) -> Tuple[str, Dict[str, Any]]:
        """The version meant, and its entry. Raises NotFound listing what there is; also for a pruned release."""
        found = self.latest(collection) if version is None else version
        _, versions = self._collection(collection)
        entry = versions.get(found)
        if entry is None:
            raise NotFound(f"{self.what} has no {collection}@{found}{_known(sorted(versions), found)}")
        if not isinstance(entry, dict):
            raise _Damaged(f"{self.what} is damaged: {collection}@{found} is no object")
        if isinstance(entry.get("pruned"), dict):
            raise NotFound(f"{collection}@{found} was pruned: its files are gone", "take another version")
        return found, entry


class _Artifact:
    """One file of a release."""

    def __init__(self, record: Any, what: str) -> None:
        if not isinstance(record, dict):
            raise _Damaged(f"{what} is damaged: an artifact is no object")
        self.id: str = _field(record, "id", str, what)
        self.file: str = _field(record, "file", str, what)
        named = f"{what}: {_shown(self.file)[:200]!r}"
        fault = _file_fault(self.file)
        if fault is not None:
            raise _Damaged(f"{named} {fault}")
        self.path: str = _field(record, "path", str, named)
        self.size: int = _field(record, "size", int, named)
        if not 0 <= self.size < 2**53:
            raise _Damaged(f"{named} has an impossible size")
        self.sha256: str = _hex(record, "sha256", named)
        self.required: bool = _field(record, "required", bool, named)
        self.aliases: List[str] = [name for name in record.get("aliases") or [] if isinstance(name, str)]


class _Release:
    """`release.json`: its names are safe to be paths, and its list of files has the digest that it claims."""

    def __init__(self, data: bytes, collection: str, version: str, what: str) -> None:
        self.bytes = data
        self.collection = collection
        self.version = version
        self.name = f"{collection}@{version}"
        record = _parse(data, "weighbridge/release/1", what)
        if record.get("collection") != collection or record.get("version") != version:
            raise _Damaged(f"{what} is about another release")
        self.access = record.get("access")
        self.content = _hex(record, "content", what)
        self.artifacts = [_Artifact(one, what) for one in _field(record, "artifacts", list, what)]
        self.missing = [one for one in record.get("missing") or [] if isinstance(one, dict)]
        seen = set()
        for one in self.artifacts:
            _same(f"{what}: {one.file!r} is not where it belongs", f"{collection}/{version}/{one.file}", one.path)
            if _folded(one.file) in seen:
                raise _Damaged(f"{what}: {one.file!r} is listed twice")
            seen.add(_folded(one.file))
        for name in seen:
            parts = name.split("/")
            if any("/".join(parts[:end]) in seen for end in range(1, len(parts))):
                raise _Damaged(f"{what}: {name!r} lies below a file")
        _same(f"the files that {what} lists are not its content", self.content, _content(self.artifacts))

    def select(self, names: Sequence[str]) -> List[Tuple[_Artifact, bool]]:
        """The artifacts that names stand for (ids, files or aliases, matched exactly), and whether each must come."""
        if not names:
            return [(one, one.required) for one in self.artifacts]
        chosen: List[_Artifact] = []
        unknown: List[str] = []
        known = {alias: one for one in reversed(self.artifacts) for alias in one.aliases}
        known.update((one.file, one) for one in reversed(self.artifacts))
        known.update((one.id, one) for one in reversed(self.artifacts))
        for name in names:
            found = known.get(name)
            if found is None:
                unknown.append(name)
            elif found not in chosen:
                chosen.append(found)
        if not unknown:
            return [(one, True) for one in chosen]
        for one in self.missing:
            if unknown[0] in (one.get("id"), one.get("file")):
                reason = _shown(str(one.get("reason")))
                raise NotFound(f"{self.name} was published without its optional {unknown[0]}: {reason}")
        which = ", ".join(f'"{_shown(name)}"' for name in unknown)
        raise NotFound(f"{self.name} has no {which}{_known([one.id for one in self.artifacts], unknown[0])}")


def _content(artifacts: Sequence[_Artifact]) -> str:
    """The release's identity: SHA-256 of the canonical JSON of (file, size, sha256), sorted by file as UTF-8."""
    ordered = sorted(artifacts, key=lambda one: one.file.encode())
    items = [{"file": one.file, "sha256": one.sha256, "size": one.size} for one in ordered]
    return hashlib.sha256(json.dumps(items, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _same(message: str, expected: str, actual: str) -> None:
    if expected != actual:
        text = f"{message}: expected {_shown(str(expected))[:200]}, got {_shown(str(actual))[:200]}"
        raise _Damaged(text, expected=expected, actual=actual)


def _check_release(
    data: bytes, collection: str, version: str, entry: Dict[str, Any], access: str, what: str
) -> _Release:
    """Follows the chain registry → bytes of `release.json` → content."""
    _same(f"{what} is not the one that the registry lists", str(entry.get("sha256")), hashlib.sha256(data).hexdigest())
    _same(
        f"the registry has another path for {what}", f"{collection}/{version}/release.json", str(entry.get("release"))
    )
    release = _Release(data, collection, version, what)
    _same(f"{what} has another access class than its registry", access, str(release.access))
    _same(f"the registry lists other content than {what}", release.content, str(entry.get("content")))
    _same(f"the registry counts other artifacts than {what}", str(len(release.artifacts)), str(entry.get("artifacts")))
    _same(
        f"the registry counts other bytes than {what}",
        str(sum(one.size for one in release.artifacts)),
        str(entry.get("bytes")),
    )
    return release


# --- One call: its time, its connections, its word to the caller ---


class _Job:
    """Works in threads of its own; the caller's thread hears of progress, keeps the time, and can be interrupted."""

    def __init__(
        self,
        timeout: Optional[float],
        stall: float,
        attempts: int,
        trusted: Sequence[str],
        progress: Optional[Progress],
    ) -> None:
        if timeout is not None and not timeout > 0:
            raise Usage("timeout is more than 0 seconds, or None")
        if attempts < 1 or not stall > 0:
            raise Usage("attempts and stall are more than 0")
        self.timeout = timeout
        self.deadline = None if timeout is None else time.monotonic() + timeout
        self.stall = stall
        self.attempts = attempts
        self.trusted = {_origin(urllib.parse.urlsplit(one)) for one in trusted}
        self.progress = progress
        self._events: "queue.SimpleQueue[Any]" = queue.SimpleQueue()
        self._stopped = threading.Event()
        self._reason: Optional[WeighbridgeError] = None
        self._lock = threading.Lock()
        self._sockets: Dict[int, socket.socket] = {}
        self._idle: Dict[Tuple[str, str, int], List[http.client.HTTPConnection]] = {}
        self._tls: Optional[ssl.SSLContext] = None

    def run(self, work: Callable[[], T]) -> T:
        """Runs `work` in a thread and progress callbacks in this one. Raises what either raises, and TimedOut."""
        ended: List[Tuple[Optional[T], Optional[BaseException]]] = []

        def body() -> None:
            try:
                ended.append((work(), None))
            except BaseException as error:  # noqa: B902 - given to the caller's thread below
                ended.append((None, error))
            finally:
                self._events.put(None)

        thread = threading.Thread(target=body, name="weighbridge-get", daemon=True)
        thread.start()
        try:
            grace: Optional[float] = None
            while True:
                if grace is None and self.remaining() <= 0:
                    self.stop(
                        TimedOut(f"not done within {self.timeout:g} s", "run it again: it goes on where it stopped")
                    )
                    grace = time.monotonic() + 1
                if grace is not None and time.monotonic() > grace:
                    raise self._reason or TimedOut("out of time")
                try:
                    event = self._events.get(timeout=max(0.01, min(0.25, self.remaining() if grace is None else 0.1)))
                except queue.Empty:
                    continue
                if event is None:
                    break
                if self.progress is not None:
                    self.progress(*event)
        except BaseException:
            self.stop(_Cancelled("the caller has ended it"))
            thread.join(2)
            raise
        finally:
            self._close_idle()
        thread.join()
        result, error = ended[0]
        if error is not None:
            raise error
        return result  # type: ignore[return-value]

    def tell(self, done: int, total: int, file: str) -> None:
        if self.progress is not None:
            self._events.put((done, total, file))

    def stop(self, reason: WeighbridgeError) -> None:
        """Ends everything: whoever waits for a socket wakes up."""
        if not self._stopped.is_set():
            self._reason = reason
            self._stopped.set()
        with self._lock:
            sockets = list(self._sockets.values())
        for one in sockets:
            try:
                # Not the method of a TLS socket, which would first take its state away from the thread that reads.
                socket.socket.shutdown(one, socket.SHUT_RDWR)
            except OSError:
                pass

    def check(self) -> None:
        if self._stopped.is_set() and self._reason is not None:
            raise self._reason

    def remaining(self) -> float:
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def sleep(self, seconds: float) -> None:
        self._stopped.wait(seconds)
        self.check()

    def retry(self, operation: Callable[[], T]) -> T:
        patience = _Patience(self)
        while True:
            try:
                return operation()
            except WeighbridgeError as fault:
                patience.spend(fault)

    # Connections

    def request(
        self, method: str, url: str, headers: Dict[str, str], body: Optional[bytes] = None, since: Optional[str] = None
    ) -> _Response:
        """One request, no redirect followed. `since`: the URL that redirected here. Raises Unavailable."""
        parts = self._checked(url, since)
        where = _shown(parts.hostname or "")
        while True:
            self.check()
            key, connection, reused, proxied = self._connection(parts)
            try:
                sent = {
                    "User-Agent": f"weighbridge-get/{__version__}",
                    "Accept-Encoding": "identity",
                    **headers,
                    **proxied,
                }
                path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                target = urllib.parse.urlunsplit(parts[:4] + ("",)) if getattr(connection, "_absolute", False) else path
                if not reused:
                    connection.connect()
                    with self._lock:
                        self._sockets[id(connection)] = connection.sock
                    self.check()
                connection.sock.settimeout(max(0.01, min(self.stall, self.remaining())))
                connection.request(method, target, body=body, headers=sent)
                return _Response(self, key, connection, connection.getresponse(), url)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.drop(connection)
                self.check()
                if not reused:
                    raise _network_fault(error, where) from None

    def follow(self, url: str, headers: Dict[str, str]) -> _Response:
        """GET, redirects followed by hand. It carries no credential, so there is none that could leak."""
        seen = [url]
        since = None
        while True:
            response = self.request("GET", seen[-1], headers, since=since)
            location = response.header("location")
            if response.status not in (301, 302, 303, 307, 308) or location is None:
                return response
            response.close()
            since = seen[-1]
            try:
                target = urllib.parse.urlsplit(urllib.parse.urljoin(since, location))
                host = target.netloc.rpartition("@")[2]
            except ValueError:
                raise Unavailable(f"{_host(url)} redirects to something that is no URL") from None
            goal = urllib.parse.urlunsplit((target.scheme, host, target.path, target.query, ""))
            if goal in seen:
                raise Unavailable(f"{_host(url)} redirects in a loop")
            if len(seen) > _MOST_REDIRECTS:
                raise Unavailable(f"{_host(url)} redirects more than {_MOST_REDIRECTS} times")
            seen.append(goal)

    def _checked(self, url: str, since: Optional[str]) -> urllib.parse.SplitResult:
        try:
            parts = urllib.parse.urlsplit(url)
            parts.port  # noqa: B018 - it is parsed when it is looked at
        except ValueError:
            raise Unavailable("that is no URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unavailable("that is neither an https nor an http URL")
        if parts.scheme == "https" or _origin(parts) in self.trusted:
            return parts
        # Only who is on this machine may point to this machine.
        if _is_loopback(parts) and (since is None or _is_loopback(urllib.parse.urlsplit(since))):
            return parts
        if since is not None:
            raise Unavailable(f"{_host(since)} leads to plain http: not followed")
        raise Usage(
            f"{_shown(parts.hostname)} would be read in plain http",
            f"use https, or trust exactly this origin: {_host(url)}",
        )

    def _connection(
        self, parts: urllib.parse.SplitResult
    ) -> Tuple[Any, http.client.HTTPConnection, bool, Dict[str, str]]:
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        key = (parts.scheme, host, port)
        proxy = _proxy_for(parts.scheme, host, port)
        authorization = {} if proxy is None else proxy[2]
        proxied = authorization if parts.scheme == "http" else {}
        with self._lock:
            idle = self._idle.get(key)
            if idle:
                return key, idle.pop(), True, proxied
        timeout = max(0.01, min(self.stall, self.remaining()))
        at = (host, port) if proxy is None else proxy[:2]
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            if self._tls is None:
                self._tls = ssl.create_default_context()
            connection = http.client.HTTPSConnection(at[0], at[1], timeout=timeout, context=self._tls)
            if proxy is not None:
                connection.set_tunnel(host, port, headers=authorization)
        else:
            connection = http.client.HTTPConnection(at[0], at[1], timeout=timeout)
            connection._absolute = proxy is not None  # type: ignore[attr-defined]
        return key, connection, False, proxied

    def keep(self, key: Any, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if not self._stopped.is_set():
                self._idle.setdefault(key, []).append(connection)
                return
        self.drop(connection)

    def drop(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            self._sockets.pop(id(connection), None)
        connection.close()

    def _close_idle(self) -> None:
        with self._lock:
            idle = [one for some in self._idle.values() for one in some]
            self._idle.clear()
        for one in idle:
            self.drop(one)


class _Patience:
    """Tries that are left for one thing. Full jitter; never sooner than the other side asked."""

    def __init__(self, job: _Job) -> None:
        self._job = job
        self._tries = 0
        self._waited = 0.0

    def renew(self) -> None:
        """It got on: new bytes earn the full patience again."""
        self._tries = 0
        self._waited = 0.0

    def spend(self, fault: WeighbridgeError) -> None:
        """Waits before the next try. Raises the fault when another try cannot help, or none is left."""
        self._job.check()
        self._tries += 1
        if not fault.retryable or self._tries >= self._job.attempts:
            raise fault
        wait = random.random() * min(30.0, 0.5 * 2 ** (self._tries - 1))
        if fault.retry_after is not None:
            wait = fault.retry_after + random.random()
        self._waited += wait
        if self._waited > _WAIT_BUDGET or wait >= self._job.remaining():
            raise fault
        _log.info("%s; again in %.1f s", fault.message, wait)
        self._job.sleep(wait)


class _Response:
    """An answer whose body is read in pieces."""

    def __init__(
        self, job: _Job, key: Any, connection: http.client.HTTPConnection, raw: http.client.HTTPResponse, url: str
    ) -> None:
        self._job = job
        self._key = key
        self._connection = connection
        self._raw = raw
        self.url = url
        self.status = raw.status

    def header(self, name: str) -> Optional[str]:
        return self._raw.getheader(name)

    def length(self) -> Optional[int]:
        text = self.header("content-length")
        return int(text) if text is not None and re.fullmatch(r"[0-9]{1,16}", text) else None

    def chunks(self) -> Iterator[bytes]:
        """Raises Unavailable, retryable, where the body ends before its declared end."""
        raw = self._raw
        while True:
            self._job.check()
            try:
                data = raw.read1(256 * 1024)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._job.check()
                raise _network_fault(error, _host(self.url)) from None
            if not data:
                break
            yield data
        self._job.check()
        if raw.length not in (None, 0):
            raise Unavailable(f"{_host(self.url)} ended an answer {raw.length} bytes early", retryable=True)

    def read(self, limit: int, what: str) -> bytes:
        """The whole body. Raises Mismatch for more than `limit` bytes."""
        coding = self.header("content-encoding") or "identity"
        if coding not in ("identity", "gzip"):
            raise Unavailable(f"{what} came with a content coding that was not asked for")
        # Bounded as it grows: what is small on the way may be endless when it is unpacked.
        unzip = zlib.decompressobj(wbits=31) if coding == "gzip" else None
        data = bytearray()
        try:
            for chunk in self.chunks():
                data += chunk if unzip is None else unzip.decompress(chunk, limit + 1 - len(data))
                if len(data) > limit:
                    raise _Damaged(f"{what} is larger than {limit} bytes")
            if unzip is not None and (not unzip.eof or unzip.unused_data):
                raise zlib.error
        except zlib.error:
            raise Unavailable(f"{what} came compressed, and cannot be unpacked", retryable=True) from None
        return bytes(data)

    def wait(self) -> Optional[float]:
        """Seconds to wait, as `Retry-After` says; None where it does not."""
        text = (self.header("retry-after") or "").strip()
        if re.fullmatch(r"[0-9]{1,9}", text):
            return float(text)
        try:
            return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
        except (TypeError, ValueError, IndexError, OverflowError):
            return None

    def close(self) -> None:
        """A body that was read to its end leaves the connection for the next request."""
        whole = self._raw.isclosed() or self._raw.length == 0
        reusable = whole and not self._raw.will_close
        self._raw.close()
        if reusable:
            self._job.keep(self._key, self._connection)
        else:
            self._job.drop(self._connection)

    def __enter__(self) -> _Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _network_fault(error: Exception, host: str) -> Unavailable:
    """The library's own words may hold URLs: only what is known to be harmless is said."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unavailable(
            f"the certificate of {host} does not hold: {error.verify_message}",
            "set SSL_CERT_FILE where an own authority signs",
        )
    tunnel = re.match(r"Tunnel connection failed: (\d{3})", str(error))
    if tunnel is not None:
        text = f"the proxy does not lead to {host} (HTTP {tunnel[1]})"
        return Unavailable(text, "see its user and password in the URL", retryable=tunnel[1].startswith("5"))
    if isinstance(error, socket.timeout):
        words = "does not answer in time"
    elif isinstance(error, socket.gaierror):
        words = "cannot be found (DNS)"
    elif isinstance(error, ConnectionRefusedError):
        words = "refuses the connection"
    elif isinstance(error, OSError) and error.errno is not None:
        words = f"broke the connection ({errno.errorcode.get(error.errno, error.errno)})"
    else:
        words = f"broke the connection ({type(error).__name__})"
    return Unavailable(f"{host} {words}", retryable=True)


def _origin(parts: urllib.parse.SplitResult) -> str:
    try:
        port = parts.port
    except ValueError:
        port = None
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if port is None or port == usual else f":{port}")


def _host(url: str) -> str:
    """How messages name where a URL leads: path and query may be secret."""
    return _shown(_origin(urllib.parse.urlsplit(url)))


def _is_loopback(parts: urllib.parse.SplitResult) -> bool:
    host = (parts.hostname or "").lower()
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy_for(scheme: str, host: str, port: int) -> Optional[Tuple[str, int, Dict[str, str]]]:
    written = urllib.request.getproxies().get(scheme)
    if not written or urllib.request.proxy_bypass(f"{host}:{port}"):
        return None
    try:
        parts = urllib.parse.urlsplit(written if "://" in written else f"http://{written}")
        at, proxy_port = parts.hostname, parts.port or 80
    except ValueError:
        at, proxy_port, parts = None, 0, urllib.parse.urlsplit("")
    if at is None or parts.scheme != "http":
        raise Usage(f"the proxy for {scheme} is not the URL of an http proxy", "write http://[user:password@]host:port")
    if parts.username is None:
        return at, proxy_port, {}
    user = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
    return at, proxy_port, {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}


# --- Mirrors: where records and bytes come from ---


class _Body:
    """The bytes of an object from `start` on, as one answer brings them."""

    def __init__(self, response: _Response, start: int, size: int, wanted_from: int, store: str = "") -> None:
        self._response = response
        what = _host(response.url)
        coding = response.header("content-encoding")
        if coding not in (None, "identity"):
            raise Unavailable(f"{what} sends a content coding that was not asked for")
        self.start = 0
        total = response.length()
        if response.status == 206:
            found = re.fullmatch(r"bytes (\d{1,16})-(\d{1,16})/(\d{1,16}|\*)", response.header("content-range") or "")
            if found is None or int(found[1]) != wanted_from or int(found[2]) >= size:
                raise Unavailable(f"{what} sends another range than was asked for")
            self.start = int(found[1])
            total = None if found[3] == "*" else int(found[3])
        if total is not None and total != size:
            page = " (an HTML page)" if "html" in (response.header("content-type") or "").lower() else ""
            raise _wrong_size(what, size, total, page)
        tag = response.header("etag")
        self.tag = None if tag is None or not tag.startswith('"') else f"{store}{tag}"

    def chunks(self) -> Iterator[bytes]:
        return self._response.chunks()

    def close(self) -> None:
        self._response.close()


def _wrong_size(what: str, expected: int, actual: int, more: str = "") -> Mismatch:
    text = f"{what} sends {actual} bytes{more}, the record says {expected}"
    return Mismatch(text, expected=str(expected), actual=str(actual))


def _range_headers(start: int, size: int, tag: Optional[str]) -> Dict[str, str]:
    if start == 0:
        return {}
    headers = {"Range": f"bytes={start}-{size - 1}"}
    if tag is not None:
        headers["If-Range"] = tag
    return headers


class _RangeRefused(Unavailable):
    """416: the object has no such bytes, so what is here already belongs to another one."""


def _body_of(response: _Response, start: int, size: int, store: str = "") -> _Body:
    try:
        return _Body(response, start, size, start, store)
    except BaseException:
        response.close()
        raise


class _HttpMirror:
    """The base URL of a published tree. Read as anybody reads it: no credential is sent."""

    def __init__(self, job: _Job, url: str) -> None:
        self._job = job
        self.url = url
        self._base = url if url.endswith("/") else f"{url}/"

    def registry(self) -> bytes:
        try:
            return self._record("registry.json")
        except NotFound:
            hint = "the base of a mirror holds registry.json; that of an access API ends in /v1"
            raise NotFound(f"{self.url} is not a mirror: it has no registry.json", hint) from None

    def release(self, collection: str, version: str) -> bytes:
        return self._record(f"{collection}/{version}/release.json")

    def expect(self, artifacts: Sequence[_Artifact]) -> None:
        pass

    def open(self, artifact: _Artifact, start: int, tag: Optional[str]) -> _Body:
        response = self._get(artifact.path, _range_headers(start, artifact.size, tag))
        return _body_of(response, start, artifact.size)

    def _record(self, key: str) -> bytes:
        with self._get(key, {"Accept-Encoding": "gzip"}) as response:
            return response.read(_RECORD_LIMIT, f"{key} of {self.url}")

    def _get(self, key: str, headers: Dict[str, str]) -> _Response:
        response = self._job.follow(self._base + _quoted(key), headers)
        if response.status == 200 or (response.status == 206 and "Range" in headers):
            return response
        response.close()
        raise _status_fault(response, f"{key} at {self.url}")


def _quoted(key: str) -> str:
    return "/".join(urllib.parse.quote(segment, safe="!~*'()") for segment in key.split("/"))


def _status_fault(response: _Response, what: str) -> WeighbridgeError:
    status = response.status
    if status in (404, 410):
        return NotFound(f"{what} is not there (HTTP {status})")
    if status in (401, 403):
        hint = (
            "a bucket that may not be listed answers 403 for missing objects too: check the name, then the permissions"
        )
        return NotAuthorised(f"{what} is refused (HTTP {status})", hint)
    if status == 416:
        return _RangeRefused(f"{what}: no such range (HTTP 416)", retryable=True)
    again = status in (408, 429) or status >= 500
    return Unavailable(f"{what}: HTTP {status}", retryable=again, retry_after=response.wait() if again else None)


class _UrlMirror:
    """One URL that somebody handed out, such as a signed one. It is a secret: only its host is ever shown."""

    def __init__(self, job: _Job, url: str) -> None:
        self._job = job
        self._url = url

    def open(self, artifact: _Artifact, start: int, tag: Optional[str]) -> _Body:
        response = self._get(_range_headers(start, artifact.size, tag))
        return _body_of(response, start, artifact.size)

    def expect(self, artifacts: Sequence[_Artifact]) -> None:
        pass

    def size(self) -> int:
        """Asked with one byte: a signed URL is for GET alone."""
        with self._get({"Range": "bytes=0-0"}) as response:
            found = re.fullmatch(r"bytes 0-0/(\d{1,16})", response.header("content-range") or "")
            total = response.length() if response.status == 200 else int(found[1]) if found is not None else None
        if total is None:
            raise Usage(f"{_host(self._url)} does not say how long the file is", "give its size")
        return total

    def _get(self, headers: Dict[str, str]) -> _Response:
        response = self._job.follow(self._url, headers)
        if response.status == 200 or (response.status == 206 and headers):
            return response
        response.close()
        what = f"the URL at {_host(self._url)}"
        if response.status in (400, 401, 403):
            raise NotAuthorised(
                f"{what} is refused (HTTP {response.status})", "it has ended, or is not whole: ask for a new one"
            )
        raise _status_fault(response, what)


# --- The access API: private releases. Records come from it, bytes by signed URLs straight from a store ---


class _Credential:
    """Who asks. Goes to the API's own origin and nowhere else."""

    def __init__(self, kind: str, header: Callable[[], str]) -> None:
        # Which credential it is, as messages name it; never a value.
        self.kind = kind
        self.header = header


def _bearer(token: str, kind: str) -> str:
    if re.fullmatch(r"[\x21-\x7e]{1,16384}", token) is None:
        raise NotAuthorised(f"{kind} is empty, too long, or holds what no header can")
    return f"Bearer {token}"


def _choose_credential(host: str, token: Optional[str], token_file: Optional[Name]) -> _Credential:
    """Arguments first, then the variables, then netrc. Raises NotAuthorised where there is none."""
    for value, kind in ((token, "the given token"), (_setting("WEIGHBRIDGE_TOKEN"), "the token of WEIGHBRIDGE_TOKEN")):
        if value is not None:
            return _Credential(kind, lambda value=value, kind=kind: _bearer(value, kind))  # type: ignore[misc]
        if token_file is not None:
            break
    named = token_file if token_file is not None else _setting("WEIGHBRIDGE_TOKEN_FILE")
    if named is not None:
        kind = "the token file" if token_file is not None else "the token in the file of WEIGHBRIDGE_TOKEN_FILE"
        path = os.path.abspath(os.path.expanduser(named))
        return _Credential(kind, lambda: _bearer(_read_token(path, kind), kind))
    basic = _netrc_header(host)
    if basic is not None:
        return _Credential(f"the netrc entry for {host}", lambda: str(basic))
    identity = _setting("WEIGHBRIDGE_ID_TOKEN")
    if identity is not None:
        kind = "the identity token of WEIGHBRIDGE_ID_TOKEN"
        return _Credential(kind, lambda: _bearer(str(identity), kind))
    hint = "set WEIGHBRIDGE_TOKEN or WEIGHBRIDGE_TOKEN_FILE, or write an entry for exactly this host into ~/.netrc"
    raise NotAuthorised(f"there is no credential for {host}", hint)


def _read_token(path: str, kind: str) -> str:
    """Read for every request: somebody else may keep it fresh, and the old one ends soon."""
    try:
        with open(path, "rb") as file:
            return file.read(16 * 1024 + 2).decode("latin-1").strip()
    except OSError as error:
        raise NotAuthorised(f"{kind} cannot be read ({errno.errorcode.get(error.errno or 0, 'error')})") from None


def _netrc_header(host: str) -> Optional[str]:
    path = os.path.abspath(os.path.expanduser(_setting("NETRC") or os.path.join("~", ".netrc")))
    try:
        # Of the file that is open, not of whatever has its name by then.
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(MIB)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise NotAuthorised(
            f"the netrc file cannot be read ({errno.errorcode.get(error.errno or 0, 'error')})"
        ) from None
    entry = _netrc_entry(text.decode("utf-8", "replace"), host)
    if entry is None:
        return None
    if os.name == "posix" and mode & 0o077:
        fault = f"the netrc entry for {host} is not used: others than you can read the file (mode {mode & 0o777:o})"
        raise NotAuthorised(fault, "chmod 600 it, and replace the token: it may be known")
    return f"Basic {base64.b64encode(f'{entry[0]}:{entry[1]}'.encode()).decode()}"


def _netrc_entry(text: str, host: str) -> Optional[Tuple[str, str]]:
    """Login and password of exactly this host; `default` is not one. The library's parser shows what it cannot read."""
    machine: Optional[str] = None
    fields: Dict[str, str] = {}
    key: Optional[str] = None
    in_macro = False
    for line in text.splitlines() + ["default"]:
        if in_macro:
            in_macro = line.strip() != ""
            if line != "default":
                continue
        for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
            word = plain or re.sub(r"\\(.)", r"\1", quoted)
            if key is not None:
                if key == "machine":
                    machine, fields = word, {}
                else:
                    fields[key] = word
                key = None
                continue
            if plain.startswith("#"):
                break
            if plain in ("machine", "default"):
                if machine is not None and machine.lower() == host.lower() and "password" in fields:
                    return fields.get("login", ""), fields["password"]
                machine, fields = None, {}
                key = "machine" if plain == "machine" else None
            elif plain in ("login", "password", "account"):
                key = plain
            elif plain == "macdef":
                in_macro = True
                break
    return None


class _AccessMirror:
    """The releases that the access API shows this caller."""

    # Seconds before its end that a URL is replaced, or a quarter of its life where that is less.
    _MARGIN = 30.0
    _BATCH = 100

    def __init__(self, job: _Job, url: str, credential: _Credential) -> None:
        self._job = job
        self.url = url
        self._base = url if url.endswith("/") else f"{url}/"
        self._credential = credential
        self._lock = threading.Lock()
        self._expected: List[_Artifact] = []
        # By path: URL, store, and when by this machine's monotonic clock no request begins with it any more.
        self._urls: Dict[str, Tuple[str, str, float]] = {}
        self._store: Optional[str] = None
        self._most = self._BATCH

    def registry(self) -> bytes:
        return self._record("registry", "its registry")

    def release(self, collection: str, version: str) -> bytes:
        return self._record(_quoted(f"{collection}/{version}/release.json"), f"{collection}@{version}")

    def expect(self, artifacts: Sequence[_Artifact]) -> None:
        self._expected = list(artifacts)

    def open(self, artifact: _Artifact, start: int, tag: Optional[str]) -> _Body:
        refused: Set[str] = set()
        while True:
            url, store = self._url_of(artifact)
            # Of another store's tag nothing follows: the range is asked for as it is, and the digest judges.
            known = tag[len(store) + 1 :] if tag is not None and tag.startswith(f"{store}:") else None
            try:
                headers = _range_headers(start, artifact.size, known)
                response = self._job.request("GET", url, headers, since=self._base)
            except Unavailable as fault:
                self._leave(store)
                raise Unavailable(f"{artifact.path}: {fault.message}", fault.hint, retryable=fault.retryable) from None
            if response.status == 200 or (response.status == 206 and start > 0):
                return _body_of(response, start, artifact.size, f"{store}:")
            response.close()
            self._forget(artifact, url)
            what = f"{artifact.path}: {store} at {_host(url)}"
            status = response.status
            if status == 416:
                raise _RangeRefused(f"{what}: no such range (HTTP 416)", retryable=True)
            if status == 429 or status >= 500:
                self._leave(store)
                raise Unavailable(f"{what} answers HTTP {status}", retryable=True, retry_after=response.wait())
            # It may have ended: a fresh one. Where that is refused too, the other store's.
            is_final = store in refused or status not in (400, 401, 403)
            if is_final and (len(refused) > 1 or not self._leave(store)):
                hint = "tell who runs the API: what signs its URLs may not read that object"
                raise Unavailable(f"{what} refuses the URL that {self.url} signed (HTTP {status})", hint)
            refused.add(store)

    def _record(self, path: str, what: str) -> bytes:
        with self._ask("GET", path) as response:
            if response.status == 404:
                raise NotFound(
                    f"{what} at {self.url} is not there, or not yours", f"asked with {self._credential.kind}"
                )
            return response.read(_RECORD_LIMIT, f"{what} at {self.url}")

    def _ask(self, method: str, path: str, body: Optional[bytes] = None) -> _Response:
        """200 or 404; a credential follows no redirect."""
        last = None
        while True:
            header = self._credential.header()
            # A record that is larger than the API's gateway answers comes compressed or not at all.
            headers = {"Authorization": header, "Accept-Encoding": "gzip"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            response = self._job.request(method, self._base + path, headers, body)
            status = response.status
            if status in (200, 404):
                return response
            response.close()
            if status in (401, 403):
                # Rotated in the moment between reading and asking?
                if last is None and self._credential.header() != header:
                    last = header
                    continue
                hint = "it has expired, was revoked, or the policy does not know it: ask who keeps the access policy"
                raise NotAuthorised(f"{self.url} refuses {self._credential.kind} (HTTP {status})", hint)
            if 300 <= status < 400:
                raise Unavailable(f"{self.url} redirects (HTTP {status}), and a credential follows no redirect")
            again = status in (408, 429) or status >= 500
            raise Unavailable(
                f"{self.url} answered HTTP {status}", retryable=again, retry_after=response.wait() if again else None
            )

    def _url_of(self, artifact: _Artifact) -> Tuple[str, str]:
        while True:
            with self._lock:
                known = self._urls.get(artifact.path)
                if known is not None and time.monotonic() < known[2]:
                    return known[0], known[1]
                self._fetch_urls(artifact)

    def _forget(self, artifact: _Artifact, url: str) -> None:
        with self._lock:
            if self._urls.get(artifact.path, ("",))[0] == url:
                del self._urls[artifact.path]

    def _leave(self, store: str) -> bool:
        """Next time the other store's URLs. Says whether there may be another."""
        other = {"s3": "gcs", "gcs": "s3"}.get(store)
        with self._lock:
            if other is None or self._store == "none":
                return False
            self._store = other
            self._urls = {path: one for path, one in self._urls.items() if one[1] == other}
            return True

    def _fetch_urls(self, artifact: _Artifact) -> None:
        """For the file, and for those that come after it and have no URL."""
        places = [one.path for one in self._expected]
        after = self._expected[places.index(artifact.path) + 1 :] if artifact.path in places else []
        now = time.monotonic()
        due = [one for one in after if now >= self._urls.get(one.path, ("", "", 0.0))[2]]
        files = [artifact] + due[: self._most - 1]
        answer = self._post_urls(files)
        if answer is None:
            self._require_release(artifact)
            if len(files) == 1:
                raise NotFound(
                    f"{artifact.path} at {self.url} is not there, or not yours", f"asked with {self._credential.kind}"
                )
            self._most = 1
            return
        store, sent, urls = answer
        for one in files:
            signed = urls.get(one.file)
            if signed is None:
                raise Unavailable(f"{self.url} answered without the URL of {_shown(one.file)}")
            life = max(0.0, signed[1] - sent)
            self._urls[one.path] = (signed[0], store, now + life - min(self._MARGIN, life / 4))

    def _post_urls(self, files: Sequence[_Artifact]) -> Optional[Tuple[str, float, Dict[str, Tuple[str, float]]]]:
        collection, version = files[0].path.split("/")[:2]
        question: Dict[str, Any] = {"collection": collection, "version": version, "files": [one.file for one in files]}
        if self._store in ("s3", "gcs"):
            question["store"] = self._store
        asked = time.time()
        try:
            response = self._ask("POST", "urls", json.dumps(question).encode())
        except Unavailable:
            if "store" not in question:
                raise
            return self._post_without_store(files)
        with response:
            if response.status == 404:
                return None if "store" not in question else self._post_without_store(files)
            text = response.read(16 * MIB, f"the answer of {self.url}")
            date = response.header("date")
        try:
            record = json.loads(text)
            sent = email.utils.parsedate_to_datetime(date).timestamp() if date else asked
            if record["collection"] != collection or record["version"] != version:
                raise ValueError
            urls = {one["file"]: (_plain_url(one["url"]), _instant(one["expiresAt"])) for one in record["urls"]}
            return str(record["store"]), sent, urls
        except (KeyError, TypeError, ValueError, RecursionError):
            raise Unavailable(f"{self.url} answered with something else than URLs of that release") from None

    def _post_without_store(
        self, files: Sequence[_Artifact]
    ) -> Optional[Tuple[str, float, Dict[str, Tuple[str, float]]]]:
        """That store is not one of the API's, or has no such release yet."""
        self._store = "none"
        return self._post_urls(files)

    def _require_release(self, artifact: _Artifact) -> None:
        collection, version = artifact.path.split("/")[:2]
        with self._ask("GET", _quoted(f"{collection}/{version}/release.json")) as response:
            if response.status == 200:
                return
        hint = "the grant was taken away or has ended; what came is kept: a later call continues"
        raise NotAuthorised(f"{self.url} gives {collection}@{version} to {self._credential.kind} no longer", hint)


def _plain_url(text: Any) -> str:
    parts = urllib.parse.urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError
    return str(text)


def _instant(text: str) -> float:
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", text)
    if found is None:
        raise ValueError
    return float(calendar.timegm(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S")))


def _open_mirror(
    job: _Job, url: str, token: Optional[str], token_file: Optional[Name]
) -> Union[_HttpMirror, _AccessMirror]:
    parts = _base_parts(url)
    path = parts.path.rstrip("/")
    if path.endswith("/iam/v1"):
        raise Usage(
            "AWS principals are asked for by `weighbridge pull`; here take the base that ends in /v1 and a token"
        )
    if not path.endswith("/v1"):
        return _HttpMirror(job, url)
    base = url if url.endswith("/") else f"{url}/"
    if not job.retry(lambda: _is_access_api(job, base)):
        return _HttpMirror(job, url)
    return _AccessMirror(job, url, _choose_credential(parts.hostname or "", token, token_file))


def _base_parts(url: str) -> urllib.parse.SplitResult:
    try:
        parts = urllib.parse.urlsplit(url)
        parts.port  # noqa: B018 - it is parsed when it is looked at
    except ValueError:
        parts = urllib.parse.urlsplit("")
    is_plain = re.fullmatch(r"[\x21-\x7e]+", url) is not None
    if not is_plain or parts.scheme not in ("http", "https") or not parts.hostname:
        raise Usage("the base of a mirror is an https URL (http on this machine)")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Usage(f"the base of a mirror has no user, query or fragment: {_origin(parts)}")
    return parts


def _is_access_api(job: _Job, base: str) -> bool:
    """An access API, or a plain mirror whose address happens to end like one? Asked without any credential."""
    with job.request("GET", f"{base}healthz", {}) as response:
        try:
            health = json.loads(response.read(4096, "healthz"))
            if isinstance(health, dict) and health.get("service") == "weighbridge-access":
                return True
        except (ValueError, RecursionError, Mismatch):
            pass
        if response.status == 429 or (response.status >= 500 and response.status != 501):
            raise Unavailable(
                f"{_host(base)} answered HTTP {response.status}", retryable=True, retry_after=response.wait()
            )
        return False


# --- The folder on this machine: the same as `weighbridge pull` keeps ---


class _Root:
    """Files, and beside them `.weighbridge/`: unfinished downloads by digest, locks, and copies of records."""

    def __init__(self, folder: str, below: Sequence[str] = ()) -> None:
        self.folder = folder
        self._below = list(below)

    def path(self, file: str) -> str:
        return os.path.join(self.folder, *self._below, *file.split("/"))

    def partial(self, sha256: str) -> str:
        return os.path.join(self.folder, _PRIVATE, "partial", sha256)

    def lock(self, sha256: str) -> str:
        """Locks are never removed, which would be a race; files share 256 of them, so that they stay few."""
        return os.path.join(self.folder, _PRIVATE, "locks", f"{sha256[:2]}.lock")

    def record(self, *names: str) -> str:
        return os.path.join(self.folder, _PRIVATE, *names)

    def prepare(self) -> None:
        try:
            os.makedirs(self.folder, exist_ok=True)
            for name in ("", "partial", "locks", "releases", "registries", "quarantine"):
                folder = os.path.join(self.folder, _PRIVATE, name).rstrip("/\\")
                if not os.path.lexists(folder):
                    os.makedirs(folder, exist_ok=True)
                if not stat.S_ISDIR(os.lstat(folder).st_mode):
                    raise Unwritable(f"{_PRIVATE} in the folder is not a plain folder", "remove it")
            ignore = os.path.join(self.folder, _PRIVATE, ".gitignore")
            if not os.path.lexists(ignore):
                _write_whole(ignore, b"*\n")
        except OSError as error:
            raise _file_fault_of(error, "the folder") from None

    def prepare_for(self, file: str) -> str:
        """Makes the file's folders one by one: a link that lies there must not lead what is written out of the root."""
        root = os.path.join(os.path.realpath(self.folder), "")
        segments = self._below + file.split("/")
        folder = self.folder
        for segment in segments[:-1]:
            folder = os.path.join(folder, segment)
            try:
                os.mkdir(folder)
            except FileExistsError:
                pass
            real = os.path.realpath(folder)
            if not real.startswith(root):
                raise Unwritable(f"a link on the way to {file} leads out of the folder: not written")
            if not os.path.isdir(real):
                raise Unwritable(f"a file stands where {file} needs a folder", "move it away")
        target = os.path.join(folder, segments[-1])
        if os.path.isdir(target) and not os.path.islink(target):
            raise Unwritable(f"a folder stands where {file} belongs", "move it away")
        return target


def _file_fault_of(error: OSError, what: str) -> WeighbridgeError:
    """The operating system's own answer, without the path."""
    words = {
        errno.ENOSPC: ("no space left", "free some and run it again: it goes on where it stopped"),
        errno.EDQUOT: ("the disk quota is used up", "free some space and run it again: it goes on where it stopped"),
        errno.EACCES: ("not permitted", "see who owns it"),
        errno.EPERM: ("not permitted", "see who owns it"),
        errno.EROFS: ("the file system is read-only", "choose another folder"),
        errno.ELOOP: ("a link is in the way", "remove it"),
        errno.ENAMETOOLONG: ("the path is too long", "choose a folder with a shorter path"),
    }.get(error.errno or 0, (f"the file system refuses it ({errno.errorcode.get(error.errno or 0, 'error')})", None))
    return Unwritable(f"{what}: {words[0]}", words[1])


def _write_whole(path: str, data: bytes) -> None:
    """Written aside and renamed: another process never reads half of it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    aside = f"{path}.{uuid.uuid4()}.tmp"
    try:
        with open(aside, "xb") as file:
            file.write(data)
        _replace(aside, path)
    except BaseException:
        _remove(aside)
        raise


def _replace(source: str, target: str) -> None:
    """Windows refuses while a virus scanner or a reader has the file open; that passes."""
    for tries in range(40):
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if os.name != "nt" or tries == 39:
                raise
            time.sleep(0.05)


def _remove(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass


def _read_kept(path: str) -> Optional[bytes]:
    try:
        with open(path, "rb") as file:
            return file.read(_RECORD_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _file_fault_of(error, "a kept record") from None


def _examine(job: _Job, path: str, artifact: _Artifact) -> str:
    """`missing`, `pointer`, `size`, `digest` or `valid`: looked at byte by byte, never judged by a name."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except OSError as error:
        if os.path.isdir(path):
            return "size"
        raise _file_fault_of(error, artifact.file) from None
    try:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode):
            return "size"
        if state.st_size != artifact.size:
            small = state.st_size <= _POINTER_LIMIT
            return "pointer" if small and os.read(handle, _POINTER_LIMIT).startswith(_POINTER_START) else "size"
        digest, done = hashlib.sha256(), 0
        for chunk in _file_chunks(job, handle):
            digest.update(chunk)
            done += len(chunk)
        return "valid" if done == artifact.size and digest.hexdigest() == artifact.sha256 else "digest"
    except OSError as error:
        raise _file_fault_of(error, artifact.file) from None
    finally:
        os.close(handle)


def _file_chunks(job: _Job, handle: int) -> Iterator[bytes]:
    while True:
        job.check()
        chunk = os.read(handle, MIB)
        if not chunk:
            return
        yield chunk


class _FileLock:
    """
    Exclusive between processes and threads; the kernel drops it when its holder dies, however it dies. It covers the
    bytes that SQLite locks, by which `weighbridge pull` does it: the two programs keep out of each other's way.
    """

    _START, _LENGTH = 0x40000000, 512
    _guard = threading.Lock()
    # The system's locks do not tell the threads of one process apart.
    _in_process: Dict[str, threading.Lock] = {}

    def __init__(self, job: _Job, path: str, what: str) -> None:
        self._job = job
        self._path = path
        self._what = what
        self._handle = -1
        with self._guard:
            self._own = self._in_process.setdefault(os.path.realpath(path), threading.Lock())

    def __enter__(self) -> None:
        looks = 0
        while not self._try():
            if looks == 0:
                _log.info("%s: another process is fetching it; waiting for that", self._what)
            self._job.sleep(min(0.5, 0.01 * 2 ** min(looks, 10)) * (0.5 + random.random() / 2))
            looks += 1

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
        self._own.release()

    def _try(self) -> bool:
        if not self._own.acquire(blocking=False):
            return False
        try:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._handle = os.open(self._path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
            try:
                if self._lock_bytes():
                    return True
            except BaseException:
                os.close(self._handle)
                raise
            os.close(self._handle)
        except OSError as error:
            self._own.release()
            raise _file_fault_of(error, "the lock file") from None
        except BaseException:
            self._own.release()
            raise
        self._own.release()
        return False

    def _lock_bytes(self) -> bool:
        try:
            if os.name == "nt":
                import msvcrt

                os.lseek(self._handle, self._START, os.SEEK_SET)
                msvcrt.locking(self._handle, msvcrt.LK_NBLCK, self._LENGTH)  # type: ignore[attr-defined]
            else:
                import fcntl

                fcntl.lockf(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, self._LENGTH, self._START, os.SEEK_SET)
            return True
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                return False
            raise


class _Partial:
    """A download being written aside, under a name made of its digest. Whoever opens one holds the lock of that digest."""

    def __init__(self, job: _Job, path: str, size: int) -> None:
        self._path = path
        self._size = size
        self.digest = hashlib.sha256()
        self.done = 0
        self.tag: Optional[str] = None
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._handle = os.open(path, flags, 0o666)
        try:
            found = os.fstat(self._handle).st_size
            if _RESUME_FROM <= found <= size:
                for chunk in _file_chunks(job, self._handle):
                    self.digest.update(chunk)
                    self.done += len(chunk)
                self.tag = self._kept_tag()
            else:
                self.restart()
        except BaseException:
            os.close(self._handle)
            raise
        self.resumed = self.done

    def _kept_tag(self) -> Optional[str]:
        try:
            with open(f"{self._path}.etag", encoding="latin-1") as file:
                tag = file.read(1024)
        except FileNotFoundError:
            return None
        return tag if re.fullmatch(r'[a-z0-9]*:?"[\x21\x23-\x7e\x80-\xff]*"', tag) else None

    def restart(self) -> None:
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self.digest = hashlib.sha256()
        self.done = 0
        self.tag = None

    def remember(self, tag: Optional[str]) -> None:
        """The tag of what is about to be written, for the next run's `If-Range`."""
        if tag == self.tag:
            return
        self.tag = tag
        if tag is None or self._size < _RESUME_FROM:
            _remove(f"{self._path}.etag")
        else:
            with open(f"{self._path}.etag", "w", encoding="latin-1") as file:
                file.write(tag)

    def add(self, chunk: bytes) -> None:
        view = memoryview(chunk)
        while view:
            written = os.write(self._handle, view)
            view = view[written:]
        self.digest.update(chunk)
        self.done += len(chunk)

    def install(self, target: str) -> None:
        """In one step. The rename survives a power cut, where the system can promise that."""
        os.fsync(self._handle)
        self.close()
        _replace(self._path, target)
        _remove(f"{self._path}.etag")
        if os.name == "posix":
            folder = os.open(os.path.dirname(target), os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def discard(self) -> None:
        self.close()
        _remove(self._path)
        _remove(f"{self._path}.etag")

    def close(self) -> None:
        """What arrived stays for the next run."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


# --- Fetching ---

_Mirror = Union[_HttpMirror, _AccessMirror, _UrlMirror]


def _fetch(
    job: _Job,
    mirror: _Mirror,
    root: _Root,
    artifact: _Artifact,
    force: bool,
    quarantine: bool,
    counted: Callable[[int], None],
) -> str:
    """Brings one file to its place, proven. Until then whatever lies there stays, unless it is a bad copy in a cache."""
    target = root.prepare_for(artifact.file)
    with _FileLock(job, root.lock(artifact.sha256), artifact.file):
        state = _examine(job, target, artifact)
        if state == "valid" and not force:
            return "present"
        if quarantine and state in ("digest", "size", "pointer"):
            # In a cache the path says what it must be: these bytes are damaged, and nobody may open them any more.
            os.replace(target, root.record("quarantine", artifact.sha256))
            _log.warning("%s was damaged on this machine (%s): moved aside, fetched again", artifact.file, state)
        if _download(job, mirror, root, artifact, target, counted):
            return "fetched"
        # What an earlier run left was wrong, not necessarily what the mirror sent: once more from the first byte.
        if _download(job, mirror, root, artifact, target, counted):
            return "fetched"
        raise Mismatch(f"{artifact.file} changed while it was being read twice")


def _download(
    job: _Job, mirror: _Mirror, root: _Root, artifact: _Artifact, target: str, counted: Callable[[int], None]
) -> bool:
    """False: bytes that were continued, or came under several tags, did not lead to the digest; they are gone now."""
    part = _Partial(job, root.partial(artifact.sha256), artifact.size)
    tags = set()
    patience = _Patience(job)
    furthest = part.done
    told = 0.0
    try:
        while part.done < artifact.size:
            try:
                body = mirror.open(artifact, part.done, part.tag)
                try:
                    if body.start != part.done or (
                        part.done > 0 and part.tag is not None and body.tag not in (None, part.tag)
                    ):
                        changed = body.start == part.done
                        part.restart()
                        if changed:
                            raise Unavailable(f"{artifact.file} changed at the mirror meanwhile", retryable=True)
                    part.remember(body.tag)
                    tags.add(body.tag)
                    for chunk in body.chunks():
                        counted(len(chunk))
                        if part.done + len(chunk) > artifact.size:
                            raise _wrong_size(artifact.file, artifact.size, part.done + len(chunk), " or more")
                        part.add(chunk)
                        if time.monotonic() - told > 0.1:
                            told = time.monotonic()
                            job.tell(part.done, artifact.size, artifact.file)
                finally:
                    body.close()
                if part.done < artifact.size:
                    raise _wrong_size(artifact.file, artifact.size, part.done)
            except WeighbridgeError as fault:
                if isinstance(fault, _RangeRefused):
                    part.restart()
                # A server that always breaks at one place must not keep us for ever: only new ground counts.
                if part.done >= furthest + MIB:
                    furthest = part.done
                    patience.renew()
                patience.spend(fault)
        actual = part.digest.hexdigest()
        if actual != artifact.sha256:
            stale = part.resumed > 0 or len(tags) > 1
            part.discard()
            if stale:
                return False
            text = f"{artifact.file}: the mirror sent other bytes: expected sha256 {artifact.sha256}, got {actual}"
            raise Mismatch(text, expected=artifact.sha256, actual=actual)
        part.install(target)
        job.tell(artifact.size, artifact.size, artifact.file)
        return True
    finally:
        part.close()


def _require_space(root: _Root, artifacts: Sequence[_Artifact]) -> None:
    """Refuses to begin what cannot end; counts what unfinished downloads hold already."""
    needed = 0
    for one in artifacts:
        try:
            begun = os.stat(root.partial(one.sha256)).st_size
        except OSError:
            begun = 0
        needed += max(0, one.size - begun)
    free = shutil.disk_usage(root.folder).free
    if needed > free:
        raise Unwritable(
            f"the files need {needed} bytes and the disk has {free} left", "free some space, or name fewer files"
        )


# --- Records: from the mirror, or as an earlier call kept them ---


def _keep(root: _Root, release: _Release, is_latest: bool) -> None:
    _write_whole(root.record("releases", release.collection, f"{release.version}.json"), release.bytes)
    if is_latest:
        _write_whole(root.record("releases", release.collection, "latest"), release.version.encode())


def _kept(root: _Root, collection: str, version: Optional[str]) -> _Release:
    if version is None:
        text = _read_kept(root.record("releases", collection, "latest"))
        version = None if text is None else text.decode("latin-1").strip()
    name = f"{collection}@{_shown(version or 'latest')}"
    data = None
    if version is not None and _is_version(version):
        data = _read_kept(root.record("releases", collection, f"{version}.json"))
    if data is None or version is None:
        raise NotFound(f"{name} was never fetched into this folder", "fetch it once with a connection")
    return _Release(data, collection, version, f"the kept record of {name}")


def _registry(
    job: _Job, mirror: Union[_HttpMirror, _AccessMirror], root: _Root, keep: bool, warnings: List[str]
) -> _Registry:
    """The registry as it is now; where it went back to an older state, the newest one that was seen."""
    registry = job.retry(lambda: _Registry(mirror.registry(), mirror.url))
    path = root.record("registries", hashlib.sha256(mirror.url.rstrip("/").encode()).hexdigest()[:32] + ".json")
    data = _read_kept(path)
    try:
        before = None if data is None else _Registry(data, mirror.url)
    except Mismatch:
        before = None
    if before is not None and before.serial > registry.serial:
        text = f"the registry of {mirror.url} went back from state {before.serial} to {registry.serial}: the newer one is used"
        warnings.append(
            f"{text}; if the mirror was made anew, remove {os.path.join(_PRIVATE, 'registries', os.path.basename(path))}"
        )
        return before
    if keep and (before is None or before.serial < registry.serial):
        _keeping(root, lambda: _write_whole(path, registry.bytes))
    return registry


def _keeping(root: _Root, work: Callable[[], None]) -> None:
    root.prepare()
    try:
        work()
    except OSError as error:
        raise _file_fault_of(error, "the folder") from None


class _Known:
    """The record to prove against. `fault`: the mirror did not answer, and an earlier copy stands in."""

    def __init__(self, release: _Release, fault: Optional[WeighbridgeError] = None) -> None:
        self.release = release
        self.fault = fault


def _find_record(
    job: _Job,
    open_mirror: Callable[[], Optional[Union[_HttpMirror, _AccessMirror]]],
    root: _Root,
    ref: Tuple[str, Optional[str]],
    keep: bool,
    warnings: List[str],
) -> Tuple[_Known, Optional[Union[_HttpMirror, _AccessMirror]]]:
    collection, wanted = ref
    try:
        mirror = open_mirror()
        if mirror is None:
            return _Known(_kept(root, collection, wanted)), None
        registry = _registry(job, mirror, root, keep, warnings)
        version, entry = registry.find(collection, wanted)
        name = f"{collection}@{version}"
        data = job.retry(lambda: mirror.release(collection, version))
        release = _check_release(data, collection, version, entry, registry.access, f"release.json of {name}")
        _require_unchanged(root, release)
        yanked = entry.get("yanked")
        if isinstance(yanked, dict):
            warnings.append(f"{name} was yanked: {_shown(str(yanked.get('reason')))}")
        if keep:
            is_latest = registry.collections[collection].get("latest") == version
            _keeping(root, lambda: _keep(root, release, is_latest))
        return _Known(release), mirror
    except Unavailable as fault:
        job.check()
        if not fault.retryable:
            raise
        try:
            release = _kept(root, collection, wanted)
        except WeighbridgeError:
            raise fault from None
        warnings.append(f"{fault.message}; proven against the record that was kept here")
        return _Known(release, fault), None


def _require_unchanged(root: _Root, release: _Release) -> None:
    """Releases never change: a mirror that says otherwise of one that was seen here before is not believed."""
    try:
        before = _kept(root, release.collection, release.version)
    except WeighbridgeError:
        return
    if before.content != release.content:
        text = (
            f"{release.name} has other content than when it was first fetched into this folder: releases never change"
        )
        hint = "for another environment take another folder; else ask who keeps the mirror"
        raise Mismatch(text, hint, expected=before.content, actual=release.content)


# --- The public functions ---


def pull(
    release: str,
    names: Sequence[str] = (),
    *,
    base: Optional[str] = None,
    dir: Optional[Name] = None,  # noqa: A002 - the word that callers look for
    cache: Optional[Name] = None,
    check: bool = False,
    force: bool = False,
    offline: bool = False,
    timeout: Optional[float] = None,
    stall: float = 60.0,
    attempts: int = 4,
    jobs: int = 4,
    progress: Optional[Progress] = None,
    token: Optional[str] = None,
    token_file: Optional[Name] = None,
    trust: Sequence[str] = (),
) -> Dict[str, Any]:
    """
    Brings files of a release to this machine and returns what became of each, in the words of `weighbridge pull --json`.
    One file's failure stops no other and is not raised: see `ok` and `files`.

    release    `collection@version`; the registry's latest without a version
    names      ids, files or aliases, matched exactly; none: all files
    base       URL of the mirror, or of the access API (it ends in /v1); $WEIGHBRIDGE_API by default
    dir        files come to DIR/FILE; by default to CACHE/COLLECTION/VERSION/FILE
    cache      that folder; by default $WEIGHBRIDGE_CACHE, else ~/.cache/weighbridge
    check      change nothing, only look
    force      fetch also what is right already
    offline    no network
    timeout    seconds for everything together; None: as long as it takes
    stall      seconds that a server may be silent
    attempts   tries in all, for network errors, HTTP 408, 429 and 5xx; every MiB of new bytes earns them again
    jobs       files at the same time
    progress   called in this thread with (bytes done, bytes in all, file), at most ten times a second for each file
    token      for the access API; else token_file, WEIGHBRIDGE_TOKEN, WEIGHBRIDGE_TOKEN_FILE, netrc
    trust      origins that may be read in plain http; this machine always may

    Raises Usage, NotFound, NotAuthorised, Mismatch, Unavailable, TimedOut and Unwritable where no file could be tried.
    """
    collection, version = _parse_ref(release)
    names = [names] if isinstance(names, str) else list(names)
    skip = _switch("WEIGHBRIDGE_SKIP_DOWNLOAD")
    base = base if base is not None else _setting("WEIGHBRIDGE_API")
    online = not (offline or skip)
    if online and base is None:
        raise Usage("no mirror is named", "give base (--from), or set WEIGHBRIDGE_API")
    if online and base is not None:
        _base_parts(base)
    folder, flat = _folder(dir, cache)
    job = _Job(timeout, stall, attempts, trust, progress)

    def work() -> Dict[str, Any]:
        started = time.monotonic()
        warnings: List[str] = []

        def open_mirror() -> Optional[Union[_HttpMirror, _AccessMirror]]:
            return _open_mirror(job, base, token, token_file) if online and base is not None else None

        known, mirror = _find_record(job, open_mirror, _Root(folder), (collection, version), not check, warnings)
        found = known.release
        root = _Root(folder, () if flat else (collection, found.version))
        files = [_FileState(one, required, root.path(one.file)) for one, required in found.select(names)]
        _each(job, jobs, files, lambda one: one.look(job))
        if mirror is not None and not check:
            due = [one for one in files if force or one.state != "valid"]
            if due:
                root.prepare()
                _require_space(root, [one.artifact for one in due])
                mirror.expect([one.artifact for one in due])
            reader = mirror
            _each(job, jobs, due, lambda one: one.fetch(job, reader, root, force, not flat))
            for one in files:
                one.state = "present" if one.state == "valid" else one.state
        ok = all(one.is_right or not one.required for one in files)
        if not ok and known.fault is not None:
            raise known.fault
        return {
            "ok": ok,
            "release": found.name,
            "collection": collection,
            "version": found.version,
            "from": None if mirror is None else mirror.url,
            "files": [one.report() for one in files],
            "bytesFetched": sum(one.fetched for one in files),
            "seconds": round(time.monotonic() - started, 3),
            "warnings": warnings,
        }

    try:
        report = job.run(work)
    except NotFound as fault:
        if not skip:
            raise
        raise Skipped(f"{fault.message}; WEIGHBRIDGE_SKIP_DOWNLOAD is set: nothing is fetched") from None
    for warning in report["warnings"]:
        _log.warning("%s", warning)
    return report


def get(release: Name, name: Union[None, Name, Sequence[str]] = None, **options: Any) -> Any:
    """
    The absolute path of one file of a release, or a list of paths for several names or, without a name, for all files.
    Every path that is returned holds proven bytes. Options are those of `pull` but for `check`.

    What is a path already (a `pathlib.Path`, or text that begins with `/`, `./`, `../`, `~` or a drive) is returned
    unchanged if the file exists, with neither registry nor network: one setting may hold either. Other text is always
    a name, whatever lies in the current folder.

    Raises NotFound, NotAuthorised, Mismatch, Skipped, Unavailable, TimedOut, Unwritable, Usage; where it was about
    files, `report` of the error says what became of each.
    """
    for given in (name, release if name is None else None):
        if isinstance(given, (str, os.PathLike)) and _is_path(given):
            if os.path.isfile(os.path.expanduser(given)):
                return given
            raise NotFound(f"there is no file {_shown(os.fspath(given))}")
    one = isinstance(name, str)
    names: List[Any] = [] if name is None else [name] if one else list(name)  # type: ignore[arg-type]
    if "check" in options:
        raise TypeError("get() has no option 'check': verify() only looks")
    if name is not None and not names:
        return []
    report = pull(os.fspath(release), names, **options)
    _raise_for(report, offline=bool(options.get("offline")))
    paths = {file["file"]: file["path"] for file in report["files"] if file["state"] in _RIGHT}
    for file in report["files"]:
        if file["state"] not in _RIGHT:
            _log.warning("optional %s: %s", file["file"], file.get("reason", file["state"]))
    if not names:
        return list(paths.values())
    # In the order of the names, of which two may mean one file.
    root = _Root(_folder(options.get("dir"), options.get("cache"))[0])
    record = _kept(root, report["collection"], report["version"])
    asked = [paths[record.select([each])[0][0].file] for each in names]
    return asked[0] if one else asked


def verify(release: str, names: Sequence[str] = (), **options: Any) -> Dict[str, Any]:
    """Looks at the files on this machine and changes nothing: the report of `pull` with `check`."""
    return pull(release, names, **{**options, "check": True})


def latest(collection: str, **options: Any) -> str:
    """
    The version that the registry calls the latest: the highest that is neither a prerelease nor withdrawn, or with tags
    the last one. Options are those of `pull`; offline it is the one that was last seen. Raises NotFound where there is none.
    """
    name, version = _parse_ref(collection)
    if version is not None:
        raise Usage(f"{_shown(collection)!r} names a version already")
    known = {"base", "dir", "cache", "offline", "timeout", "stall", "attempts", "token", "token_file", "trust"}
    unknown = set(options) - known
    if unknown:
        raise TypeError(f"latest() has no option {sorted(unknown)[0]!r}")
    skip = _switch("WEIGHBRIDGE_SKIP_DOWNLOAD")
    root = _Root(_folder(options.get("dir"), options.get("cache"))[0])
    if options.get("offline") or skip:
        return _kept(root, name, None).version
    base = options.get("base") or _setting("WEIGHBRIDGE_API")
    if base is None:
        raise Usage("no mirror is named", "give base, or set WEIGHBRIDGE_API")
    job = _Job(
        options.get("timeout"), options.get("stall", 60.0), options.get("attempts", 4), options.get("trust", ()), None
    )
    warnings: List[str] = []

    def work() -> str:
        mirror = _open_mirror(job, base, options.get("token"), options.get("token_file"))
        return _registry(job, mirror, root, False, warnings).latest(name)

    found = job.run(work)
    for warning in warnings:
        _log.warning("%s", warning)
    return found


def get_url(
    url: str,
    path: Name,
    *,
    sha256: str,
    size: Optional[int] = None,
    force: bool = False,
    timeout: Optional[float] = None,
    stall: float = 60.0,
    attempts: int = 4,
    progress: Optional[Progress] = None,
    trust: Sequence[str] = (),
) -> str:
    """
    Fetches one file from a URL that somebody handed out, such as a signed one, proves it, and puts it at `path`. What is
    there and right already is not fetched; an unfinished download is continued, also with another URL of the same file.
    `.weighbridge/` beside the file holds what is unfinished. The URL is shown nowhere.

    Raises as `get`.
    """
    target = os.path.abspath(os.path.expanduser(os.fspath(path)))
    digest = sha256.lower()
    if _HEX.fullmatch(digest) is None:
        raise Usage("sha256 has 64 hexadecimal digits")
    fault = _file_fault(os.path.basename(target))
    if fault is not None:
        raise Usage(f"{_shown(os.path.basename(target))!r} {fault}")
    parts = urllib.parse.urlsplit(url) if re.fullmatch(r"[\x21-\x7e]+", url) else urllib.parse.urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Usage("that is neither an https nor an http URL")
    record = {
        "id": "file",
        "file": os.path.basename(target),
        "path": "",
        "size": size or 0,
        "sha256": digest,
        "required": True,
    }
    artifact = _Artifact(record, "the file")
    root = _Root(os.path.dirname(target))
    job = _Job(timeout, stall, attempts, trust, progress)

    def work() -> None:
        mirror = _UrlMirror(job, url)
        if not force and size is None and os.path.isfile(target):
            artifact.size = os.path.getsize(target)
            if _examine(job, target, artifact) == "valid":
                return
        if not force and size is not None and _examine(job, target, artifact) == "valid":
            return
        if _switch("WEIGHBRIDGE_SKIP_DOWNLOAD"):
            raise Skipped(f"{artifact.file} is not here; WEIGHBRIDGE_SKIP_DOWNLOAD is set: nothing is fetched")
        artifact.size = job.retry(mirror.size) if size is None else size
        root.prepare()
        _require_space(root, [artifact])
        try:
            _fetch(job, mirror, root, artifact, force, False, lambda count: None)
        except OSError as error:
            raise _file_fault_of(error, artifact.file) from None

    job.run(work)
    return target


_RIGHT = ("valid", "present", "fetched")


class _FileState:
    """How it is with one file; becomes its line of the report."""

    def __init__(self, artifact: _Artifact, required: bool, path: str) -> None:
        self.artifact = artifact
        self.required = required
        self.path = path
        self.state = "missing"
        self.fetched = 0
        self.seconds = 0.0
        self.fault: Optional[WeighbridgeError] = None

    @property
    def is_right(self) -> bool:
        return self.state in _RIGHT

    def look(self, job: _Job) -> None:
        self._timed(job, lambda: _examine(job, self.path, self.artifact))

    def fetch(self, job: _Job, mirror: _Mirror, root: _Root, force: bool, quarantine: bool) -> None:
        def counted(count: int) -> None:
            self.fetched += count

        self._timed(job, lambda: _fetch(job, mirror, root, self.artifact, force, quarantine, counted))

    def _timed(self, job: _Job, work: Callable[[], str]) -> None:
        started = time.monotonic()
        try:
            self.state = work()
            self.fault = None
        except OSError as error:
            self.state, self.fault = "failed", _file_fault_of(error, self.artifact.file)
        except WeighbridgeError as fault:
            job.check()
            self.state, self.fault = "failed", fault
        finally:
            self.seconds += time.monotonic() - started

    def report(self) -> Dict[str, Any]:
        one = self.artifact
        line: Dict[str, Any] = {"id": one.id, "file": one.file, "state": self.state, "required": self.required}
        line.update(
            size=one.size, sha256=one.sha256, path=self.path, bytesFetched=self.fetched, seconds=round(self.seconds, 3)
        )
        if self.fault is not None:
            line.update(reason=str(self.fault), code=self.fault.code)
        return line


def _each(job: _Job, width: int, items: Sequence[_FileState], work: Callable[[_FileState], None]) -> None:
    """At most `width` at the same time. Raises what no file is to blame for: the time is over, a fault of this program."""
    waiting: "queue.SimpleQueue[_FileState]" = queue.SimpleQueue()
    for one in items:
        waiting.put(one)
    faults: List[BaseException] = []

    def worker() -> None:
        while not faults:
            try:
                one = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                work(one)
            except BaseException as error:  # noqa: B902 - raised below
                faults.append(error)

    threads = [threading.Thread(target=worker, daemon=True) for _ in range(max(1, min(width, len(items))) - 1)]
    for thread in threads:
        thread.start()
    worker()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def _raise_for(report: Dict[str, Any], offline: bool) -> None:
    """The error of a report that is not ok, for callers who want files or nothing."""
    wrong = [file for file in report["files"] if file["required"] and file["state"] not in _RIGHT]
    if not wrong:
        return
    words = "; ".join(str(file.get("reason") or f"{file['file']} {_WORDS[file['state']]}") for file in wrong[:3])
    more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    text = f"{report['release']}: {words}{more}"
    kind: type
    if _switch("WEIGHBRIDGE_SKIP_DOWNLOAD"):
        kind, text = Skipped, f"{text}; WEIGHBRIDGE_SKIP_DOWNLOAD is set: nothing is fetched"
    elif offline:
        kind = NotFound
    else:
        codes = {file.get("code", "") for file in wrong}
        first = next((code for code in codes if code != "NotAuthorised"), "NotAuthorised")
        kind = {each.__name__: each for each in (NotFound, NotAuthorised, Mismatch, Unavailable, Unwritable)}.get(
            first, Mismatch
        )
    error = kind(text)
    error.report = report
    raise error


_WORDS = {
    "missing": "is not here",
    "pointer": "is a Git LFS pointer, not the file it stands for",
    "size": "has another size",
    "digest": "holds other bytes",
    "failed": "failed",
}


def _is_path(given: Name) -> bool:
    if not isinstance(given, str):
        return True
    return os.path.isabs(given) or re.match(r"(?:\.{1,2}|~[^/\\]*)[/\\]|[A-Za-z]:[/\\]", given) is not None


def _setting(name: str) -> Optional[str]:
    """An empty value counts as unset."""
    return os.environ.get(name, "").strip() or None


def _switch(name: str) -> bool:
    return (_setting(name) or "no").lower() not in ("0", "false", "no", "off")


def _folder(dir: Optional[Name], cache: Optional[Name]) -> Tuple[str, bool]:  # noqa: A002
    """Absolute; and whether files lie directly in it. The current folder counts only where a path says so."""
    if dir is not None:
        return os.path.abspath(os.path.expanduser(os.fspath(dir))), True
    named = os.fspath(cache) if cache is not None else _setting("WEIGHBRIDGE_CACHE")
    if named is None:
        named = os.path.join(_setting("XDG_CACHE_HOME") or os.path.join("~", ".cache"), "weighbridge")
    return os.path.abspath(os.path.expanduser(named)), False


# --- The command line ---


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise Usage(message, "see --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="weighbridge_get.py", description="Fetches files of a release and proves every byte.")
    parser.add_argument("release", nargs="?", help="COLLECTION[@VERSION]; the latest without a version")
    parser.add_argument("names", nargs="*", metavar="NAME", help="ids, files or aliases; all files without one")
    parser.add_argument(
        "--from", dest="base", metavar="URL", help="the mirror, or an access API (default: $WEIGHBRIDGE_API)"
    )
    parser.add_argument(
        "--into", metavar="DIR", help="where the files come to; by default the cache, and paths are printed"
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; say missing, pointer, size, digest or valid"
    )
    parser.add_argument("--force", action="store_true", help="fetch also what is right already")
    parser.add_argument("--offline", action="store_true", help="no network")
    parser.add_argument("--timeout", type=_seconds, metavar="T", help="for everything together: 90, 90s, 5m, 1h")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON document")
    parser.add_argument(
        "--trust-origin", action="append", default=[], metavar="ORIGIN", help="may be read in plain http"
    )
    parser.add_argument(
        "--url", metavar="URL", help="one file from this URL (-: from standard input), to the path --into"
    )
    parser.add_argument("--sha256", metavar="HEX", help="what the file of --url must be")
    parser.add_argument("--version", action="version", version=__version__)
    return parser


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)\s*(ms|s|m|h)?", text)
    if found is None or float(found[1]) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no time such as 90s or 5m")
    return float(found[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[found[2] or "s"]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """The command line. Returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        asked = _parser().parse_intermixed_args(given)
        return _run_url(asked) if asked.url is not None else _run(asked)
    except WeighbridgeError as error:
        if as_json:
            problem = {"code": error.code, "message": error.message}
            print(json.dumps({"error": problem if error.hint is None else {**problem, "hint": error.hint}}))
        else:
            _say(f"weighbridge_get: {error.message}")
            if error.hint is not None:
                _say(f"  {error.hint}")
        return error.exit
    except KeyboardInterrupt:
        _say("weighbridge_get: interrupted; run it again: it goes on where it stopped")
        return 130


def _run_url(asked: argparse.Namespace) -> int:
    if asked.release is not None or asked.sha256 is None or asked.into is None:
        raise Usage("--url goes with --sha256 HEX and --into FILE, and without a release")
    # Other users see the arguments of a process; standard input is ours alone.
    url = sys.stdin.readline().strip() if asked.url == "-" else asked.url
    path = get_url(
        url, asked.into, sha256=asked.sha256, force=asked.force, timeout=asked.timeout, trust=asked.trust_origin
    )
    print(json.dumps({"ok": True, "path": path}) if asked.json else path)
    return 0


def _run(asked: argparse.Namespace) -> int:
    if asked.release is None:
        raise Usage("no release is named", "see --help")
    # Progress on a terminal is one line; elsewhere the summary will do.
    live = not asked.json and sys.stderr.isatty()
    logging.basicConfig(format="%(message)s", level=logging.ERROR)
    report = pull(
        asked.release,
        asked.names,
        base=asked.base,
        dir=asked.into,
        check=asked.check,
        force=asked.force,
        offline=asked.offline,
        timeout=asked.timeout,
        progress=_line if live else None,
        trust=asked.trust_origin,
    )
    if live:
        sys.stderr.write("\r\x1b[K")
    if asked.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report, asked)
    if report["ok"]:
        return 0
    if _switch("WEIGHBRIDGE_SKIP_DOWNLOAD"):
        return Skipped.exit
    wrong = [file for file in report["files"] if file["required"] and file["state"] not in _RIGHT]
    if all(file.get("code") == "NotAuthorised" for file in wrong):
        return NotAuthorised.exit
    return NotFound.exit if asked.offline and not asked.check else 1


def _show(report: Dict[str, Any], asked: argparse.Namespace) -> None:
    for warning in report["warnings"]:
        _say(f"warning: {warning}")
    files = report["files"]
    if asked.check:
        for file in files:
            print(f"{file['state']:<8} {file['file']}{'' if file['required'] else '  (optional)'}")
        return
    right = [file for file in files if file["state"] in _RIGHT]
    for file in files:
        if file["state"] not in _RIGHT:
            what = f"failed: {file['reason']}" if file.get("reason") else _WORDS[file["state"]]
            _say(f"{'error' if file['required'] else 'warning: optional'}: {file['file']} {what}")
    fetched = sum(file["state"] == "fetched" for file in files)
    words = f"{report['release']}: {len(right)} of {len(files)} {'file' if len(files) == 1 else 'files'} proven"
    words += f", {fetched} fetched ({report['bytesFetched']} bytes)"
    if asked.into is None:
        for file in right:
            print(file["path"])
        _say(words)
    else:
        print(words)


def _line(done: int, total: int, file: str) -> None:
    width = max(20, shutil.get_terminal_size().columns - 1)
    text = f"{done * 100 // max(1, total):3d} % of {total / MIB:.1f} MiB  {file}"
    sys.stderr.write(f"\r\x1b[K{text[:width]}")
    sys.stderr.flush()


def _say(text: str) -> None:
    print(_shown(text), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
