"""The guide's parts put together, letter for letter; only the page itself is new.

Left out: Talisman and the JSON log, which it offers instead of its own parts;
psutil, which it imports and does not use; python-dotenv, for development only.
"""
import logging
import os
from logging.handlers import RotatingFileHandler, SysLogHandler

import sentry_sdk
from flask import Flask, jsonify, redirect, render_template_string, request, session
from flask_caching import Cache
from flask_sqlalchemy import SQLAlchemy
from prometheus_flask_exporter import PrometheusMetrics
from sentry_sdk.integrations.flask import FlaskIntegration
from werkzeug.middleware.proxy_fix import ProxyFix

sentry_sdk.init(
    dsn="https://0123456789abcdef0123456789abcdef@o0.sentry.example/1",
    integrations=[FlaskIntegration()],
    traces_sample_rate=1.0,
    environment="production"
)

db = SQLAlchemy()
cache = Cache()


class Visit(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    path = db.Column(db.String(200), nullable=False)


def configure_logging(app):
    if not app.debug and not app.testing:
        # Ensure log directory exists
        if not os.path.exists('logs'):
            os.mkdir('logs')

        # File handler with rotation
        file_handler = RotatingFileHandler(
            'logs/myapp.log',
            maxBytes=10240000,  # 10MB
            backupCount=10
        )
        file_handler.setFormatter(logging.Formatter(
            '%(asctime)s %(levelname)s: %(message)s '
            '[in %(pathname)s:%(lineno)d]'
        ))
        file_handler.setLevel(logging.INFO)
        app.logger.addHandler(file_handler)

        # Syslog handler for production
        syslog_handler = SysLogHandler(address='/dev/log')
        syslog_handler.setLevel(logging.WARNING)
        app.logger.addHandler(syslog_handler)

        app.logger.setLevel(logging.INFO)
        app.logger.info('Application startup')


def create_app():
    app = Flask(__name__)

    # Load configuration
    config_name = os.environ.get('FLASK_CONFIG', 'production')
    app.config.from_object(f'config.{config_name.capitalize()}Config')

    # Or from file
    app.config.from_pyfile('/etc/myapp/config.py', silent=True)

    # Only use if behind a proxy!
    # Set x_for to the number of proxies
    app.wsgi_app = ProxyFix(
        app.wsgi_app,
        x_for=1,      # Number of proxies setting X-Forwarded-For
        x_proto=1,    # Number of proxies setting X-Forwarded-Proto
        x_host=1,     # Number of proxies setting X-Forwarded-Host
        x_prefix=1    # Number of proxies setting X-Forwarded-Prefix
    )

    app.config['SQLALCHEMY_POOL_SIZE'] = 10
    app.config['SQLALCHEMY_POOL_RECYCLE'] = 3600
    app.config['SQLALCHEMY_POOL_TIMEOUT'] = 30
    app.config['SQLALCHEMY_MAX_OVERFLOW'] = 20
    db.init_app(app)

    cache_config = {
        'CACHE_TYPE': 'RedisCache',
        'CACHE_REDIS_URL': os.environ.get('REDIS_URL'),
        'CACHE_DEFAULT_TIMEOUT': 300
    }
    app.config.from_mapping(cache_config)
    cache.init_app(app)

    configure_logging(app)
    metrics = PrometheusMetrics(app)  # Metrics available at /metrics endpoint

    @app.before_request
    def before_request():
        if not request.is_secure and app.config.get('FORCE_HTTPS'):
            url = request.url.replace('http://', 'https://', 1)
            return redirect(url, code=301)

    @app.after_request
    def set_security_headers(response):
        response.headers['X-Content-Type-Options'] = 'nosniff'
        response.headers['X-Frame-Options'] = 'SAMEORIGIN'
        response.headers['X-XSS-Protection'] = '1; mode=block'
        response.headers['Strict-Transport-Security'] = 'max-age=31536000; includeSubDomains'
        response.headers['Content-Security-Policy'] = "default-src 'self'"
        return response

    @app.route('/')
    def index():
        session['visits'] = session.get('visits', 0) + 1
        db.session.add(Visit(path=request.path))
        db.session.commit()
        return render_template_string(
            '<!doctype html><title>My app</title>'
            '<link rel="stylesheet" href="{{ url_for("static", filename="app.css") }}">'
            '<p>Visit {{ n }}, your {{ session.visits }}.', n=db.session.query(Visit).count())

    @app.route('/expensive-operation')
    @cache.cached(timeout=600)
    def expensive_operation():
        # This will be cached for 10 minutes
        return {'visits': db.session.query(Visit).count()}

    @app.route('/health')
    def health_check():
        return jsonify({
            'status': 'healthy',
            'database': check_database_connection(),
            'cache': check_cache_connection(),
        }), 200

    def check_database_connection():
        try:
            db.session.execute('SELECT 1')
            return 'connected'
        except Exception as e:
            app.logger.error(f'Database health check failed: {e}')
            return 'disconnected'

    def check_cache_connection():  # which the guide calls and does not show
        try:
            cache.get('health')
            return 'connected'
        except Exception as e:
            app.logger.error(f'Cache health check failed: {e}')
            return 'disconnected'

    return app
