"""What the shop asks, of a person or of a model: ordinary Django forms."""

from django import forms

from example_project.shop.models import Author, Book


class OrderForm(forms.Form):
    copies = forms.IntegerField(min_value=1, max_value=20, initial=1)
    note = forms.CharField(
        required=False, max_length=200, help_text="Anything the shop should know."
    )


class ReturnForm(forms.Form):
    REASONS = {
        "damaged": "It arrived damaged",
        "wrong": "It is the wrong book",
        "unwanted": "It is no longer wanted",
    }

    reason = forms.ChoiceField(choices=list(REASONS.items()))
    restock = forms.BooleanField(
        required=False, initial=True, help_text="Put the copies back on the shelf."
    )


class WishForm(forms.Form):
    """Ask the shop to get a book that it does not have."""

    title = forms.CharField(max_length=200)
    author = forms.ModelChoiceField(
        Author.objects.all(), required=False, help_text="If the shop knows them."
    )
    binding = forms.ChoiceField(
        choices=[("any", "Any"), ("cloth", "Cloth"), ("paper", "Paperback")],
        initial="any",
    )
    by = forms.DateField(required=False, label="Needed by")

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if Book.objects.filter(title__iexact=title, stock__gt=0).exists():
            raise forms.ValidationError("It is on the shelf already.")
        return title


class BookForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Book
        fields = ["isbn", "title", "author", "price", "published"]
