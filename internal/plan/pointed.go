package plan

import (
	"net"
	"strings"

	"assay/internal/model"
	"assay/internal/syntax/nginx"
)

// Pointed puts another address of the app where one stands that nginx asks: in
// each proxy_pass of a way, or in the upstream that they name.
func Pointed(say string, w *model.Way, at *model.Upstream, own string) []Step {
	if host, port, err := net.SplitHostPort(own); err == nil && (host == "0.0.0.0" || host == "::" || host == "") {
		own = "127.0.0.1:" + port
	}
	if d := w.Site().Statement(at.Source); d != nil && d.Name == "server" {
		return NginxRewritten(say, d, d.Arg(0), own)
	}
	var steps [][]Step
	for _, r := range append([]*model.Route{w.Route}, w.Also...) {
		scheme, addr, uri, variable := nginx.ParseProxyPass(r.Pass.Arg(0))
		if variable || r.Pass.Name != "proxy_pass" || !model.SameAddr(addr, at.Addr) {
			return nil
		}
		if uri != "" && strings.HasPrefix(own, "unix:") {
			uri = ":" + uri
		}
		steps = append(steps, Nginx(say, r.Pass).Replace("proxy_pass "+scheme+"://"+own+uri+";"))
	}
	return All(steps...)
}
