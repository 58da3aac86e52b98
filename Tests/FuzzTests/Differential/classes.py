"""The known ways in which our verdicts differ from h11's: Disagreements.md says which side the RFCs
take in each. A disagreement belongs to a class only if the message has what the class is about,
looked for here with means of its own."""

from __future__ import annotations

import ipaddress
import re

from messages import Message
from opinions import Opinion

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_HOST = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
_PATH = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]^`{|}]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(rb"[A-Za-z0-9\-._~!$&'()*+,;=:@/\[\]^`{|}?%\\]*")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_EXTENSIONS = re.compile(
    rb"[0-9A-Fa-f]+(?:[ \t]*;[ \t]*" + _TOKEN + rb"(?:[ \t]*=[ \t]*(?:" + _TOKEN
    + rb'|"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"))?)*'
)
_NOT_IN_TRAILERS = re.compile(
    rb"(?:te|via|age|host|date|vary|range|cookie|expect|pragma|upgrade|trailer|expires|warning"
    rb"|location|forwarded|connection|keep-alive|set-cookie|retry-after|max-forwards|content-type"
    rb"|authorization|cache-control|content-range|content-length|http2-settings|x-forwarded-for"
    rb"|www-authenticate|proxy-connection|content-encoding|x-forwarded-host|transfer-encoding"
    rb"|x-forwarded-proto|proxy-authenticate|proxy-authorization|if-.*)"
)
_TARGET_RULES = {
    "malformedTarget", "targetFormNotAllowed", "unsupportedScheme", "malformedAuthority"
}


def disagree(ours: Opinion, theirs: Opinion) -> bool:
    """Whether two readings of a message differ in anything that matters."""
    if ours.head != theirs.head:
        return True
    if ours.head != "complete":
        return False
    facts = [(o.start, o.version, _comparable(o.fields)) for o in (ours, theirs)]
    if facts[0] != facts[1]:
        return True
    bodies = [o.body if o.body in ("finished", "more") else "refused" for o in (ours, theirs)]
    if bodies[0] != bodies[1]:
        return True
    return bodies[0] != "refused" and (ours.data, ours.rest) != (theirs.data, theirs.rest)


def _comparable(fields: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """h11 writes codings in lower case."""
    return [
        (name, value.lower() if name == b"transfer-encoding" else value) for name, value in fields
    ]


def is_wrong(message: Message, ours: Opinion) -> bool:
    """Whether we took a request that h11 has no opinion on: its target and its host."""
    if message.kind != "q" or ours.head != "complete":
        return False
    method, target = ours.start
    hosts = _values(ours, b"host")
    return not is_target(method, target) or not all(is_host(host) for host in hosts)


def explain(message: Message, ours: Opinion, theirs: Opinion) -> str | None:
    """The class of a disagreement; `None` when it is new."""
    if ours.head == "refused" and theirs.head == "complete":
        known = _is_known_refusal(message, ours.reason, theirs)
        return f"head: {ours.reason}" if known else None
    if ours.head == "refused" and theirs.head == "incomplete":
        waits = not _BLANK_LINE.search(theirs.waiting)
        return "head: refused before its end" if waits else None
    if message.text.startswith(b"\r\n") and message.kind == "q":
        return "head: empty line before it" if theirs.head == "refused" else None
    if ours.head == "incomplete" and theirs.head == "refused":
        return "head: CR before it" if message.text[:1] == b"\r" else None
    if ours.head == "complete" and theirs.head == "refused":
        is_switch = ours.start[0] == b"101" and message.kind != "r"
        return "head: 101 that nobody asked for" if is_switch else None
    if ours.head == "complete" and theirs.head == "complete":
        return _explain_body(message, ours, theirs)
    return None


def _explain_body(message: Message, ours: Opinion, theirs: Opinion) -> str | None:
    if (ours.start, ours.version, _comparable(ours.fields)) != (
        theirs.start, theirs.version, _comparable(theirs.fields)
    ):
        return None
    match = _BLANK_LINE.search(message.text, 2)
    body = message.text[match.end() :] if match else b""
    if ours.body in ("finished", "more"):
        is_spaced = re.search(rb"(?m)^[0-9A-Fa-f]+[ \t]+;", body)
        is_refused = theirs.body.startswith("refused: illegal chunk header")
        return "chunks: blanks before an extension" if is_spaced and is_refused else None
    if theirs.body == "more" and not _BLANK_LINE.search(theirs.waiting):
        return "chunks: refused before the end of the line"
    return f"chunks: {ours.body}" if _is_known_chunk_refusal(ours.body, body) else None


def _is_known_chunk_refusal(refusal: str, body: bytes) -> bool:
    lines = body.split(b"\r\n")
    sizes = [line for line in lines if re.match(rb"[0-9A-Fa-f]+(?:[ \t;]|$)", line)]
    match refusal:
        case "bareLineFeed":
            return bool(re.search(rb"(?<!\r)\n", body))
        case "bareCarriageReturn":
            return bool(re.search(rb"\r(?!\n)", body))
        case "malformedExtension":
            return any(not _EXTENSIONS.fullmatch(line) for line in sizes)
        case "sizeTooLarge":
            digits = [re.match(rb"[0-9A-Fa-f]+", line).group() for line in sizes]
            return any(len(digit) > 16 or int(digit, 16) >= 1 << 63 for digit in digits)
        case "lineTooLong":
            return any(len(line) > 1024 for line in lines)
        case "folded":
            return bool(re.search(rb"\n[ \t]", body))
        case "controlInTrailer":
            return bool(_CONTROL.search(body))
        case "trailerForbidden":
            names = [line.split(b":")[0].lower() for line in lines]
            return any(_NOT_IN_TRAILERS.fullmatch(name) for name in names)
    return False


def _is_known_refusal(message: Message, reason: str, theirs: Opinion) -> bool:
    match = _BLANK_LINE.search(message.text, 2)
    head = message.text[: match.end()] if match else message.text
    method, target = theirs.start
    lengths = re.findall(rb"(?im)^content-length:([^\n]*)", head)
    codings = _values(theirs, b"transfer-encoding")
    if reason in _TARGET_RULES:
        return not is_target(method, target)
    match reason:
        case "bareLineFeed":
            return bool(re.search(rb"(?<!\r)\n", head))
        case "folded":
            return bool(re.search(rb"\n[ \t]", head))
        case "controlInValue" | "controlInReason":
            return bool(_CONTROL.search(head))
        case "malformedHost":
            return not all(is_host(host) for host in _values(theirs, b"host"))
        case "hostDisagrees":
            authority = re.match(rb"(?i)https?://([^/?]*)", target)
            hosts = [host.lower() for host in _values(theirs, b"host")]
            return authority is not None and hosts != [authority.group(1).lower()]
        case "lengthWithCoding":
            return bool(lengths) and bool(codings)
        case "lengthRepeated":
            return len(lengths) > 1
        case "malformedLength":
            return any(b"," in length for length in lengths)
        case "lengthTooLarge":
            return any(int(length) >= 1 << 63 for length in lengths)
        case "codingInHTTP10":
            return theirs.version == "1.0" and bool(codings)
        case "unsupportedVersion":
            return theirs.version not in ("1.0", "1.1")
        case "methodTooLong":
            return len(method) > 32
        case "statusOutOfRange":
            return not 100 <= int(method) < 600
        case "malformedConnection" | "connectionOptionForbidden" | "tooManyConnectionOptions":
            return not _is_usual_connection(theirs)
        case "unknownExpectation":
            return [v.lower() for v in _values(theirs, b"expect")] != [b"100-continue"]
        case "malformedMaxForwards":
            values = _values(theirs, b"max-forwards")
            return len(values) > 1 or not all(re.fullmatch(rb"[0-9]+", value) for value in values)
        case "bodyNotAllowed":
            return method in (b"TRACE", b"CONNECT") and bool(codings or lengths)
        case "switchingWithoutUpgrade":
            options = b",".join(_values(theirs, b"connection")).lower()
            upgrades = _values(theirs, b"upgrade")
            is_good = len(upgrades) == 1 and upgrades[0] and b"upgrade" in options
            return method == b"101" and (theirs.version == "1.0" or not is_good)
    return False


def _values(opinion: Opinion, name: bytes) -> list[bytes]:
    return [value for field, value in opinion.fields if field == name]


def _is_usual_connection(opinion: Opinion) -> bool:
    options = b",".join(_values(opinion, b"connection")).lower().split(b",")
    options = [option.strip(b" \t") for option in options if option.strip(b" \t")]
    framing = {b"content-length", b"transfer-encoding", b"host"}
    tokens = all(re.fullmatch(_TOKEN, option) for option in options)
    return tokens and not framing & set(options) and len(options) <= 32


def is_target(method: bytes, target: bytes) -> bool:
    """Whether a target keeps the rules that stand in RequestTarget.swift."""
    if method == b"CONNECT":
        return _is_authority(target, port_required=True)
    if target == b"*":
        return method == b"OPTIONS"
    if target.startswith(b"/"):
        return _is_path_and_query(target)
    absolute = re.fullmatch(rb"(?is)https?://([^/?]*)(.*)", target)
    return (
        absolute is not None
        and _is_authority(absolute.group(1))
        and _is_path_and_query(absolute.group(2))
    )


def is_host(value: bytes) -> bool:
    """Whether a value of Host keeps the rules that stand in Authority.swift."""
    return value == b"" or _is_authority(value)


def _is_path_and_query(text: bytes) -> bool:
    path, _, query = text.partition(b"?")
    return bool(_PATH.fullmatch(path) and _QUERY.fullmatch(query))


def _is_authority(text: bytes, port_required: bool = False) -> bool:
    split = re.fullmatch(rb"(?s)(\[[^\]]*\]|[^:]*)(?::([0-9]{0,5}))?", text)
    if split is None:
        return False
    host, port = split.groups()
    if port_required and not (port and int(port) > 0):
        return False
    if port and int(port) > 65_535:
        return False
    if not host.startswith(b"["):
        return host != b"" and bool(_HOST.fullmatch(host))
    try:
        address = ipaddress.IPv6Address(host[1:-1].decode("ascii"))
    except ValueError:
        return False
    return address.scope_id is None
