package diagnose

import (
	"fmt"
	"strings"

	"assay/internal/fact"
	"assay/internal/model"
	"assay/internal/tape"
)

// FromOutside is what can be known of a site from another machine.
type FromOutside struct {
	URL        string
	Gets       string // what a visitor of this machine gets
	Broken     bool
	Says       string // how far a request comes
	Confidence Confidence
	Seen       []fact.Source
	Do         string
	Commands   []string
}

// Outside reads the outside of a site. It names what it saw fail; what lies
// behind the first door is for the host itself to say.
func Outside(o *model.Outside) FromOutside {
	out := FromOutside{URL: o.URL.String(), Confidence: Certain, Broken: true}
	host := o.URL.Hostname()
	if len(o.Doors) == 0 {
		return nameless(o, out, host)
	}
	working := o.Working()
	var worst *model.Door
	for _, d := range o.Doors {
		if worst == nil || contains(working, worst) && !contains(working, d) {
			worst = d
		}
	}
	out.doorSays(o, worst)
	if len(working) > 0 && len(working) < len(o.Doors) {
		kind := "one address of " + fmt.Sprint(len(o.Doors))
		if worst.IP6 {
			kind = "IPv6"
		} else if working[0].IP6 {
			kind = "IPv4"
		}
		out.Says = "only over " + kind + " (" + worst.Addr + "): " + out.Says + "; " + working[0].Addr + " works"
	}
	return out
}

func contains(list []*model.Door, d *model.Door) bool {
	for _, x := range list {
		if x == d {
			return true
		}
	}
	return false
}

func nameless(o *model.Outside, out FromOutside, host string) FromOutside {
	var n fact.Notes
	a, state := o.A.Look(&n)
	out.Seen = n.Sources
	out.Gets = "nothing: the name has no address"
	switch {
	case state == fact.IsUnknown:
		out.Gets, out.Confidence = "", Unseen
		out.Says, out.Do = n.Why().Text, n.Why().Hint
	case a.Rcode == "NXDOMAIN":
		out.Says = "DNS knows no " + host
		out.Do = "Look whether the domain is still registered and paid for, and make the record at the DNS provider."
		out.Commands = []string{"whois " + host + " | grep -i -e expir -e status", "dig +trace " + host}
	case a.Rcode != "NOERROR":
		out.Says = "the name servers of " + host + " answer " + a.Rcode
		out.Do = "Look at the domain's name servers: whether they answer, and whether DNSSEC is whole."
		out.Commands = []string{"dig +trace " + host, "dig " + host + " +cd"}
	default:
		out.Says = host + " has neither an A nor an AAAA record"
		out.Do = "Make an A record with the server's address at the DNS provider."
		out.Commands = []string{"dig " + host + " A"}
	}
	return out
}

// onHost is what to run where the site is.
func onHost(host string) []string { return []string{"ssh " + host + " sudo assay diagnose"} }

func (out *FromOutside) doorSays(o *model.Outside, d *model.Door) {
	var n fact.Notes
	host := o.URL.Hostname()
	out.Commands = onHost(host)
	s, shaken := d.Shake.Look(&n)
	r, replied := d.Reply.Look(&n)
	out.Seen = n.Sources
	switch {
	case shaken == fact.IsKnown && s.Error != "":
		out.unreachable(d.Addr, s.Class, s.Error)
	case shaken == fact.IsKnown && !s.Verified:
		out.Gets = "a warning of their browser: " + s.Reason
		out.Says = "the certificate is not accepted: " + s.Reason
		out.Do = "Renew it, or have it issued for this name; on the host assay says which file and why."
	case replied == fact.IsUnknown || shaken == fact.IsUnknown:
		out.Confidence, out.Says, out.Do = Unseen, n.Why().Text, n.Why().Hint
	case r.Error != "":
		out.unreachable(d.Addr, r.Class, r.Error)
	default:
		out.answered(r, d)
	}
}

func (out *FromOutside) unreachable(addr, class, err string) {
	out.Confidence = Likely
	switch class {
	case "refused":
		out.Gets, out.Says = "nothing: they are refused", "the machine at "+addr+" is up, and nobody listens there"
		out.Do = "The web server is down, listens elsewhere, or a firewall refuses; on the host assay says which."
	case "timeout", "unreachable":
		out.Gets, out.Says = "nothing: they wait", "nothing comes back from "+addr
		out.Do = "A firewall drops it (the host's own or the provider's), the machine is off, or the address is another's. Look at the provider's console first."
	case "notls":
		out.Gets, out.Says = "an error of TLS", addr+" answers without TLS"
		out.Do = "The port is served without a certificate: in nginx, listen ... ssl is missing."
	default:
		out.Gets, out.Says = "an error: "+err, addr+" breaks off: "+err
		out.Do = "On the host assay says why."
	}
}

// answered says by the status how far a request came. A proxy says of itself in
// the header Server what it is.
func (out *FromOutside) answered(r tape.HTTPReply, d *model.Door) {
	server := r.Get("server")
	if server == "" {
		server = "the web server"
	}
	out.Gets = model.Status(r.Status)
	out.Confidence = Likely
	switch {
	case d.Back:
		out.Gets, out.Says, out.Confidence = "a redirect without end", out.URL+" sends the visitor to itself", Certain
		out.Do = "Most often the app forces https and is not told that the visitor already came by it (X-Forwarded-Proto, ProxyFix)."
	case r.Status < 400:
		out.Broken, out.Confidence, out.Commands = false, Well, nil
		out.Says = "from here it works"
		out.Do = "If others see errors, ask from where they are: another network, IPv6, a page that needs a login."
	case r.Status == 502:
		out.Says = server + " is up, and the app behind it gives no answer: it is down, or the way to it is closed"
	case r.Status == 504:
		out.Says = server + " is up, and waits in vain for the app: it hangs, or all its workers are busy"
	case r.Status == 503:
		out.Says = server + " says that it is closed, or that too many ask"
	case r.Status >= 500:
		out.Says = "the app itself fails; its traceback is in the log on the host"
	case r.Status == 404 && strings.TrimSuffix(out.URL, "/") != out.URL:
		out.Says = "the site has no first page: another site may answer for this name"
	case r.Status == 413:
		out.Says = "what is sent is larger than " + server + " or the app takes"
	case r.Status == 400:
		out.Says = "the request is refused as malformed: most often a host name that the app does not trust, or plain HTTP at a TLS port"
	case r.Status == 403:
		out.Says = server + " may not read a file, or a rule refuses this visitor"
	default:
		out.Says = "the answer is " + model.Status(r.Status)
	}
	if out.Do == "" {
		out.Do = "From outside no more is to be seen. On the host assay names the cause:"
	}
}
