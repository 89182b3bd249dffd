"""Keeps other web pages out, and gives every answer its security headers.

The tokens here are public knowledge, so what protects the workspace is that only programs on
this machine and its own page can reach it: a foreign `Host` (DNS rebinding), a foreign `Origin`
and cross-site requests without one are refused.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

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
    """Refuse what does not come from this machine's programs or from the page itself."""
    refusal = _refusal(request)
    if refusal:
        return web.json_response({"ok": False, "error": refusal}, status=403)
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the security headers, just before it is sent."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def _refusal(request: web.Request) -> str:
    host = request.headers.get("Host", "")
    if _hostname(host) not in LOCAL_HOSTS:
        return "foreign_host"
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return "foreign_origin"
    # Images and links of foreign pages send no Origin, but browsers say where they come from.
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site not in ("none", "same-origin") and request.path != "/":
        return "foreign_origin"
    return ""


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
