package netfiles

import (
	"fmt"
	"slices"
	"testing"
)

func TestResolv(t *testing.T) {
	r := ParseResolv("# c\nnameserver 1.1.1.1\nnameserver fe80::1%eth0\nnameserver x\n nameserver 9.9.9.9\ndomain a\nsearch b c\noptions ndots:2 edns0\noptions rotate\nfoo bar\nnameserver\r\n")
	if got := fmt.Sprint(r); got != "{[{1.1.1.1 2} {fe80::1%eth0 3}] [b c] [ndots:2 edns0 rotate] [{4 not an address: x} {10 unknown keyword: foo} {11 no value: nameserver}]}" {
		t.Error(got)
	}
}

func TestHosts(t *testing.T) {
	h := ParseHosts("127.0.0.1 localhost Me.local # x\n::1 localhost ip6-localhost\n127.0.1.1\nbad a\n127.0.0.1 localhost\n# 1.1.1.1 c\n")
	if got := fmt.Sprint(h.Lookup("LOCALHOST."), h.Lookup("me.local"), len(h)); got != "[{127.0.0.1 1} {::1 2}] [{127.0.0.1 1}] 3" {
		t.Error(got)
	}
}

func TestAccounts(t *testing.T) {
	a := ParseAccounts("root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\napp:x:1001:1001:App,,,:/srv/app:\nbroken:x:y\n+::::::\n\n",
		"root:x:0:\nwww-data:x:33:app, nobody\nssl-cert:x:112:postgres,app\napp:x:1001:app\nbad\n")
	if len(a.Users) != 3 || len(a.Groups) != 4 {
		t.Fatalf("%+v", a)
	}
	u, ok := a.User("app")
	if !ok || u != (User{"app", 1001, 1001, "App,,,", "/srv/app", "/bin/sh", 3}) {
		t.Errorf("%+v", u)
	}
	if got := a.GroupIDs("app"); !slices.Equal(got, []int{1001, 33, 112}) {
		t.Error(got)
	}
	if u, ok := a.User("33"); !ok || u.Name != "www-data" {
		t.Error(u)
	}
	if g, ok := a.Group("ssl-cert"); !ok || g.GID != 112 || a.GroupIDs("nobody") != nil {
		t.Error(g)
	}
	if _, ok := a.Group("0"); !ok {
		t.Error("gid 0")
	}
}

func FuzzFiles(f *testing.F) {
	f.Add("root:x:0:0::/:\n:\n+")
	f.Add("nameserver\n1.1.1.1 a\n\r\nsearch")
	f.Fuzz(func(t *testing.T, s string) {
		ParseResolv(s)
		ParseHosts(s).Lookup(s)
		a := ParseAccounts(s, s)
		a.GroupIDs(s)
	})
}
