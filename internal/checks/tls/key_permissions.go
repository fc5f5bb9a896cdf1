package tls

import (
	"crypto/x509"
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/plan"
)

var _ = Family.Add(check.Check{
	ID:       "tls.key.permissions",
	Title:    "each TLS key is private, and belongs to its certificate",
	Severity: check.Critical,
	Stage:    model.StageTLS,
	Guide:    "000 step 10: HTTPS",
	Why:      "Who reads the key can pose as the site, to everybody, until the certificate is taken back or runs out.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Keys, keyPermissions),
})

func keyPermissions(h *check.Hearing, k *model.KeyFile) check.Verdict {
	if k.Apart != "" {
		return check.DoesNotApply(k.Apart)
	}
	h.Saw(k.Source)
	all, state := k.Nobody.Look(h.Aside())
	if state == fact.IsKnown && all.OK {
		_, _ = k.Nobody.Open(h)
		return check.Failed("every user of this host can read the TLS key "+k.Path, shut(k))
	}
	var readers []string
	for _, r := range k.Readers {
		if a, s := r.Access.Look(h.Aside()); s == fact.IsKnown && a.OK {
			_, _ = r.Access.Open(h)
			readers = append(readers, fmt.Sprintf("%s (%s)", r.User.Name, r.App))
		}
	}
	if len(readers) > 0 {
		return check.Failed(fmt.Sprintf("the app's user can read the TLS key %s: %s", k.Path, check.List(readers)), shut(k)).
			Because("A fault in the app that reads files gives the key away, and with it the site's name.")
	}
	if v, ok := other(h, k); ok {
		return v
	}
	return loose(h, k)
}

// other judges whether key and certificate are one pair.
func other(h *check.Hearing, k *model.KeyFile) (check.Verdict, bool) {
	pair, there := k.Pair.Look(h)
	if there != fact.IsKnown || pair.Public == "" {
		return check.Verdict{}, false
	}
	for _, c := range k.Certs {
		chain, state := c.Chain.Look(h)
		if state != fact.IsKnown || len(chain) == 0 || model.PublicHash(chain[0]) == pair.Public {
			continue
		}
		h.Saw(c.Source)
		v := check.Failed(fmt.Sprintf("the TLS key %s does not belong to the certificate %s", k.Path, c.Path), check.Remedy{
			Do:       "Name the key that the certificate was made for, or get a certificate for this key. certbot keeps the two side by side in /etc/letsencrypt/live/NAME/.",
			Commands: []string{fmt.Sprintf("# %s:%d", k.Source.Where, k.Source.Line), "sudo nginx -t && sudo systemctl reload nginx"},
			Verify:   fmt.Sprintf("sudo openssl pkey -in %s -pubout | sha256sum; sudo openssl x509 -in %s -noout -pubkey | sha256sum  # the same", k.Path, c.Path),
			Minutes:  10,
		}).Because(k.Holder + " goes on with what it loaded before; its next reload is refused, and after a restart TLS is gone.")
		if k.Holder != "nginx" {
			v = v.Because(k.Holder + " cannot shake hands with anybody once it loads the two.")
		}
		if i := slices.IndexFunc(chain, func(x *x509.Certificate) bool { return model.PublicHash(x) == pair.Public }); i > 0 {
			v = check.Failed(fmt.Sprintf("the certificates in %s are in the wrong order: the site's own is number %d, and has to be the first", c.Path, i+1), check.Remedy{
				Do:       "Write the file anew: the site's own certificate first, then the one that signed it.",
				Commands: []string{"# cat cert.pem chain.pem > " + c.Path, "sudo nginx -t && sudo systemctl reload nginx"},
				Verify:   "openssl x509 -in " + c.Path + " -noout -subject",
				Minutes:  10,
			}).Because(k.Holder + " takes the first certificate for the one that belongs to the key, and refuses the pair: its next reload fails, and after a restart TLS is gone.")
		}
		if kind := chain[0].PublicKeyAlgorithm.String(); kind != pair.Type && k.Holder == "nginx" {
			v = v.Because(fmt.Sprintf("One is %s and the other %s, which nginx -t does not notice: nginx loads the two, and then refuses everybody.", pair.Type, kind)).Breaking(k.Refuses)
		}
		if k.Stopped {
			v = v.Breaking(true).Because("nginx cannot start, so nothing is served.")
		}
		return v, true
	}
	return check.Verdict{}, false
}

// loose is what is not open yet, and one step from it.
func loose(h *check.Hearing, k *model.KeyFile) check.Verdict {
	repo, state := k.Repo.Look(h.Aside())
	if state == fact.IsKnown {
		_, _ = k.Repo.Open(h)
		return check.Warned(fmt.Sprintf("the TLS key %s lies in %s, a working copy of git", k.Path, repo), check.Remedy{
			Do:       "Keep it outside of the code. If it was ever committed, it is known: get a new key, too.",
			Commands: []string{"sudo git -C " + repo + " log --oneline --all -- " + k.Real, "sudo install -m 600 -o root -g root " + k.Real + " /etc/ssl/private/" + path.Base(k.Real)},
			Minutes:  15,
		}).Because("One git add, and it is in every clone, for good.")
	}
	st, there := k.Stat.Open(h)
	if !there {
		return check.DoesNotApply("there is no such file, which nginx.config.valid tells")
	}
	group, _ := k.Group.Open(h)
	switch {
	case k.Holder == "nginx" && st.UID != 0:
		return check.Warned(fmt.Sprintf("the TLS key %s belongs to %s", k.Path, k.Owner), shut(k)).
			Because("nginx reads it as root before it serves; whatever else runs as " + k.Owner + " can read and replace it.")
	case k.Holder == "nginx" && st.Mode&0o040 != 0 && group != "root" && group != "ssl-cert":
		return check.Warned(fmt.Sprintf("the group %s can read the TLS key %s", group, k.Path), shut(k)).
			Because("nginx reads it as root before it serves; nobody else needs it.")
	}
	pair, _ := k.Pair.Open(h)
	switch pair.Class {
	case "encrypted":
		return check.DoesNotApply("the key is encrypted: which certificate it belongs to is not seen")
	case "hardware":
		return check.DoesNotApply("the key lies in hardware")
	case "none", "unread":
		return check.CannotTell("compare the key "+k.Path+" with its certificate: "+"no private key of a known kind is in it", "openssl pkey -noout -text -in "+k.Path)
	}
	return check.Passed()
}

// shut takes the key back to root.
func shut(k *model.KeyFile) check.Remedy {
	r := check.Remedy{
		Do:       "Give the key to root alone. Whoever could read it may have it: get a new one as well.",
		Commands: []string{"sudo setfacl -b " + k.Real + "  # where it has an access list", "sudo chown root:root " + k.Real, "sudo chmod 600 " + k.Real},
		Verify:   "sudo -u nobody head -c1 " + k.Path + "  # Permission denied",
		Minutes:  10,
	}
	if k.Holder == "nginx" {
		r.Steps = plan.Owned("leave the key to root alone", k.Real, "root", "root", "0600")
	}
	if rest, is := strings.CutPrefix(k.Path, "/etc/letsencrypt/live/"); is {
		r.Commands = append(r.Commands, "sudo chmod 700 /etc/letsencrypt/live /etc/letsencrypt/archive",
			"sudo certbot renew --force-renewal --new-key --cert-name "+path.Dir(rest))
	}
	return r
}
