"""The services that the continuous run promises are the ones in use."""

import pytest
from channels.layers import get_channel_layer
from django.db import connection

from tests.testapp.models import Author


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_suite_runs_on_postgresql_when_asked() -> None:
    assert connection.vendor == "postgresql"
    assert Author.objects.create(name="Ursula K. Le Guin").pk


@pytest.mark.redis
async def test_the_channel_layer_passes_messages_through_redis_when_asked() -> None:
    layer = get_channel_layer()
    assert layer is not None
    assert type(layer).__name__ == "RedisChannelLayer"
    channel = await layer.new_channel()
    await layer.send(channel, {"type": "hello"})
    assert await layer.receive(channel) == {"type": "hello"}
    await layer.close_pools()
