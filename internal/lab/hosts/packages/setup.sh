# The packages of a deployment, so that one takes seconds. What is missing here
# is installed by whoever deploys.
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q -y --no-install-recommends install nginx certbot python3-venv ufw nftables fail2ban \
	python3-systemd unattended-upgrades postgresql redis-server
apt-get clean
rm -f /var/lib/systemd/timers/stamp-*
