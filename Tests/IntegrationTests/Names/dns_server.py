"""A DNS server on a free loopback port, UDP and TCP, that answers from a file read for each query.

usage: dns_server.py ZONE
Prints its port, then a line for each query: protocol, name, type.

ZONE is JSON: {"a.test A": {"ttl": 5, "records": ["127.0.0.1"]}}. Types are A, AAAA, SRV
("priority weight port host") and CNAME. "mode" makes it misbehave: servfail, silent, garbage, cut,
truncate (UDP answers are empty and say so) or other (answers another question).
A name without an entry does not exist; one with entries of other types has no such record.
"""

import json
import selectors
import socket
import struct
import sys

TYPES = {"A": 1, "CNAME": 5, "AAAA": 28, "SRV": 33}
NAMES = {number: name for name, number in TYPES.items()}


def encode(name):
    labels = [label for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"


def question(query):
    """The name and the type, and where the question ends."""
    labels, place = [], 12
    while query[place]:
        length = query[place]
        labels.append(query[place + 1:place + 1 + length].decode())
        place += 1 + length
    number = struct.unpack_from("!H", query, place + 1)[0]
    return ".".join(labels).lower(), NAMES.get(number, str(number)), place + 5


def data(kind, text):
    if kind == "A":
        return socket.inet_aton(text)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, text)
    if kind == "CNAME":
        return encode(text)
    priority, weight, port, host = text.split()
    return struct.pack("!HHH", int(priority), int(weight), int(port)) + encode(host)


def records(zone, name, kind):
    """Records of a name, through an alias if there is one."""
    alias = zone.get(name + " CNAME")
    found = []
    if alias and kind != "CNAME":
        target = alias["records"][0]
        found.append((name, "CNAME", alias["ttl"], target))
        name = target
    entry = zone.get(f"{name} {kind}", {})
    return found + [(name, kind, entry.get("ttl", 60), text) for text in entry.get("records", [])]


def answer(zone, query, is_udp):
    """What to send back; nothing stays silent."""
    name, kind, end = question(query)
    print("udp" if is_udp else "tcp", name, kind, flush=True)
    mode = zone.get(f"{name} {kind}", {}).get("mode")
    if mode == "silent":
        return b""
    if mode == "garbage":
        return query[:2] + b"\xff" * 40
    found = records(zone, name, kind)
    flags, code = 0x8180, 0
    if mode == "servfail":
        found, code = [], 2
    elif not any(key.split()[0] == name for key in zone):
        code = 3
    if mode == "truncate" and is_udp:
        found, flags = [], flags | 0x0200
    asked = query[12:end]
    if mode == "other":
        asked = encode("other.test") + asked[-4:]
    body = b""
    for owner, record_kind, ttl, text in found:
        content = data(record_kind, text)
        body += encode(owner) + struct.pack("!HHIH", TYPES[record_kind], 1, ttl, len(content))
        body += content
    head = query[:2] + struct.pack("!HHHHH", flags | code, 1, len(found), 0, 0)
    whole = head + asked + body
    return whole[:-len(body) // 2] if mode == "cut" else whole


def serve(path):
    stream = socket.socket()
    stream.bind(("127.0.0.1", 0))
    stream.listen(64)
    port = stream.getsockname()[1]
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", port))
    print(port, flush=True)
    waiting = selectors.DefaultSelector()
    waiting.register(stream, selectors.EVENT_READ)
    waiting.register(datagrams, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            with open(path, encoding="utf-8") as file:
                zone = json.load(file)
            if key.fileobj is datagrams:
                query, peer = datagrams.recvfrom(65535)
                reply = answer(zone, query, True)
                if reply:
                    datagrams.sendto(reply, peer)
            else:
                connection, _ = stream.accept()
                with connection:
                    connection.settimeout(5)
                    length = struct.unpack("!H", connection.recv(2, socket.MSG_WAITALL))[0]
                    query = connection.recv(length, socket.MSG_WAITALL)
                    reply = answer(zone, query, False)
                    connection.sendall(struct.pack("!H", len(reply)) + reply)


serve(sys.argv[1])
