"""`/openapi.json`, `/docs` to read and try it, and a page for every error code."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from flask import Blueprint, Response, current_app, render_template
from markdown_it import MarkdownIt

from services.api import openapi
from services.api.answers import json_answer
from services.api.service import service
from services.errors import NotFound

blueprint = Blueprint("documentation", __name__, template_folder="templates")

#: Where an application keeps its OpenAPI document.
_BUILT = "gradqueue.openapi"

#: Scripts and styles of this server only. Swagger UI's icons are data URLs in its style sheet.
_DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

_HERE = resources.files("services.api")
_PROBLEMS = _HERE / "problem_pages"
#: Swagger UI, from its wheel.
_SWAGGER = resources.files("flask_openapi3_swagger") / "templates" / "swagger"
_ASSETS = {
    "swagger-ui.css": (_SWAGGER / "css" / "swagger-ui.css", "text/css"),
    "swagger-ui-bundle.js": (_SWAGGER / "js" / "swagger-ui-bundle.js", "text/javascript"),
    "docs.js": (_HERE / "assets" / "docs.js", "text/javascript"),
    "page.css": (_HERE / "assets" / "page.css", "text/css"),
}

#: Seconds for which a browser need not ask again for a file of the pages.
_ASSET_AGE = 3600


@blueprint.get("/openapi.json")
def document() -> Response:
    """Return the OpenAPI document, which is made when it is first asked for."""
    app = current_app
    if _BUILT not in app.extensions:
        app.extensions[_BUILT] = openapi.build(
            app, service().limits, needs_keys=service().settings.needs_keys
        )
    return json_answer(app.extensions[_BUILT])


@blueprint.get("/docs")
def docs() -> Response:
    """Return the page that shows the OpenAPI document and can try it."""
    return _page(render_template("docs.html"), _DOCS_POLICY)


@blueprint.get("/assets/<name>")
def asset(name: str) -> Response:
    """Return a file that the pages need."""
    if name not in _ASSETS:
        raise NotFound("there is nothing at this address")
    path, media_type = _ASSETS[name]
    response = Response(path.read_bytes(), content_type=f"{media_type}; charset=utf-8")
    response.headers["Cache-Control"] = f"public, max-age={_ASSET_AGE}"
    return response


@blueprint.get("/problems/<id:code>")
def problem(code: str) -> Response:
    """Return the page that explains an error code."""
    return _page(_problem_page(code), _PAGE_POLICY)


@cache
def _problem_page(code: str) -> str:
    try:
        text = (_PROBLEMS / f"{code}.md").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound("there is no such problem") from None
    markdown: Any = MarkdownIt("commonmark", {"html": False}).enable("table")
    return render_template("problem.html", code=code, text=markdown.render(text))


def _page(html: str, policy: str) -> Response:
    response = Response(html, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    return response
