"""A small shop: people put things up for sale, with a picture, and fill baskets.

Runs on Flask 2.2 with SQLAlchemy 1.4 (Debian 12) and on Flask 3.1 with
SQLAlchemy 2.0 (Debian 13).
"""
import logging

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import account, commands, config, errors, goods, ops, security
from .extensions import cache, db, login_manager, migrate


def create_app(overrides=None):
    app = Flask(__name__)
    app.config.from_mapping(config.from_environment())
    app.config.from_mapping(overrides or {})
    logging.getLogger(app.name).setLevel(logging.INFO)

    # One proxy, nginx on this host, which sets X-Forwarded-For and -Proto. The
    # app listens where only nginx reaches it, so nobody else can set them.
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)

    db.init_app(app)
    migrate.init_app(app, db)
    cache.init_app(app)
    login_manager.init_app(app)
    for part in (security, ops, account, goods, errors, commands):
        part.init_app(app)
    return app
