"""Forms as arguments: what they take, how they are filled in, what they say."""
