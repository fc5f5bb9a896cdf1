from urllib.parse import urlsplit

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_login import current_user, login_required, login_user, logout_user

from .extensions import db, login_manager
from .models import User

bp = Blueprint("account", __name__)


@login_manager.user_loader
def load_user(key):
    return db.session.get(User, int(key))


def back_to():
    """Where to go after the login: only ever a page of this site."""
    to = request.args.get("next", "")
    parts = urlsplit(to)
    if to.startswith("/") and not to.startswith(("//", "/\\")) and not parts.netloc:
        return to
    return url_for("goods.index")


@bp.route("/login", methods=["GET", "POST"])
def login():
    if current_user.is_authenticated:
        return redirect(back_to())
    if request.method == "POST":
        name = request.form.get("name", "").strip()
        user = User.query.filter_by(name=name).first()
        if user and user.check_password(request.form.get("password", "")):
            login_user(user, remember="remember" in request.form)
            current_app.logger.info("login of user %d", user.id)
            return redirect(back_to())
        current_app.logger.warning("failed login from %s", request.remote_addr)
        flash("That name and password do not go together.")
        return render_template("login.html", name=name), 401
    return render_template("login.html", name="")


@bp.route("/logout", methods=["POST"])
@login_required
def logout():
    logout_user()
    return redirect(url_for("goods.index"))


def init_app(app):
    app.register_blueprint(bp)
