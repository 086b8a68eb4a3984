"""An ordinary Django app for the tests to expose."""
