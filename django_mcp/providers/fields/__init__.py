"""Fields of models and forms as arguments: what every provider of them shares."""
