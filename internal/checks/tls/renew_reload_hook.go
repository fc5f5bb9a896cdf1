package tls

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.renew.reload-hook",
	Title:    "a renewed certificate is loaded by nginx",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "000 step 11: renewal",
	Why:      "The renewal brings a new file, and nginx goes on serving the old certificate until it ends.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Loadings, reloadHook),
})

func reloadHook(h *check.Hearing, r model.Loading) check.Verdict {
	conf, own := r.Conf.Look(h)
	switch {
	case own == fact.IsAbsent:
		return check.DoesNotApply("certbot does not renew this certificate")
	case own == fact.IsKnown && conf.Get("installer") == "nginx":
		h.Saw(conf.At("installer"))
		return check.Proven() // certbot's nginx plugin reloads it itself
	case r.Reloads != nil:
		h.Saw(r.Reloads.Place)
		return check.Proven()
	}
	hooks, _ := r.Hooks.Open(h)
	var idle, other *model.Hook
	for i, k := range hooks {
		switch {
		case k.Reloads && k.Runs:
			h.Saw(k.Source)
			return check.Proven()
		case k.Reloads:
			idle = &hooks[i]
		case k.Runs && k.Calls != "":
			other = &hooks[i]
		}
	}
	for _, why := range r.Unseen {
		h.Missed(why, false)
	}
	if len(r.Unseen) > 0 {
		return check.Passed() // unknown: a job may do it
	}
	h.Saw(conf.At("authenticator"))
	why := "its authenticator is " + conf.Get("authenticator") + ", and no hook reloads nginx"
	cure := check.Remedy{
		Do:      "Let every renewal reload nginx.",
		Verify:  "sudo certbot renew --dry-run --run-deploy-hooks --cert-name " + r.Lineage,
		Minutes: 3,
		Steps:   plan.New("let every renewal reload nginx", hookName(hooks), "0755", "#!/bin/sh\nexec systemctl reload nginx\n"),
	}
	cure.Commands = []string{`printf '#!/bin/sh\nexec systemctl reload nginx\n' | sudo tee ` + hookName(hooks), "sudo chmod 755 " + hookName(hooks)}
	switch {
	case idle != nil:
		h.Saw(idle.Source)
		why = idle.Where + " would, and is not executable"
		cure.Do, cure.Commands = "Make it executable: certbot passes over what is not.", []string{"sudo chmod 755 " + idle.Where}
		cure.Steps = nil
		if strings.HasPrefix(idle.Where, "/") && !strings.HasSuffix(idle.Where, "~") {
			cure.Steps = plan.Owned("let certbot run "+idle.Where, idle.Where, "root", "root", "0755")
		}
	case other != nil:
		h.Saw(other.Source)
		return check.CannotTell(fmt.Sprintf("whether nginx reloads once the certificate %s is renewed: %s calls %s", r.Lineage, other.Where, other.Calls),
			"let it say so where it is read: a file in /etc/letsencrypt/renewal-hooks/deploy with systemctl reload nginx")
	}
	return check.Failed(fmt.Sprintf("nothing lets nginx load the certificate %s once it is renewed: %s", r.Lineage, why), cure)
}

// hookName is a file of certbot's that is not there yet.
func hookName(hooks []model.Hook) string {
	const name = "/etc/letsencrypt/renewal-hooks/deploy/reload-nginx"
	if slices.ContainsFunc(hooks, func(k model.Hook) bool { return k.Where == name }) {
		return name + "-renewed"
	}
	return name
}
