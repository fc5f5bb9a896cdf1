"""flask user-set NAME: reads the password from stdin, so that it stands in no history."""
import sys

import click

from .extensions import db
from .models import Product, User

WARES = (
    ("Enamel mug", 1250, "Holds 35 cl and survives the campfire."),
    ("Pocket notebook", 690, "96 dotted pages, sewn, lies flat."),
    ("Beeswax candle", 940, "Burns some eleven hours."),
    ("Linen tea towel", 1480, "Dries glasses without lint."),
)


@click.command("user-set")
@click.argument("name")
def user_set(name):
    """Make a user, or give one a new password."""
    password = sys.stdin.readline().rstrip("\n")
    if len(password) < 10:
        raise click.ClickException("a password has 10 characters at least")
    user = User.query.filter_by(name=name).first() or User(name=name)
    user.set_password(password)
    db.session.add(user)
    db.session.commit()


@click.command("stock")
@click.argument("seller")
def stock(seller):
    """Put the first wares on the shelf."""
    user = User.query.filter_by(name=seller).first()
    if user is None:
        raise click.ClickException(f"no user {seller}")
    for name, cents, text in WARES:
        db.session.add(Product(name=name, cents=cents, text=text, seller_id=user.id))
    db.session.commit()


def init_app(app):
    app.cli.add_command(user_set)
    app.cli.add_command(stock)
