"""A bare asynchronous view: what Django's own handler costs, for comparison."""

from django.http import HttpRequest, HttpResponse
from pydantic_core import from_json

from benchmarks.floors import CONSTANT


async def constant(request: HttpRequest) -> HttpResponse:
    """Parse, and answer a constant."""
    from_json(request.body)
    headers = {"Content-Length": str(len(CONSTANT))}
    return HttpResponse(CONSTANT, content_type="application/json", headers=headers)


constant.csrf_exempt = True  # type: ignore[attr-defined]
