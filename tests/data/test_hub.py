"""Pinned files are fetched with leave from a server on loopback, verified, and then read without one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from qspec.data.hub import fetch, parse_address
from qspec.errors import NotExecutableError, QSpecError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BODY = b"x,y\n1,2\n"
ADDRESS = f"hf://datasets/org/name@{COMMIT}/data/test.csv"


@pytest.fixture
def hub(serve_hub: Callable[[dict[str, bytes]], tuple[str, list[str]]]) -> tuple[str, list[str]]:
    return serve_hub({f"datasets/org/name/resolve/{COMMIT}/data/test.csv": BODY})


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
