"""The addresses of the shop's own pages."""

from django.urls import path

from example_project.shop import views

app_name = "shop"
urlpatterns = [
    path("", views.ShelfView.as_view(), name="shelf"),
    path("report/<int:year>/", views.report, name="report"),
]
