"""The bookshop with login: clients act for a person, who has allowed them to.

``make demo LOGIN=1``. What stands here is all that login adds to a project
which has Django's own login already.
"""

import os

from django.utils.translation import gettext_lazy as _

from django_mcp.oauth import oauth_settings
from example_project.settings import *  # noqa: F403
from example_project.settings import INSTALLED_APPS

#: Where clients find the shop. Tokens are made out to it.
BASE_URL = os.environ.get("SHOP_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [*INSTALLED_APPS, "oauth2_provider", "django_mcp.keys"]

DJANGO_MCP = {
    "BASE_URL": BASE_URL,  # type: ignore[dict-item]
    "AUTHENTICATORS": [
        "django_mcp.keys.authentication.KeyAuthenticator",  # for scripts
        "django_mcp.oauth.authentication.OAuthAuthenticator",  # for people
    ],
}
OAUTH2_PROVIDER = oauth_settings(
    BASE_URL,
    # What a person reads before allowing it.
    scopes={
        "shop:read": _("See the shop's books, and your orders"),
        "shop:write": _("Order books for you, and change your orders"),
    },
    default_scopes=["shop:read"],
    # For clients that cannot describe themselves at an address of their own.
    registration=True,
)

ROOT_URLCONF = "example_project.urls_login"
LOGIN_URL = "login"
