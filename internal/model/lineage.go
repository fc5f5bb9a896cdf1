package model

import (
	"crypto/x509"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
)

// Becomes is a statement of nginx's with what should stand in its place.
type Becomes struct {
	At *syntax.Directive
	To string
}

// lineage is a certificate that certbot keeps.
type lineage struct {
	dir  string
	leaf *x509.Certificate
}

const live = "/etc/letsencrypt/live"

// lineages are those that are good now.
func (b *builder) lineages() []lineage {
	return facts.Remember(b.f, "lineages", func() []lineage {
		var out []lineage
		files, _ := b.f.Glob(live + "/*/fullchain.pem").Look(&b.notes)
		now := b.m.Machine.Now
		for _, f := range files {
			text, _ := b.f.File(f).Look(&b.notes)
			if c := certificates(text); len(c) > 1 && now.After(c[0].NotBefore) && now.Before(c[0].NotAfter) {
				out = append(out, lineage{path.Dir(f), c[0]})
			}
		}
		return out
	})
}

// keptFor is the folder of the one certificate of certbot's that has all of the
// names; "" where there is none, or more than one.
func (b *builder) keptFor(names []string) (dir string) {
	for _, l := range b.lineages() {
		if slices.ContainsFunc(names, func(n string) bool { return l.leaf.VerifyHostname(n) != nil }) {
			continue
		}
		if dir != "" {
			return ""
		}
		dir = l.dir
	}
	return dir
}

// kept lets a block serve the one certificate of certbot's that has all of its
// names; nil where there is none, or more than one.
func (b *builder) kept(server *syntax.Directive) []Becomes {
	cert, key := syntax.Effective(server, "ssl_certificate"), syntax.Effective(server, "ssl_certificate_key")
	names := realNames(server.Names())
	if len(cert) != 1 || len(key) != 1 || len(names) == 0 || cert[0].Parent.Name == "http" || key[0].Parent.Name == "http" {
		return nil
	}
	dir := b.keptFor(names)
	if dir == "" {
		return nil
	}
	var out []Becomes
	for _, x := range []struct {
		at   *syntax.Directive
		file string
	}{{cert[0], "fullchain.pem"}, {key[0], "privkey.pem"}} {
		if to := path.Join(dir, x.file); x.at.Arg(0) != to {
			out = append(out, Becomes{x.at, x.at.Name + " " + to + ";"})
		}
	}
	return out
}

// blamed is the file of a certificate or a key in what nginx says (1.22, 1.26).
var blamed = regex.New(`(?:cannot load certificate(?: key)? |SSL_CTX_use_PrivateKey\()"(/[^"]+)"`)

// pairs are certificates that certbot keeps for the blocks whose own nginx cannot
// load, and links of a lineage that are gone.
func (b *builder) pairs(n *Nginx) {
	t, _ := n.Test.Look(&b.notes)
	m := blamed.FindStringSubmatch(t.Problem())
	if m == nil {
		return
	}
	if n.Relink = b.relink(m[1], false); n.Relink != "" {
		n.Unloaded = m[1]
		return
	}
	for _, s := range n.Sites {
		uses := false
		for _, name := range []string{"ssl_certificate", "ssl_certificate_key"} {
			for _, d := range syntax.Effective(s.Server, name) {
				uses = uses || d.Arg(0) == m[1]
			}
		}
		if !uses {
			continue
		}
		k := b.kept(s.Server)
		if k == nil {
			n.Pairs = nil
			return
		}
		n.Pairs = append(n.Pairs, k...)
	}
}

// links are where the plain files of a lineage should lead.
func (b *builder) links(r *Renewal) map[string]string {
	out := map[string]string{}
	plain, _ := r.Plain.Look(&b.notes)
	for _, file := range plain {
		to := b.relink(file, true)
		was, _ := b.f.File(file).Look(&b.notes)
		is, _ := b.f.File(path.Join(path.Dir(file), to)).Look(&b.notes)
		if to != "" && was != "" && was == is && !strings.HasSuffix(file, "/privkey.pem") {
			out[file] = to
		}
	}
	return out
}

// relink is where a link of a lineage should lead: to the file with the number
// that the lineage's others have; "" where they do not agree, or it is not gone.
func (b *builder) relink(file string, plain bool) string {
	if path.Dir(path.Dir(file)) != live {
		return ""
	}
	number, name := "", path.Base(path.Dir(file))
	for _, part := range []string{"cert", "chain", "fullchain", "privkey"} {
		link := path.Join(path.Dir(file), part+".pem")
		st, state := b.f.Stat(link, false).Look(&b.notes)
		if link == file {
			if state != fact.IsAbsent && !plain {
				return ""
			}
			continue
		}
		n, of := strings.CutPrefix(strings.TrimSuffix(path.Base(st.Real), ".pem"), part)
		if _, err := strconv.Atoi(n); !of || err != nil || number != "" && n != number {
			return ""
		}
		number = n
	}
	part := strings.TrimSuffix(path.Base(file), ".pem")
	to := path.Join("/etc/letsencrypt/archive", name, part+number+".pem")
	if st, _ := b.f.Stat(to, false).Look(&b.notes); st.Type != "file" {
		return ""
	}
	return path.Join("../../archive", name, part+number+".pem")
}

// relinked is when the newest link of a lineage was made: what certbot said
// before it was of another state.
func (b *builder) relinked(lineage string) (newest time.Time) {
	for _, part := range []string{"cert", "chain", "fullchain", "privkey"} {
		st, _ := b.f.Stat(path.Join(live, lineage, part+".pem"), false).Look(&b.notes)
		if st.Type == "link" && st.MTime.After(newest) {
			newest = st.MTime
		}
	}
	return newest
}
