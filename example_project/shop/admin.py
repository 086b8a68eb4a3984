"""The same books, for people with a browser."""

from django.contrib import admin

from example_project.shop.models import Author, Book, Order

admin.site.register(Author)


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    list_display = ["title", "author", "price", "stock"]
    list_select_related = ["author"]
    search_fields = ["title", "author__name", "isbn"]


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ["id", "book", "copies", "status", "placed_at"]
    list_filter = ["status"]
    list_select_related = ["book"]
