package nginx

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/plan"
	syntax "assay/internal/syntax/nginx"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.log.errors",
	Title:    "nginx has had no trouble of its own since it was last loaded",
	Severity: check.High,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "000 debugging: the error log of nginx",
	Why:      "Some visitors get 500 or 502, others a page.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Grievances, grieved),
})

const test = "sudo nginx -t && sudo systemctl reload nginx"

func grieved(h *check.Hearing, g *model.Grievance) check.Verdict {
	h.Saw(g.Line)
	if g.Limit.Where != "" {
		h.Saw(g.Limit)
	}
	r := check.Remedy{Verify: "sudo tail -f " + g.Line.Where, Minutes: 10}
	at := "# /etc/nginx/nginx.conf"
	if g.Limit.Where != "" {
		at = "# " + where(g.Limit.Where, g.Limit.Line) + ": " + g.Limit.Text
	}
	switch g.Kind {
	case "connections":
		r.Do = "Let nginx hold more connections: each request that it hands on takes two."
		r.Commands = []string{at, "worker_connections 4096;", test}
		r.Steps = roomier(g, "events", "worker_connections", 4096)
		if files, _ := syntax.Value(g.Conf.Root, "worker_rlimit_nofile"); less(files, manyFiles) { // nginx warns of more connections than files
			r.Commands = slices.Insert(r.Commands, 2, "# beside worker_processes, since each connection is a file:", "worker_rlimit_nofile 65535;")
			r.Steps = plan.All(r.Steps, roomier(g, "", "worker_rlimit_nofile", manyFiles))
		}
		return check.Failed("nginx has no connection left for requests: worker_connections is too small", r).
			Because("What comes over the limit gets 500, or no answer.")
	case "files":
		r.Do = "Let nginx open more files: each connection is one, and each file that it sends."
		r.Commands = []string{at, "worker_rlimit_nofile 65535;", test}
		r.Steps = roomier(g, "", "worker_rlimit_nofile", manyFiles)
		return check.Failed("nginx may not open as many files as requests need (24: Too many open files): worker_rlimit_nofile is too small", r).
			Because("What comes over the limit gets 500, or no answer.")
	case "header":
		return tooBig(h, g, r, at)
	}
	dir := path.Dir(g.Path)
	r.Do = "Make room on that file system, or let nginx write there again."
	r.Commands = []string{"df -h " + dir + "; df -i " + dir, "namei -l " + dir, "sudo chown www-data " + dir + " && sudo chmod 700 " + dir}
	if path.Dir(dir) == "/var/lib/nginx" && g.User != "" && g.User != "root" && strings.Contains(g.Line.Text, "(13: ") {
		r.Do = "Give nginx's own folder back to its user."
		r.Commands = []string{"sudo chown " + g.User + " " + dir + " && sudo chmod 700 " + dir, "sudo systemctl reload nginx"}
		r.Steps = plan.All(plan.Owned("give nginx's own folder back to its user", dir, g.User, "", "0700"),
			plan.Systemctl("let nginx begin anew", "reload", "nginx.service"))
	}
	return check.Failed(fmt.Sprintf("nginx cannot write into %s: %s", dir, g.Line.Text), r).
		Because("Uploads and long answers that nginx keeps on the disk for a moment get 500.")
}

// manyFiles is more than nginx needs for 4096 connections and their two ends.
const manyFiles = 65535

// less says that a number is smaller, or none.
func less(text string, than int) bool {
	n, err := strconv.Atoi(text)
	return err != nil || n < than
}

// roomier sets a limit of nginx as a whole, in a block or beside the blocks.
func roomier(g *model.Grievance, block, name string, to int) []plan.Step {
	say, statement := fmt.Sprintf("let nginx hold %d connections", to), fmt.Sprintf("%s %d;", name, to)
	if name == "worker_rlimit_nofile" {
		say = fmt.Sprintf("let nginx open %d files", to)
	}
	root := g.Conf.Root
	if block != "" {
		if in := root.Find(block); len(in) == 1 {
			return plan.NginxValue(say, in[0], name, statement)
		}
		return nil
	}
	for _, beside := range []string{name, "worker_processes", "pid", "user"} {
		if d := root.Find(beside); len(d) == 1 && beside == name {
			return plan.Nginx(say, d[0]).Replace(statement)
		} else if len(d) == 1 {
			return plan.Nginx(say, d[0]).After(statement)
		}
	}
	return nil
}

// tooBig is an answer whose headers do not fit: mostly a session in a cookie.
func tooBig(h *check.Hearing, g *model.Grievance, r check.Remedy, at string) check.Verdict {
	r.Commands = []string{at, "proxy_buffer_size 16k;", "proxy_buffers 8 16k;", test}
	r.Do = "Find out what the app puts into its headers. Where they must be so long, give nginx larger buffers."
	if g.Hint.Where != "" {
		h.Saw(g.Hint)
		r.Do = "Keep less in the session, or keep it on the server (Flask-Session): browsers drop a cookie of more than 4093 bytes. Larger buffers alone only hide it."
		r.Cure = check.InCode
		return check.Failed("the app's session cookie is too large for a browser, and for nginx (upstream sent too big header)", r).
			Because("Who has such a session gets 502; without nginx in front the browser would drop the cookie.")
	}
	return check.Failed("nginx refuses answers of the app whose headers are too long (upstream sent too big header)", r).
		Because("Visitors of these pages get 502, though the app answered.")
}
