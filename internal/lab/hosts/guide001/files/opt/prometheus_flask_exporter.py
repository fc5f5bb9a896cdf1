"""Stands in for prometheus-flask-exporter 0.23, which Debian does not have: the
same class, the same page, the same two metrics.
"""
import os
from timeit import default_timer

from flask import Response, request
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, multiprocess
from prometheus_client.exposition import choose_encoder


class PrometheusMetrics:
    def __init__(self, app=None, path="/metrics", registry=None):
        self.path = path
        self.registry = registry or REGISTRY
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        seconds = Histogram("flask_http_request_duration_seconds", "Flask HTTP request duration in seconds",
                            ("method", "path", "status"), registry=self.registry)
        total = Counter("flask_http_request_total", "Total number of HTTP requests",
                        ("method", "status"), registry=self.registry)

        def before_request():
            request.prom_start_time = default_timer()

        def after_request(response):
            if request.path != self.path and hasattr(request, "prom_start_time"):
                seconds.labels(request.method, request.path, response.status_code).observe(
                    max(default_timer() - request.prom_start_time, 0))
                total.labels(request.method, response.status_code).inc()
            return response

        def prometheus_metrics():
            registry = self.registry
            if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
                registry = CollectorRegistry()
                multiprocess.MultiProcessCollector(registry)
            generate, content_type = choose_encoder(request.headers.get("Accept"))
            return Response(generate(registry), content_type=content_type)

        app.before_request(before_request)
        app.after_request(after_request)
        app.add_url_rule(self.path, "prometheus_metrics", prometheus_metrics)
