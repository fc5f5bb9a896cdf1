package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.external-urls",
	Title:    "the app believes to live where visitors find it",
	Severity: check.High,
	Stage:    model.StageCode,
	Guide:    "001: configuration",
	Why:      "Links, cookies and routes are made for another address.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Addresseds, externalURLs),
})

func externalURLs(h *check.Hearing, x *model.Addressed) check.Verdict {
	app, ok := x.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if c, ok := app.Setting("SERVER_NAME"); ok && model.Text(c) != "" {
		if v, wrong := serverName(h, x, app, c); wrong {
			return v
		}
	}
	key := "SESSION_COOKIE_PATH"
	c, _ := app.Setting(key)
	if model.Text(c) == "" {
		key = "APPLICATION_ROOT"
		c, _ = app.Setting(key)
	}
	root := model.Text(c)
	if root == "" || root == "/" || slices.ContainsFunc(x.Paths, func(p string) bool { return strings.HasPrefix(p, strings.TrimSuffix(root, "/")) }) {
		return check.Passed()
	}
	at := x.Paths[0]
	if slices.Contains(x.Paths, "/") {
		at = "/"
	}
	h.Saw(app.From(c))
	return check.Failed(fmt.Sprintf("%s says %s, and the site leads to the app at %s: browsers never send the session's cookie back", key, root, at), atLine(app, x, c,
		"Take it out. Where the app does live below a path, let the proxy say so (X-Forwarded-Prefix and ProxyFix with x_prefix=1).")).
		Because("A cookie is for the pages below its path alone. A login, a basket, a form's token are gone with the next page.").Breaking(true)
}

// serverName: Flask below 3.1 knows no route for a Host that is another one
// (flask/app.py, create_url_adapter; werkzeug/routing/map.py, bind_to_environ).
func serverName(h *check.Hearing, x *model.Addressed, app *model.App, c tape.AppSetting) (check.Verdict, bool) {
	name := strings.ToLower(model.Text(c))
	host, _, _ := strings.Cut(name, ":")
	var others []string
	for _, n := range x.Names {
		if n != host {
			others = append(others, n)
		}
	}
	strict := app.MatchesHost()
	if strict {
		for _, r := range x.Asked {
			_, _ = r.Look(h)
		}
	}
	r := atLine(app, x, c, "Take SERVER_NAME out, or let it be the name that visitors type. Flask 3.1 and later use it for links alone.")
	switch {
	case strict && slices.Contains(x.Lost, host):
		if direct, known := x.Direct.Open(h); known && direct.Status != 404 && direct.Status != 0 {
			h.Saw(app.From(c))
			return check.Failed(fmt.Sprintf("SERVER_NAME is %s, and requests for %s come to the app under another Host: it has no page for them", name, host), r).
				Because("Visitors get 404 on every page of the app.").Breaking(true), true
		}
	case strict && len(x.Lost) > 0 && len(others) > 0:
		h.Saw(app.From(c))
		return check.Failed(fmt.Sprintf("SERVER_NAME is %s, and visitors come as %s: the app has no page for them", name, check.List(x.Lost)), r).
			Because("Visitors get 404 on every page of the app.").Breaking(true), true
	case len(others) > 0 && len(others) == len(x.Names):
		h.Saw(app.From(c))
		return check.Warned(fmt.Sprintf("SERVER_NAME is %s, and the site is called %s", name, check.List(others)), r), true
	}
	return check.Verdict{}, false
}

func atLine(app *model.App, x *model.Addressed, c tape.AppSetting, do string) check.Remedy {
	r := check.Remedy{Do: do, Minutes: 5, Verify: "sudo assay check --only flask.external-urls"}
	if src := app.From(c); src.Line > 0 {
		r.Commands = append(r.Commands, fmt.Sprintf("# %s:%d, %s", src.Where, src.Line, c.Key))
	}
	r.Commands = append(r.Commands, restart(x.AppServer)...)
	return r
}
