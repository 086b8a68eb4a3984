"""How to test what a client sees: post messages with Django's own client.

The view serves them in the test's transaction, so fixtures are seen and
everything is undone afterwards.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TestCase, override_settings

from django_mcp import ToolError
from example_project.shop.mcp import stock_of
from example_project.shop.models import Book, Order

EMMA = "9780141439587"


# Also where the shop has a login, which `test_login.py` tests.
@override_settings(DJANGO_MCP={"AUTHENTICATORS": ["django_mcp.auth.AllowAnonymous"]})
class ShopTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        call_command("load_sample_books", verbosity=0)

    def send(self, method: str, /, **params: Any) -> dict[str, Any]:
        """Send one message of the stateless era; return the answer."""
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        }
        headers = {"MCP-Protocol-Version": "2026-07-28", "Mcp-Method": method}
        if name := params.get("name") or params.get("uri"):
            headers["Mcp-Name"] = name
        response = self.client.post(
            "/mcp",
            {"jsonrpc": "2.0", "id": 1, "method": method, "params": params},
            content_type="application/json",
            headers=headers,
        )
        answer: dict[str, Any] = response.json()
        return answer

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        answer = self.send("tools/call", name=name, arguments=arguments)
        result: dict[str, Any] = answer["result"]
        return result

    def names(self) -> set[str]:
        tools = self.send("tools/list")["result"]["tools"]
        return {tool["name"] for tool in tools}

    def test_a_tool_is_still_a_function(self) -> None:
        self.assertEqual(stock_of(EMMA), 7)
        with self.assertRaisesMessage(ToolError, "No book has the ISBN 123."):
            stock_of("123")

    def test_a_refusal_reaches_the_model(self) -> None:
        result = self.call("stock_of", isbn="123")
        self.assertTrue(result["isError"])
        self.assertEqual(result["content"][0]["text"], "No book has the ISBN 123.")

    def test_books_are_found_by_author_and_price(self) -> None:
        result = self.call("search_books", words="dumas", max_price="13")
        [book] = result["structuredContent"]
        self.assertEqual(book["title"], "The Three Musketeers")

    def test_a_limit_above_fifty_is_refused(self) -> None:
        result = self.call("search_books", words="dumas", limit=500)
        self.assertTrue(result["isError"])
        self.assertIn("limit", result["content"][0]["text"])

    def test_all_copies_are_counted(self) -> None:
        result = self.call("stocktake")
        self.assertEqual(result["structuredContent"], {"titles": 10, "copies": 56})

    def test_an_order_is_placed_when_the_customer_has_answered(self) -> None:
        params = {"name": "order_book", "arguments": {"isbn": EMMA}}
        question = self.send("tools/call", **params)["result"]
        self.assertEqual(question["resultType"], "input_required")
        self.assertEqual(Order.objects.count(), 1)

        params["requestState"] = question["requestState"]
        params["inputResponses"] = {
            "order": {"action": "accept", "content": {"copies": 2}}
        }
        result = self.send("tools/call", **params)["result"]
        self.assertEqual(result["resultType"], "complete", result)
        self.assertEqual(Order.objects.count(), 2)
        self.assertEqual(Book.objects.get(isbn=EMMA).stock, 5)

    def test_only_clerks_see_returns(self) -> None:
        self.assertNotIn("return_order", self.names())

        def answer(name: str) -> Any:
            error = self.send("tools/call", name=name, arguments={})["error"]
            return error["code"], error["message"].replace(name, "…")

        self.assertEqual(answer("return_order"), answer("no_such_tool"))

    def test_books_are_listed_with_their_authors(self) -> None:
        result = self.call(
            "list_books", search="austen", order_by="-price", fields=["title", "author"]
        )
        titles = [row["title"] for row in result["structuredContent"]["rows"]]
        self.assertEqual(titles, ["Emma", "Pride and Prejudice"])
        result = self.call("aggregate_books", aggregates=["sum(stock)"])
        self.assertEqual(result["structuredContent"], {"sum(stock)": 56})

    def test_only_clerks_see_orders(self) -> None:
        self.assertNotIn("list_orders", self.names())
        self.client.force_login(User.objects.get(username="alice"))
        # Cookies are no credentials: a page of another site could send them.
        self.assertNotIn("list_orders", self.names())

    def test_a_form_answers_in_its_own_words(self) -> None:
        result = self.call("wish_for_book", title="Middlemarch", by="2026-12-01")
        text = "The shop will look for “Middlemarch” by 01 December 2026."
        self.assertEqual(result["content"][0]["text"], text)
        refused = self.call("wish_for_book", title="emma", binding="leather")
        self.assertTrue(refused["isError"])
        self.assertEqual(
            refused["content"][0]["text"].splitlines(),
            [
                "title: It is on the shelf already.",
                "binding: should be one of any, cloth, paper",
            ],
        )
        self.assertNotIn("create_book", self.names())

    def test_a_page_of_the_shop_is_a_tool(self) -> None:
        result = self.call("shop_shelf", page=1)["structuredContent"]
        titles = [book["title"] for book in result["objects"]]
        self.assertIn("Emma", titles)
        for title in titles:
            self.assertContains(self.client.get("/shop/"), title)

    def test_only_clerks_read_the_report(self) -> None:
        result = self.call("orders_of_year", year=2026)
        self.assertTrue(result["isError"])
        self.assertIn("logged in", result["content"][0]["text"])
        self.assertEqual(self.client.get("/shop/report/2026/").status_code, 302)

    def test_a_row_is_a_resource(self) -> None:
        uri = f"model://shop/book/{EMMA}"
        result = self.send("resources/read", uri=uri)["result"]
        self.assertIn("Jane Austen", result["contents"][0]["text"])

    def test_a_book_is_a_resource(self) -> None:
        result = self.send("resources/read", uri=f"shop://book/{EMMA}")["result"]
        self.assertIn("Jane Austen", result["contents"][0]["text"])
        self.assertIn("error", self.send("resources/read", uri="shop://book/123"))

    def test_a_prompt_is_filled_in(self) -> None:
        arguments = {"mood": "gloomy", "budget": "15"}
        answer = self.send("prompts/get", name="recommend", arguments=arguments)
        [message] = answer["result"]["messages"]
        self.assertIn("I feel gloomy", message["content"]["text"])

    def test_the_migrations_fit_the_models(self) -> None:
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    def test_a_template_is_a_prompt(self) -> None:
        prompts = self.send("prompts/list")["result"]["prompts"]
        self.assertIn("review", {prompt["name"] for prompt in prompts})
        prompt = {"type": "ref/prompt", "name": "review"}
        argument = {"name": "isbn", "value": "978014143958"}
        answer = self.send("completion/complete", ref=prompt, argument=argument)
        self.assertEqual(answer["result"]["completion"]["values"], [EMMA])
        given = {"isbn": EMMA, "tone": "short"}
        answer = self.send("prompts/get", name="review", arguments=given)
        messages = answer["result"]["messages"]
        said = ["user", "user", "user", "assistant"]
        self.assertEqual([message["role"] for message in messages], said)
        embedded = messages[1]["content"]["resource"]
        self.assertEqual(embedded["uri"], f"shop://book/{EMMA}")
        self.assertIn("Jane Austen", embedded["text"])
        answer = self.send("prompts/get", name="review", arguments={"isbn": "1"})
        self.assertIn("error", answer)

    def test_a_template_is_a_resource(self) -> None:
        author = Book.objects.get(isbn=EMMA).author
        answer = self.send("resources/read", uri=f"shop://author/{author.pk}")
        [content] = answer["result"]["contents"]
        self.assertEqual(content["mimeType"], "text/markdown")
        self.assertIn(f"[Emma](shop://book/{EMMA})", content["text"])
        answer = self.send("resources/read", uri="shop://author/0")
        self.assertEqual(answer["error"]["message"], "Resource not found")
