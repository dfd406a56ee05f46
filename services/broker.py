"""The broker: what the two ends of the doorbell agree on, and how they reach it.

The API and the sweeper ring, the worker answers; neither imports the other, so the queue, the task's name
and the connection's options are here. The broker is not trusted with anything: it may lose every message
or deliver each of them many times: docs/decisions/broker.md.
"""

from __future__ import annotations

from typing import Any

from celery import Celery

#: The Celery queue, and the exchange and routing key of the same name.
QUEUE = "gradqueue"
#: The one task. Its only argument is the id of the job that made somebody ring, and that is only logged.
TASK = "gradqueue.train"

#: In front of every Redis key, so that a Redis shared with other programs stays readable.
KEY_PREFIX = "gradqueue:"

#: Seconds between checks that an idle connection is alive; a half-open one is noticed after about twice that.
HEALTH_CHECK_SECONDS = 10


def make_app(broker_url: str, *, wait_seconds: float, redis_options: dict[str, Any]) -> Celery:
    """Return a Celery application that talks to `broker_url` and keeps no results.

    `wait_seconds` bounds the attempt to connect; `redis_options` are kombu's transport options, used when
    the broker speaks Redis's protocol (another broker's transport would refuse them).
    """
    app = Celery("gradqueue", set_as_current=False)
    app.conf.update(
        broker_url=broker_url,
        broker_connection_timeout=wait_seconds,
        broker_transport_options=(
            {
                "global_keyprefix": KEY_PREFIX,
                "socket_connect_timeout": wait_seconds,
                "socket_keepalive": True,
                "health_check_interval": HEALTH_CHECK_SECONDS,
                **redis_options,
            }
            if broker_url.startswith(("redis", "valkey", "sentinel"))
            else {}
        ),
        task_default_queue=QUEUE,
        # The store is the result; Celery's own states would be a second truth.
        result_backend=None,
        task_ignore_result=True,
        # Never unpickle: whoever can write to the broker could run code here.
        task_serializer="json",
        result_serializer="json",
        accept_content=["json"],
    )
    return app
