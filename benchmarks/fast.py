"""The fastmcp server with the same tool, where it happens to be installed."""

from typing import Any

from fastmcp import FastMCP  # type: ignore[import-not-found]

from benchmarks.functions import MANY, echo, others


def _application(*functions: Any) -> Any:
    built = FastMCP("fastmcp")
    for function in functions:
        built.tool(function)
    return built.http_app(json_response=True, stateless_http=True)


def one() -> Any:
    """Serve one tool."""
    return _application(echo)


def many() -> Any:
    """Serve 300 tools."""
    return _application(echo, *others(MANY - 1))
