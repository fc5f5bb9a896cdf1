package nginx

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.config.valid",
	Title:    "nginx accepts its configuration",
	Severity: check.High,
	Stage:    model.StageServer,
	Guide:    "000 step 8: nginx -t, reload only after it passes",
	Why:      "nginx goes on with what it loaded before: the next reload is refused, and after a restart or a reboot the site is down.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).ProxyConfig, configValid),
})

func configValid(h *check.Hearing, n model.NginxConfigSubject) check.Verdict {
	t, state := n.Test.Look(h)
	if state == fact.IsAbsent {
		return notThere(h, n)
	}
	if state == fact.IsUnknown {
		return check.Passed() // unknown, since the look was blind
	}
	problem := t.Problem()
	if t.OK && problem == "" {
		return check.Passed()
	}
	if n.Accused.Where != "" {
		h.Saw(n.Accused)
	}
	_, problem, _ = strings.Cut(problem, "] ")
	if t.OK && strings.Contains(problem, " is deprecated") {
		return check.Warned("nginx warns about its configuration: "+problem, configRemedy(n, "reload")).
			At(check.Low).Because("This nginx still does what is written there; a later one may refuse it, at the upgrade that brings it.")
	}
	if t.OK {
		return check.Warned("nginx warns about its configuration: "+problem, configRemedy(n, "reload")).
			Because("nginx loads it, but something in it does not do what it says.")
	}
	if problem == "" {
		problem = "nginx -t ends with an error and no message"
	}
	if _, runs := n.Master.Look(h); runs == fact.IsAbsent {
		return check.Failed("nginx refuses its configuration: "+problem, configRemedy(n, "start")).
			At(check.Critical).Breaking(true).Because("nginx cannot start, so nothing is served.")
	}
	v := check.Failed("nginx refuses its configuration: "+problem, configRemedy(n, "reload"))
	if len(n.Waiting) > 0 {
		l := n.Waiting[0]
		_, _ = l.Ends[0].Shake.Look(h)
		h.Saw(l.Ends[0].File.Source)
		return v.At(check.Critical).Breaking(true).
			Because("The certificate of " + check.List(l.Names()) + " has ended, and the new one cannot be loaded: browsers refuse the site.")
	}
	return v
}

// notThere: no configuration, or no program. What runs on without its file is
// gone at the next restart.
func notThere(h *check.Hearing, n model.NginxConfigSubject) check.Verdict {
	_, config := n.Config.Look(h)
	if _, runs := n.Master.Open(h); !runs || config != fact.IsAbsent {
		return check.DoesNotApply("nginx is not installed")
	}
	return check.Failed("nginx runs, and its configuration "+n.Main+" does not exist any more", check.Remedy{
		Do:       "Put the file back: from a backup, or the package's own with your sites.",
		Commands: []string{"sudo apt-get install --reinstall -o Dpkg::Options::=--force-confmiss nginx-common", "sudo nginx -t && sudo systemctl reload nginx"},
		Verify:   "sudo nginx -t",
		Minutes:  10,
	})
}

func configRemedy(n model.NginxConfigSubject, verb string) check.Remedy {
	r := check.Remedy{
		Do:       "Mend what nginx names, test again, then " + verb + ".",
		Commands: []string{"sudo nginx -t && sudo systemctl " + verb + " nginx"},
		Verify:   "sudo nginx -t",
		Minutes:  5,
	}
	if a := n.Accused; a.Where != "" {
		r.Commands = append([]string{fmt.Sprintf("sudoedit +%d %s", a.Line, a.Where)}, r.Commands...)
	}
	t, _ := n.Test.Look(&fact.Notes{})
	if gone := missing.FindStringSubmatch(t.Problem()); gone != nil && strings.Contains(n.Accused.Text, "*") {
		r.Do = gone[1] + " leads nowhere: remove the link, or put back what it leads to; test again, then " + verb + "."
		r.Commands = []string{"ls -l " + gone[1], "sudo rm " + gone[1] + "   # if the site is gone for good", "sudo nginx -t && sudo systemctl " + verb + " nginx"}
		if cfg, state := n.Config.Look(&fact.Notes{}); state == fact.IsKnown && len(cfg.Root.Block) > 0 && !t.OK {
			r.Steps = plan.NginxReads(plan.Gone("take the link away that leads nowhere", gone[1]), cfg.Root.Block[0])
		}
	}
	kept(n, &r, verb)
	slipped(n, &r, verb)
	if a := n.Accused; strings.Contains(t.Problem(), `"listen ... http2" directive is deprecated`) && strings.Contains(a.Text, " http2") {
		r.Do = "Take the word http2 away from each listen of the server block, and say it once for the block."
		r.Commands = []string{"# " + where(a.Where, a.Line), strings.Replace(a.Text, " http2", "", 1), "http2 on;", "sudo nginx -t && sudo systemctl reload nginx"}
	}
	if name := conflict.FindStringSubmatch(t.Problem()); name != nil {
		r.Do = "Two server blocks have this name on one address, and nginx uses the first that it reads: keep the name in one."
		r.Commands = append([]string{"sudo grep -rnF " + name[1] + " " + path.Dir(n.Main) + " | grep server_name"}, r.Commands...)
	}
	return r
}

// kept uses what certbot keeps where a certificate cannot be loaded.
func kept(n model.NginxConfigSubject, r *check.Remedy, verb string) {
	cfg, state := n.Config.Look(&fact.Notes{})
	switch {
	case state != fact.IsKnown || len(cfg.Root.Block) == 0:
	case n.Relink != "":
		r.Do = "Put certbot's link back, to the file that belongs to the others; test again, then " + verb + "."
		r.Commands = []string{"sudo ln -s " + n.Relink + " " + n.Unloaded, "sudo nginx -t && sudo systemctl " + verb + " nginx"}
		r.Steps = plan.NginxReads(plan.Linked("put certbot's link back", n.Unloaded, n.Relink), cfg.Root.Block[0])
	case len(n.Pairs) > 0:
		r.Do = "Serve the certificate that certbot keeps for these names, with its own key; test again, then " + verb + "."
		r.Commands = nil
		var steps [][]plan.Step
		for _, p := range n.Pairs {
			r.Commands = append(r.Commands, "# "+where(p.At.File, p.At.Line), p.To)
			steps = append(steps, plan.Nginx("serve the certificate that certbot keeps", p.At).Replace(p.To))
		}
		r.Commands, r.Steps = append(r.Commands, "sudo nginx -t && sudo systemctl "+verb+" nginx"), plan.All(steps...)
	}
}

// slipped mends a slip of the pen.
func slipped(n model.NginxConfigSubject, r *check.Remedy, verb string) {
	cfg, state := n.Config.Look(&fact.Notes{})
	if n.Slip == nil || state != fact.IsKnown || len(cfg.Root.Block) == 0 {
		return
	}
	say := "end the line with a semicolon"
	r.Do = "End the line with a semicolon; test again, then " + verb + "."
	if n.Slip.Word != "" {
		say = "let it say " + n.Slip.Word
		r.Do = "It is a slip for " + n.Slip.Word + ": correct it, test again, then " + verb + "."
	}
	r.Steps = plan.NginxReads(plan.Change(say, n.Slip.File, n.Slip.Change), cfg.Root.Block[0])
	r.Commands = []string{fmt.Sprintf("sudoedit +%d %s", n.Slip.Change.Line, n.Slip.File), "# " + strings.TrimSpace(n.Slip.Change.New[0]), "sudo nginx -t && sudo systemctl " + verb + " nginx"}
}

// missing is nginx's word for a link that an include with a pattern found, and
// that leads nowhere (1.22, 1.26).
var missing = regex.New(`open\(\) "(\S+)" failed \(2: `)

// conflict is nginx's word for two blocks with one name (1.22, 1.26).
var conflict = regex.New(`conflicting server name "([A-Za-z0-9._*-]+)"`)
