#!/usr/bin/env python3
"""The dashboard of a real gyre in a real browser.

usage: dashboard_process.py GYRE BACKEND
What it says is what clients did, its buttons work, and it comes back with the process.
"""

import contextlib
import http.client
import http.server
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from browser import browser, die_with_parent
from dashboard_page import BACK, LIVE, LOST, LOST_TEXT, press, quiet, text

REQUESTS = 240
MISSES = 7
START_SECONDS = 15
SITE = """\
backend: {backend}
workers: 2
admin: {{socket: "off", address: "127.0.0.1:{admin}"}}
listeners:
  - name: web
    protocol: http
    address: "127.0.0.1:{port}"
    routes:
      - {{name: app, path_prefix: /app/, upstream: app}}
      - {{name: gone, path_prefix: /gone/, respond: {{status: 404, body: "gone"}}}}
upstreams:
  - name: app
    endpoints: ["{first}", "{second}"]
"""


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers who it is."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = str(self.server.server_address[1]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def origin():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Gyre:
    """A process that can be ended and started again with the same file."""

    def __init__(self, program, backend, folder, endpoints):
        self.program, self.folder = program, pathlib.Path(folder)
        self.fields = dict(backend=backend, first=endpoints[0], second=endpoints[1])
        self.file = self.folder / "site.yaml"
        self.process = None

    def begin(self):
        """Starts it; whoever comes after it gets the same ports."""
        self.file.write_text(SITE.format(admin=0, port=0, **self.fields))
        self.start()
        self.port, self.admin = self.addresses()
        self.file.write_text(SITE.format(admin=self.admin, port=self.port, **self.fields))

    def start(self):
        self.log = open(self.folder / "log", "w+", encoding="utf-8")
        self.process = subprocess.Popen([self.program, "run", "--config", str(self.file)],
                                        stdout=subprocess.DEVNULL, stderr=self.log,
                                        preexec_fn=die_with_parent)
        self.addresses()

    def addresses(self):
        """The ports of the listener and of the admin address, once it has said both."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            said = (self.folder / "log").read_text(encoding="utf-8")
            found = [re.search(rf"{words}.*?127\.0\.0\.1:(\d+)", said)
                     for words in ["listening on", "control API on"]]
            if all(found):
                return [int(match[1]) for match in found]
            time.sleep(0.02)
        raise AssertionError(f"gyre does not start: {(self.folder / 'log').read_text()}")

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.end()

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(timeout=15)
        self.log.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.admin}/"

    def read(self, path):
        with urllib.request.urlopen(self.url + path, timeout=10) as answer:
            return answer.read().decode()

    def ask(self, path):
        return json.loads(self.read(path))

    def get(self, path, count):
        """Answers to requests on one connection."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        answers = []
        for _ in range(count):
            client.request("GET", path)
            answers.append(client.getresponse().read().decode())
        client.close()
        return answers


def until(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def cells(tab, part, name):
    """The texts of a table's row by their labels; the row is the one that begins with a name."""
    return tab.evaluate(f"""(() => {{
        for (const row of document.querySelectorAll({json.dumps(part)} + " tbody tr")) {{
            if (!row.cells[0].textContent.startsWith({json.dumps(name)})) continue;
            return Object.fromEntries([...row.cells].map(
                (cell) => [cell.dataset.label, cell.textContent]));
        }}
        return null;
    }})()""")


def counts_are_exact(tab, gyre):
    tab.open(gyre.url)
    tab.wait(LIVE)
    assert text(tab, "#state-text") == "Serving, ready", text(tab, "#state-text")
    gyre.get("/app/", REQUESTS)
    gyre.get("/gone/", MISSES)
    total = REQUESTS + MISSES
    tab.wait(f"document.querySelector('#requests-total').textContent === '{total} since the start'")
    live = gyre.ask("v1/live")
    assert live["totals"]["requests"] == total
    series = re.findall(r"^gyre_http_requests_total\{.*\} (\d+)", gyre.read("metrics"), re.M)
    assert sum(map(int, series)) == total, series
    assert text(tab, "#version") == live["version"]
    assert text(tab, "#backend") == f"{live['backend']} ({live['backendReason']})"
    assert f"pid {live['pid']}" in text(tab, "#process")
    tab.wait(f"document.querySelector('#ends tbody tr td:last-child').textContent === '{total}'")
    web, app = live["listeners"][0], live["upstreams"][0]
    assert web["requests"] == total
    row = cells(tab, "#listeners", "web")
    assert row["4xx"] == str(MISSES) and row["5xx"] == "0", row
    assert cells(tab, "#routes", "app")["Requests"] == str(REQUESTS)
    assert cells(tab, "#routes", "gone")["Requests"] == str(MISSES)
    for endpoint in app["endpoints"]:
        shown = cells(tab, "#upstreams", endpoint["name"])
        assert shown["Requests"] == str(endpoint["requests"]), (shown, endpoint)
        assert shown["Health"] == "usable", shown
    assert sum(endpoint["requests"] for endpoint in app["endpoints"]) == REQUESTS
    assert len(live["workers"]) == tab.evaluate(
        "document.querySelectorAll('#workers tbody tr').length")
    tab.click("#configuration summary")
    tab.wait("document.querySelector('#configuration-text').textContent.includes('path_prefix')")
    quiet(tab)


def drain_button_drains(tab, gyre, endpoint):
    button = f"[aria-label$=\"app/{endpoint}\"]"

    def change(state):
        press(tab, button)
        tab.click("#confirm-yes")
        until(lambda: {found["name"]: found["state"] for found in gyre.ask("v1/endpoints")}
              [endpoint] == state, f"{endpoint} is not {state}")

    change("draining")
    tab.wait(f"document.querySelector('{button}').textContent === 'Undrain'")
    assert cells(tab, "#upstreams", endpoint)["Health"].startswith("draining")
    port = endpoint.split(":")[1]
    assert port not in gyre.get("/app/", 20)
    change("usable")
    until(lambda: port in gyre.get("/app/", 4), "it gets no requests again")
    tab.wait(f"document.querySelector('{button}').textContent === 'Drain'")
    quiet(tab)


def loss_is_told(tab, gyre):
    gyre.end()
    tab.wait(LOST)
    assert re.fullmatch(LOST_TEXT, text(tab, "#banner-text")), text(tab, "#banner-text")
    gyre.start()
    tab.wait(BACK)
    # It has not heard of what its predecessor did.
    tab.wait("document.querySelector('#requests-total').textContent === '0 since the start'")
    gyre.end(signal.SIGTERM)
    tab.wait(LOST)


def main():
    program, backend = sys.argv[1:]
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        endpoints = [stack.enter_context(origin()) for _ in range(2)]
        gyre = Gyre(program, backend, folder, endpoints)
        stack.callback(gyre.kill)
        gyre.begin()
        tab = stack.enter_context(browser()).tab()
        counts_are_exact(tab, gyre)
        drain_button_drains(tab, gyre, endpoints[0])
        loss_is_told(tab, gyre)


if __name__ == "__main__":
    main()
