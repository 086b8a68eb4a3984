"""An API such as a project has: the framework's tutorials, and rules of every sort.

Imports the optional framework, so nothing but its tests imports this.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.contrib.auth.models import Group, User
from django.db import models
from django.http import FileResponse, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_page
from django.views.decorators.vary import vary_on_cookie
from rest_framework import (
    filters,
    generics,
    pagination,
    permissions,
    serializers,
    throttling,
    viewsets,
)
from rest_framework.authentication import BaseAuthentication
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.testapp.models import Author, Book, Country, Label, Task, Team, Token

# -- the quickstart: users and groups ------------------------------------------


class UserSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = User
        fields = ["url", "username", "email", "groups"]


class GroupSerializer(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Group
        fields = ["url", "name"]


class UserViewSet(viewsets.ModelViewSet):
    """
    API endpoint that allows users to be viewed or edited.
    """

    queryset = User.objects.all().order_by("date_joined", "pk")
    serializer_class = UserSerializer
    permission_classes = [permissions.IsAuthenticated]


class GroupViewSet(viewsets.ModelViewSet):
    """
    API endpoint that allows groups to be viewed or edited.
    """

    queryset = Group.objects.all().order_by("name")
    serializer_class = GroupSerializer
    permission_classes = [permissions.IsAuthenticated]


# -- the tutorial: one list in four ways ----------------------------------------


class AuthorSerializer(serializers.Serializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=100)

    def create(self, validated_data: Any) -> Author:
        return Author.objects.create(**validated_data)

    def update(self, instance: Any, validated_data: Any) -> Any:
        instance.name = validated_data.get("name", instance.name)
        instance.save()
        return instance


@api_view(["GET", "POST"])
def author_list(request: Any) -> Response:
    """
    List all authors, or create a new one.
    """
    if request.method == "GET":
        serializer = AuthorSerializer(Author.objects.order_by("pk"), many=True)
        return Response(serializer.data)
    serializer = AuthorSerializer(data=request.data)
    if serializer.is_valid():
        serializer.save()
        return Response(serializer.data, status=201)
    return Response(serializer.errors, status=400)


class AuthorDetail(APIView):
    """
    Retrieve, update or delete an author.
    """

    def get(self, request: Any, pk: int) -> Response:
        return Response(AuthorSerializer(self.found(pk)).data)

    def put(self, request: Any, pk: int) -> Response:
        serializer = AuthorSerializer(self.found(pk), data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data)

    def delete(self, request: Any, pk: int) -> Response:
        self.found(pk).delete()
        return Response(status=204)

    def found(self, pk: int) -> Any:
        return generics.get_object_or_404(Author, pk=pk)


class AuthorsView(generics.ListCreateAPIView):
    queryset = Author.objects.order_by("pk")
    serializer_class = AuthorSerializer


class AuthorView(generics.RetrieveUpdateDestroyAPIView):
    queryset = Author.objects.order_by("pk")
    serializer_class = AuthorSerializer


# -- a shop, with everything ------------------------------------------------------


class BookSerializer(serializers.ModelSerializer):
    writer = serializers.CharField(source="author.name", read_only=True)
    blurb = serializers.SerializerMethodField()

    class Meta:
        model = Book
        fields = [
            "id", "title", "author", "writer", "stock", "price", "format", "blurb",
        ]  # fmt: skip

    def get_blurb(self, book: Book) -> str:
        return f"{book.title}: {book.stock}"


class PriceSerializer(serializers.Serializer):
    price = serializers.DecimalField(max_digits=8, decimal_places=2, min_value=0)
    why = serializers.CharField(required=False, write_only=True)


class Pages(pagination.PageNumberPagination):
    page_size = 2
    page_size_query_param = "page_size"
    max_page_size = 4


class Gone(APIException):
    status_code = 503
    default_detail = "The warehouse is on fire."


class BookViewSet(viewsets.ModelViewSet):
    """Books of the shop."""

    queryset = Book.objects.order_by("pk")
    serializer_class = BookSerializer
    pagination_class = Pages
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["title", "author__name"]
    ordering_fields = ["title", "stock"]
    permission_classes = [permissions.DjangoModelPermissionsOrAnonReadOnly]

    @action(detail=True, methods=["post"], serializer_class=PriceSerializer)
    def set_price(self, request: Any, pk: Any = None) -> Response:
        """Give a book another price."""
        book = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        book.price = serializer.validated_data["price"]
        book.save()
        return Response({"title": book.title, "price": str(book.price)})

    @action(detail=False)
    def rare(self, request: Any) -> Response:
        """Books of which few are left."""
        rows = self.filter_queryset(self.get_queryset().filter(stock__lt=3))
        page = self.paginate_queryset(rows)
        serializer = self.get_serializer(page, many=True)
        return self.get_paginated_response(serializer.data)

    @action(detail=True, methods=["put", "delete"], url_path="wish")
    def wish(self, request: Any, pk: Any = None) -> Response:
        """Put a book on a list of wishes, or take it off."""
        return Response({"book": self.get_object().pk, "method": request.method})

    @action(detail=False, methods=["post"])
    def burn(self, request: Any) -> Response:
        """Fail."""
        raise Gone

    @action(detail=False)
    def crash(self, request: Any) -> Response:
        """Fail without words."""
        raise RuntimeError("a secret of the code")

    @action(detail=False)
    def leaflet(self, request: Any) -> FileResponse:
        """A file."""
        return FileResponse(BytesIO(b"%PDF-1.4"), filename="leaflet.pdf")

    @action(detail=False)
    def numbers(self, request: Any) -> JsonResponse:
        """JSON that no renderer of the framework made."""
        return JsonResponse({"books": 1})

    @action(detail=False, methods=["post"])
    def tell(self, request: Any) -> Response:
        """Read a body that nobody describes."""
        return Response(request.data)


class TokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = Token
        fields = ["key", "user"]
        read_only_fields = ["user"]


class OwnerOrReadOnly(permissions.BasePermission):
    """Others may look."""

    message = "It is not yours."

    def has_object_permission(self, request: Any, view: Any, obj: Any) -> bool:
        return request.method in permissions.SAFE_METHODS or obj.user == request.user


class TokenViewSet(viewsets.ModelViewSet):
    """Everybody sees their own, and staff sees all."""

    serializer_class = TokenSerializer
    permission_classes = [permissions.IsAuthenticated, OwnerOrReadOnly]
    lookup_field = "key"

    def get_queryset(self) -> models.QuerySet[Token]:
        rows = Token.objects.order_by("key")
        return (
            rows if self.request.user.is_staff else rows.filter(user=self.request.user)
        )

    def perform_create(self, serializer: Any) -> None:
        serializer.save(user=self.request.user)


class LabelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Label
        fields = ["id", "name"]


class TaskSerializer(serializers.ModelSerializer):
    class Meta:
        model = Task
        fields = [
            "id",
            "team",
            "number",
            "title",
            "slug",
            "kind",
            "due",
            "labels",
            "plan",
        ]


class TaskViewSet(viewsets.ModelViewSet):
    """Unique together, files, and found by a slug that can be changed."""

    queryset = Task.objects.order_by("pk")
    serializer_class = TaskSerializer
    permission_classes = [permissions.AllowAny]
    parser_classes = [JSONParser, MultiPartParser]
    lookup_field = "slug"


class CountrySerializer(serializers.ModelSerializer):
    class Meta:
        model = Country
        fields = ["code", "name"]


class Offsets(pagination.LimitOffsetPagination):
    default_limit = 2
    max_limit = 3


class Cursors(pagination.CursorPagination):
    page_size = 2
    ordering = "code"


class CountryViewSet(viewsets.ModelViewSet):
    queryset = Country.objects.order_by("code")
    serializer_class = CountrySerializer
    pagination_class = Offsets


class BoundViewSet(CountryViewSet):
    """Bound to its methods by hand."""


bound_list = BoundViewSet.as_view({"get": "list", "post": "create"})
bound_detail = BoundViewSet.as_view({"get": "retrieve", "delete": "destroy"})


class CursorViewSet(viewsets.ReadOnlyModelViewSet):
    queryset = Country.objects.all()
    serializer_class = CountrySerializer
    pagination_class = Cursors


class Often(throttling.SimpleRateThrottle):
    """Twice a minute, each caller."""

    rate = "2/min"

    def get_cache_key(self, request: Any, view: Any) -> str:
        return f"often-{request.user.pk or self.get_ident(request)}"


class ThrottledView(APIView):
    throttle_classes = [Often]

    def get(self, request: Any) -> Response:
        return Response({"ok": True})


class Everybody(BaseAuthentication):
    """Takes anybody for the first superuser, and says so nowhere."""

    def authenticate(self, request: Any) -> Any:
        return User.objects.get(username="super"), "a token"


class StrangeView(APIView):
    """Chooses its authenticators itself."""

    def get_authenticators(self) -> list[Any]:
        return [Everybody()]

    def get(self, request: Any) -> Response:
        return Response({"user": request.user.username, "auth": request.auth})


@api_view(["GET"])
@permission_classes([permissions.IsAdminUser])
def secret(request: Any) -> Response:
    """For staff."""
    return Response({"secret": 42})


class KeptView(APIView):
    """Says who calls, and keeps it for them."""

    @method_decorator([cache_page(60), vary_on_cookie])
    def get(self, request: Any) -> Response:
        return Response({"user": request.user.username})


class ArchiveView(APIView):
    """A year, or one word in it."""

    def get(self, request: Any, year: str, word: str | None = None) -> Response:
        return Response({"year": year, "word": word})


class TeamTasksView(generics.ListAPIView):
    """The tasks of one team, by a typed path."""

    serializer_class = TaskSerializer

    def get_queryset(self) -> models.QuerySet[Task]:
        return Task.objects.filter(team=self.kwargs["team"]).order_by("pk")


class TeamSerializer(serializers.ModelSerializer):
    class Meta:
        model = Team
        fields = ["id", "name"]
