"""A project that real servers and real clients meet, in processes of its own."""
