"""APIs to expose, with what ninja can do; and the URLconf that has them."""

import asyncio
import enum
import json
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from secrets import token_hex
from typing import Annotated, Any, Literal

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.urls import include, path, reverse
from django.utils.functional import cached_property
from ninja import (
    Body,
    Cookie,
    Field,
    File,
    FilterSchema,
    Form,
    Header,
    NinjaAPI,
    PatchDict,
    Path,
    Query,
    Router,
    Schema,
    Status,
    UploadedFile,
)
from ninja.decorators import decorate_view
from ninja.errors import HttpError, ValidationError
from ninja.operation import Operation, PathView
from ninja.pagination import PageNumberPagination, paginate
from ninja.security import (
    APIKeyCookie,
    APIKeyHeader,
    APIKeyQuery,
    HttpBasicAuth,
    HttpBearer,
    django_auth,
    django_auth_is_staff,
    django_auth_superuser,
)
from ninja.streaming import JSONL, SSE, StreamFormat
from ninja.throttling import AnonRateThrottle, UserRateThrottle
from pydantic_core import core_schema

# -- what operations take --------------------------------------------------------

shapes = NinjaAPI(urls_namespace="shapes")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Item(Schema):
    name: str = Field(..., min_length=2, description="What it is called.")
    price: Decimal = Field(Decimal(1), gt=0)
    unit_price: int | None = Field(None, alias="unitPrice")


class Cat(Schema):
    kind: Literal["cat"]
    lives: int


class Dog(Schema):
    kind: Literal["dog"]
    tricks: list[str]


class Tree(Schema):
    name: str
    children: list["Tree"] = []


class Filters(FilterSchema):
    search: str | None = Field(None, description="Part of the name.")
    ids: list[int] = []
    colour: Colour | None = None


class Day(Schema):
    year: int
    month: int


@shapes.get("/query")
def query(
    request: HttpRequest,
    limit: int,
    filters: Query[Filters],
    on: date | None = None,
    exact: bool = False,
    ratio: float = 1.0,
    tags: list[str] = Query([]),
    from_: str = Query("start", alias="from", description="Where to begin."),
    hidden: str = Query("no", include_in_schema=False),
    shown: str = Query("", example="a word"),
) -> Any:
    """What the query said.

    Args:
        limit: At most so many.
    """
    return {
        "limit": limit,
        "filters": filters.dict(),
        "on": on,
        "exact": exact,
        "ratio": ratio,
        "tags": tags,
        "from": from_,
        "hidden": hidden,
    }


@shapes.get("/days/{year}/{month}/secret")
def shadowed(request: HttpRequest, year: int, month: int) -> Any:
    return {"secret": True}


@shapes.get("/days/{year}/{month}/{word}")
def address(request: HttpRequest, day: Path[Day], word: str, year2: int = 0) -> Any:
    return {"year": day.year, "month": day.month, "word": word}


@shapes.get("/typed/{int:number}/{uuid:key}/{path:rest}")
def typed(request: HttpRequest, number: int, key: str, rest: str) -> Any:
    return {"number": number, "key": key, "rest": rest}


@shapes.post("/items")
def one_body(request: HttpRequest, item: Item) -> Any:
    return item.dict()


@shapes.post("/items/{name}")
def clashing(request: HttpRequest, name: str, item: Item) -> Any:
    return {"name": name, "item": item.dict()}


@shapes.post("/two")
def two_bodies(
    request: HttpRequest, item: Item, tree: Tree, note: str = Body("")
) -> Any:
    return {"item": item.dict(), "tree": tree.dict(), "note": note}


@shapes.post("/optional")
def optional_body(request: HttpRequest, item: Item | None = Body(None)) -> Any:
    return item and item.dict()


@shapes.post("/pets")
def union(
    request: HttpRequest,
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Body(...),
) -> Any:
    return pet.dict()


@shapes.post("/either")
def either(request: HttpRequest, pet: Item | Tree) -> Any:
    return pet.dict()


@shapes.post("/perhaps")
def perhaps(request: HttpRequest, day: Day | None = None) -> Any:
    return day and day.dict()


@shapes.post("/numbers")
def numbers(request: HttpRequest, numbers: list[int]) -> Any:
    return sum(numbers)


@shapes.patch("/items")
def patch(request: HttpRequest, changes: PatchDict[Item]) -> Any:
    return changes


@shapes.post("/form")
def form(request: HttpRequest, item: Form[Item], n: list[int] = Form([])) -> Any:
    return {"item": item.dict(), "n": n}


@shapes.post("/files")
def files(
    request: HttpRequest,
    first: UploadedFile,
    more: list[UploadedFile] = File([]),
    title: str = Form("none"),
    item: Item | None = Body(None),
) -> Any:
    return {
        "files": [[f.name, f.content_type, f.read().decode()] for f in [first, *more]],
        "title": title,
        "item": item and item.dict(),
    }


@shapes.get("/headers")
def headers(
    request: HttpRequest,
    accept_language: str = Header(...),
    x_key: str = Header("none"),
    theme: str = Cookie("dark"),
) -> Any:
    return {"x_key": x_key, "theme": theme, "language": accept_language}


@shapes.get("/needs-header")
def needs_header(request: HttpRequest, x_key: str = Header(...)) -> Any:
    return x_key


@shapes.get("/old", deprecated=True, tags=["old"], summary="The old one")
def old(request: HttpRequest) -> Any:
    """Better ask the new one."""
    return "old"


@shapes.get("/unlisted", include_in_schema=False)
def unlisted(request: HttpRequest) -> Any:
    return "unlisted"


@shapes.api_operation(["GET", "POST", "HEAD"], "/both")
def both(request: HttpRequest) -> Any:
    return request.method


# -- what they answer ------------------------------------------------------------

answers = NinjaAPI(urls_namespace="answers")


class Answer(Schema):
    id: int
    when: datetime
    colour: Colour
    price: Decimal
    note: str | None = None


class Named(Schema):
    full_name: str = Field(..., alias="fullName")
    note: str | None = None

    model_config = {"populate_by_name": True}


_ANSWER = {
    "id": 1,
    "when": datetime(2026, 1, 2, 3, 4, 5),
    "colour": Colour.RED,
    "price": Decimal("1.50"),
}


@answers.get("/data", response=Answer)
def data(request: HttpRequest) -> Any:
    return _ANSWER


@answers.get("/lean", response=list[Answer], exclude_none=True)
def lean(request: HttpRequest) -> Any:
    return [_ANSWER, _ANSWER]


@answers.get("/alias", response=Named, by_alias=True, exclude_unset=True)
def alias(request: HttpRequest) -> Any:
    return Named(full_name="Ada")


@answers.get("/several", response={200: Answer, 202: Named, 404: Named, 409: Named})
def several(request: HttpRequest, status: int) -> Any:
    if status == 200:
        return Status(200, _ANSWER)
    return Status(status, {"full_name": f"status {status}"})


@answers.get("/nothing", response={204: None})
def nothing(request: HttpRequest) -> Any:
    return Status(204, None)


@answers.get("/page", response=list[int])
@paginate(PageNumberPagination, page_size=3)
def page(request: HttpRequest) -> Any:
    return list(range(10))


@answers.get("/raises")
def raises(request: HttpRequest, what: str) -> Any:
    raise {
        "403": HttpError(403, "Only on Mondays."),
        "404": HttpError(404, "No such thing in the shop."),
        "409": HttpError(409, "It was sold meanwhile."),
        "503": HttpError(503, "Closed for today."),
        "denied": PermissionDenied(),
        "boom": RuntimeError("the password is hunter2"),
        "refund": Refund(),
        "missing": User.DoesNotExist("secret row"),
    }[what]


class Refund(Exception):
    """Handled by the API's own handler."""


@answers.exception_handler(Refund)
def refunded(request: HttpRequest, error: Any) -> HttpResponse:
    return answers.create_response(
        request, {"message": "Ask for a refund."}, status=402
    )


@answers.get("/raw")
def raw(request: HttpRequest, kind: str) -> Any:
    if kind == "login":
        return HttpResponseRedirect("/accounts/login/?next=/raw")
    if kind == "elsewhere":
        return HttpResponseRedirect("/there")
    if kind == "file":
        return FileResponse(BytesIO(b"a,b\n"), as_attachment=True, filename="a.csv")
    if kind == "traceback":
        return HttpResponse("Traceback: hunter2", status=500, content_type="text/plain")
    content = {"text/plain": b"words", "image/png": b"\x89PNG\r\n\x1a\n"}.get(
        kind, b"\x00"
    )
    return HttpResponse(content, content_type=kind)


@answers.get("/lines", response=JSONL[Named])
def lines(request: HttpRequest, count: int) -> Any:
    for number in range(count):
        yield {"full_name": str(number)}


@answers.get("/events", response=SSE[Named])
async def events(request: HttpRequest, count: int) -> Any:
    for number in range(count):
        await asyncio.sleep(0)
        yield {"full_name": str(number)}


class CSV(StreamFormat):
    """A format of a project's own."""

    media_type = "text/csv"

    @classmethod
    def format_chunk(cls, data: str) -> str:
        return ",".join(map(str, json.loads(data).values())) + "\n"


@answers.get("/table", response=CSV[Named])  # type: ignore[misc]
def table(request: HttpRequest) -> Any:
    yield {"full_name": "Ada", "note": "first"}


@answers.get("/by-hand")
def by_hand(request: HttpRequest, kind: str, text: str) -> Any:
    return StreamingHttpResponse([text], content_type=kind)


@answers.get("/stored")
def stored(request: HttpRequest, several: bool) -> Any:
    """Whatever somebody has stored, which may look like anything."""
    link = {"type": "resource_link", "uri": "https://example.com", "name": "look"}
    return [link] if several else link


@answers.get("/refused")
def refused(request: HttpRequest, status: int, kind: str, text: str) -> Any:
    return HttpResponse(text, status=status, content_type=kind)


@answers.get("/where")
async def where(request: HttpRequest) -> Any:
    return reverse("answers:where")


@answers.get("/async-page")
async def async_page(request: HttpRequest) -> Any:
    return HttpResponse("<h1>Books</h1>")


# Handlers of a validation's errors as projects write them.
texts = NinjaAPI(urls_namespace="texts")
wrapped = NinjaAPI(urls_namespace="wrapped")
named = NinjaAPI(urls_namespace="named")


@texts.exception_handler(ValidationError)
def in_text(request: HttpRequest, error: Any) -> HttpResponse:
    return HttpResponse("Invalid input", status=422)


@wrapped.exception_handler(ValidationError)
def in_an_envelope(request: HttpRequest, error: Any) -> HttpResponse:
    data = {"ok": False, "data": {"errors": error.errors}}
    return wrapped.create_response(request, data, status=400)


@named.exception_handler(ValidationError)
def by_name(request: HttpRequest, error: Any) -> HttpResponse:
    data = {"errors": {str(one["loc"][-1]): [one["msg"]] for one in error.errors}}
    return named.create_response(request, data, status=400)


for _api in (texts, wrapped, named):
    # One function for all three: their names are the same, too.
    @_api.get("/half")
    def half(request: HttpRequest, number: int, limit: int = Query(9, le=9)) -> Any:
        return number / 2


class Word(str):
    """A type that pydantic checks, and has no schema for."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        return core_schema.no_info_plain_validator_function(cls)


odd = NinjaAPI(urls_namespace="odd")


@odd.get("/takes")
def takes_word(request: HttpRequest, word: Word) -> Any:
    return word


@odd.get("/gives", response=Word)
def gives_word(request: HttpRequest) -> Any:
    return "even"


# -- guards ----------------------------------------------------------------------


class Key(APIKeyHeader):
    param_name = "X-Key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return "the key" if key == "right" else None


class QueryKey(APIKeyQuery):
    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return "the key" if key == "right" else None


class Bearer(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> Any:
        return "the token" if token == "right" else None


class Basic(HttpBasicAuth):
    def authenticate(self, request: HttpRequest, username: str, password: str) -> Any:
        return username if password == "right" else None


class CookieKey(APIKeyCookie):
    param_name = "key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return "the cookie" if key == "right" else None


def from_this_host(request: HttpRequest) -> bool:
    return request.META["REMOTE_ADDR"] == "127.0.0.1"


def named_ada(request: HttpRequest) -> bool:
    return request.user.get_username() == "ada"


async def async_named_ada(request: HttpRequest) -> bool:
    return (await request.auser()).get_username() == "ada"


guards = NinjaAPI(urls_namespace="guards")
#: Every guard, by the name of its operation.
GUARDS: dict[str, Any] = {
    "anybody": None,
    "login": django_auth,
    "staff": django_auth_is_staff,
    "superuser": django_auth_superuser,
    "key": Key(),
    "query_key": QueryKey(),
    "bearer": Bearer(),
    "basic": Basic(),
    "cookie": CookieKey(),
    "function": named_ada,
    "async_function": async_named_ada,
    "key_or_staff": [Key(), django_auth_is_staff],
    "key_or_bearer": [Key(), Bearer()],
}
#: Those that ask for what a caller over MCP has not got.
CREDENTIALS = {"key", "query_key", "bearer", "basic", "key_or_bearer"}


def _guarded(name: str, guard: Any) -> None:
    def operation(request: HttpRequest) -> Any:
        return {"user": request.user.get_username(), "auth": str(_auth(request))}

    async def aoperation(request: HttpRequest) -> Any:
        user = await request.auser()
        return {"user": user.get_username(), "auth": str(_auth(request))}

    operation.__name__, aoperation.__name__ = name, f"a{name}"
    guards.get(f"/{name}", auth=guard)(operation)
    guards.get(f"/a{name}", auth=guard)(aoperation)
    write = guards.post(f"/{name}", auth=guard, operation_id=f"post_{name}")
    write(lambda request: {"auth": str(_auth(request))})


def _auth(request: Any) -> Any:
    return getattr(request, "auth", None)


for _name, _guard in GUARDS.items():
    _guarded(_name, _guard)


@guards.get("/local", auth=from_this_host)
def local(request: HttpRequest) -> Any:
    return True


@guards.get("/decorated")
@decorate_view(permission_required("auth.add_user", raise_exception=True))
def decorated(request: HttpRequest) -> Any:
    return True


@guards.get("/page", auth=Key())
@decorate_view(permission_required("auth.add_user"))
def decorated_key(request: HttpRequest) -> Any:
    return {"auth": str(_auth(request))}


# -- routers, versions, throttles ------------------------------------------------


def listing(*items: str) -> Router:
    """Make a router, as helpers of projects do for each of their models."""
    router = Router()

    @router.get("")
    def list_items(request: HttpRequest) -> Any:
        return list(items)

    @router.get("/{int:place}")
    def item(request: HttpRequest, place: int) -> Any:
        return items[place]

    @router.put("/{int:place}", operation_id="item")
    def change_item(request: HttpRequest, place: int, word: str) -> Any:
        return [*items[:place], word, *items[place + 1 :]]

    return router


made = NinjaAPI(urls_namespace="made")
made.add_router("/books", listing("Notes", "Letters"))
made.add_router("/authors", listing("Ada"))


class ControllerOperation(Operation):
    """An operation of django-ninja-extra, whose ids end in something random."""


ControllerOperation.__module__ = "ninja_extra.operation"


def at_the_desk(request: HttpRequest) -> Any:
    return str(_auth(request))


class Controller:
    """What django-ninja-extra has in the place of ninja's routers."""

    prefix = "desk"

    def __init__(self, api: NinjaAPI) -> None:
        self.path_operations = {"": PathView(), "/drawn": PathView()}
        for route, view in self.path_operations.items():
            operation = view.add_operation(
                route,
                ["GET"],
                at_the_desk,
                auth=Key(),
                operation_id=f"desk{route[1:]}_{token_hex(3)}_{token_hex(4)}",
            )
            operation.__class__ = ControllerOperation
            operation.api = api
        # Decorated in a way that a copy of it would lose.
        operation.run = operation.run  # type: ignore[method-assign]

    def urls_paths(self, prefix: str) -> Any:
        for route, view in self.path_operations.items():
            yield path(prefix + route, view.get_view(), name="desk")


class ControllerAPI(NinjaAPI):
    """An API with a controller."""

    def _get_bound_routers(self) -> Any:
        return [*super()._get_bound_routers(), self.controller]

    @cached_property
    def controller(self) -> Controller:
        return Controller(self)


controlled = ControllerAPI(urls_namespace="controlled")

inner = Router(tags=["inner"])
outer = Router(auth=django_auth_is_staff, tags=["outer"])


@inner.get("/list")
def list_all(request: HttpRequest) -> Any:
    return "inner"


@inner.post("/add")
def add(request: HttpRequest) -> Any:
    return "added"


@outer.get("/list", operation_id="outer.list")
def list_outer(request: HttpRequest) -> Any:
    return "outer"


outer.add_router("/inner", inner)
first = NinjaAPI(urls_namespace="first", version="1")
first.add_router("/outer", outer)
second = NinjaAPI(urls_namespace="second", version="2", auth=django_auth_superuser)
other = Router()


@other.get("/list")
def list_(request: HttpRequest) -> Any:
    return "other"


second.add_router("/a", other, url_name_prefix="a")
second.add_router("/b", other, url_name_prefix="b")

throttled = NinjaAPI(urls_namespace="throttled")


@throttled.get("/user", throttle=[UserRateThrottle("2/h")])
def by_user(request: HttpRequest) -> Any:
    return True


@throttled.get("/anon", throttle=[AnonRateThrottle("2/h")])
async def by_address(request: HttpRequest) -> Any:
    return True


@throttled.get("/in-transaction")
def in_transaction(request: HttpRequest) -> Any:
    return transaction.get_connection().in_atomic_block


@throttled.put("/form")
def put_form(request: HttpRequest, word: str = Form(...)) -> Any:
    return word


tenants = NinjaAPI(urls_namespace="tenants")


@tenants.get("/here")
def here(request: HttpRequest, tenant: str = Path(...)) -> Any:
    return tenant


@tenants.get("/there")
def there(request: HttpRequest, **path: Any) -> Any:
    return {"tenant": "not read"}


unmounted = NinjaAPI(urls_namespace="unmounted")


@unmounted.get("/lost")
def lost(request: HttpRequest) -> Any:
    return None


urlpatterns = [
    path("shapes/", shapes.urls),
    path("answers/", answers.urls),
    path("guards/", guards.urls),
    path("v/", include([path("1/", first.urls), path("2/", second.urls)])),
    path("throttled/", throttled.urls),
    path("texts/", texts.urls),
    path("wrapped/", wrapped.urls),
    path("named/", named.urls),
    path("made/", made.urls),
    path("odd/", odd.urls),
    path("controlled/", controlled.urls),
    path("<slug:tenant>/api/", tenants.urls),
]
