package model

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/syntax/netfiles"
	syntax "assay/internal/syntax/nginx"
	"assay/internal/tape"
)

// KeyFile is a private key that a server of this host is told to use for TLS.
type KeyFile struct {
	Path    string
	Real    string // where links lead to
	Holder  string // nginx, or the app's server
	Source  fact.Source
	Apart   string // why the text is no file: an engine, a variable
	Stat    fact.Of[tape.Stat]
	Pair    fact.Of[tape.KeyReport]
	Certs   []KeyCert
	Nobody  fact.Of[tape.AccessReport] // as a user who has nothing
	Readers []KeyReader
	Repo    fact.Of[string] // the working copy of git in which it lies
	Group   fact.Of[string]
	Owner   string
	Stopped bool // its server does not run
	Refuses bool // who shakes hands where it is used is refused
}

// KeyCert is a certificate that the key is used with.
type KeyCert struct {
	Path   string
	Chain  fact.Of[[]*x509.Certificate]
	Source fact.Source
}

// KeyReader is a user who has no business with the key.
type KeyReader struct {
	App    string
	User   User
	Access fact.Of[tape.AccessReport]
}

// Subject is the file.
func (k *KeyFile) Subject() string { return k.Path }

// Node is the file.
func (k *KeyFile) Node() Node { return Node("key:" + k.Path) }

// Keys are the private keys in use.
func (m *Model) Keys() fact.Of[[]*KeyFile] { return m.keys }

// PublicHash is a certificate's public key as KeyReport has it.
func PublicHash(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

func (b *builder) keyFiles() fact.Of[[]*KeyFile] {
	var out []*KeyFile
	for _, d := range b.m.Deployments {
		out = b.ownKey(out, d)
	}
	return fact.Bind(b.m.Proxy(), func(l []*Nginx) fact.Of[[]*KeyFile] {
		for _, n := range l {
			_, runs := n.Master.Look(&b.notes)
			for _, s := range n.Sites {
				if s.Secure() {
					out = b.siteKeys(out, s, runs == fact.IsAbsent)
				}
			}
		}
		for _, k := range out {
			if k.Holder == "nginx" {
				b.m.Needs[NodeNginxConfig] = append(b.m.Needs[NodeNginxConfig], k.Node())
				b.usedAt(k)
			}
		}
		return fact.Known(out)
	})
}

// usedAt lets every handshake with one of the key's certificates stand on it.
func (b *builder) usedAt(k *KeyFile) {
	for _, d := range b.m.Deployments {
		for _, n := range d.names {
			ends, _ := n.TLS.Look(&b.notes)
			for _, e := range ends {
				if !e.Own || e.File == nil || !slices.ContainsFunc(k.Certs, func(c KeyCert) bool { return c.Path == e.File.Path }) {
					continue
				}
				b.m.Needs[e.Node()] = append(b.m.Needs[e.Node()], k.Node())
				s, _ := e.Shake.Look(&b.notes)
				k.Refuses = k.Refuses || s.Class == "alert"
			}
		}
	}
}

// siteKeys pairs the keys of a block with its certificates: the first with the
// first (nginx 1.11: one of each kind, RSA and ECDSA).
func (b *builder) siteKeys(out []*KeyFile, s *Site, stopped bool) []*KeyFile {
	certs := syntax.Effective(s.Server, "ssl_certificate")
	base := path.Dir(s.nginx.Main)
	for i, d := range syntax.Effective(s.Server, "ssl_certificate_key") {
		k := b.keyFile(&out, d.Arg(0), base, "nginx", facts.DirectiveSource(d))
		k.Stopped = stopped
		if i < len(certs) && k.Apart == "" {
			b.pair(k, certs[i].Arg(0), base, facts.DirectiveSource(certs[i]))
		}
	}
	return out
}

// ownKey is the key of a gunicorn that ends TLS itself.
func (b *builder) ownKey(out []*KeyFile, d *Deployment) []*KeyFile {
	if d.Server == nil || d.Contained() {
		return out
	}
	v, state := d.Server.keyFile.Look(&b.notes)
	if state != fact.IsKnown || len(v) == 0 || v[0] == "" {
		return out
	}
	cwd, _ := d.Server.Cwd.Look(&b.notes)
	var n fact.Notes
	_, _ = d.Server.keyFile.Look(&n)
	var src fact.Source
	if len(n.Sources) > 0 {
		src = n.Sources[0]
	}
	k := b.keyFile(&out, v[0], cwd, d.Server.displayName(), src)
	if c, cs := d.Server.certFile.Look(&b.notes); cs == fact.IsKnown && len(c) > 0 && c[0] != "" {
		b.pair(k, c[0], cwd, src)
	}
	return out
}

func (b *builder) pair(k *KeyFile, file, base string, src fact.Source) {
	if strings.Contains(file, "$") || strings.HasPrefix(file, "data:") {
		return
	}
	if !path.IsAbs(file) {
		file = path.Join(base, file)
	}
	if !slices.ContainsFunc(k.Certs, func(c KeyCert) bool { return c.Path == file }) {
		k.Certs = append(k.Certs, KeyCert{file, fact.Then(b.f.File(file), certificates), src})
	}
}

// nobody is the uid of a user who owns nothing (Debian's nobody:nogroup).
const nobody = 65534

func (b *builder) keyFile(all *[]*KeyFile, file, base, holder string, src fact.Source) *KeyFile {
	k := &KeyFile{Path: file, Real: file, Holder: holder, Source: src}
	switch {
	case strings.Contains(file, "$"):
		k.Apart = "the path holds a variable"
	case strings.HasPrefix(file, "engine:"), strings.HasPrefix(file, "store:"):
		k.Apart = "the key lies in hardware, or behind an engine of OpenSSL"
	case strings.HasPrefix(file, "data:"):
		k.Apart = "the key is no file"
	case !path.IsAbs(file):
		k.Path = path.Join(base, file)
	}
	if i := slices.IndexFunc(*all, func(o *KeyFile) bool { return o.Path == k.Path }); i >= 0 {
		return (*all)[i]
	}
	*all = append(*all, k)
	if k.Apart != "" {
		return k
	}
	k.Real = k.Path
	k.Stat = b.f.Stat(k.Path, false)
	if s, _ := k.Stat.Look(&b.notes); s.Type == "link" && s.Real != "" {
		k.Real = s.Real
		k.Stat = b.f.Stat(k.Real, false)
	}
	k.Pair = b.f.Key(k.Path)
	k.Nobody = b.f.Access(k.Path, "r", tape.Identity{UID: nobody, GID: nobody})
	k.Readers = b.keyReaders(k)
	k.Repo = b.repoOf(k.Real)
	st, _ := k.Stat.Look(&b.notes)
	k.Owner = b.userName(st.UID)
	k.Group = b.groupName(st.GID)
	return k
}

func (b *builder) groupName(gid int) fact.Of[string] {
	return fact.Bind(b.f.Accounts(), func(db netfiles.Accounts) fact.Of[string] {
		if g, ok := db.GID(gid); ok {
			return fact.Known(g.Name)
		}
		return fact.Known(strconv.Itoa(gid))
	})
}

// keyReaders are the users of the apps, but not of the one whose server needs
// the key itself; root reads everything, which is no fault of the key.
func (b *builder) keyReaders(k *KeyFile) []KeyReader {
	var out []KeyReader
	for _, d := range b.m.Deployments {
		s := d.Server
		if s == nil || d.Contained() || s.displayName() == k.Holder {
			continue
		}
		u, state := s.User.Look(&b.notes)
		if state != fact.IsKnown || u.UID == 0 || slices.ContainsFunc(out, func(r KeyReader) bool { return r.User.UID == u.UID }) {
			continue
		}
		id := tape.Identity{UID: u.UID, GID: u.GID, Groups: u.Groups}
		if m, up := s.Master.Look(&b.notes); up == fact.IsKnown && m.MntNS != "" {
			id.PID = m.PID
		}
		out = append(out, KeyReader{d.Name, u, b.f.Access(k.Path, "r", id)})
	}
	return out
}

// repoOf is the working copy of git that a file lies in. /etc may be one by
// etckeeper, which keeps what is secret to root.
func (b *builder) repoOf(file string) fact.Of[string] {
	for dir := path.Dir(file); dir != "/" && dir != "/etc" && dir != "."; dir = path.Dir(dir) {
		var n fact.Notes
		switch _, state := b.f.Stat(path.Join(dir, ".git"), false).Look(&n); state {
		case fact.IsKnown:
			return fact.Known(dir, n.Sources...)
		case fact.IsUnknown:
			return fact.Unknown[string](n.Why())
		}
	}
	return fact.Absent[string]()
}
