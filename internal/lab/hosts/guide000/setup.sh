# The guide "Flask Production Checklist", followed to the letter as root. What
# it does not say is not done: nobody owns the files but root, the default site
# stays, the secret key is still the one it says to replace.
app=/var/www/yourapp
mkdir -p $app/uploads
cp -r /lab/shop/shop $app/yourapp
cp -r /lab/shop/migrations $app/
mv $app/yourapp/static $app/static
sed 's/from shop/from yourapp/' /lab/shop/wsgi.py >$app/wsgi.py
bash /lab/shop/make-venv $app/venv

systemctl --quiet enable --now postgresql redis-server
su postgres -c psql <<-'END'
	CREATE USER "user" PASSWORD 'pass';
	CREATE DATABASE dbname OWNER "user";
END
set -a
. /etc/yourapp.env
set +a
cd $app
venv/bin/flask db upgrade
(umask 077 && openssl rand -hex 12 >/root/shop-login)
venv/bin/flask user-set keeper </root/shop-login
venv/bin/flask stock keeper

# What certbot's nginx plugin puts there.
cd /usr/lib/python3/dist-packages
install -m 644 certbot_nginx/_internal/tls_configs/options-ssl-nginx.conf certbot/ssl-dhparams.pem /etc/letsencrypt/
ln -s /etc/nginx/sites-available/yourapp /etc/nginx/sites-enabled/
systemctl daemon-reload
systemctl --quiet enable gunicorn nginx certbot.timer
