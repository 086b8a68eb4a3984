"""A bookshop: models, admin, and what of it an MCP client may see."""
