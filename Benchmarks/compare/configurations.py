"""The configurations of nginx and HAProxy, as text: of the peers, and of nginx as an origin.

One worker each, no logs, timeouts that no run reaches, connections to the origin that are kept
(HTTP). What a peer does by default and what would slow it down, it does not do here: beating a
badly configured peer shows nothing.
"""

from __future__ import annotations

import enum
import os
from collections.abc import Iterable
from pathlib import Path

STREAM_MODULE = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
# What nginx keeps open to its origin; more than any run has under way at once.
IDLE_UPSTREAMS = 4096
BODY = "sixty-four bytes, the usual size of a small answer from origin.\\n"


class Protocol(enum.Enum):
    """What a candidate understands of what it passes on. The value is Gyre's command."""

    TCP = "tcp"
    HTTP = "http"


def nginx(path: Path, descriptors: int, blocks: str) -> str:
    """One worker around `blocks`; `path` is where the text will be."""
    module = f"load_module {STREAM_MODULE};" if STREAM_MODULE.exists() else ""
    return _lines([
        module,
        # Else its worker becomes a user who may not enter the run's temporary directory.
        "user root;" if os.geteuid() == 0 else "",
        "worker_processes 1;",
        "daemon off;",
        f"pid {path}.pid;",
        f"worker_rlimit_nofile {descriptors};",
        f"events {{ worker_connections {descriptors - 256}; multi_accept on; }}",
        blocks,
    ])


def nginx_stream(port: int, target: int, buffer_kib: int | None) -> str:
    """A TCP forwarder; `buffer_kib` is for each direction, `None` for what it has by default."""
    buffers = "" if buffer_kib is None else f"proxy_buffer_size {buffer_kib}k; "
    return (
        f"stream {{ {buffers}server {{ "
        f"listen 127.0.0.1:{port} backlog=4096; proxy_pass 127.0.0.1:{target}; "
        "proxy_timeout 3600s; } }")


def nginx_proxy(spool: Path, port: int, target: int, buffer_kib: int | None) -> str:
    """An HTTP proxy; `buffer_kib` is for each direction, `None` for what it has by default."""
    # By default it reads request bodies whole and writes what is large to files. Of several ways to
    # divide the buffers this one took the least processor time for 64 KiB and 1 MiB, up and down.
    bodies = [] if buffer_kib is None else [
        "client_max_body_size 0; proxy_request_buffering off; proxy_max_temp_file_size 0;",
        f"client_body_buffer_size {buffer_kib}k; proxy_buffer_size {buffer_kib // 4}k;",
        f"proxy_buffers 4 {buffer_kib // 4}k; proxy_busy_buffers_size {buffer_kib // 2}k;",
    ]
    return _lines([
        f"http {{ access_log off; {_spool(spool)}",
        "keepalive_requests 1000000000; keepalive_timeout 3600s;",
        *bodies,
        f"upstream origin {{ server 127.0.0.1:{target}; keepalive {IDLE_UPSTREAMS};",
        "  keepalive_requests 1000000000; keepalive_timeout 3600s; }",
        f"server {{ listen 127.0.0.1:{port} backlog=4096;",
        "  location / { proxy_pass http://origin; proxy_http_version 1.1;",
        '    proxy_set_header Connection ""; proxy_read_timeout 3600s; } } }',
    ])


def nginx_origin(spool: Path, port: int) -> str:
    """Answers every request with 64 bytes."""
    return _origin(spool, port, [f'location / {{ return 200 "{BODY}"; }}'])


def nginx_body_origin(spool: Path, port: int, root: Path) -> str:
    """Serves the files below `root`, and answers what is posted to `/upload` once it has it all."""
    # `return` answers before it reads the body; proxying to itself without the body does not.
    return _origin(spool, port, [
        f"root {root}; open_file_cache max=16; sendfile on; client_max_body_size 0;",
        "client_body_buffer_size 2m;",
        f'location = /answer {{ return 200 "{BODY}"; }}',
        "location = /upload { proxy_pass http://self/answer; proxy_http_version 1.1;",
        '  proxy_pass_request_body off; proxy_set_header Content-Length "";',
        '  proxy_set_header Connection ""; }',
    ], f"upstream self {{ server 127.0.0.1:{port}; keepalive 64; }}")


def haproxy(
    protocol: Protocol, port: int, target: int, *, buffer_kib: int | None, splices: bool,
    connections_max: int,
) -> str:
    """`splices`: moves bulk through pipes instead of copying it."""
    return _lines([
        "global",
        "  nbthread 1",
        f"  maxconn {connections_max}",
        "" if buffer_kib is None else f"  tune.bufsize {buffer_kib * 1024}",
        "defaults",
        f"  mode {protocol.value}",
        "  option splice-auto" if splices else "",
        "  http-reuse always" if protocol is Protocol.HTTP else "",
        "  timeout connect 5s",
        "  timeout client 1h",
        "  timeout server 1h",
        "frontend downstream",
        f"  bind 127.0.0.1:{port} backlog 4096",
        "  default_backend upstream",
        "backend upstream",
        f"  server origin 127.0.0.1:{target}",
    ])


def _origin(spool: Path, port: int, places: Iterable[str], upstream: str = "") -> str:
    return _lines([
        f"http {{ access_log off; default_type text/plain; {_spool(spool)} {upstream}",
        "keepalive_requests 1000000000; keepalive_timeout 3600s;",
        f"server {{ listen 127.0.0.1:{port} backlog=4096;",
        *places,
        "} }",
    ])


def _spool(spool: Path) -> str:
    folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{folder}_temp_path {spool}-{folder};" for folder in folders)


def _lines(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
