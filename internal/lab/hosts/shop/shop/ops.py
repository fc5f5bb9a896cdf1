"""What operations need: a health check that tells the truth, and metrics."""
import os
import time

import redis
from flask import Blueprint, Response, current_app, g, request
from prometheus_client import (CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter,
                               Histogram, generate_latest, multiprocess)
from sqlalchemy import text

from .extensions import db

bp = Blueprint("ops", __name__)

REQUESTS = Counter("shop_requests", "Requests by endpoint and status", ["endpoint", "status"])
SECONDS = Histogram("shop_request_seconds", "Time to answer", ["endpoint"])


def check_database():
    db.session.execute(text("SELECT 1"))


def check_cache():
    redis.Redis.from_url(current_app.config["CACHE_REDIS_URL"], socket_timeout=2).ping()


@bp.route("/health")
def health():
    checks, well = {}, True
    for name, check in (("database", check_database), ("cache", check_cache)):
        try:
            check()
            checks[name] = "ok"
        except Exception:
            # The cause goes to the log; a stranger learns only that it is so.
            current_app.logger.exception("health: %s", name)
            checks[name] = "failed"
            well = False
    return {"status": "ok" if well else "failed", **checks}, 200 if well else 503


@bp.route("/metrics")
def metrics():
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):  # several workers share their numbers through it
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def start_clock():
    g.start = time.perf_counter()


def count(response):
    endpoint = request.endpoint or "none"
    REQUESTS.labels(endpoint, response.status_code).inc()
    if "start" in g:
        SECONDS.labels(endpoint).observe(time.perf_counter() - g.start)
    return response


def init_app(app):
    app.before_request(start_clock)
    app.after_request(count)
    app.register_blueprint(bp)
