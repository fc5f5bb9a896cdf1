package tls

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.renew.works",
	Title:    "certbot can renew the certificate, and did so when it last tried",
	Severity: check.High,
	Stage:    model.StageTLS,
	Guide:    "000 step 11: certbot renew --dry-run",
	Why:      "Each try to renew fails; on the day that the certificate ends, browsers refuse the site.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Attempts, renewWorks),
})

func renewWorks(h *check.Hearing, a model.Attempt) check.Verdict {
	r := a.Renewal
	conf, own := r.Conf.Look(h)
	if own == fact.IsAbsent {
		return check.DoesNotApply("certbot does not renew this certificate")
	}
	dry := "sudo certbot renew --dry-run --cert-name " + r.Lineage
	if plain, _ := r.Plain.Look(h); len(plain) > 0 {
		h.Saw(fact.Source{Where: plain[0], Text: "no link"})
		return check.Failed(fmt.Sprintf("certbot passes over the certificate %s: %s is a file, and no link into archive/", r.Lineage, check.List(plain)), check.Remedy{
			Do:       "Put the links back, to the newest files of archive/; or let certbot make the certificate anew.",
			Commands: []string{"sudo ls -l /etc/letsencrypt/live/" + r.Lineage + " /etc/letsencrypt/archive/" + r.Lineage, "# each: sudo ln -sf ../../archive/" + r.Lineage + "/cert1.pem /etc/letsencrypt/live/" + r.Lineage + "/cert.pem, with the highest number"},
			Verify:   dry, Minutes: 15,
			Steps: linked(r, plain),
		}).Because("A copy that followed the links (cp -L, scp, some restores) leaves files. certbot then leaves the certificate alone, and it ends.")
	}
	if missing, _ := r.Plugins.Look(h); len(missing) > 0 {
		key := missing[0]
		h.Saw(conf.At(key))
		return check.Failed(fmt.Sprintf("certbot cannot renew the certificate %s: its %s is %s, and that plugin is not installed", r.Lineage, key, conf.Get(key)), check.Remedy{
			Do:       "Install the plugin, or let another way answer.",
			Commands: []string{"sudo apt-get install python3-certbot-" + conf.Get(key)},
			Verify:   dry, Minutes: 5,
		})
	}
	c, state := r.Failed.Look(h)
	if state != fact.IsKnown {
		return check.Passed()
	}
	return check.Failed(fmt.Sprintf("the last try to renew the certificate %s failed: %s", r.Lineage, c.Text), check.Remedy{
		Do:       "Mend what certbot names, and try it without consequences.",
		Commands: []string{dry + " -v", "sudo tail -n 60 /var/log/letsencrypt/letsencrypt.log"},
		Verify:   "sudo certbot renew --cert-name " + r.Lineage, Minutes: 20,
	})
}

// linked puts the links back where the files beside them tell the number, and
// archive/ has the very same text.
func linked(r *model.Renewal, plain []string) []plan.Step {
	var out [][]plan.Step
	for _, p := range plain {
		to := r.Links[p]
		if to == "" {
			return nil
		}
		out = append(out, plan.Gone("put certbot's link back", p), plan.Linked("put certbot's link back", p, to))
	}
	return plan.All(out...)
}
