"""A running dashboard and a headless Chromium; everything is skipped where either is not to be had."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_steps import settle

ROOT = Path(__file__).parents[2]
LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
WAIT_MS = 90_000


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine; on Debian: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_chromium(), args=LAUNCH)
        yield browser
        browser.close()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def address(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard on the shipped products; it asks for nothing from outside this machine."""
    port = _free_port()
    log = tmp_path_factory.mktemp("dashboard") / "log.txt"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AUDITOR_DATA": ""}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        str(ROOT / "dashboards" / "app.py"),
        "--server.port",
        str(port),
    ]
    with log.open("wb") as out, subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"the dashboard did not start:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the dashboard did not answer in 30 seconds:\n{log.read_text()}")


@pytest.fixture
def scheme() -> str:
    """Colour scheme the reader's system asks for."""
    return "light"


@pytest.fixture
def width() -> int:
    """Width of the window in pixels."""
    return 1400


@pytest.fixture
def visit(browser: Any, address: str, scheme: str, width: int) -> Iterator[Callable[[str], Any]]:
    """Open a path of the dashboard; the test fails if the page asks for anything from another host."""
    context = browser.new_context(viewport={"width": width, "height": 1600}, color_scheme=scheme, accept_downloads=True)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    elsewhere: list[str] = []
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:", "blob:", address.replace("http", "ws")))
            else elsewhere.append(request.url)
        ),
    )

    def open_path(path: str) -> Any:
        page.goto(f"{address}/{path}")
        page.wait_for_selector("h1")
        settle(page)
        return page

    yield open_path
    context.close()
    assert not elsewhere, f"asked for from outside: {elsewhere}"
