"""What an ordinary project has already: views, a form, a viewset, an API.

Served by `benchmarks.providers` as tools, and to a browser by these URLs.
"""

from importlib.util import find_spec
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.generic import ListView

from benchmarks.project.models import Product

PAGE = 20
PRODUCTS = Product._default_manager.order_by("id")[:PAGE]


@login_required
def stock(request: HttpRequest, product: int) -> JsonResponse:
    """Say how many there are."""
    return JsonResponse({"product": product, "stock": 7})


class Products(ListView):  # type: ignore[type-arg]
    """A page with a table."""

    queryset = PRODUCTS
    template_name = "project/products.html"


class OrderForm(forms.Form):
    """Five fields of five kinds."""

    name = forms.CharField(max_length=100)
    email = forms.EmailField()
    copies = forms.IntegerField(min_value=1, max_value=99)
    wanted = forms.DateField()
    cover = forms.ChoiceField(choices=[("hard", "Hardcover"), ("soft", "Paperback")])


urlpatterns: list[Any] = [
    path("stock/<int:product>/", stock, name="stock"),
    path("products/", Products.as_view(), name="products"),
]

if find_spec("rest_framework") is not None:
    from rest_framework import permissions, routers, serializers, viewsets

    class ProductSerializer(serializers.ModelSerializer):  # type: ignore[type-arg]
        class Meta:
            model = Product
            fields = ("id", "title", "shelf", "stock")

    class ProductViewSet(viewsets.ModelViewSet):  # type: ignore[type-arg]
        """Products, for those who are logged in."""

        queryset = PRODUCTS
        serializer_class = ProductSerializer
        permission_classes = (permissions.IsAuthenticated,)

    router = routers.SimpleRouter()
    router.register("rest", ProductViewSet, basename="rest")
    urlpatterns.append(path("", include(router.urls)))

if find_spec("ninja") is not None:
    import ninja
    from ninja.security import django_auth

    class ProductOut(ninja.Schema):
        id: int
        title: str
        shelf: int
        stock: int

    api = ninja.NinjaAPI()

    @api.get("/products", response=list[ProductOut], auth=django_auth)
    def ninja_list(request: HttpRequest) -> Any:
        """Products, for those who are logged in."""
        return PRODUCTS.all()

    urlpatterns.append(path("ninja/", api.urls))
