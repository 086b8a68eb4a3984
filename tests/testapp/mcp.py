"""That this is here says that the prompts of this app are meant to be served."""
