# The layer of a fresh host: what a provider's image has done on its first boot,
# and a developer who has put the shop's code into his home.
update-ca-certificates >/dev/null

. /etc/os-release
for suite in "$VERSION_CODENAME" "$VERSION_CODENAME-updates" "$VERSION_CODENAME-security"; do
	echo "deb [trusted=yes] http://packages.lab/debian $suite main"
done >/etc/apt/sources.list
# How the root was made: its mirror, and what its builder's apt needed.
rm -rf /etc/apt/sources.list.d/* /etc/apt/apt.conf.d/99mmdebstrap /var/lib/apt/lists/* /var/cache/apt/*.bin
echo 'Acquire::Languages "none";' >/etc/apt/apt.conf.d/90lab

# No console and no disk of its own.
systemctl --quiet mask console-getty.service e2scrub_reap.service
systemctl --quiet disable e2scrub_all.timer fstrim.timer
systemctl --quiet set-default multi-user.target
sed -i 's/^#\?PasswordAuthentication .*/PasswordAuthentication no/' /etc/ssh/sshd_config

useradd --no-create-home --shell /bin/bash dev
cp -r /etc/skel/. /home/dev
cp -r /lab/shop/shop /lab/shop/migrations /lab/shop/wsgi.py /home/dev/shop/
chown -R dev:dev /home/dev
chmod 700 /home/dev

# Timers count from each host's first boot, not from this one's.
rm -f /var/lib/systemd/timers/stamp-*
