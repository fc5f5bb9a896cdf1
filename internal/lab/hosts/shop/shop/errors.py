from flask import render_template
from werkzeug.exceptions import HTTPException

from .extensions import db


def show(error):
    if error.code is None or error.code < 400:
        return error  # a redirect of the router, which is no error
    return render_template("error.html", error=error), error.code


def crashed(error):
    db.session.rollback()
    return render_template("error.html", error=error), 500


def init_app(app):
    app.register_error_handler(HTTPException, show)
    app.register_error_handler(500, crashed)
