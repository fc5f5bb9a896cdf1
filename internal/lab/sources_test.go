package lab

import "testing"

func TestReadSources(t *testing.T) {
	var m mirrors
	readDeb822(`# a comment
Types: deb
# http://old.example/debian
URIs: http://mirror.example/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://other.example/node
Suites: nodistro

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
`, m.add)
	want := mirrors{"http://mirror.example/debian", "http://mirror.example/debian-security"}
	if m != want {
		t.Errorf("deb822: got %v", m)
	}
	m = mirrors{}
	readOneLine(`# deb http://no.example bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main
deb-src http://src.example/debian trixie main
deb http://vendor.example stable-but-not main
deb http://mirror.example/debian-security trixie-security main
`, m.add)
	if m != want {
		t.Errorf("one-line: got %v", m)
	}
}
