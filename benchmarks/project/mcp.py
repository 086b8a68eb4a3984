"""Tools of the default server, which ``mcp_stdio`` serves."""

from benchmarks.functions import add, echo
from django_mcp import mcp

mcp.tool(echo)
mcp.tool(add)
