"""``manage.py load_sample_books``: fill the shelves. Safe to run again."""

import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Permission, User
from django.core.management.base import BaseCommand
from django.db import transaction

from example_project.shop.models import Author, Book, Order

#: ISBN, title, author, price, stock, published.
BOOKS = [
    ("9780141439587", "Emma", "Jane Austen", "8.99", 7, 1815),
    ("9780141439518", "Pride and Prejudice", "Jane Austen", "7.99", 12, 1813),
    ("9780141441146", "Jane Eyre", "Charlotte Brontë", "9.99", 4, 1847),
    ("9780141439556", "Wuthering Heights", "Emily Brontë", "8.49", 0, 1847),
    ("9780141439471", "Frankenstein", "Mary Shelley", "6.99", 9, 1818),
    ("9780141439846", "Dracula", "Bram Stoker", "9.49", 5, 1897),
    ("9780142437247", "Moby-Dick", "Herman Melville", "14.99", 2, 1851),
    (
        "9780141441030",
        "Around the World in Eighty Days",
        "Jules Verne",
        "7.49",
        6,
        1872,
    ),
    ("9780141442464", "The Three Musketeers", "Alexandre Dumas", "12.99", 3, 1844),
    ("9780140449266", "The Count of Monte Cristo", "Alexandre Dumas", "16.99", 8, 1844),
]


class Command(BaseCommand):
    help = "Load ten books, one order, and a clerk named alice."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        for isbn, title, name, price, stock, year in BOOKS:
            author, _ = Author.objects.get_or_create(name=name)
            book, _ = Book.objects.get_or_create(
                isbn=isbn,
                defaults={
                    "title": title,
                    "author": author,
                    "price": Decimal(price),
                    "stock": stock,
                    "published": datetime.date(year, 1, 1),
                },
            )
        if not Order.objects.exists():
            Order.objects.create(book=book, status=Order.Status.SENT)
        alice, _ = User.objects.get_or_create(username="alice")
        if not alice.password:  # a shop on your own machine: see settings_login.py
            alice.set_password("bookshop")
            alice.save()
        clerks = Permission.objects.filter(content_type__app_label="shop")
        alice.user_permissions.set(clerks)
        self.stdout.write(f"The shop has {Book.objects.count()} books.")
