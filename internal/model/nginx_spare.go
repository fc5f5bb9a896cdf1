package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	syntax "assay/internal/syntax/nginx"
)

// SpareFile is a site's file that no include reaches.
type SpareFile struct {
	Path  string
	Names []string      // server names in it
	Pass  []string      // addresses it would proxy to
	At    []fact.Source // where it says so
	Reach string        // where an include would find it, "" for nowhere
	Conf  facts.NginxConfig
}

// spareFiles are files beside the enabled ones that no include reaches.
func (b *builder) spareFiles(cfg facts.NginxConfig) fact.Of[[]*SpareFile] {
	dir := path.Dir(cfg.Main)
	list := b.f.Glob(dir + "/sites-available/*")
	conf := b.f.Glob(dir + "/conf.d/*")
	return fact.Bind(list, func(avail []string) fact.Of[[]*SpareFile] {
		return fact.Bind(conf, func(conf []string) fact.Of[[]*SpareFile] {
			return b.spareAmong(cfg, append(slices.Clone(avail), conf...))
		})
	})
}

func (b *builder) spareAmong(cfg facts.NginxConfig, paths []string) fact.Of[[]*SpareFile] {
	used := map[string]bool{}
	for _, p := range cfg.Files {
		used[p] = true
		var n fact.Notes
		st, s := b.f.Stat(p, false).Look(&n)
		if s == fact.IsUnknown { // it may be the link to any of the others
			return fact.Unknown[[]*SpareFile](n.Why())
		}
		if st.Real != "" {
			used[st.Real] = true
		}
	}
	var out []*SpareFile
	for _, p := range paths {
		if used[p] || strings.HasSuffix(p, "~") || strings.HasSuffix(p, ".dpkg-old") || strings.HasSuffix(p, ".dpkg-dist") || len(out) == 20 {
			continue
		}
		var n fact.Notes
		text, s := b.f.File(p).Look(&n)
		if s == fact.IsUnknown {
			return fact.Unknown[[]*SpareFile](n.Why())
		}
		if s == fact.IsAbsent {
			continue
		}
		f := &SpareFile{Path: p, Reach: reach(cfg, p), Conf: cfg}
		c := syntax.ParseText(p, text)
		for _, srv := range c.Servers() {
			f.Names = append(f.Names, realNames(srv.Names())...)
		}
		for _, name := range []string{"proxy_pass", "uwsgi_pass"} {
			for _, d := range c.Root.All(name) {
				_, addr, _, _ := syntax.ParseProxyPass(d.Arg(0))
				f.Pass = append(f.Pass, addr)
				f.At = append(f.At, facts.DirectiveSource(d))
			}
		}
		out = append(out, f)
	}
	return fact.Known(out)
}

// reach is where a link to a site's file would be included; "" where nothing
// includes it, or where its name says that it was put aside.
func reach(cfg facts.NginxConfig, p string) string {
	dir, base := path.Dir(cfg.Main), path.Base(p)
	if aside.MatchString(base) {
		return ""
	}
	for _, to := range []string{dir + "/sites-enabled/" + base, dir + "/conf.d/" + strings.TrimSuffix(base, ".conf") + ".conf"} {
		if to == p || path.Dir(p) == dir+"/conf.d" && path.Dir(to) != path.Dir(p) {
			continue
		}
		for _, d := range cfg.Root.All("include") {
			pattern := d.Arg(0)
			if !path.IsAbs(pattern) {
				pattern = path.Join(dir, pattern)
			}
			if ok, _ := path.Match(pattern, to); ok && strings.Contains(pattern, "*") && d.Parent != nil && d.Parent.Name == "http" {
				return to
			}
		}
	}
	return ""
}

var aside = regex.New(`(?i)(^|[._-])(bak|backup|old|orig|save|copy|off|disabled|tmp|dpkg|swp|\d+)([._-]|$)|~$`)
