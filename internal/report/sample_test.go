package report

import (
	"fmt"
	"slices"
	"time"

	"assay/internal/check"
)

// The sample reports: what a host looks like when its service is down, when all
// is well, and at the edges.

func ptr(s string) *string { return &s }

func host() Host {
	return Host{Name: "web-1", OS: "Debian GNU/Linux 12 (bookworm)", Root: true,
		Seen: time.Date(2026, 11, 22, 3, 7, 0, 0, time.UTC)}
}

var grounds = map[string][]Ground{
	"tls": {{Kind: "file", State: "known", Text: "/etc/letsencrypt/live/shop.example.com/fullchain.pem"}},
	"nginx": {{Kind: "unit", State: "known", Text: "nginx.service active (running), enabled"},
		{Kind: "user", State: "known", Text: "www-data (uid 33)"}, {Kind: "file", State: "known", Text: "/etc/nginx/sites-enabled/shop"}},
	"socket": {{Kind: "process", State: "absent"}},
	"gunicorn": {{Kind: "unit", State: "known", Text: "shop.service failed (failed), enabled"},
		{Kind: "user", State: "unknown", Why: "look up user shpo: accounts also come from sss, which is not asked"}},
	"app": {{Kind: "folder", State: "known", Text: "/srv/shop"}, {Kind: "object", State: "known", Text: "shop:create_app()"}},
}

func hops(states ...string) []Hop {
	labels := []string{"DNS", "firewall", "TLS", "nginx", "socket", "gunicorn", "app", "PostgreSQL"}
	stages := []string{"dns", "firewall", "tls", "nginx", "socket", "gunicorn", "app", "database"}
	out := make([]Hop, len(labels))
	for i := range labels {
		out[i] = Hop{Stage: stages[i], Label: labels[i], State: OK}
		if i < len(states) {
			out[i].State = states[i]
		}
		out[i].On = slices.Clone(grounds[stages[i]])
	}
	return out
}

func shop(states ...string) Deployment {
	return Deployment{Name: "shop", App: "shop:create_app()", Server: "gunicorn", Unit: "shop.service",
		Names: []string{"shop.example.com", "www.shop.example.com"}, Path: hops(states...)}
}

const downKey = "systemd.unit.active-enabled|shop|shop.service"

func down() []Finding {
	return []Finding{
		{ID: "systemd.unit.active-enabled", Key: downKey, Severity: "critical", Status: "fail", Deployment: "shop",
			Subject: "shop.service", Stage: "gunicorn", Breaks: true, Title: "the service runs, and starts at boot",
			Summary: "shop.service has failed: its user “shpo” does not exist",
			Why:     "Nothing serves shop.example.com: nginx answers every request with 502 Bad Gateway.",
			Evidence: []Evidence{
				{Where: "/etc/systemd/system/shop.service", Line: 9, Text: "User=shpo"},
				{Where: "systemctl show shop.service", Text: "ActiveState=failed, Result=exit-code, ExecMainStatus=217"},
				{Where: "journal of shop.service", Text: "shop.service: Failed to determine user credentials: No such process"}},
			Remedy: Remedy{Do: "Name the user that owns /srv/shop, which is shop, and start the service.",
				Commands: []string{"sudo sed -i 's/^User=shpo$/User=shop/' /etc/systemd/system/shop.service",
					"sudo systemctl daemon-reload", "sudo systemctl restart shop.service"},
				Verify: "systemctl is-active shop.service", Minutes: 3, Cure: check.OnHost}},
		{ID: "gunicorn.listening", Key: "gunicorn.listening|shop|unix:/run/shop/gunicorn.sock", Severity: "critical", Status: "fail",
			Deployment: "shop", Subject: "unix:/run/shop/gunicorn.sock", Stage: "socket", Breaks: true, Cause: ptr(downKey),
			Summary: "nobody listens on /run/shop/gunicorn.sock", Evidence: []Evidence{}},
		{ID: "nginx.proxy.upstream-matches-bind", Key: "nginx.proxy.upstream-matches-bind|shop|/", Severity: "critical", Status: "fail",
			Deployment: "shop", Subject: "/", Stage: "nginx", Breaks: true, Cause: ptr(downKey),
			Summary: "nginx passes “/” to a socket that is not there", Evidence: []Evidence{}},
		{ID: "tls.cert.expiry", Key: "tls.cert.expiry|shop|shop.example.com", Severity: "high", Status: "warn",
			Deployment: "shop", Subject: "shop.example.com", Stage: "tls", Title: "the certificate is far from its end",
			Summary: "the certificate for shop.example.com ends in 9 days, and its renewal is overdue",
			Why:     "From 1 Dec 2026 every browser refuses the site.",
			Evidence: []Evidence{{Where: "TLS 203.0.113.7:443 (shop.example.com)", Text: "notAfter 1 Dec 2026 08:12 UTC"},
				{Where: "/etc/letsencrypt/renewal/shop.example.com.conf", Line: 14, Text: "authenticator = webroot"}},
			Remedy: Remedy{Do: "Renew it, and see why the timer did not.",
				Commands: []string{"sudo certbot renew --cert-name shop.example.com", "sudo systemctl reload nginx"},
				Verify:   "echo | openssl s_client -connect shop.example.com:443 -servername shop.example.com 2>/dev/null | openssl x509 -noout -enddate",
				Minutes:  10, Cure: check.OnHost}},
		{ID: "flask.debugger-live", Key: "flask.debugger-live||", Severity: "medium", Status: "fail", Stage: "app",
			Summary: "the Werkzeug debugger answers on 127.0.0.1:5001", Why: "Any account of this host can run code as www-data.",
			Evidence: []Evidence{{Where: "http://127.0.0.1:5001/console", Text: "200 OK"}},
			Remedy:   Remedy{Do: "Start the app without debug=True.", Minutes: 120, Cure: check.InCode}},
	}
}

func downReport() Report {
	r := Report{Schema: Schema, Assay: "0.1.0", Host: host(),
		Deployments: []Deployment{shop(OK, OK, Warning, OK, Broken, Broken, Unseen, OK)}, Findings: down(),
		Unknown: []Unknown{{ID: "flask.devserver", Severity: "critical", Status: "unknown", Deployment: "shop", Stage: "app",
			Title: "no development server serves visitors", Unseen: []string{"the app does not run"}, Hints: []string{}}},
		Passed: well(), Counts: Counts{Passed: 31, NotApplicable: 12, Unknown: 1, Findings: 5,
			BySeverity: map[string]int{"critical": 3, "high": 1, "medium": 1}},
		Looked: []string{"running processes"}}
	r.Deployments[0].Path[6].Text = "cannot be asked while gunicorn is down"
	return r
}

func wellReport() Report {
	d := shop()
	d.Path[1].State = None
	d.Path[1].Text = "no firewall on this host"
	return Report{Schema: Schema, Assay: "0.1.0", Host: host(), Deployments: []Deployment{d},
		Passed: well(), Counts: Counts{Passed: 34, NotApplicable: 12}}
}

func well() []Passed {
	return []Passed{{ID: "dns.resolves", Title: "every served name resolves", Times: 2},
		{ID: "nginx.service.running", Title: "nginx runs", Times: 1},
		{ID: "tls.cert.chain", Title: "the server sends the whole chain", Times: 2}}
}

func emptyReport() Report {
	h := host()
	h.Root = false
	return Report{Schema: Schema, Assay: "0.1.0", Host: h, Looked: []string{
		"the running processes: no gunicorn, uwsgi, waitress or flask run among 112",
		"the units of systemd: none whose ExecStart starts a WSGI server",
		"the configuration of nginx: no server passes requests on",
		"the listening sockets: 22 (sshd)"}}
}

func manyReport() Report {
	r := downReport()
	blog := shop()
	blog.Name, blog.Unit, blog.App, blog.Container = "blog", "", "", "docker 3f2a9c: shown, not audited"
	blog.Names = []string{"a.example.com", "b.example.com", "c.example.com", "d.example.com", "e.example.com", "f.example.com"}
	r.Deployments = append(r.Deployments, blog)
	for i := range 7 {
		f := r.Findings[1]
		f.Key, f.Subject = fmt.Sprintf("k%d", i), fmt.Sprint(i)
		r.Findings = append(r.Findings, f)
	}
	for i := range 48 {
		f := r.Findings[3]
		f.ID, f.Key, f.Severity = fmt.Sprintf("tls.test-%d", i), fmt.Sprintf("tls.test-%d||", i), "low"
		f.Summary = fmt.Sprintf("risk number %d that nobody needs to read at three in the morning, told at length", i)
		for l := range i {
			f.Evidence = append(f.Evidence, Evidence{Where: "/var/log/nginx/error.log", Line: l + 1, Text: "again"})
		}
		r.Findings = append(r.Findings, f)
	}
	r.Counts.Findings, r.Counts.BySeverity["low"] = 60, 48
	return r
}

func blindReport() Report {
	r := wellReport()
	r.Host.Root = false
	r.Counts = Counts{Passed: 11, NotApplicable: 3, Unknown: 12}
	r.Deployments[0].Path = hops(OK, Unseen, OK, Unseen, Unseen, OK, OK, Unseen)
	r.Deployments[0].Path[1].Text = "its rules show themselves to root alone"
	for i := range 9 {
		r.Unknown = append(r.Unknown, Unknown{ID: fmt.Sprintf("nginx.check-%d", i), Severity: "high", Status: "unknown",
			Unseen: []string{fmt.Sprintf("read /etc/nginx/sites-enabled/site-%d: permission denied", i%4)}, Hints: []string{"sudo assay check"}})
	}
	for _, id := range []string{"dns.resolves", "tls.reachable"} {
		r.Unknown = append(r.Unknown, Unknown{ID: id, Severity: "high", Status: "unknown", Deployment: "shop",
			Unseen: []string{"ask DNS for shop.example.com: no answer in 5 s"}})
	}
	r.Unknown = append(r.Unknown, Unknown{ID: "net.datastore-exposed", Severity: "critical", Status: "unknown",
		Unseen: []string{"see process 812's sockets: permission denied"}, Hints: []string{"sudo assay check"}})
	return r
}

// outageReport is the host of downReport, diagnosed.
func outageReport() Report {
	r := downReport()
	at := func(s string) time.Time { t, _ := time.Parse("2006-01-02 15:04:05", "2026-11-22 "+s); return t }
	r.Outage = &Outage{Root: ptr(downKey), Confidence: "likely",
		Symptoms: []Symptom{{Deployment: "shop", URL: "https://shop.example.com", Gets: "502 Bad Gateway", Broken: true}, {Deployment: "shop", URL: "https://www.shop.example.com", Gets: "200 OK"}},
		Past:     []Past{{"gunicorn.import-ok", "the app can be imported as its service does it", []string{"load the app: it was still busy after 3 seconds"}, []string{"sudo assay check gives it more time"}}},
		Timeline: []Event{{at("02:51:10"), "3 packages were changed: python3-flask, python3-jinja2, python3-werkzeug", "/var/log/dpkg.log"},
			{at("02:55:01"), "/etc/systemd/system/shop.service was changed", "/etc/systemd/system/shop.service"},
			{at("02:55:04"), "shop.service: Failed to determine user credentials: No such process", "journalctl -u shop.service"}}}
	return r
}
