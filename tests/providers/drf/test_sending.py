"""Values reach a serializer as they are, with files beside them or not."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("rest_framework", reason="needs the extra 'drf'")

from rest_framework import generics, parsers, serializers, viewsets
from rest_framework.response import Response

from django_mcp.providers.drf.sending import as_mixture
from django_mcp.schema.errors import ArgumentErrors
from tests.providers.drf.calling import run, said, served

pytestmark = [pytest.mark.django_db, pytest.mark.needs("drf")]

#: A file as an argument.
SCAN = {"name": "a.png", "data": "AAAA", "mime_type": "image/png"}


def test_a_form_with_files_has_the_names_that_serializers_know() -> None:
    class Person(serializers.Serializer):
        name = serializers.CharField()

    class Whole(serializers.Serializer):
        numbers = serializers.ListField(child=serializers.IntegerField())
        people = Person(many=True)
        boss = Person()
        open = serializers.BooleanField()
        note = serializers.CharField(allow_null=True)

    class Sent(viewsets.ViewSet):
        parser_classes = [parsers.MultiPartParser]

        def create(self, request: Any) -> Response:
            serializer = Scanned(data=request.data)
            serializer.is_valid(raise_exception=True)
            scan = serializer.validated_data.pop("scan")
            return Response({**serializer.validated_data, "scan": len(scan.read())})

    class Scanned(Whole):
        scan = serializers.FileField()

    values = {
        "numbers": [1, 2],
        "people": [{"name": "A"}, {"name": "B"}],
        "boss": {"name": "C"},
        "open": True,
        "note": None,
    }
    server = served(Sent, actions=["create"], body={"create": Scanned})
    assert run(server, "sent_create", scan=SCAN, **values) == {**values, "scan": 3}


class Loose(serializers.Serializer):
    """Fields that JSON and forms do not say alike."""

    scan = serializers.FileField(required=False, allow_null=True)
    more = serializers.ListField(child=serializers.FileField(), required=False)
    data = serializers.JSONField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    note = serializers.CharField(allow_null=True, allow_blank=True, required=False)
    open = serializers.BooleanField(default=True)


class Taking(generics.GenericAPIView):
    """Says what its serializer understood."""

    serializer_class = Loose
    parser_classes: Any = [parsers.JSONParser, parsers.MultiPartParser]

    def post(self, request: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        found = dict(serializer.validated_data)
        if "scan" in found and found["scan"] is not None:
            found["scan"] = found["scan"].name
        if "more" in found:
            found["more"] = [one.read().decode() for one in found["more"]]
        files = {name: len(request.FILES.getlist(name)) for name in request.FILES}
        return Response({"found": found, "files": files})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"data": {"a": [1, None]}, "tags": ["a"]},
        {"data": [1, 2], "tags": [], "note": None, "open": False},
        {"data": "text", "note": ""},
    ],
)
def test_a_file_changes_nothing_about_the_other_values(values: Any) -> None:
    server = served(Taking, actions=["post"])
    without = run(server, "taking_post", **values)["found"]
    answer = run(server, "taking_post", scan=SCAN, **values)
    assert answer == {"found": {**without, "scan": "a.png"}, "files": {"scan": 1}}
    nothing = run(server, "taking_post", scan=None, **values)["found"]
    assert nothing == {**without, "scan": None}


@pytest.mark.parametrize("name", ["", ".", "..", "a/.."])
def test_a_file_with_no_name_is_refused(name: str) -> None:
    server = served(Taking, actions=["post"])
    words = said(server, "taking_post", scan={"name": name, "data": "YQ=="})
    assert words == "scan: should have a name, and data in base64"


def test_several_files_are_a_list() -> None:
    server = served(Taking, actions=["post"])
    files = [{"name": f"{n}.txt", "data": "YQ=="} for n in range(2)]
    answer = run(server, "taking_post", more=files)
    assert answer["found"]["more"] == ["a", "a"]
    assert answer["files"] == {"more": 2}
    assert said(server, "taking_post", more=[files[0], {"name": "x"}]) == (
        "more[1]: should have a name, and data in base64"
    )


@pytest.mark.parametrize("parser", [parsers.FormParser, parsers.MultiPartParser])
def test_a_view_that_reads_forms_alone_gets_a_form(parser: Any) -> None:
    class Short(serializers.Serializer):
        name = serializers.CharField()
        data = serializers.JSONField()
        open = serializers.BooleanField()

    class Old(Taking):
        serializer_class = Short
        parser_classes = [parser]

    server = served(Old, actions=["post"])
    values = {"name": "A", "data": {"a": [1]}, "open": True}
    assert run(server, "old_post", **values)["found"] == values
    assert said(server, "old_post", **{**values, "name": ""}) == (
        "name: This field may not be blank."
    )


@pytest.mark.parametrize("value", ["text", {}, {"name": "a", "data": "%%%"}, [1]])
def test_a_file_that_is_none_is_refused(value: Any) -> None:
    with pytest.raises(ArgumentErrors, match=r"file.*: should have a name, and data"):
        as_mixture({"file": value}, {"file"})
