from flask import (Blueprint, abort, flash, redirect, render_template, request,
                   send_from_directory, current_app, session, url_for)
from flask_login import current_user, login_required

from . import pictures
from .extensions import cache, db
from .models import Product

bp = Blueprint("goods", __name__)


@cache.cached(timeout=60, key_prefix="shelf")
def shelf():
    """The newest products as plain values: rows do not survive their session."""
    newest = Product.query.order_by(Product.created.desc(), Product.id.desc()).limit(60)
    return [
        {"id": p.id, "name": p.name, "price": p.price, "image": p.image, "seller": p.seller.name}
        for p in newest
    ]


@bp.route("/")
def index():
    return render_template("index.html", products=shelf())


@bp.route("/things/<int:key>")
def product(key):
    found = db.session.get(Product, key) or abort(404)
    return render_template("product.html", product=found)


@bp.route("/sell", methods=["GET", "POST"])
@login_required
def sell():
    if request.method == "GET":
        return render_template("sell.html")
    name = request.form.get("name", "").strip()[:80]
    try:
        cents = round(float(request.form.get("price", "")) * 100)
    except (ValueError, OverflowError):
        cents = 0
    if not name or not 0 < cents < 100_000_000:
        flash("A thing needs a name and a price.")
        return render_template("sell.html"), 400
    image = None
    picture = request.files.get("image")
    if picture and picture.filename:
        try:
            image = pictures.save(picture, current_app.config["UPLOAD_FOLDER"])
        except pictures.NotAPicture:
            flash("That file is no picture: PNG, JPEG, GIF or WebP, please.")
            return render_template("sell.html"), 400
    thing = Product(name=name, cents=cents, image=image, seller_id=current_user.id,
                    text=request.form.get("text", "").strip()[:4000])
    db.session.add(thing)
    db.session.commit()
    cache.delete("shelf")
    return redirect(url_for("goods.product", key=thing.id))


@bp.route("/basket")
def basket():
    wanted = session.get("basket", {})
    found = Product.query.filter(Product.id.in_([int(k) for k in wanted])).all() if wanted else []
    lines = [(p, wanted[str(p.id)]) for p in found]
    cents = sum(p.cents * n for p, n in lines)
    return render_template("basket.html", lines=lines, total=f"{cents // 100}.{cents % 100:02d}")


@bp.route("/basket/<int:key>", methods=["POST"])
def put_in_basket(key):
    db.session.get(Product, key) or abort(404)
    wanted = session.get("basket", {})
    count = max(0, min(99, wanted.get(str(key), 0) + (-1 if "less" in request.form else 1)))
    if count:
        wanted[str(key)] = count
    else:
        wanted.pop(str(key), None)
    session["basket"] = wanted
    return redirect(url_for("goods.basket"))


@bp.route("/uploads/<path:name>")
def upload(name):
    """nginx serves these; this answers where nothing stands in front."""
    return send_from_directory(current_app.config["UPLOAD_FOLDER"], name)


def init_app(app):
    app.register_blueprint(bp)
