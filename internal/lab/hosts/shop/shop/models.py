from datetime import datetime, timezone

from flask_login import UserMixin
from werkzeug.security import check_password_hash, generate_password_hash

from .extensions import db


def now():
    return datetime.now(timezone.utc)


class User(UserMixin, db.Model):
    __tablename__ = "users"

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(40), unique=True, nullable=False)
    password_hash = db.Column(db.String(255), nullable=False)
    created = db.Column(db.DateTime(timezone=True), default=now, nullable=False)

    def set_password(self, password):
        self.password_hash = generate_password_hash(password)

    def check_password(self, password):
        return check_password_hash(self.password_hash, password)


class Product(db.Model):
    __tablename__ = "products"

    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80), nullable=False)
    text = db.Column(db.Text, nullable=False, default="")
    cents = db.Column(db.Integer, nullable=False)
    image = db.Column(db.String(60))  # a file of the upload folder
    created = db.Column(db.DateTime(timezone=True), default=now, nullable=False, index=True)
    seller_id = db.Column(db.ForeignKey("users.id"), nullable=False, index=True)
    seller = db.relationship(User)

    @property
    def price(self):
        return f"{self.cents // 100}.{self.cents % 100:02d}"
