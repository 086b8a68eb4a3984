"""The site with an authorization server, for the threats to it."""

from tests.oauth.asserting import agent as agent
from tests.oauth.asserting import assertion as assertion
from tests.oauth.asserting import idp as idp
from tests.oauth.asserting import trusting_site as trusting_site
from tests.oauth.conftest import alice as alice
from tests.oauth.conftest import browser as browser
from tests.oauth.conftest import flow as flow
from tests.oauth.conftest import log_in_client as log_in_client
from tests.oauth.conftest import make_client as make_client
from tests.oauth.conftest import site as site
