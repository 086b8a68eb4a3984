"""The shop's own pages. Two of them are tools as well, see ``mcp.py``."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Sum
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.views.generic import ListView

from example_project.shop.models import Book, Order


class ShelfView(ListView):
    """The books on the shelves, ten on a page."""

    queryset = Book.objects.select_related("author").filter(stock__gt=0)
    paginate_by = 10
    template_name = "shop/shelf.html"


@permission_required("shop.view_order")
def report(request: HttpRequest, year: int) -> TemplateResponse:
    """What was ordered in a year. Only for clerks.

    Args:
        year: Four digits.
    """
    orders = Order.objects.filter(placed_at__year=year)
    totals = orders.aggregate(orders=Count("pk"), copies=Sum("copies", default=0))
    return TemplateResponse(
        request, "shop/report.html", {"year": year, "totals": totals}
    )
