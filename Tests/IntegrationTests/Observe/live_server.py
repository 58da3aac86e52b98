#!/usr/bin/env python3
"""Serves the dashboard out of its sources, with reports of a Gyre that does not exist.

For work on the page (edit, load again) and for what no real process says on demand: names that are
markup, endpoints in every state. Prints its port first. --port takes a fixed one, --hostile makes
every text markup, --token asks for a token.
"""

import argparse
import http.server
import json
import math
import pathlib
import random
import threading
import time

PAGE = pathlib.Path(__file__).resolve().parents[3] / "Sources/CDashboard/Page"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
# As the program has it; a browser that meets markup here must be held back by the same words.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MARKUP = (
    "<img src=x onerror=\"document.title='owned'\"></td><script>alert(1)</script>&amp;'\u202e{0}"
)
CONFIGURATION = """\
listeners:
  - name: web
    protocol: http
    address: ":8080"
    routes:
      - {name: api, path_prefix: /v1/, upstream: api}
      - {name: rest, upstream: app}
  - name: postgres
    protocol: tcp
    address: ":5432"
    upstream: database
"""


def statuses(success, client=0.0, server=0.0, none=0.0):
    """Answers by class."""
    return {"informational": 0.0, "success": success, "redirection": success * 0.04,
            "clientError": client, "serverError": server, "none": none}


def latency(count, median):
    """Percentiles around a median, in microseconds."""
    if count <= 0:
        return {"count": 0}
    return {"count": int(count), "meanUs": median * 1.3, "p50Us": median, "p90Us": median * 2.1,
            "p99Us": median * random.uniform(5, 7), "p999Us": median * 14}


class World:
    """The process that is reported on."""

    def __init__(self, hostile):
        self.hostile = hostile
        self.started = time.time()
        self.requests = 1_204_331
        self.draining = {"app/10.0.0.13:8000"}
        self.errors = []
        self.generation = 3
        self.lock = threading.Lock()
        self.now = self.started
        for ago, level, text in [
            (4, "warning", "endpoint 10.0.0.12:8000 of app is ejected: 5 failures in a row"),
            (9, "error", "cannot connect to 10.0.0.12:8000: connection was refused"),
            (11, "error", "cannot connect to 10.0.0.12:8000: connection was refused"),
            (75, "error", "10.0.2.7:9090 closed the connection before its response was whole"),
            (412, "info", "configuration 3 was taken: 1 endpoint is new, 1 route has changed"),
        ]:
            at = int((self.started - ago) * 1000)
            self.errors.append({"atMs": at, "level": level, "message": self.text(text)})

    def text(self, plain):
        return MARKUP.format(plain) if self.hostile else plain

    def rate(self):
        wave = math.sin(self.now / 41) * 0.24 + math.sin(self.now / 7.3) * 0.07
        return 8200 * (1 + wave + random.uniform(-0.03, 0.03))

    def window(self, seconds, rate):
        errors = rate * (0.012 if int(self.now) % 60 in (17, 18, 19) else 0.0006)
        return {
            "seconds": seconds, "requests": rate, "accepted": rate * 0.02,
            "bytesIn": rate * 410, "bytesOut": rate * 5200,
            "statuses": statuses(rate * 0.93, rate * 0.018, errors, rate * 0.0002),
            "systemCallsPerRequest": 0.84 + random.uniform(-0.02, 0.02),
            "processorUsPerRequest": 11.8 + random.uniform(-0.4, 0.4),
            "processors": rate * 12e-6 * 1.9, "completionsPerTurn": 6.4,
            "total": latency(rate, 640 + 80 * math.sin(self.now / 23)),
            "connect": latency(rate / 50, 120), "firstByte": latency(rate, 560),
            "own": latency(rate, 34), "queue": latency(0, 0),
        }

    def endpoint(self, upstream, address, rate, state="usable", reason=None, weight=1):
        identity = f"{upstream}/{address}"
        if identity in self.draining:
            state, reason = "draining", "drained by an operator"
        if state != "usable":
            rate = 0
        made = {
            "name": self.text(address), "id": identity, "address": address, "state": state,
            "weight": weight, "connections": int(rate / 60), "inFlight": int(rate / 900),
            "requests": int(self.requests * rate / 9000), "requestsPerSecond": rate,
            "errors": int(rate / 400) + (212 if state == "ejected" else 0),
            "failures": 31 if state == "ejected" else 0,
        }
        return made if reason is None else {**made, "reason": self.text(reason)}

    def upstream(self, name, rate, endpoints):
        return {"name": self.text(name), "requests": int(self.requests * rate / 9000),
                "requestsPerSecond": rate, "waiting": 2 if name == "app" else 0,
                "firstByte": latency(rate, 540), "connect": latency(rate / 50, 130),
                "endpoints": endpoints}

    def upstreams(self, rate):
        refused = "5 failures in a row: connection was refused; tried again in 12 s"
        return [
            self.upstream("app", rate * 0.6, [
                self.endpoint("app", "10.0.0.11:8000", rate * 0.4, weight=2),
                self.endpoint("app", "10.0.0.12:8000", 0, "ejected", refused),
                self.endpoint("app", "10.0.0.13:8000", rate * 0.2)]),
            self.upstream("api", rate * 0.4, [
                self.endpoint("api", "10.0.2.7:9090", rate * 0.21),
                self.endpoint("api", "10.0.2.8:9090", rate * 0.19)]),
            self.upstream("database", 3, [self.endpoint("database", "10.0.3.2:5432", 3)]),
        ]

    def routes(self, rate):
        made = [("web", "api", 0.4), ("web", "static-assets", 0.31), ("web", "rest", 0.28),
                ("web", "", 0.01)]
        return [{"listener": self.text(listener), "name": self.text(name) if name else "",
                 "requests": int(self.requests * part), "requestsPerSecond": rate * part,
                 "errors": int(rate * part / 40) if name == "api" else 0,
                 "total": latency(rate * part, 600 + 500 * part)} for listener, name, part in made]

    def listener(self, name, protocol, address, rate):
        return {"name": self.text(name), "protocolName": protocol, "addresses": [address],
                "state": "serving", "connections": 380 if protocol == "http" else 14,
                "accepted": 48_112, "acceptedPerSecond": rate * 0.02,
                "requests": self.requests if protocol == "http" else 0, "requestsPerSecond": rate,
                "bytesIn": 493_000_000, "bytesOut": 6_262_000_000,
                "statuses": statuses(self.requests * 0.95, 21_000, 724, 31)}

    def worker(self, index, rate):
        rates = {"requests": rate, "processors": rate * 12e-6 * 1.9, "systemCalls": rate * 0.84,
                 "systemCallsPerRequest": 0.84 + index / 50, "completionsPerTurn": 6.4 - index / 3,
                 "processorUsPerRequest": 11.7 + index / 9, "turns": rate / 6}
        return {"index": index, "connections": 97 + index, "second": rates, "minute": rates,
                "start": rates, "buffersInUse": 61 + index * 9, "buffersMax": 4096,
                "starvedWaits": 0, "queueOverflows": 0}

    def report(self):
        with self.lock:
            self.now = time.time()
            rate = self.rate()
            self.requests += int(rate)
            requests = self.requests
        ends = {"done": requests - 1_204, "upgraded": 212, "client-closed": 611, "no-route": 204,
                "connect-failed": 31, "upstream-reset": 9, "rate-limited": 137}
        return {
            "version": "0.1.0", "pid": 4242, "state": "serving", "isReady": True,
            "uptimeMs": int((self.now - self.started) * 1000) + 273_840_000,
            "atMs": int(self.now * 1000), "backend": "io_uring",
            "backendReason": "the kernel has all of it", "configuration": "/etc/gyre/site.yaml",
            "generation": self.generation,
            "connections": {"active": int(394 + rate / 900), "max": 65_536, "http": 380,
                            "flows": 14, "busy": int(rate / 700), "waiting": 2, "upstream": 141},
            "totals": {"requests": requests, "accepted": 48_126, "bytesIn": 493_000_000,
                       "bytesOut": 6_262_000_000,
                       "ends": {self.text(word): ended for word, ended in ends.items()},
                       "statuses": statuses(requests * 0.95, 21_000, 724, 31), "retries": 48,
                       "rateLimited": 137, "shed": 0},
            "second": self.window(1, rate), "minute": self.window(60, 8190),
            "start": self.window(273_840, 6120),
            "workers": [self.worker(index, rate / 4) for index in range(4)],
            "listeners": [self.listener("web", "http", "0.0.0.0:8080", rate),
                          self.listener("postgres", "tcp", "10.0.0.1:5432", 0)],
            "routes": self.routes(rate), "upstreams": self.upstreams(rate), "errors": self.errors,
            "accessLog": {"lines": requests, "lost": 0},
        }

    def drain(self, order):
        known = {endpoint["id"] for upstream in self.upstreams(1)
                 for endpoint in upstream["endpoints"]}
        if order.get("endpoint") not in known:
            reason = self.text("no endpoint is named so")
            return 404, {"verdict": "unknown", "reason": reason}
        change = self.draining.discard if order.get("undrain") else self.draining.add
        change(order["endpoint"])
        return 200, {"verdict": "done", "remaining": 2}


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    world = None
    token = None

    def log_message(self, *_):
        pass

    def answer(self, status, kind, body, fields=()):
        self.send_response(status)
        for name, value in [("Content-Type", kind), ("Content-Length", len(body)),
                            ("Cache-Control", "no-store"), *fields]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def json(self, status, value):
        self.answer(status, "application/json", json.dumps(value).encode())

    def is_refused(self):
        if self.token is None or self.headers["Authorization"] == f"Bearer {self.token}":
            return False
        self.json(401, {"error": "the token is missing or wrong"})
        return True

    def do_GET(self):
        name = "dashboard.html" if self.path == "/" else self.path.removeprefix("/dashboard/")
        file = PAGE / pathlib.PurePath(name).name
        if file.is_file():
            kind = TYPES[file.suffix] + "; charset=utf-8"
            policy = [("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff")]
            self.answer(200, kind, file.read_bytes(), policy)
        elif self.is_refused():
            return
        elif self.path == "/v1/live":
            self.json(200, self.world.report())
        elif self.path == "/v1/config":
            text = self.world.text(CONFIGURATION)
            self.answer(200, "application/yaml", text.encode())
        elif self.path == "/v1/events":
            self.stream()
        else:
            self.json(404, {"error": "there is no such thing here"})

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"event: counters\ndata: {}\n\n")
                live = json.dumps(self.world.report())
                self.wfile.write(f"event: live\ndata: {live}\n\n".encode())
                time.sleep(1)
        except OSError:
            pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.is_refused():
            self.json(*self.world.drain(json.loads(body)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--token")
    arguments = parser.parse_args()
    Handler.world = World(arguments.hostile)
    Handler.token = arguments.token
    server = http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
