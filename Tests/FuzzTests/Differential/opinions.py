"""What each side makes of a message: our parsers through the judge, and h11."""

from __future__ import annotations

import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import h11

from messages import Message


@dataclass
class Opinion:
    """One side's reading of a message."""

    #: `complete`, `incomplete` or `refused`, of the head.
    head: str
    #: Why it was refused: our name for the rule, or h11's sentence.
    reason: str = ""
    #: Method and target, or status and reason phrase.
    start: tuple[bytes, bytes] = (b"", b"")
    version: str = ""
    #: Names in lower case.
    fields: list[tuple[bytes, bytes]] = field(default_factory=list)
    #: `finished`, `more`, or why the body was refused.
    body: str = ""
    data: bytes = b""
    #: Bytes behind the message.
    rest: int = 0
    #: What it has not read yet, when it waits for more. Only known of h11.
    waiting: bytes = b""


class JudgeDied(Exception):
    """A trap in our parsers."""


def ours(judge: Path, messages: list[Message]) -> list[Opinion]:
    """What our parsers say, one opinion a message."""
    framed = b"".join(
        message.kind.encode() + struct.pack("<I", len(message.text)) + message.text
        for message in messages
    )
    run = subprocess.run([judge], input=framed, stdout=subprocess.PIPE, timeout=60, check=False)
    if run.returncode == 0:
        return [_opinion(line.decode().split(" ")) for line in run.stdout.splitlines()]
    if len(messages) == 1:
        raise JudgeDied(f"the parsers died of {messages[0]!r}")
    middle = len(messages) // 2
    return ours(judge, messages[:middle]) + ours(judge, messages[middle:])


def _opinion(words: list[str]) -> Opinion:
    if words[0] != "complete":
        return Opinion(words[0], reason=" ".join(words[1:]))
    _, first, second, version, fields, _, body, data, rest = words
    # A status has three digits; hexadecimal digits come in pairs.
    start = first.encode() if len(first) == 3 else _bytes(first)
    return Opinion(
        "complete",
        start=(start, _bytes(second)),
        version=version,
        fields=_fields(fields),
        body=body,
        data=_bytes(data),
        rest=int(rest),
    )


def _bytes(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def _fields(word: str) -> list[tuple[bytes, bytes]]:
    if word == "-":
        return []
    pairs = [line.split(":") for line in word.split(",")]
    return [(_bytes(name).lower(), _bytes(value)) for name, value in pairs]


#: What is asked, so that h11 knows what the responses answer. It takes a 101 only when it was asked
#: for, and tunnels only after CONNECT.
_QUESTIONS = {
    "r": h11.Request(
        method="GET",
        target="/",
        headers=[("Host", "a"), ("Upgrade", "x"), ("Connection", "upgrade")],
    ),
    "h": h11.Request(method="HEAD", target="/", headers=[("Host", "a")]),
    "c": h11.Request(method="CONNECT", target="a:1", headers=[("Host", "a:1")]),
}


def theirs(message: Message) -> Opinion:
    """What h11 says."""
    role = h11.SERVER if message.kind == "q" else h11.CLIENT
    # As much as our limits let through.
    connection = h11.Connection(role, max_incomplete_event_size=1 << 20)
    if role is h11.CLIENT:
        connection.send(_QUESTIONS[message.kind])
        connection.send(h11.EndOfMessage())
    connection.receive_data(message.text)
    opinion = Opinion("incomplete")
    try:
        while True:
            event = connection.next_event()
            if event is h11.PAUSED:
                # A tunnel: the message ended with its head.
                opinion.body = "finished"
                break
            if event is h11.NEED_DATA:
                break
            if not _take(opinion, event):
                break
    except h11.RemoteProtocolError as error:
        if opinion.head == "complete":
            opinion.body = f"refused: {error}"
        else:
            opinion.head = "refused"
            opinion.reason = str(error)
    left = connection.trailing_data[0]
    if opinion.head == "complete" and opinion.body == "finished":
        opinion.rest = len(left)
    else:
        opinion.waiting = left
    return opinion


def _take(opinion: Opinion, event: h11.Event) -> bool:
    """Takes over what an event says; whether more events belong to the message."""
    if isinstance(event, h11.Request):
        opinion.start = (bytes(event.method), bytes(event.target))
    elif isinstance(event, (h11.Response, h11.InformationalResponse)):
        opinion.start = (str(event.status_code).encode(), bytes(event.reason))
    elif isinstance(event, h11.Data):
        opinion.data += bytes(event.data)
        return True
    elif isinstance(event, h11.EndOfMessage):
        opinion.body = "finished"
        return False
    else:
        return False
    opinion.head = "complete"
    opinion.version = event.http_version.decode()
    opinion.fields = [(bytes(name), bytes(value)) for name, value in event.headers]
    opinion.body = "more"
    if isinstance(event, h11.InformationalResponse):
        # Ours are judged one at a time.
        opinion.body = "finished"
        return False
    return True
