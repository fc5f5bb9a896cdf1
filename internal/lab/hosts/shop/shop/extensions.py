from flask_caching import Cache
from flask_login import LoginManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate()
cache = Cache()
login_manager = LoginManager()
login_manager.login_view = "account.login"
login_manager.session_protection = "strong"
