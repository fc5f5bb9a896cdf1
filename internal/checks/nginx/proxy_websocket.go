package nginx

import (
	"slices"

	"assay/internal/check"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "nginx.proxy.websocket",
	Title:    "nginx passes the upgrade to a websocket on",
	Severity: check.Medium,
	Stage:    model.StageServer,
	Breaks:   true,
	Guide:    "001 performance: websockets",
	Why:      "The websocket is never made: the app gets a plain request and refuses it.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Websockets, upgraded),
})

func upgraded(h *check.Hearing, s *model.Stream) check.Verdict {
	var lost string
	switch {
	case s.Sets("Upgrade") == nil:
		lost = "the header Upgrade does not get through"
	case s.Sets("Connection") == nil:
		lost = "nginx says Connection: close to the app"
	default:
		return check.Passed()
	}
	h.Saw(s.Place, s.Source())
	for _, d := range s.Headers {
		h.Saw(model.SourceOf(d))
	}
	location := apart(s, "proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", `proxy_set_header Connection "upgrade";`, "proxy_read_timeout 1h;")
	r := check.Remedy{
		Do:      "Give the websocket a location of its own that passes the upgrade on.",
		Verify:  "curl -s --http1.1 -m 3 -o /dev/null -w '%{http_code}\\n' -H 'Upgrade: websocket' -H 'Connection: Upgrade' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==' " + s.Site().URL() + trimSlash(s.URL) + "   # 101",
		Minutes: 10,
		Steps:   placed("let nginx pass the websocket of "+s.URL+" on", s, location),
	}
	if location != nil && !s.Falls {
		r.Commands = slices.Concat([]string{"# before " + where(s.Block.File, s.Block.Line) + ":"}, location[:len(location)-1], []string{test})
	} else {
		r = byMap(s, r)
	}
	v := check.Failed("nginx does not pass the websocket of "+s.Subject()+" on: "+lost, r)
	if s.Falls {
		v = v.Because("Socket.IO's client asks over and over by plain requests instead, which needs more workers and, with several, sticky ones.")
	}
	return v
}

// byMap is the way for a location in which plain requests come too: Socket.IO's
// client asks by them first.
func byMap(s *model.Stream, r check.Remedy) check.Remedy {
	r.Do = "Tell nginx to pass the upgrade on. A location with a proxy_set_header of its own has none from outside it: all that the app needs stands beside these lines."
	r.Commands = []string{"# http { ... }", "map $http_upgrade $connection_upgrade { default upgrade; '' close; }",
		"# " + where(s.Pass.File, s.Pass.Line) + ": beside " + s.Source().Text,
		"proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;", "proxy_set_header Connection $connection_upgrade;", "proxy_read_timeout 1h;", test}
	r.Steps = nil
	return r
}
