"""Find prompts that are templates: in the folder ``prompts`` of each app.

Of each app that has a module ``mcp``, that is: in others, such a folder holds
what they say to a model of their own, and not what they mean to show.

At startup only folders are looked at, and nothing is compiled. What lies
elsewhere, or has a name that begins with ``_`` or ``.``, is never served.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.apps.config import AppConfig
from django.template import engines
from django.utils.module_loading import import_string, module_has_submodule

from django_mcp.conf import conf
from django_mcp.content.media import is_text, type_of_name

if TYPE_CHECKING:
    from django_mcp.primitives import Primitive
    from django_mcp.server import MCPServer

_LEFT_OUT = (
    "The prompts in this folder are not served: their app has no module mcp. Add one, be"
    " it empty; or silence this, if they are meant for nobody else."
)
#: Where engines look for templates inside of an app.
_APP_FOLDERS = ("templates", "jinja2")


def autodiscover(server: MCPServer, others: Iterable[MCPServer] = ()) -> None:
    """Declare the prompts of all installed apps, if there are any.

    What the project declares itself, on this server or on ``others``, is left
    to it.
    """
    if not conf.PROMPT_TEMPLATES:
        return
    for _, folder in _prompt_folders(meant=False):
        server.declarations.warn(_LEFT_OUT, str(folder), id="django_mcp.W014")
    if not any(_prompt_folders()):
        return

    def build() -> Iterable[Primitive]:
        # By name, so that starting up does not load what reads templates.
        declare = import_string(
            "django_mcp.providers.templates.registration.discovered_template"
        )
        for name, path in _found():
            declare(server, others, name, str(path))
        return ()

    server.declare(build, source="the templates of the installed apps")


def names_in(folder: str) -> list[str]:
    """Return the names of the templates in a folder, as engines know it."""
    found: dict[str, None] = {}
    for place in _template_folders():
        for path in _files(place / folder):
            found[path.relative_to(place).as_posix()] = None
    return sorted(found)


def _found() -> Iterator[tuple[str, Path]]:
    """Yield the prompts of apps, by their names, that an engine can find."""
    known = set(_template_folders())
    for place, folder in _prompt_folders():
        if place in known:
            for path in _files(folder):
                yield path.relative_to(place).as_posix(), path


def _prompt_folders(*, meant: bool = True) -> Iterator[tuple[Path, Path]]:
    """Yield each app's folder for templates, and the one for prompts in it.

    ``meant``: of those apps that mean to serve them, or of the others.
    """
    for app in apps.get_app_configs():
        if not app.module or module_has_submodule(app.module, "mcp") != meant:
            continue
        for kind in _APP_FOLDERS:
            place = Path(app.path) / kind
            for name in _names_of(app):
                folder = place / name / "prompts"
                if folder.is_dir():
                    yield place, folder


def _names_of(app: AppConfig) -> Iterable[str]:
    return dict.fromkeys((app.label, app.name.rpartition(".")[2]))


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that are text and not kept back, in their order."""
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        kept_back = any(part.startswith(("_", ".")) for part in inner)
        kind = type_of_name(path.name)
        if path.is_file() and not kept_back and (is_text(kind) or not kind):
            yield path


def _template_folders() -> Iterator[Path]:
    """Yield the folders that engines look into."""
    for backend in engines.all():
        loaders = getattr(getattr(backend, "engine", None), "template_loaders", None)
        if loaders is None:
            yield from map(Path, backend.template_dirs)
        else:
            yield from _folders_of(loaders)


def _folders_of(loaders: Iterable[Any]) -> Iterator[Path]:
    for loader in loaders:
        # The one that caches has others behind it.
        yield from _folders_of(getattr(loader, "loaders", ()))
        if hasattr(loader, "get_dirs"):
            yield from map(Path, loader.get_dirs())
