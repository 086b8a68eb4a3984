"""The habits that a linter does not know, as assertions over the source.

Limits are examples to follow: what breaks one with good reason is listed here
with that reason, and an entry that is no longer needed fails as well.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "django_mcp"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(file.relative_to(PACKAGE)) for file in FILES]
TREES = {
    name: ast.parse(file.read_text("utf-8"))
    for name, file in zip(NAMES, FILES, strict=True)
}

LONGEST_FUNCTION = 40
LONGEST_FILE = 300

LONG_FUNCTIONS: dict[str, str] = {}
LONG_FILES: dict[str, str] = {
    "context.py": "one class, half of it the async twins of the other half",
    "dispatch.py": "every way a message can end, in one place",
    "protocol/connection.py": "every change of a conversation's state, in one place",
    "providers/templates/reading.py": "a short method for each tag that binds names",
    "schema/uritemplate.py": "one grammar, parsed and matched",
    "server.py": "the public face: a short method for each thing it takes",
    "transports/exchange.py": "one message from its first byte to its last",
    "transports/listening.py": "both eras' long-lived streams",
}
#: Files that may import inside a function.
LATE_IMPORTS: dict[str, str] = {
    "apps.py": "AppConfig.ready runs when models may be imported, its file does not",
    "sealing.py": "cryptography is slow to import, and only asking needs it",
}
#: Files that may catch everything.
CATCH_EVERYTHING: dict[str, str] = {
    "dispatch.py": "the boundary: what nobody expected is logged and masked here",
    "broadcast.py": "a channel layer may raise anything, and is optional",
    "throttling.py": "a cache may raise anything, and no limit may stop a site",
}
#: Files without a test file of the same name, and where they are tested.
TESTED_ELSEWHERE: dict[str, str] = {
    "__init__.py": "test_public_api.py",
    "auth/__init__.py": "test_public_api.py",
    "auth/tokens.py": "auth/test_jwt.py",
    "exceptions.py": "test_public_api.py",
    "keys/apps.py": "keys/test_models.py",
    "keys/migrations/0001_initial.py": "keys/test_models.py",
    "methods/calling.py": "methods/test_primitives.py",
    "primitives.py": "providers/test_functions.py",
    "protocol/shapes.py": "protocol/test_connection.py",
    "protocol/stateless.py": "protocol/test_connection.py",
    "questions.py": "schema/test_questions.py",
    "signals.py": "test_server.py",
    "providers/templates/arguments.py": "providers/templates/test_prompts.py",
    "providers/templates/extra.py": "providers/templates/test_prompts.py",
    "providers/templates/registration.py": "providers/templates/test_discovery.py",
    "providers/models/addresses.py": "providers/models/test_resources.py",
    "providers/fields/arguments.py": "providers/models/test_filters.py",
    "schema/incoming.py": "providers/models/test_filters.py",
    "providers/fields/keys.py": "providers/models/test_paths.py",
    "providers/forms/binding.py": "providers/forms/test_tools.py",
    "providers/forms/completions.py": "providers/forms/test_tools.py",
    "schema/controls.py": "providers/forms/test_posting.py",
    "providers/forms/instances.py": "providers/forms/test_tools.py",
    "providers/forms/saving.py": "providers/forms/test_tools.py",
    "providers/forms/shapes.py": "providers/forms/test_arguments.py",
    "providers/models/entries.py": "providers/models/test_catalogue.py",
    "providers/models/choices.py": "providers/models/test_writes.py",
    "providers/models/exposure.py": "providers/models/test_toolset.py",
    "providers/models/formfields.py": "providers/models/test_filtersets.py",
    "providers/models/formfilters.py": "providers/models/test_filtersets.py",
    "providers/models/narrowing.py": "providers/models/test_lists.py",
    "providers/models/methods.py": "providers/models/test_actions.py",
    "providers/models/plans.py": "providers/models/test_rows.py",
    "providers/models/problems.py": "providers/models/test_toolset.py",
    "providers/models/targets.py": "providers/models/test_writes.py",
    "providers/models/writable.py": "providers/models/test_writes.py",
    "providers/models/written.py": "providers/models/test_writes.py",
    "providers/views/admins.py": "providers/views/test_generic.py",
    "providers/views/arguments.py": "providers/views/test_registration.py",
    "providers/views/bodies.py": "providers/views/test_answers.py",
    "providers/views/calling.py": "providers/views/test_requests.py",
    "providers/views/filling.py": "providers/views/test_generic.py",
    "providers/views/options.py": "providers/views/test_registration.py",
    "providers/views/parameters.py": "providers/views/test_routes.py",
    "providers/views/planning.py": "providers/views/test_registration.py",
    "providers/views/redirects.py": "providers/views/test_answers.py",
    "providers/views/shown.py": "providers/views/test_answers.py",
    "providers/views/tool.py": "providers/views/test_parity.py",
    "providers/ninja/schemas.py": "providers/ninja/test_arguments.py",
    "providers/drf/declaring.py": "providers/drf/test_registration.py",
    "providers/drf/filtersets.py": "providers/drf/test_queries.py",
    "providers/drf/limits.py": "providers/drf/test_fields.py",
    "providers/drf/relations.py": "providers/drf/test_fields.py",
    "providers/drf/operations.py": "providers/drf/test_routes.py",
    "providers/drf/paths.py": "providers/drf/test_tools.py",
    # Parts of one path: a test of one alone would pin how they are cut.
    **dict.fromkeys(
        (
            f"transports/{name}.py"
            for name in (
                "asgi", "call", "exchange", "guards", "http", "listening", "outlet",
                "replay", "request", "running", "sse", "streams", "watch",
            )
        ),
        "transports/test_wire.py",
    ),
}  # fmt: skip
#: The only file, or folder, or both, that imports each optional package.
OPTIONAL_PACKAGES: dict[str, str | tuple[str, ...]] = {
    "jinja2": "providers/templates/jinja.py",
    "jwt": "auth/jwt.py",
    "jsonschema_rs": "schema/jsonschema.py",
    "channels_redis": "",
    "daphne": "",
    "django_filters": "providers/models/filtersets.py",
    "ninja": "providers/ninja/operations.py",
    "oauth2_provider": "oauth/",
    "oauthlib": "oauth/",
    "bs4": "providers/views/pages.py",
    "markdownify": "providers/views/pages.py",
    "redis": "",
    "rest_framework": ("providers/drf/", "auth/drf.py"),
    "uvicorn": "",
}
#: All that the engine may import from outside the package.
ENGINE_IMPORTS = {"pydantic_core"} | {
    "__future__", "base64", "binascii", "collections", "dataclasses", "enum",
    "functools", "itertools", "json", "math", "operator", "re", "types", "typing",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    return (n for n in ast.walk(tree) if isinstance(n, Function))


def length(function: Function) -> int:
    """Lines of a function after its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def imported(tree: ast.AST) -> Iterator[str]:
    """Names of the modules that code imports, but for the sake of its types."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
        else:
            yield from imported(node)


def is_empty(tree: ast.Module) -> bool:
    return not tree.body or (len(tree.body) == 1 and bool(ast.get_docstring(tree)))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_says_first_what_it_is_for(name: str) -> None:
    tree = TREES[name]
    assert is_empty(tree) or ast.get_docstring(tree)


def test_no_function_is_long_without_a_reason() -> None:
    long = {
        f"{name}:{function.name}"
        for name, tree in TREES.items()
        for function in functions(tree)
        if length(function) > LONGEST_FUNCTION
    }
    assert long == set(LONG_FUNCTIONS)


def test_no_file_is_long_without_a_reason() -> None:
    long = {
        name
        for name, file in zip(NAMES, FILES, strict=True)
        if len(file.read_text("utf-8").splitlines()) > LONGEST_FILE
    }
    assert long == set(LONG_FILES)


@pytest.mark.parametrize("name", NAMES)
def test_imports_are_absolute_and_at_the_top(name: str) -> None:
    relative = [
        node.lineno
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    late = [
        node.lineno
        for function in functions(TREES[name])
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not relative
    assert not late or name in LATE_IMPORTS


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith("protocol/")])
def test_the_engine_imports_nothing_that_waits_logs_or_is_django(name: str) -> None:
    foreign = {
        module.partition(".")[0]
        for module in imported(TREES[name])
        if not module.startswith("django_mcp.protocol")
    }
    assert foreign <= ENGINE_IMPORTS


@pytest.mark.parametrize("package", OPTIONAL_PACKAGES)
def test_an_optional_package_is_imported_in_one_place_at_most(package: str) -> None:
    importers = {
        name
        for name, tree in TREES.items()
        if package in {module.partition(".")[0] for module in imported(tree)}
    }
    place = OPTIONAL_PACKAGES[package]
    assert all(place and name.startswith(place) for name in importers)


def test_nobody_else_catches_everything() -> None:
    catchers = {
        name
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) == "Exception")
    }
    assert catchers == set(CATCH_EVERYTHING)


@pytest.mark.parametrize("name", NAMES)
def test_a_context_is_called_context(name: str) -> None:
    names = {n.arg for n in ast.walk(TREES[name]) if isinstance(n, ast.arg)}
    names |= {n.id for n in ast.walk(TREES[name]) if isinstance(n, ast.Name)}
    assert not names & {"ctx", "mcp_context"}


def test_each_file_has_its_test_file() -> None:
    missing = {
        name
        for name, tree in TREES.items()
        if not is_empty(tree) and not mirror(name).exists()
    }
    assert missing == set(TESTED_ELSEWHERE)
    for place in TESTED_ELSEWHERE.values():
        assert (ROOT / "tests" / place).exists(), place


def mirror(name: str) -> Path:
    """``schema/arguments.py`` is tested by ``schema/test_arguments.py``."""
    file = ROOT / "tests" / name
    stem = file.parent.name if file.name == "__init__.py" else file.stem
    return file.with_name(f"test_{stem}.py")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the parser of 3.12 tells")
def test_the_source_parses_on_the_oldest_python() -> None:
    for file in FILES:
        ast.parse(file.read_text("utf-8"), feature_version=(3, 11))
