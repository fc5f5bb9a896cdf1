# A healthy host on Debian 13: nginx, TCP on loopback, gunicorn, a factory.
useradd --system --home-dir /srv/myapp --no-create-home --shell /usr/sbin/nologin myapp

# The code belongs to root: what runs it cannot change it.
mkdir -p /srv/myapp
cp -r /lab/shop/shop /srv/myapp/myapp
cp -r /lab/shop/migrations /srv/myapp/
bash /lab/shop/make-venv /srv/myapp/.venv
python3 -m compileall -q /srv/myapp/myapp
install -d -o myapp -g www-data -m 2750 /srv/myapp/uploads

password=$(openssl rand -hex 16)
sed -i "s/@SECRET_KEY@/$(openssl rand -hex 32)/; s/@PASSWORD@/$password/" /etc/myapp/myapp.env
chown root:myapp /etc/myapp/myapp.env
chmod 640 /etc/myapp/myapp.env

systemctl --quiet enable --now postgresql redis-server
su postgres -c 'psql -q' <<-END
	CREATE USER myapp PASSWORD '$password';
	CREATE DATABASE myapp OWNER myapp ENCODING 'UTF8' TEMPLATE template0;
END
printf '%s\n' 'maxmemory 64mb' 'maxmemory-policy allkeys-lru' >>/etc/redis/redis.conf

# Who may log in to the shop: the tests read it.
(umask 077 && openssl rand -hex 12 >/root/shop-login)
cd /srv/myapp
as_myapp() { setpriv --reuid myapp --regid myapp --clear-groups bash -c 'set -a; . /etc/myapp/myapp.env; exec "$@"' - "$@"; }
as_myapp .venv/bin/flask --app "myapp:create_app()" db upgrade
as_myapp .venv/bin/flask --app "myapp:create_app()" user-set keeper </root/shop-login
as_myapp .venv/bin/flask --app "myapp:create_app()" stock keeper

cd /usr/lib/python3/dist-packages
install -m 644 certbot_nginx/_internal/tls_configs/options-ssl-nginx.conf certbot/ssl-dhparams.pem /etc/letsencrypt/
chmod 755 /etc/letsencrypt/renewal-hooks/deploy/reload-nginx /etc/nftables.conf
rm /etc/nginx/sites-enabled/default
ln -s ../sites-available/reject ../sites-available/myapp /etc/nginx/sites-enabled/
install -d -o postgres -g postgres -m 700 /var/backups/myapp
systemctl daemon-reload
systemctl --quiet enable nftables myapp nginx certbot.timer
systemctl --quiet enable --now myapp-backup.timer
systemctl start myapp-backup
printf 'restored = %s\n' "$(date +%F)" >>/etc/assay/assay.toml
