"""A real browser, driven over a pipe (Chrome DevTools Protocol): what does a page do, ask for, and look like?"""

import base64
import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-pipe",
]


@dataclass
class Seen:
    """What a page did while it was shown.

    Attributes:
        requests: Addresses it asked for, but its own.
        messages: Errors and warnings of the console, refusals by its policy among them.
        dialogs: Texts of dialogs it opened.
        values: Results of the expressions, by width.
    """

    requests: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    values: dict[int, object] = field(default_factory=dict)


class Browser:
    """A headless Chromium with one tab; a context manager."""

    def __init__(self, profile: Path) -> None:
        read, self._write = os.pipe()
        self._read, write = os.pipe()
        command = ["bash", "-c", f'exec "$@" 3<&{read} 4>&{write}', "bash", str(CHROMIUM), *FLAGS]
        self._process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(read, write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(read)
        os.close(write)
        self._buffer, self._number, self._events = b"", 0, []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = None
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._read)
        os.close(self._write)

    def call(self, method: str, **parameters: object) -> dict:
        """The result of a command; events that come before it are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self._events.append(answer)

    def _next(self) -> dict:
        while b"\0" not in self._buffer:
            piece = os.read(self._read, 1 << 16)
            assert piece, "the browser ended"
            self._buffer += piece
        first, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(first)

    def show(
        self,
        page: Path,
        expression: str = "0",
        widths: tuple[int, ...] = (1400,),
        dark: bool = False,
        shots: Path | None = None,
    ) -> Seen:
        """Open a page at some widths and evaluate an expression in it."""
        self._events.clear()
        seen = Seen()
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        for width in widths:
            size = {"width": width, "height": 1000, "deviceScaleFactor": 1, "mobile": False}
            self.call("Emulation.setDeviceMetricsOverride", **size)
            self.call("Page.navigate", url=page.as_uri())
            while not any(each.get("method") == "Page.loadEventFired" for each in self._events):
                event = self._next()
                if event.get("method") == "Page.javascriptDialogOpening":
                    seen.dialogs.append(event["params"]["message"])
                    self.call("Page.handleJavaScriptDialog", accept=True)
                self._events.append(event)
            found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
            seen.values[width] = found["result"].get("value")
            if shots is not None:
                taken = self.call("Page.captureScreenshot", captureBeyondViewport=True, format="png")
                (shots / f"{page.stem}-{width}{'-dark' if dark else ''}.png").write_bytes(
                    base64.b64decode(taken["data"])
                )
            self._judge(seen, page)
        return seen

    def _judge(self, seen: Seen, page: Path) -> None:
        for event in self._events:
            method, parameters = event.get("method"), event.get("params", {})
            if method == "Network.requestWillBeSent":
                url = parameters["request"]["url"]
                seen.requests += [url] if url != page.as_uri() else []
            elif method == "Log.entryAdded":
                seen.messages.append(parameters["entry"]["text"])
            elif method == "Runtime.exceptionThrown":
                seen.messages.append(parameters["exceptionDetails"]["text"])
            elif method == "Runtime.consoleAPICalled":
                seen.messages.append(str(parameters["args"]))
        self._events.clear()
