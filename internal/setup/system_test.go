package setup

import (
	"strings"
	"testing"
)

// Ubuntu 22.04 has nginx 1.18, 24.04 has 1.24, Debian 12 has 1.22 and 13 has 1.26.
func TestSystems(t *testing.T) {
	for _, c := range []struct {
		m                        Machine
		refused                  bool
		unproven                 string
		http2, handshake, ownKey bool
	}{
		{Machine{ID: "debian", Version: "12"}, false, "", false, true, false},
		{Machine{ID: "debian", Version: "13"}, false, "", true, true, false},
		{Machine{ID: "debian"}, false, "For Debian without a version it is", true, true, false},
		{Machine{ID: "debian", Version: "11"}, true, "", false, true, false},
		{Machine{ID: "ubuntu", Version: "22.04"}, false, "For Ubuntu 22.04 it is", false, false, true},
		{Machine{ID: "ubuntu", Version: "24.04"}, false, "For Ubuntu 24.04 it is", false, true, false},
		{Machine{ID: "ubuntu", Version: "24.10"}, false, "For Ubuntu 24.10 it is", true, true, false},
		{Machine{ID: "ubuntu", Version: "26.04"}, false, "For Ubuntu 26.04 it is", true, true, false},
		{Machine{ID: "ubuntu", Version: "20.04"}, true, "", false, false, true},
		{Machine{ID: "fedora", Version: "41"}, true, "", false, true, false},
		{Machine{}, true, "", false, true, false},
	} {
		if err := c.m.known(); (err != nil) != c.refused {
			t.Errorf("%+v: %v", c.m, err)
		}
		if c.refused {
			continue
		}
		if u := c.m.Unproven(); (u == "") != (c.unproven == "") || !strings.Contains(u, c.unproven) {
			t.Errorf("%+v: %q", c.m, u)
		}
		i := Intent{Name: "shop", Domains: []string{"shop.example"}}
		if on := strings.Contains(i.tlsSite(App{}, c.m), "http2 on;"); on != c.http2 {
			t.Errorf("%+v: http2 on: %v", c.m, on)
		}
		p := draft{Intent: i, machine: c.m}.packages()
		if has := strings.Contains(strings.Join(p.Steps[0].Args, " ")+" ", "ssl-cert "); has != c.ownKey ||
			strings.Contains(c.m.reject(), "ssl_reject_handshake") != c.handshake || strings.Contains(c.m.reject(), "snakeoil.key") != c.ownKey {
			t.Errorf("%+v: %s\n%v", c.m, c.m.reject(), p.Steps[0].Args)
		}
	}
}

// Nobody else's account becomes the app's, and nobody else's folder holds its settings.
func TestNamesOfOthers(t *testing.T) {
	for name, want := range map[string]string{"games": "an account games", "apt": "/etc/apt is there"} {
		if err := (Machine{}).free(Intent{Name: name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Error(name, err)
		}
	}
	if err := (Machine{}).free(Intent{Name: "no-such-app-here"}); err != nil {
		t.Error(err)
	}
}
