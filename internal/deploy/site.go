// Package deploy lets one release of an app take the place of another without a
// visitor noticing: it reads what stands, refuses what cannot come out well, and
// makes one plan, which package apply carries out or takes back.
package deploy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"assay/internal/setup"
	"assay/internal/syntax/nginx"
	"assay/internal/syntax/unit"
)

// Site is an app as assay setup made it, and as it stands.
type Site struct {
	setup.Intent          // of it the name, the entry and the domains
	Account      string   // that it runs as
	Serving      string   // the release that visitors get
	Before       string   // the one that they got before it; "" where there was none
	Kept         []string // releases that lie here, the oldest first
}

const units = "/etc/systemd/system"

// Names are those of the apps here that releases can take turns in.
func Names() []string {
	files, _ := filepath.Glob(units + "/*@.service")
	var out []string
	for _, f := range files {
		i := setup.Intent{Name: strings.TrimSuffix(path.Base(f), "@.service")}
		if _, err := os.Readlink(i.Live()); err == nil {
			out = append(out, i.Name)
		}
	}
	return out
}

// Choose is the app of that name, or the only one where none is given.
func Choose(name string) (Site, error) {
	all := Names()
	switch {
	case len(all) == 0:
		return Site{}, errors.New("no app here was set up so that releases can take turns\nhint: assay setup makes a site of an app; it touches nothing of what is there")
	case name == "" && len(all) > 1:
		return Site{}, fmt.Errorf("there are several apps here: %s\nhint: --app NAME says which", strings.Join(all, ", "))
	case name == "":
		name = all[0]
	case !slices.Contains(all, name):
		return Site{}, fmt.Errorf("there is no app %q here: there is %s", name, strings.Join(all, ", "))
	}
	return stands(name)
}

// stands reads how an app stands. All that it reads belongs to root.
func stands(name string) (Site, error) {
	s := Site{Intent: setup.Intent{Name: name}}
	live, err := os.Readlink(s.Live())
	if err != nil {
		return s, err
	}
	s.Serving = strings.TrimSuffix(path.Base(live), ".sock")
	if s.Socket(s.Serving) != live {
		return s, fmt.Errorf("%s leads to %s, which is no release's socket\nhint: what was changed there by hand is to be put back first", s.Live(), live)
	}
	if to, err := os.Readlink(s.Previous()); err == nil {
		s.Before = path.Base(to)
	}
	file := units + "/" + s.Template()
	text, err := os.ReadFile(file)
	if err != nil {
		return s, err
	}
	if err := s.unit(unit.Merge(unit.Parse(file, string(text)))); err != nil {
		return s, fmt.Errorf("%s: %w", file, err)
	}
	if s.Domains, err = served("/etc/nginx/sites-available/" + name); err != nil {
		return s, err
	}
	entries, err := os.ReadDir(s.Releases())
	for _, e := range entries {
		if e.IsDir() && !strings.HasSuffix(e.Name(), ".new") && !strings.HasSuffix(e.Name(), ".old") {
			s.Kept = append(s.Kept, e.Name())
		}
	}
	return s, err
}

// unit takes from the app's unit who it runs as, and what gunicorn is to load.
func (s *Site) unit(u unit.Unit) error {
	who, _ := u.Last("Service", "User")
	start, _ := u.Last("Service", "ExecStart")
	words, err := unit.Words(start.Value)
	if err != nil || len(words) == 0 || !slices.Contains(words, "unix:"+s.Run()+"/%i.sock") {
		return errors.New("it does not listen at a socket of each release's own")
	}
	s.Account, s.Entry = who.Value, words[len(words)-1]
	return nil
}

// served are the names that a site answers to over HTTPS, its own first.
func served(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for _, server := range nginx.ParseText(file, string(text)).Root.All("server") {
		for _, l := range server.Find("listen") {
			if names := server.Find("server_name"); slices.Contains(l.Args, "ssl") && len(names) > 0 {
				return names[0].Args, nil
			}
		}
	}
	return nil, fmt.Errorf("%s serves no name over HTTPS", file)
}

// weight is what a release takes of the disk: bytes, and files.
func weight(dir string) (bytes, files int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		files++
		if st, err := d.Info(); err == nil && d.Type().IsRegular() {
			bytes += st.Size()
		}
		return nil
	})
	return bytes, files
}
