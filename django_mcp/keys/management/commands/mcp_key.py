"""``manage.py mcp_key``: make a key, list those there are, revoke one.

Only the key itself goes to stdout, so that it can be piped to where it belongs.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from django_mcp.keys.models import APIKey
from django_mcp.server import all_servers

_LENGTH = re.compile(r"([1-9][0-9]{0,4})([dh])\Z")
_UNITS = {"d": "days", "h": "hours"}


class Command(BaseCommand):
    """Make, list and revoke keys."""

    help = "Make a key for a user, and print it once; or list or revoke keys."

    def add_arguments(self, parser: CommandParser) -> None:
        """See Django."""
        parser.add_argument(
            "username", nargs="?", help="The user whose permissions calls will have."
        )
        parser.add_argument("--name", help="What the key is for; needed for a new one.")
        parser.add_argument(
            "--scopes",
            nargs="+",
            metavar="SCOPE",
            help="The scopes it is limited to. Without it, the user's permissions"
            " alone decide.",
        )
        parser.add_argument(
            "--server", default="", help="Name of the only server it opens."
        )
        parser.add_argument(
            "--expires",
            default="90d",
            metavar="WHEN",
            help="30d, 12h, 2027-01-31 or never; 90d if it is not given.",
        )
        other = parser.add_mutually_exclusive_group()
        other.add_argument(
            "--list", action="store_true", help="List keys: all, or those of the user."
        )
        other.add_argument(
            "--revoke", metavar="PREFIX", help="Revoke the key with this prefix."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """See Django."""
        if options["revoke"] is not None:
            self._revoke(options["revoke"])
        elif options["list"]:
            self._list(options["username"])
        else:
            self._make(options)

    def _make(self, options: dict[str, Any]) -> None:
        if not options["username"] or not options["name"]:
            raise CommandError("Say who it is for, and --name what for.")
        user = _user(options["username"])
        if not user.is_active:
            raise CommandError(f"The user {options['username']!r} is not active.")
        scopes = options["scopes"]
        expires = _expires(options["expires"])
        try:
            key, text = APIKey.objects.create_key(
                user,
                options["name"][:100],
                scopes=None if scopes is None else " ".join(scopes),
                server=_server(options["server"]),
                expires=expires,
            )
        except ValueError:
            raise CommandError("--scopes are names: shop:read shop:write.") from None
        until = f"until {_shown(expires)}" if expires else "until it is revoked"
        self.stderr.write(
            f"{key} is a key for {user.get_username()!r}, {until}."
            " Copy it now: it is not kept.",
            self.style.SUCCESS,
        )
        self.stdout.write(text)

    def _list(self, username: str | None) -> None:
        keys = APIKey.objects.select_related("user")
        if username:
            keys = keys.filter(user=_user(username))
        for key in keys:
            parts = (
                key.prefix,
                str(key.state.value),
                key.user.get_username(),
                key.name,
                f"scopes: {key.scopes}" if key.scopes else "",
                f"server: {key.server}" if key.server else "",
                f"expires {_shown(key.expires)}" if key.expires else "never expires",
                f"used {_shown(key.last_used)}" if key.last_used else "never used",
            )
            self.stdout.write("  ".join(filter(None, parts)))

    def _revoke(self, prefix: str) -> None:
        # Who has the whole key at hand pastes that.
        found = APIKey.objects.filter(prefix=prefix.removeprefix("mcp_")[:12])
        if not found:
            raise CommandError("There is no key with this prefix; see --list.")
        done = "is revoked" if found.revoke() else "was revoked before"
        self.stdout.write(f"{found[0]} {done}.")


def _user(username: str) -> Any:
    users = get_user_model()
    try:
        return users._default_manager.get_by_natural_key(username)
    except users.DoesNotExist:
        raise CommandError(f"There is no user {username!r}.") from None


def _server(name: str) -> str:
    known = sorted(server.name for server in all_servers)
    if name and name not in known:
        raise CommandError(f"There is no server {name!r}, but {', '.join(known)}.")
    return name


def _expires(text: str) -> datetime | None:
    if text == "never":
        return None
    length = _LENGTH.match(text)
    if length:
        return timezone.now() + timedelta(**{_UNITS[length[2]]: int(length[1])})
    try:
        when = parse_datetime(text)
    except ValueError:
        when = None
    if when is None:
        raise CommandError("--expires takes 30d, 12h, 2027-01-31 or never.")
    if settings.USE_TZ and timezone.is_naive(when):
        when = timezone.make_aware(when)
    if not settings.USE_TZ and timezone.is_aware(when):
        when = timezone.make_naive(when)
    if when <= timezone.now():
        raise CommandError("--expires is in the past.")
    return when


def _shown(moment: datetime) -> str:
    if timezone.is_aware(moment):
        moment = timezone.localtime(moment)
    return moment.strftime("%Y-%m-%d %H:%M")
