"""The answers that faults put in the place of the real one."""

from __future__ import annotations

import json

from nomba_desktop.practice.envelopes import Answer, failure, server_error, too_many_requests
from nomba_desktop.practice.faults import Fault
from nomba_desktop.practice.wire import RawAnswer

_EDGE_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Attention Required!</title></head>\n"
    b"<body><h1>Sorry, you have been blocked</h1>\n"
    b"<p>You are unable to access this site. (Practice server, pretended edge.)</p></body></html>\n"
)


def json_answer(answer: Answer) -> RawAnswer:
    """An answer as bytes."""
    body = json.dumps(answer.body, separators=(",", ":"), ensure_ascii=False).encode()
    return RawAnswer(answer.status, ((b"content-type", b"application/json"),), b"").with_body(body)


def replacement(fault: Fault) -> RawAnswer:
    """What a replacing fault answers."""
    match fault.kind:
        case "error":
            plain = server_error(fault.status or 500)
            code = plain.body["code"] if fault.code is None else fault.code
            description = plain.body["description"] if fault.description is None else fault.description
            return json_answer(failure(plain.status, code, description))
        case "rate_limited":
            answer = json_answer(too_many_requests())
            if fault.retry_after is None:
                return answer
            return answer.with_headers((b"retry-after", str(fault.retry_after).encode()))
        case "edge_html":
            html = RawAnswer(fault.status or 403, ((b"content-type", b"text/html; charset=UTF-8"),), b"")
            return html.with_body(_EDGE_PAGE)
        case "not_json":
            return RawAnswer(fault.status or 200, ((b"content-type", b"text/plain"),), b"").with_body(b"OK\n")
        case "empty":
            return RawAnswer(fault.status or 200, (), b"").with_body(b"")
        case _:
            shell = json_answer(Answer(200, {"code": "00", "description": "Success", "data": ""})).body
            return RawAnswer(200, ((b"content-type", b"application/json"),), b"").with_body(
                shell[:-2] + b"x" * max(0, fault.size - len(shell)) + shell[-2:]
            )
