package upload

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "upload.private",
	Title:    "there is no way around the login to private files",
	Severity: check.High,
	Stage:    model.StageStatic,
	Guide:    "000 step 12: static and media files",
	Why:      "nginx hands the files to everybody who has their address; the app's login is never asked.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).UploadWays, private),
})

func private(h *check.Hearing, x *model.UploadWay) check.Verdict {
	app, ok := x.App.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	for i := range x.Outlets {
		w := &x.Outlets[i]
		if same, _ := x.Same(h, w); w.Rule == "" || !same || w.Static.Guarded() {
			continue
		}
		by := w.Login()
		r, state := w.Direct.Look(h.Aside())
		switch {
		case state == fact.IsUnknown:
			_, _ = w.Direct.Look(h)
			continue
		case state == fact.IsKnown && r.Status == 200, state == fact.IsAbsent && by == "session":
			continue // the app gives it to everybody as well, or nothing says that it does not
		case by == "" && state == fact.IsKnown && (r.Status == 401 || r.Status == 403 || r.Status == 302 || r.Status == 303):
			by = model.Status(r.Status) + " without nginx"
			_, _ = w.Direct.Look(h)
		}
		if by == "" {
			continue
		}
		if g, state := w.Got.Look(h); state == fact.IsKnown && g.Status != 200 {
			continue
		}
		h.Saw(x.Told, w.Block())
		h.Saw(app.Place(*w.View))
		return around(h, x, w, by)
	}
	if app.Senders == nil {
		return check.CannotTell("which views send files of "+x.Folder+" was not asked", "make a new recording with this version of assay")
	}
	return check.Passed()
}

func around(h *check.Hearing, x *model.UploadWay, w *model.Outlet, by string) check.Verdict {
	block := w.Block()
	r := check.Remedy{
		Do: "Let nginx serve the folder only when the app says so: an internal location, and X-Accel-Redirect in the view's answer.",
		Commands: []string{fmt.Sprintf("# %s:%d, in place of location %s", block.Where, block.Line, w.Static.Path), "location /protected/ {", "    internal;", "    alias " + w.Dir + "/;", "}",
			"# in the view, after the login: return \"\", 200, {\"X-Accel-Redirect\": \"/protected/\" + quote(name), \"Content-Type\": \"\"}", "sudo nginx -t && sudo systemctl reload nginx"},
		Minutes: 30,
		Verify:  "sudo assay check --only upload.private",
	}
	text := fmt.Sprintf("nginx gives the files of %s to everybody, and the app's own view of %s asks for a login (%s)", x.Folder, w.Rule, by)
	if w.URI != "" {
		text = fmt.Sprintf("nginx gives %s to everybody, and the app's own view of %s asks for a login (%s)", w.URI, w.Rule, by)
	}
	if !x.Guessable(h.Aside()) {
		return check.Warned(text, r).Because("Their names are long and made by chance, so nobody guesses one; but an address is passed on, stays in histories and logs, and outlives the account.")
	}
	return check.Failed(text, r)
}
