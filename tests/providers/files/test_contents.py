"""What a file is, by its name and its bytes."""

from __future__ import annotations

from base64 import b64decode

import pytest

from django_mcp.providers.files.contents import contents_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))


@pytest.mark.parametrize(
    ("name", "data", "kind", "text"),
    [
        ("a.txt", b"Gr\xc3\xb6\xc3\x9fe\tx\r\n\x0c", "text/plain", "Größe\tx\r\n\x0c"),
        ("a.md", b"# x", "text/markdown", "# x"),
        ("a.svg", b"<svg/>", "image/svg+xml", "<svg/>"),
        ("a.json", b"{}", "application/json", "{}"),
        ("a.p7c", b"words", "application/pkcs7-mime", "words"),
        ("LICENSE", b"BSD", "text/plain", "BSD"),
        ("a.txt", b"", "text/plain", ""),
        ("a.txt", b"\xef\xbb\xbfx", "text/plain", "x"),
        ("a.txt", "x".encode("utf-16"), "text/plain", "x"),
        ("a.txt", "x".encode("utf-32"), "text/plain", "x"),
        ("a.txt", "\ufeffü".encode("utf-16-be"), "text/plain", "ü"),
        ("a.txt", b"Gr\xf6\xdfe", "text/plain", None),
        ("a.txt", b"a\0b", "text/plain", None),
        ("a.txt", b"\xff\xfex", "text/plain", None),
        ("a.png", PNG, "image/png", None),
        ("a.jpg", PNG, "image/png", None),
        ("a.png", b"<html>", "image/png", None),
        ("cover", PNG, "image/png", None),
        ("a", b"%PDF-1.7", "application/pdf", None),
        ("a.pdf", b"%PDF-1.7", "application/pdf", None),
        ("a.css.gz", b"\x1f\x8b", "application/gzip", None),
        ("a.tar.xz", b"\xfd7zXZ\0", "application/x-xz", None),
        ("a.zip", b"PK\x03\x04", "application/zip", None),
        ("a", b"\0\1", "application/octet-stream", None),
        ("a.mp3", b"ID3", "audio/mpeg", None),
    ],
)
def test_a_file_is_text_when_it_can_be_read(
    name: str, data: bytes, kind: str, text: str | None
) -> None:
    found = contents_of(data, name, "x://a").contents("x://a")
    assert found["uri"] == "x://a"
    assert found["mimeType"] == kind
    assert found.get("text") == text
    if text is None:
        assert b64decode(found["blob"]) == data


def test_the_encoding_of_texts_can_be_told() -> None:
    found = contents_of("Größe".encode("cp1252"), "a.txt", "x://a", encoding="cp1252")
    assert found.text == "Größe"
    marked = contents_of(b"\xef\xbb\xbf\xc3\xbc", "a.txt", "x://a", encoding="cp1252")
    assert marked.text == "ü"
    wide = contents_of(PNG, "a.bin", "x://a", encoding="latin-1")
    assert wide.blob == PNG
