# The layer under every blueprint: a host on which nothing is deployed.
update-ca-certificates >/dev/null

# Debian starts what it installs; a blueprint turns on what it wants.
systemctl --quiet disable --now nginx.service postgresql.service redis-server.service mariadb.service ssh.service \
	supervisor.service prometheus-node-exporter.service fail2ban.service ufw.service certbot.timer
systemctl stop 'postgresql@*.service'

# These have nothing to do here: no console, no disk of its own, no mirror.
systemctl --quiet mask console-getty.service e2scrub_reap.service
systemctl --quiet disable e2scrub_all.timer fstrim.timer apt-daily.timer apt-daily-upgrade.timer
systemctl --quiet set-default multi-user.target
: >/var/log/nginx/access.log
: >/var/log/nginx/error.log

# Debian's pg_ctlcluster sleeps four times half a second after PostgreSQL is
# ready (15 and 17 alike): two of the three seconds that a boot would take.
sed -i 's/select (undef, undef, undef, 0\.5)/select (undef, undef, undef, 0.05)/; s/select undef, undef, undef, 0\.5/select undef, undef, undef, 0.05/' /usr/bin/pg_ctlcluster
