"""Django REST framework: the only folder that imports it (the extra ``drf``)."""
