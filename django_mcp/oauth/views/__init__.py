"""The pages and endpoints of the authorization server."""
