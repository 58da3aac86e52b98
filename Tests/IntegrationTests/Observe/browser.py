"""A headless Chromium, driven by the DevTools protocol. Ends with its context."""

import asyncio
import base64
import contextlib
import ctypes
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

import websockets

# A slow machine takes long to start a browser; nothing else here is slow.
START_SECONDS = 30
ANSWER_SECONDS = 20


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """For `preexec_fn`: a child does not outlive its script, however that ends (prctl(2))."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class BrowserError(Exception):
    """What the browser refused, or did not do in time."""


class Socket:
    """A WebSocket that is waited for."""

    def __init__(self, url):
        self.loop = asyncio.new_event_loop()
        # In the loop, because older versions of the library look for it there.
        async def connect():
            return await websockets.connect(url, max_size=None, ping_interval=None)
        self.socket = self.loop.run_until_complete(connect())

    def send(self, message):
        self.loop.run_until_complete(self.socket.send(json.dumps(message)))

    def receive(self, seconds):
        """The next message; `TimeoutError` when none comes."""
        text = self.loop.run_until_complete(asyncio.wait_for(self.socket.recv(), seconds))
        return json.loads(text)

    def close(self):
        self.loop.run_until_complete(self.socket.close())
        self.loop.close()


class Tab:
    """One page, what it wrote to its console, and what the policy forbade it."""

    def __init__(self, socket, session, numbers):
        self.socket, self.session, self.numbers = socket, session, numbers
        self.complaints = []
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")

    def call(self, method, **parameters):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters,
                   "sessionId": self.session}
        self.socket.send(message)
        end = time.monotonic() + ANSWER_SECONDS
        while True:
            answer = self.socket.receive(max(0.01, end - time.monotonic()))
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']}")
                return answer["result"]
            self.note(answer)

    def note(self, event):
        parameters = event.get("params", {})
        match event.get("method"):
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in ("error", "warning"):
                self.complaints.append(json.dumps(parameters["args"]))
            case "Log.entryAdded" if parameters["entry"]["level"] in ("error", "warning"):
                entry = parameters["entry"]
                self.complaints.append(f"{entry['text']} {entry.get('url', '')}")

    def evaluate(self, script):
        """The value of an expression, awaited when it is a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in result:
            raise BrowserError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def wait(self, script, seconds=ANSWER_SECONDS):
        """Waits until an expression is true, and gives its value."""
        end = time.monotonic() + seconds
        while True:
            value = self.evaluate(script)
            if value:
                return value
            if time.monotonic() > end:
                text = self.evaluate("document.body.innerText")
                raise BrowserError(f"not within {seconds} s: {script}\n{text}")
            time.sleep(0.05)

    def open(self, url, width=1280, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)
        scheme = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=url)
        self.wait("location.protocol !== 'about:' && document.readyState === 'complete'")

    def click(self, selector):
        """Clicks as a hand does, so that what covers an element takes the click."""
        place = self.evaluate(f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{block: "center", behavior: "instant"}});
            const box = node.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1],
                      button="left", clickCount=1)

    def press(self, key):
        for kind in ["rawKeyDown", "keyUp"]:
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                      windowsVirtualKeyCode={"Tab": 9, "Escape": 27}.get(key, 0))

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, file, height=None):
        """Writes the page from its top, `height` pixels of it or all."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"],
                "height": min(size["height"], height or size["height"]), "scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip=clip)
        pathlib.Path(file).write_bytes(base64.b64decode(shot["data"]))


class Browser:
    """A running browser."""

    def __init__(self, socket):
        self.socket = socket
        self.numbers = itertools.count(1)

    def call(self, method, **parameters):
        number = next(self.numbers)
        self.socket.send({"id": number, "method": method, "params": parameters})
        while True:
            answer = self.socket.receive(ANSWER_SECONDS)
            if answer.get("id") == number:
                return answer["result"]

    def tab(self):
        """A new page that shares nothing with the others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        return Tab(self.socket, attached["sessionId"], self.numbers)


def address(folder, process):
    """Where the browser listens: it writes that into its profile."""
    end = time.monotonic() + START_SECONDS
    file = pathlib.Path(folder) / "DevToolsActivePort"
    while time.monotonic() < end and process.poll() is None:
        lines = file.read_text().split("\n") if file.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.05)
    raise BrowserError(f"chromium does not start; its exit code is {process.poll()}")


@contextlib.contextmanager
def browser():
    """Starts one with a profile of its own; ends it and all its processes."""
    folder = tempfile.mkdtemp(prefix="gyre-browser-")
    # As root, in a container, without a screen, and without a word to anybody.
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
               "--no-first-run", "--disable-background-networking", "--disable-component-update",
               "--disable-sync", "--disable-extensions", "--no-proxy-server", "--hide-scrollbars",
               "--force-color-profile=srgb", "--remote-debugging-port=0",
               f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(["chromium", *options], start_new_session=True,
                               preexec_fn=die_with_parent,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        with contextlib.closing(Socket(address(folder, process))) as socket:
            yield Browser(socket)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)
