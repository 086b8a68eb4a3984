"""``manage.py mcp_stdio`` as a client starts it: a process and its pipes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import pytest

from django_mcp.keys.text import new_text
from tests.processes import ROOT
from tests.wire import HANDSHAKE, STATELESS, initialize, message, note, stateless

PATIENCE = 5
#: Seconds within which the process is gone when its client is.
LEAVING = 1.6
#: What a slow machine may add to that.
SLACK = 1.5

STDOUT_LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
    },
    "root": {"handlers": ["stdout"], "level": "DEBUG"},
}

KEY_AUTHENTICATOR = "django_mcp.keys.authentication.KeyAuthenticator"
KEYS = {"AUTHENTICATORS": [KEY_AUTHENTICATOR]}

Made = Callable[..., "Served"]


class Served:
    """One process of the command, with a client's ends of its pipes."""

    def __init__(self, place: Path, *arguments: str, **settings: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "django", "mcp_stdio", *arguments],
            cwd=ROOT,
            env=environment(place, settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.stdin, self.stdout, self.stderr = streams(self.process)
        self.noise: list[bytes] = []
        self._reading = threading.Thread(target=self._read_noise, daemon=True)
        self._reading.start()
        self._hang = threading.Timer(PATIENCE * 4, self.process.kill)
        self._hang.start()

    def _read_noise(self) -> None:
        self.noise.extend(self.stderr)

    def line(self, line: bytes) -> None:
        self.stdin.write(line)
        self.stdin.flush()

    def send(self, *sent: Any) -> None:
        self.line(b"".join(json.dumps(each).encode() + b"\n" for each in sent))

    def receive(self) -> Any:
        line = self.stdout.readline()
        assert line, b"".join(self.noise).decode()
        return json.loads(line)

    def ask(self, sent: Any) -> Any:
        self.send(sent)
        return self.receive()

    def call(self, name: str, id: int = 1, **arguments: Any) -> Any:
        return self.ask(call(name, id, **arguments))

    def end(self) -> tuple[int, str]:
        """Wait for the end; return the status and what was printed."""
        status = self.process.wait(PATIENCE * 2)
        self._reading.join(PATIENCE)
        return status, b"".join(self.noise).decode()

    def ends_in_time(self, begin: float) -> bool:
        self.end()
        return time.monotonic() - begin < LEAVING + SLACK

    def close(self) -> None:
        self._hang.cancel()
        self.process.kill()
        self.process.wait()
        self._reading.join(PATIENCE)
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(BrokenPipeError):
                stream.close()


def streams(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], ...]:
    assert process.stdin and process.stdout and process.stderr
    return process.stdin, process.stdout, process.stderr


def environment(place: Path, settings: dict[str, Any]) -> dict[str, str]:
    return {
        **os.environ,
        # What is printed while the project loads has to wait in the buffer.
        "PYTHONUNBUFFERED": "",
        "DJANGO_SETTINGS_MODULE": "tests.served.settings",
        "SERVED_PLACE": str(place),
        "SERVED": json.dumps(settings),
    }


def call(name: str, id: int = 1, **arguments: Any) -> dict[str, Any]:
    return stateless("tools/call", {"name": name, "arguments": arguments}, id)


def text(answer: dict[str, Any]) -> str:
    return str(answer["result"]["content"][0]["text"])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database in which alice and mallory are users."""
    place = tmp_path_factory.mktemp("served")
    script = """
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("migrate", verbosity=0)
User.objects.create_user("alice")
User.objects.create_user("mallory", is_active=False)
"""
    command = [sys.executable, "-c", script]
    subprocess.run(command, check=True, cwd=ROOT, env=environment(place, {}))
    return place


@pytest.fixture
def start(place: Path) -> Iterator[Made]:
    """Start the command; every process is ended with the test."""
    started: list[Served] = []

    def make(*arguments: str, **settings: Any) -> Served:
        started.append(Served(place, *arguments, **settings))
        return started[-1]

    yield make
    for served in started:
        served.close()


# -- both eras -----------------------------------------------------------------


def test_a_stateless_client_is_served(start: Made) -> None:
    served = start()
    assert (
        STATELESS
        in served.ask(stateless("server/discover"))["result"]["supportedVersions"]
    )
    assert text(served.call("echo", text="hello")) == "hello"
    assert text(served.call("users")) == "2"
    served.stdin.close()
    assert served.end() == (0, "")


@pytest.mark.parametrize("revision", HANDSHAKE)
def test_a_client_of_the_handshake_era_is_served(start: Made, revision: str) -> None:
    served = start()
    answer = served.ask(initialize(revision))
    assert answer["result"]["protocolVersion"] == revision
    served.send(note("notifications/initialized"))
    params = {"name": "echo", "arguments": {"text": "hello"}}
    assert text(served.ask(message("tools/call", params, 1))) == "hello"


def test_a_person_is_asked_in_the_handshake_era(start: Made) -> None:
    served = start()
    served.ask(initialize("2025-11-25", {"elicitation": {}}))
    question = served.ask(message("tools/call", {"name": "greet", "arguments": {}}))
    assert question["method"] == "elicitation/create"
    given = {"action": "accept", "content": {"name": "Ada"}}
    answer = served.ask({"jsonrpc": "2.0", "id": question["id"], "result": given})
    assert text(answer) == "Hello, Ada!"


# -- who is calling ------------------------------------------------------------


def test_without_a_user_the_caller_is_anonymous(start: Made) -> None:
    assert text(start().call("whoami")) == ""


def test_a_named_user_is_the_caller(start: Made) -> None:
    assert text(start("--user", "alice").call("whoami")) == "alice"


def key_of_alice(place: Path, *arguments: str) -> str:
    """Make a key as people do: on the command line."""
    command = [sys.executable, "-m", "django", "mcp_key", "alice", "--name", "laptop"]
    done = subprocess.run(
        [*command, *arguments],
        check=True,
        cwd=ROOT,
        env=environment(place, {}),
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_owner_of_a_key_is_the_caller_and_nobody_below_sees_it(
    start: Made, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_MCP_KEY", key_of_alice(place))
    served = start(DJANGO_MCP=KEYS)
    assert text(served.call("whoami")) == "alice"
    assert text(served.call("environment")) == "nothing here, nothing below"
    served.stdin.close()
    assert served.end() == (0, "")


def test_a_key_that_is_revoked_is_refused_while_the_process_lives(
    start: Made, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of_alice(place)
    monkeypatch.setenv("DJANGO_MCP_KEY", key)
    served = start(DJANGO_MCP=KEYS)
    assert text(served.call("whoami")) == "alice"
    key_of_alice(place, "--revoke", key.split("_")[1])
    answer = served.call("whoami")
    assert answer["error"]["message"] == "The credentials are not valid."


@pytest.mark.parametrize("key", ["", "no key", new_text(), new_text()[:-1]])
@pytest.mark.parametrize(
    "authenticators",
    [[KEY_AUTHENTICATOR], [KEY_AUTHENTICATOR, "django_mcp.auth.AllowAnonymous"]],
)
def test_a_bad_key_ends_the_command_and_is_not_shown(
    start: Made, monkeypatch: pytest.MonkeyPatch, key: str, authenticators: list[str]
) -> None:
    monkeypatch.setenv("DJANGO_MCP_KEY", key)
    served = start(DJANGO_MCP={"AUTHENTICATORS": authenticators})
    status, noise = served.end()
    assert status == 1
    assert noise.startswith("CommandError: The key in DJANGO_MCP_KEY is not valid")
    assert "manage.py mcp_key" in noise
    assert not key or key not in noise
    assert served.stdout.read() == b""


def test_a_key_and_a_user_are_not_mixed(
    start: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_MCP_KEY", new_text())
    status, noise = start("--user", "alice", DJANGO_MCP=KEYS).end()
    assert status == 1
    assert "--user, or DJANGO_MCP_KEY? Use one of them." in noise


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--user", "bob"], "There is no user 'bob'"),
        (["--user", "mallory"], "'mallory' is not active"),
        (["--server", "nowhere.mcp"], "There is no server at 'nowhere.mcp'"),
        (["--server", "os.path"], "'os.path' is no MCPServer"),
        (["--language", "tlh"], "'tlh' is none of the project's LANGUAGES: "),
    ],
)
def test_what_is_not_there_is_said_on_stderr(
    start: Made, arguments: list[str], reason: str
) -> None:
    served = start(*arguments)
    status, noise = served.end()
    assert status == 1
    assert reason in noise
    assert served.stdout.read() == b""


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({"LANG": "de_AT.UTF-8"}, [], "Feld erforderlich"),
        ({"LANG": "de_AT.UTF-8"}, ["--language", "fr"], "champ obligatoire"),
        ({"LANG": "C.UTF-8"}, [], "field required"),
    ],
)
def test_messages_are_in_the_language_of_the_environment(
    start: Made,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    words: str,
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", environment["LANG"])
    assert text(start(*arguments).call("echo")) == f"text: {words}"


def test_another_server_can_be_served_and_its_lifespan_ends_with_it(
    start: Made, place: Path
) -> None:
    served = start("--server", "tests.served.mcp.lasting")
    assert text(served.call("held")) == "a pool of connections"
    served.stdin.close()
    assert served.end() == (0, "")
    pid = f"{served.process.pid}\n"
    assert pid in (place / "entered").read_text()
    assert pid in (place / "left").read_text()


def test_a_lifespan_that_fails_ends_the_command_and_is_logged(start: Made) -> None:
    status, noise = start("--server", "tests.served.mcp.broken").end()
    assert status == 1
    assert "The pool is dry." in noise
    assert "The server could not start" in noise


# -- stdin and stdout ------------------------------------------------------------


def test_prints_of_every_kind_end_up_on_stderr(start: Made) -> None:
    served = start(LOGGING=STDOUT_LOGGING)
    assert text(served.call("noise")) == "Quiet?"
    served.stdin.close()
    assert served.stdout.read() == b""
    noises = re.findall("noise of (.*)", served.end()[1])
    assert sorted(noises) == ["__stdout__", "a C library", "another process", "print"]


def test_what_was_printed_while_the_project_loaded_is_no_message(
    start: Made,
) -> None:
    served = start(
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "tests.served.chatty",
            "django_mcp",
            "tests.served",
        ]
    )
    assert text(served.call("echo", text="hello")) == "hello"
    served.stdin.close()
    assert "I am an app and I am ready." in served.end()[1]


def test_a_tool_that_reads_stdin_takes_no_message(start: Made) -> None:
    served = start()
    assert text(served.call("listen")) == "Nothing to read."
    assert text(served.call("echo", text="still there")) == "still there"


def test_lines_may_end_as_on_windows_and_be_blank(start: Made) -> None:
    served = start()
    line = json.dumps(call("echo", text="hello")).encode()
    served.line(b"\r\n\n" + line + b"\r\n")
    assert text(served.receive()) == "hello"


def test_bytes_that_are_no_text_get_an_error_and_no_more(start: Made) -> None:
    served = start()
    served.line(b'{"jsonrpc": "2.0", "id": 1, "method": "\xff\xfe"}\n')
    assert served.receive()["error"]["code"] == -32700
    assert text(served.call("echo", text="hello")) == "hello"


def test_a_line_over_the_limit_gets_an_error_and_no_more(start: Made) -> None:
    served = start()
    served.send(call("echo", text="x" * 5_000_000))
    assert served.receive()["error"]["code"] == -32600
    assert text(served.call("echo", text="hello")) == "hello"


def test_lines_of_five_megabytes_pass_when_they_may(start: Made) -> None:
    allowed = {"MAX_BODY_SIZE": 6_000_000, "AUTHENTICATORS": []}
    served = start(DJANGO_MCP=allowed)
    words = "x" * 5_000_000
    assert text(served.call("echo", text=words)) == words


def test_ten_thousand_piped_messages_get_ten_thousand_answers(start: Made) -> None:
    served = start()
    calls = [call("echo", number, text=str(number)) for number in range(10_000)]
    threading.Thread(target=served.send, args=calls).start()
    answers = [served.receive() for _ in calls]
    assert all(text(answer) == str(answer["id"]) for answer in answers)
    assert {answer["id"] for answer in answers} == set(range(10_000))


def test_a_client_may_write_everything_before_it_reads_anything(start: Made) -> None:
    served = start()
    served.send(*(call("echo", number, text="x" * 1000) for number in range(2_000)))
    served.stdin.close()
    assert len(served.stdout.readlines()) == 2_000


def test_a_quick_call_overtakes_a_slow_one(start: Made) -> None:
    served = start()
    served.send(call("sleep", 1, seconds=0.5), call("echo", 2, text="quick"))
    assert [served.receive()["id"], served.receive()["id"]] == [2, 1]


# -- the end -------------------------------------------------------------------


def test_what_was_asked_before_the_end_of_input_is_answered(start: Made) -> None:
    served = start()
    served.send(call("wait", 1, seconds=0.2), call("users", 2))
    served.stdin.close()
    assert len(served.stdout.readlines()) == 2
    assert served.end() == (0, "")


@pytest.mark.parametrize("tool", ["sleep", "wait", "block"])
@pytest.mark.parametrize("reason", ["end of input", "SIGTERM", "SIGINT"])
def test_the_process_ends_with_its_client_whatever_still_runs(
    start: Made, reason: str, tool: str
) -> None:
    served = start()
    served.call("echo", text="We are running.")
    served.send(stateless("ping"), call(tool, 2, seconds=30))
    served.receive()
    begin = time.monotonic()
    if reason == "end of input":
        served.stdin.close()
    else:
        served.process.send_signal(getattr(signal, reason))
    assert served.ends_in_time(begin)
    assert served.end() == (0, "")


def test_an_idle_process_ends_at_once_and_without_a_word(start: Made) -> None:
    served = start()
    served.call("echo", text="We are running.")
    served.process.send_signal(signal.SIGTERM)
    assert served.end() == (0, "")


def test_the_process_ends_when_nobody_reads_its_answers(start: Made) -> None:
    served = start()
    served.call("echo", text="We are running.")
    served.send(call("sleep", 2, seconds=30))
    served.stdout.close()
    begin = time.monotonic()
    served.send(call("large", 3, size=1_000_000))
    assert served.ends_in_time(begin)
    assert served.end() == (0, "")


@pytest.mark.parametrize("reason", ["end of input", "SIGTERM"])
def test_an_open_subscription_is_ended_with_its_result(
    start: Made, reason: str
) -> None:
    served = start()
    wanted = {"notifications": {"toolsListChanged": True}}
    acknowledged = served.ask(stateless("subscriptions/listen", wanted, "s"))
    assert acknowledged["method"] == "notifications/subscriptions/acknowledged"
    if reason == "SIGTERM":
        served.process.send_signal(signal.SIGTERM)
    else:
        served.stdin.close()
    last = served.receive()
    assert (last["id"], last["result"]["resultType"]) == ("s", "complete")
    assert served.end() == (0, "")
