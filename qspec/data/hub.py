"""Files of a model and data hub, pinned by revision: fetched once with leave, verified, then read from a cache.

Addresses are `hf://datasets/ORG/NAME@REVISION/PATH` and `hf://ORG/NAME@REVISION/PATH`; REVISION is the full commit, since
a branch or a tag may move.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from qspec.data.paths import verify_digest
from qspec.errors import NotExecutableError, QSpecError, one_line
from qspec.resources import cache_folder

SCHEME = "hf://"
_ADDRESS = re.compile(
    r"hf://(?P<kind>datasets/)?(?P<org>[\w.-]+)/(?P<name>[\w.-]+)@(?P<revision>[^/]+)/(?P<path>[^\x00-\x1f]+)"
)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Address:
    """One file of a hub at one commit."""

    repository: str
    kind: str
    """`dataset` or `model`."""
    revision: str
    path: str


def parse_address(text: str) -> Address:
    """The parts of an address; raises `QSpecError` for one that is not pinned to a full commit."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise QSpecError(
            f"`{text}` is no address of a file in a hub.",
            hint="write hf://datasets/ORG/NAME@COMMIT/PATH, or hf://ORG/NAME@COMMIT/PATH for a model",
        )
    if _COMMIT.fullmatch(match["revision"]) is None:
        raise QSpecError(
            f"`{match['revision']}` is not a commit, and what it names may change.",
            hint="pin the full commit, forty hexadecimal digits",
        )
    parts = match["path"].split("/")
    if any(part in {"", ".", ".."} for part in parts):
        raise QSpecError(
            f"The path in `{text}` climbs or has empty parts.", hint="name the file by its plain path"
        )
    kind = "dataset" if match["kind"] else "model"
    return Address(f"{match['org']}/{match['name']}", kind, match["revision"], match["path"])


def fetch(
    text: str,
    *,
    allow_network: bool,
    sha256: str | None = None,
    cache: Path | None = None,
    endpoint: str | None = None,
) -> Path:
    """The file an address names, in a folder of the cache; its digest verified where one is declared.

    Only with `allow_network` is anything fetched; without, a file that was fetched before is used. Raises
    `NotExecutableError` when it is neither here nor may be fetched, `QSpecError` when the hub does not give it.
    """
    address = parse_address(text)
    path = place(text, cache)
    if not path.is_file():
        if not allow_network:
            raise NotExecutableError(
                f"{text} has not been fetched, and the network may not be used.",
                hint="run with --allow-network to fetch it once",
            )
        _download(address, _folder(address, cache), endpoint or os.environ.get("HF_ENDPOINT"), text)
    verify_digest(path, sha256, what="fetched file")
    return path


def place(text: str, cache: Path | None = None) -> Path:
    """Where the file an address names lies once it is fetched."""
    address = parse_address(text)
    return _folder(address, cache) / address.path


def address_of(path: Path, cache: Path | None = None) -> str | None:
    """The address whose file lies at `path` in the cache; None for any other path."""
    root = (cache or cache_folder() / "hub").resolve()
    if not path.is_relative_to(root):
        return None
    kind, org, name, revision, *parts = path.relative_to(root).parts
    return f"{SCHEME}{'datasets/' if kind == 'dataset' else ''}{org}/{name}@{revision}/{'/'.join(parts)}"


def _folder(address: Address, cache: Path | None) -> Path:
    return (cache or cache_folder() / "hub") / address.kind / address.repository / address.revision


def _download(address: Address, folder: Path, endpoint: str | None, text: str) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ImportError:
        raise NotExecutableError(
            "Fetching from a hub needs the package huggingface-hub, which is not installed.",
            hint='pip install "qspec[hub]"',
        ) from None
    try:
        hf_hub_download(
            address.repository,
            address.path,
            repo_type=address.kind,
            revision=address.revision,
            local_dir=folder,
            endpoint=endpoint,
        )
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise QSpecError(
            f"{text} could not be fetched: {one_line(error)}.", hint="check the address and the connection"
        ) from None
