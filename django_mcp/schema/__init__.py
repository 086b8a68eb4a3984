"""JSON Schemas and what they stand for; values in, values out."""
