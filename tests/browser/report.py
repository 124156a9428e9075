"""Open reports in a real browser: nothing on the console, nothing fetched, nothing wider than a phone.

Run by `make browser`. Needs Debian's `chromium` and says so where it is missing. The browser is asked over its
own debugging port, by a WebSocket client of the standard library's sockets; no package is needed.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "report")]

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--remote-debugging-port=0", "--hide-scrollbars",
)  # fmt: skip
WIDTHS = (360, 768, 1280)
OVERFLOW = """(() => {
  const width = document.documentElement.clientWidth;
  const inBox = (node) => { for (let p = node; p; p = p.parentElement) if (p.classList.contains('scroll')) return true; };
  const wide = [...document.body.querySelectorAll('*')].filter((node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.right > width + 1 && !inBox(node) && !node.closest('svg');
  });
  return JSON.stringify({
    overflow: document.documentElement.scrollWidth - width,
    wide: wide.slice(0, 3).map((node) => node.tagName + '.' + node.className),
    charts: [...document.querySelectorAll('svg[role=img]')].filter((svg) => svg.getBoundingClientRect().width > 50).length,
    styled: getComputedStyle(document.body).maxWidth !== 'none',
    pages: document.querySelectorAll('article.claim').length,
  });
})()"""


class Browser:
    """One page of a running browser, spoken to in the DevTools protocol."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._take(1)
        self._number = 0
        self._session: str | None = None
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Open an empty page and speak to it from now on."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method and wait for its answer; events that come before it are kept."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._send(json.dumps(message).encode())
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.events.append(answer)

    def open(self, path: Path) -> None:
        """Load a file and wait until it is drawn."""
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())

    def _send(self, data: bytes) -> None:
        mask = os.urandom(4)
        length = (
            struct.pack("!BH", 0xFE, len(data)) if 126 <= len(data) < 65536 else bytes([0x80 | len(data)])
        )
        body = bytes(byte ^ mask[index % 4] for index, byte in enumerate(data))
        self._socket.sendall(b"\x81" + length + mask + body)

    def _receive(self) -> dict[str, Any]:
        _, size = self._take(2)
        size &= 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._take(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._take(8))
        return dict(json.loads(self._take(size)))

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise RuntimeError("the browser closed its connection")
            data += part
        return data


@contextmanager
def running(program: str) -> Iterator[Browser]:
    """A browser with a profile of its own, ended with everything it started."""
    with tempfile.TemporaryDirectory() as profile:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port_file = Path(profile) / "DevToolsActivePort"
            deadline = time.monotonic() + 30
            while not (port_file.is_file() and port_file.read_text().count("\n") >= 1):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("chromium did not start")
                time.sleep(0.05)
            port, path = port_file.read_text().splitlines()[:2]
            browser = Browser(f"ws://127.0.0.1:{port}{path}")
            browser.attach()
            yield browser
        finally:
            process.terminate()
            process.wait(timeout=30)


def complaints(browser: Browser, page: Path, width: int, scheme: str) -> list[str]:
    """What is wrong with a page at a width, in the light or the dark scheme."""
    browser.ask(
        "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
    )
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.open(page)
    seen = json.loads(browser.ask("Runtime.evaluate", expression=OVERFLOW)["result"]["value"])
    found = []
    for event in browser.events:
        method, details = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent" and details["request"]["url"] != page.as_uri():
            found.append(f"it requests {details['request']['url']}")
        if method == "Log.entryAdded":
            found.append(f"the log says: {details['entry']['text']}")
        if method in {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"}:
            found.append(f"a script ran: {details}")
    if seen["overflow"] > 0 or seen["wide"]:
        found.append(f"it is {seen['overflow']} px wider than the window: {', '.join(seen['wide'])}")
    if not seen["charts"]:
        found.append("it shows no chart")
    if not seen["styled"] or not seen["pages"]:
        found.append("its style sheet was refused, or it shows no claim")
    return found


def pages(folder: Path) -> Iterator[Path]:
    """The page of the measured fixture, and a hostile one."""
    import conftest

    from qspec.checks.runner import check_workspace
    from qspec.lang.load import load, load_source
    from qspec.lang.source import Source
    from qspec.report import render

    workspaces = {
        "measured": load(conftest.FIXTURE),
        "hostile": load_source(Source(str(folder / "h.qspec"), conftest.HOSTILE), root=folder),
    }
    for name, workspace in workspaces.items():
        path = folder / f"{name}.html"
        path.write_text(render([check_workspace(workspace)]), encoding="utf-8")
        yield path


def main() -> int:
    """Check every page at every width in both schemes; 0 when none has a complaint, 3 without a browser."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        print("There is no chromium here, so no page was looked at; on Debian: apt-get install chromium")
        return 3
    bad = 0
    with tempfile.TemporaryDirectory() as folder, running(program) as browser:
        for page in pages(Path(folder)):
            for width in WIDTHS:
                for scheme in ("light", "dark"):
                    found = complaints(browser, page, width, scheme)
                    bad += len(found)
                    print(f"{page.stem} at {width} px, {scheme}: {'; '.join(found) or 'good'}")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
