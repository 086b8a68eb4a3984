"""What the shop, its clients and their people must agree on."""

#: Where everything is, and who else is led here by a name of their own: a
#: client that describes itself, and the place where a company's people log in.
HERE = "127.0.0.1"
CLIENT = "client.example"
COMPANY = "idp.example"

PASSWORD = "open sesame"
#: The client that is a machine, and no person's; and that of a company, for
#: whose people the company speaks.
MACHINE = "machine"
AGENT = "agent"
SECRET = "the secret of a machine"
#: Where a client on a person's own machine waits for what they come back with;
#: the port is its to choose (RFC 8252, section 7.3).
LOOPBACK = "http://127.0.0.1/callback"
REDIRECT = "http://127.0.0.1:33418/callback"
#: Opens a program by the name that it has on the person's machine.
CURSOR = "cursor://anysphere.cursor-mcp/oauth/callback"
#: Which shop, where its server is, and how a client in a process of its own
#: makes itself known.
WAYS = [
    ("shop", "/mcp", "by registering"),
    ("shop", "/mcp", "by document"),
    ("shop", "/view", "by document"),
    ("shop_below", "/mcp", "by document"),
]
