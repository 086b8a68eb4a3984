"""Views as tools: found in the URLconf, called as the caller, read as a person."""
