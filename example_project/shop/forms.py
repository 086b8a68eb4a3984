"""What the shop asks a person in the middle of a call: ordinary Django forms."""

from django import forms


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
