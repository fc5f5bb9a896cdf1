package setup

import (
	"cmp"
	"errors"
	"fmt"
	"os/user"
	"strconv"
)

// release is a system's version as a number: 12, 24.04. What has none (Debian's
// testing) is newer than all.
func (m Machine) release() float64 {
	n, err := strconv.ParseFloat(m.Version, 64)
	if err != nil {
		return 1000
	}
	return n
}

// known says why a system is none that setup is written for.
func (m Machine) known() error {
	switch {
	case m.ID != "debian" && m.ID != "ubuntu":
		return fmt.Errorf("this is %s: setup is written for Debian and Ubuntu", cmp.Or(m.ID, "no system that is known"))
	case m.ID == "debian" && m.release() < 12, m.ID == "ubuntu" && m.release() < 22.04:
		return fmt.Errorf("this is %s: setup is written for Debian 12 and Ubuntu 22.04, and later ones", m.system())
	}
	return nil
}

func (m Machine) system() string {
	name := map[string]string{"debian": "Debian", "ubuntu": "Ubuntu"}[m.ID]
	return name + " " + cmp.Or(m.Version, "without a version")
}

// Unproven says that setup was never tried on such a system; "" of those where it was.
func (m Machine) Unproven() string {
	if m.ID == "debian" && (m.Version == "12" || m.Version == "13") {
		return ""
	}
	return fmt.Sprintf("Setup was proven on Debian 12 and 13. For %s it is written, with the names and versions of its packages looked up, and was never tried on it.", m.system())
}

// modern says that nginx knows "http2 on" (1.25.1, 2023), and complains of the older
// way: Debian 13 has 1.26; Ubuntu 22.04 has 1.18, 24.04 has 1.24, 24.10 has 1.26.
func (m Machine) modern() bool {
	return m.ID == "debian" && m.release() >= 13 || m.ID == "ubuntu" && (m.release() > 24.04)
}

// rejects says that nginx knows ssl_reject_handshake (1.19.4, 2020): Ubuntu 22.04's
// does not.
func (m Machine) rejects() bool { return m.ID != "ubuntu" || m.release() > 22.04 }

// reject is the site of everybody who comes with another name.
func (m Machine) reject() string {
	handshake := "    ssl_reject_handshake on;\n"
	if !m.rejects() { // a certificate of nobody's, that the package ssl-cert makes
		handshake = "    ssl_certificate /etc/ssl/certs/ssl-cert-snakeoil.pem;\n    ssl_certificate_key /etc/ssl/private/ssl-cert-snakeoil.key;\n    return 444;\n"
	}
	return `# Whoever comes with another name, or with none, gets no answer.
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    server_name _;
    return 444;
}

server {
    listen 443 ssl default_server;
    listen [::]:443 ssl default_server;
    server_name _;
` + handshake + "}\n"
}

// free says why a name is somebody else's on this host: the app would run as their
// account, and its variables would stand in their folder.
func (m Machine) free(i Intent) error {
	if m.ours(i) {
		return nil
	}
	var unknown user.UnknownUserError
	if _, err := user.Lookup(i.account()); !errors.As(err, &unknown) {
		return fmt.Errorf("there is an account %s already, and no setup made it\nhint: another name: --name", i.account())
	}
	if exists(i.conf()) {
		return fmt.Errorf("%s is there already, and is none of an app that setup made\nhint: another name: --name", i.conf())
	}
	return nil
}
