"""A server whose every word is translated (``locale``)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from django import forms
from django.db.models import TextChoices
from django.http import Http404
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from django_mcp import Context, MCPServer, Tool, ToolError
from django_mcp.auth import AllowAnonymous
from django_mcp.primitives import Prompt, PromptArgument

#: How "Good day." reads.
GREETINGS = {"": "Good day.", "de": "Guten Tag.", "fr": "Bonjour."}


class Binding(TextChoices):
    HARD = "hard", _("Hardback")
    SOFT = "soft", _("Paperback")


class ReturnForm(forms.Form):
    """Why a book comes back."""

    reason = forms.CharField(label=_("Reason"), help_text=_("In a few words."))
    binding = forms.ChoiceField(label=_("Binding"), choices=Binding.choices)

    def clean_reason(self) -> str:
        if self.cleaned_data["reason"] == "none":
            raise forms.ValidationError(_("Give a real reason."))
        return str(self.cleaned_data["reason"])


def add_tools(server: MCPServer) -> None:
    @server.tool(title=_("Stock of a book"), description=_("Counts the copies."))
    def stock(binding: Annotated[Binding, Field(description=_("Binding"))]) -> int:
        return 3

    async def explain(context: Context, arguments: dict[str, Any]) -> str:
        return gettext("Good day.")

    properties = {"why": {"type": "string", "title": _("Reason")}}
    schema = {"type": "object", "properties": properties}
    server.add(Tool(name="explain", call=explain, input_schema=schema))

    @server.tool
    def greet() -> str:
        """Greet in a thread."""
        return f"{get_language()}: {gettext('Good day.')}"

    @server.tool
    async def agreet(waits: int = 0) -> str:
        """Greet on the loop, after some waits."""
        said = {gettext("Good day.")}
        for _turn in range(waits):
            await asyncio.sleep(0)
            said.add(gettext("Good day."))
        return f"{get_language()}: {' '.join(sorted(said))}"

    @server.tool
    async def greet_lazily() -> Any:
        """Return what is translated when it is sent."""
        return {"words": _("Good day.")}


def add_refusals(server: MCPServer) -> None:
    @server.tool
    def refuse() -> str:
        """Refuse in a thread."""
        raise ToolError(_("There is no such book."))

    @server.tool
    async def arefuse() -> str:
        """Refuse on the loop."""
        await asyncio.sleep(0)
        raise ToolError(_("There is no such book."))

    @server.tool
    async def lose() -> str:
        """Say nothing at all."""
        raise Http404

    @server.tool(timeout=0.01)
    async def dawdle() -> str:
        """Never end."""
        await asyncio.Event().wait()
        return ""


def add_questions(server: MCPServer) -> None:
    @server.tool(atomic=False)
    def give_back(context: Context) -> str:
        """Ask in a thread."""
        answer = context.elicit(_("Why?"), ReturnForm, key="why")
        return f"{gettext('Good day.')} {answer['reason']}"

    @server.tool
    async def agive_back(context: Context) -> str:
        """Ask from the loop."""
        answer = await context.aelicit(_("Why?"), ReturnForm, key="why")
        return f"{gettext('Good day.')} {answer['reason']}"

    @server.form_tool(ReturnForm)
    def return_book(form: Any) -> str:
        """Judge a form in a thread."""
        return "returned"

    @server.form_tool(ReturnForm)
    async def areturn_book(form: Any) -> str:
        """Judge a form for a function on the loop."""
        return "returned"

    @server.tool
    def tell(context: Context) -> str:
        """Say something on the way, from a thread."""
        context.progress(1, 2, _("Good day."))
        context.log("info", {"words": [_("Good day.")]})
        return "told"

    @server.tool
    async def read(context: Context) -> str:
        """Read a resource that needs a thread."""
        [content] = await context.aread_resource("shop://hours")
        return str(content["text"])


def add_the_rest(server: MCPServer) -> None:
    @server.resource("shop://hours", title=_("Opening hours"))
    def hours() -> Any:
        return _("Good day.")

    @server.resource("shop://book/{isbn}", description=_("Counts the copies."))
    async def book(isbn: str) -> str:
        return gettext("Good day.")

    async def get(context: Context, arguments: dict[str, Any]) -> Any:
        return _("Good day.")

    argument = PromptArgument(name="why", title=_("Reason"), description=_("Why?"))
    server.add(
        Prompt(
            name="letter",
            title=_("A letter"),
            description=_("Counts the copies."),
            arguments=(argument,),
            get=get,
        )
    )


def make_server(**options: Any) -> MCPServer:
    """Return a server of its own for each test."""
    server = MCPServer(
        "translated",
        title=_("The bookshop"),
        instructions=_("Be polite."),
        authenticators=[AllowAnonymous()],
        **options,
    )
    for add in (add_tools, add_refusals, add_questions, add_the_rest):
        add(server)
    return server
