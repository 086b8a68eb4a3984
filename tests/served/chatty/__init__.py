"""An app that prints when it is ready."""
