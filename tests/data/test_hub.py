"""Pinned files are fetched with leave from a server on loopback, verified, and then read without one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from qspec.data.hub import fetch, parse_address
from qspec.errors import NotExecutableError, QSpecError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BODY = b"x,y\n1,2\n"
ADDRESS = f"hf://datasets/org/name@{COMMIT}/data/test.csv"


class Hub(BaseHTTPRequestHandler):
    """Answers for one file as a hub does."""

    requests: list[str]

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_GET(self) -> None:
        self._answer(BODY)

    def _answer(self, body: bytes) -> None:
        self.requests.append(self.path)
        if self.path != f"/datasets/org/name/resolve/{COMMIT}/data/test.csv":
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha1(BODY).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def hub() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (Hub,), {"requests": seen})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_file_is_fetched_once_with_leave(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    endpoint, seen = hub
    digest = hashlib.sha256(BODY).hexdigest()
    path = fetch(ADDRESS, allow_network=True, sha256=digest, cache=tmp_path, endpoint=endpoint)
    assert path.read_bytes() == BODY
    asked = len(seen)
    again = fetch(ADDRESS, allow_network=False, sha256=digest, cache=tmp_path, endpoint=endpoint)
    assert (again, len(seen)) == (path, asked)


def test_without_leave_nothing_is_asked(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    with pytest.raises(NotExecutableError, match="may not be used"):
        fetch(ADDRESS, allow_network=False, cache=tmp_path, endpoint=hub[0])
    assert not hub[1]


def test_another_digest_is_refused(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    with pytest.raises(QSpecError, match="the spec declares"):
        fetch(ADDRESS, allow_network=True, sha256="0" * 64, cache=tmp_path, endpoint=hub[0])


def test_a_file_the_hub_does_not_have_is_a_sentence(hub: tuple[str, list[str]], tmp_path: Path) -> None:
    with pytest.raises(QSpecError, match="could not be fetched"):
        fetch(ADDRESS.replace("test.csv", "none.csv"), allow_network=True, cache=tmp_path, endpoint=hub[0])


@pytest.mark.parametrize(
    "address",
    [
        "hf://datasets/org/name@main/x.csv",
        "hf://org/name/x.csv",
        f"hf://datasets/org/name@{COMMIT}/../x",
        f"hf://datasets/org/name@{COMMIT}/a//b",
        "hf://",
    ],
)
def test_addresses_are_pinned_and_plain(address: str) -> None:
    with pytest.raises(QSpecError):
        parse_address(address)
