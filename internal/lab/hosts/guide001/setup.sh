# The guide "Flask in production", followed to the letter. What it does not say is
# not done: nobody makes /var/log/myapp, the default site stays, the secret key is
# still the one it says to replace.
useradd -m -s /bin/bash myapp
app=/home/myapp/myapp
mkdir -p $app/static /var/www/myapp
cp /lab/shop/shop/static/* $app/static/
cp -r $app/static /var/www/myapp/static
chown -R myapp:myapp /home/myapp
su myapp -c "bash /lab/shop/make-venv $app/.venv"

# Where pip would have put it.
site=$(echo $app/.venv/lib/python3*/site-packages)
mkdir -p $site/prometheus_flask_exporter $site/prometheus_flask_exporter-0.23.2.dist-info
mv /opt/prometheus_flask_exporter.py $site/prometheus_flask_exporter/__init__.py
printf 'Metadata-Version: 2.1\nName: prometheus-flask-exporter\nVersion: 0.23.2\n' >$site/prometheus_flask_exporter-0.23.2.dist-info/METADATA
printf 'prometheus_flask_exporter/__init__.py,,\n' >$site/prometheus_flask_exporter-0.23.2.dist-info/RECORD
chown -R myapp:myapp $app/.venv

systemctl --quiet enable --now postgresql redis-server
su postgres -c psql <<-'END'
	CREATE USER "user" PASSWORD 'pass';
	CREATE DATABASE db OWNER "user";
END

# The guide says nothing of migrations: the tables are made by hand, where the
# log folder that this leaves is not the app's.
cd /tmp
DATABASE_URL=postgresql://user:pass@localhost/db PYTHONPATH=$app $app/.venv/bin/python -B -c '
from myapp import create_app, db
app = create_app()
app.app_context().push()
db.create_all()'
rm -r /tmp/logs

ln -s /etc/nginx/sites-available/example.com /etc/nginx/sites-enabled/
systemctl daemon-reload
systemctl --quiet enable myapp nginx certbot.timer
