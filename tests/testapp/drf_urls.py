"""Where the API of `tests.testapp.drf_api` stands."""

from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter, SimpleRouter

from tests.testapp import drf_api

router = DefaultRouter()
router.register("users", drf_api.UserViewSet)
router.register("groups", drf_api.GroupViewSet)

shop_router = SimpleRouter()
shop_router.register("books", drf_api.BookViewSet)
shop_router.register("tokens", drf_api.TokenViewSet, basename="token")
shop_router.register("tasks", drf_api.TaskViewSet)

plain_router = SimpleRouter(use_regex_path=False)
plain_router.register("countries", drf_api.CountryViewSet)

urlpatterns = [
    path("", include(router.urls)),
    path("shop/", include((shop_router.urls, "shop"))),
    path("plain/", include(plain_router.urls)),
    path("v1/countries/", drf_api.CursorViewSet.as_view({"get": "list"}), name="all"),
    path("authors/", drf_api.author_list, name="author-list"),
    path("authors/<int:pk>/", drf_api.AuthorDetail.as_view(), name="author-detail"),
    path("generic/authors/", drf_api.AuthorsView.as_view(), name="authors"),
    path("generic/authors/<int:pk>/", drf_api.AuthorView.as_view()),
    path("throttled/", drf_api.ThrottledView.as_view(), name="throttled"),
    path("strange/", drf_api.StrangeView.as_view(), name="strange"),
    path("secret/", drf_api.secret, name="secret"),
    path("teams/<int:team>/tasks/", drf_api.TeamTasksView.as_view(), name="team-tasks"),
    path("twice/1/", drf_api.secret, name="twice"),
    path("twice/2/", drf_api.StrangeView.as_view(), name="twice"),
    re_path(
        r"^archive/(?P<year>\d{4})(?:/(?P<word>\w+))?/$",
        drf_api.ArchiveView.as_view(),
        name="archive",
    ),
    path("bound/", login_required(drf_api.bound_list), name="bound-list"),
    path("bound/<pk>/", drf_api.bound_detail, name="bound-detail"),
    path("kept/", drf_api.KeptView.as_view(), name="kept"),
    path("again/secret/", drf_api.secret, name="secret-again"),
]
