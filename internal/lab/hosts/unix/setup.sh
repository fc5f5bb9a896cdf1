# A healthy host on Debian 12: nginx, a unix socket, gunicorn, the shop.
useradd --system --home-dir /srv/shop --no-create-home --shell /usr/sbin/nologin shop

# The code belongs to root: what runs it cannot change it.
mkdir -p /srv/shop/app
cp -r /lab/shop/shop /lab/shop/migrations /lab/shop/wsgi.py /srv/shop/app/
bash /lab/shop/make-venv /srv/shop/venv
python3 -m compileall -q /srv/shop/app
install -d -o shop -g www-data -m 2750 /srv/shop/uploads

password=$(openssl rand -hex 16)
sed -i "s/@SECRET_KEY@/$(openssl rand -hex 32)/; s/@PASSWORD@/$password/" /etc/shop/shop.env
chown root:shop /etc/shop/shop.env
chmod 640 /etc/shop/shop.env

systemctl --quiet enable --now postgresql redis-server
su postgres -c 'psql -q' <<-END
	CREATE USER shop PASSWORD '$password';
	CREATE DATABASE shop OWNER shop ENCODING 'UTF8' TEMPLATE template0;
END
printf '%s\n' 'maxmemory 64mb' 'maxmemory-policy allkeys-lru' >>/etc/redis/redis.conf

# Who may log in to the shop: the tests read it.
(umask 077 && openssl rand -hex 12 >/root/shop-login)
cd /srv/shop/app
as_shop() { setpriv --reuid shop --regid shop --clear-groups bash -c 'set -a; . /etc/shop/shop.env; exec "$@"' - "$@"; }
as_shop ../venv/bin/flask db upgrade
as_shop ../venv/bin/flask user-set keeper </root/shop-login
as_shop ../venv/bin/flask stock keeper

cd /usr/lib/python3/dist-packages
install -m 644 certbot_nginx/_internal/tls_configs/options-ssl-nginx.conf certbot/ssl-dhparams.pem /etc/letsencrypt/
chmod 755 /etc/letsencrypt/renewal-hooks/deploy/reload-nginx /etc/nftables.conf
rm /etc/nginx/sites-enabled/default
ln -s ../sites-available/reject ../sites-available/shop /etc/nginx/sites-enabled/
install -d -o postgres -g postgres -m 700 /var/backups/shop
chmod 755 /usr/local/sbin/backup-shop
systemctl daemon-reload
systemctl --quiet enable nftables shop nginx certbot.timer
systemctl --quiet enable --now shop-backup.timer
systemctl start shop-backup
printf 'restored = %s\n' "$(date +%F)" >>/etc/assay/assay.toml
