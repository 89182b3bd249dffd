"""Refuses requests of other web pages, and adds the security headers to every answer.

A browser sends the page's cookie also with what other pages on this machine make it request.
Therefore requests with a foreign `Host` (DNS rebinding), with a foreign `Origin`, or across sites
without an `Origin` are refused. Knows nothing of tokens and cookies.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.workspace.answers import failed

LOCAL_HOSTS = {"127.0.0.1", "localhost", "::1"}

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that comes neither from a program on this machine nor from the page."""
    refusal = _refusal(request)
    if refusal:
        return failed(refusal, 403)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the security headers to an answer just before it is sent."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(request: web.Request) -> str:
    """The error code to refuse a request with, empty if it may pass."""
    host = request.headers.get("Host", "")
    if _hostname(host) not in LOCAL_HOSTS:
        return "foreign_host"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "foreign_origin"
    # Images and links of other pages send no Origin, but browsers send Sec-Fetch-Site.
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("none", "same-origin") and request.path != "/":
        return "foreign_origin"
    return ""


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
