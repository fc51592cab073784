"""What schemathesis does not look at by itself: bodies that nobody asked for, and what holds for every answer of the exporter."""

import itertools
import json
import os

import schemathesis

# No route has a use for a body. Which are sent, if any, is for the state to say.
BODIES = [
    ("application/json", b"{"),
    ("application/json", b"[" * 900),
    ("application/json", b'{"__proto__": {"x": 1}, "target": "nobody"}'),
    ("application/json", b"\xff\xfe\x00"),
    ("application/json", b'"' + b"x" * 100_000),
    ("application/x-www-form-urlencoded", b"target=nobody&target=&%zz=%"),
    ("multipart/form-data; boundary=x", b'--x\r\ncontent-disposition: form-data; name="target"\r\n\r\nnobody'),
    ("text/plain", b"target=nobody"),
    ("application/x-unknown", b"\x00" * 2_000),
    ("no media type", b"x"),
]

# Bytes above which the body of a GET is refused before it has come.
LARGEST_BODY = 1_024
SIZE = os.environ.get("SCHEMATHESIS_BODIES")
SENT = [one for one in BODIES if SIZE and (len(one[1]) > LARGEST_BODY) == (SIZE == "large")]
REQUESTS = itertools.count()

# Headers that any answer may have; all others are declared.
COMMON = {
    "cache-control",
    "connection",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "transfer-encoding",
}
SECURITY = {
    "content-security-policy": "default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
# Each would tell how the exporter is made, or what it has.
INTERNALS = ["node_modules", "    at ", ".ts:", "file://", "AKIA", "secret-of-the-test", "arn:aws:iam", "AccessDenied"]


# Why there may be nothing to show in these states. A call that hangs has a timeout, which a long run outlasts.
REASONS = {"not_collected", "timeout", "access_denied", "overloaded"}


@schemathesis.hook
def before_call(context, case, kwargs):
    """A body with every request where the state is about that, each kind in turn: so they are the same in each run of a seed."""
    if SENT:
        media, body = SENT[next(REQUESTS) % len(SENT)]
        case.headers = {**(case.headers or {}), "content-type": media}
        kwargs["data"] = body


@schemathesis.hook
def filter_case(context, case):
    """No unknown parameter among what is right: document.ts declares one that nothing fits, so that there is one among what is wrong."""
    return not (case.meta and case.meta.generation.mode.is_positive and "unknown" in (case.query or {}))


def _header(response, name):
    values = response.headers.get(name)
    return values[0] if values else None


@schemathesis.check
def security_headers(ctx, response, case):
    for name, value in SECURITY.items():
        assert (_header(response, name) or "").startswith(value), f"{name} is {_header(response, name)}"


@schemathesis.check
def declared_headers(ctx, response, case):
    declared = case.operation.definition.raw["responses"].get(str(response.status_code), {}).get("headers", {})
    known = COMMON | SECURITY.keys() | {name.lower() for name in declared}
    if case.method.upper() not in ("GET", "HEAD"):
        known |= {"allow", "retry-after"}
    unknown = {name.lower() for name in response.headers} - known
    assert not unknown, f"headers that the document does not declare: {sorted(unknown)}"


@schemathesis.check
def one_error(ctx, response, case):
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    body = json.loads(response.content)
    if case.operation.path == "/ready" and response.status_code == 503:
        return
    assert sorted(body) == ["code", "error", "message", "statusCode"], f"an error of its own shape: {body}"
    assert body["statusCode"] == response.status_code, "its status is another"
    assert body["message"].endswith("."), f"no sentence: {body['message']}"


@schemathesis.check
def declared_failures(ctx, response, case):
    if response.status_code < 500:
        return
    assert response.status_code == 503, f"{response.status_code}"
    if case.method.upper() != "HEAD":
        code = json.loads(response.content)["code"]
        assert code in REASONS, f"the reason is {code}"


@schemathesis.check
def large_bodies(ctx, response, case):
    size = int(response.request.headers.get("content-length", 0))
    if response.status_code == 413:
        assert size > LARGEST_BODY, f"a body of {size} bytes is too large"
    elif case.method.upper() in ("GET", "HEAD") and size > LARGEST_BODY:
        assert response.status_code in (429, 503), f"a body of {size} bytes is taken"


@schemathesis.check
def no_internals(ctx, response, case):
    found = [word for word in INTERNALS if word in response.content.decode("utf-8", "replace")]
    assert not found, f"the answer tells {found}"


@schemathesis.check
def no_body_of_head(ctx, response, case):
    if case.method.upper() == "HEAD" or response.status_code == 304:
        assert not response.content, "a body where none may be"
