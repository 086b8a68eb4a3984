"""Pages as a person sees them, in a browser that nobody here wrote."""
