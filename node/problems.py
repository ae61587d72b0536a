"""Errors as RFC 9457 problem documents."""

from typing import Any

import orjson

MEDIA = "application/problem+json"
TITLES = {
    400: "The request cannot be read",
    401: "The request does not prove who sent it",
    403: "Not allowed",
    404: "Not found",
    405: "This address does not take that method",
    408: "The request took too long to arrive",
    409: "The state does not allow it",
    413: "The request is too large",
    415: "The request is of the wrong type",
    421: "This request is addressed to another node",
    422: "The request is not as the interface says",
    429: "Too many requests",
    500: "A fault of this node",
    503: "This node has too much to do",
}


def problem_body(status: int, code: str, detail: str, **more: Any) -> bytes:
    """``code`` is stable and for programs, ``detail`` for people."""
    return orjson.dumps(
        {
            "type": f"urn:net:problem:{code}",
            "title": TITLES.get(status, "Error"),
            "status": status,
            "detail": detail,
            "code": code,
            **more,
        }
    )
