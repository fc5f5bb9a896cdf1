package model

import (
	"path"
	"slices"
	"strings"
	"time"

	"assay/internal/fact"
	"assay/internal/facts"
	"assay/internal/regex"
	"assay/internal/tape"
)

// Watch is who looks after a deployment while nobody does, as far as it shows
// on the host, and what people say of it.
type Watch struct {
	*AppServer
	Said   Declared
	Probes fact.Of[Probed]
	Agents fact.Of[[]HostAgent]
}

// HostAgent is a process that watches the host.
type HostAgent struct {
	Name   string
	Source fact.Source
}

// Probed is what nginx's access log knows of uptime checks.
type Probed struct {
	By     string // the service, "" for none
	Line   fact.Source
	From   time.Time // what the log's end reaches back to
	Others int       // lines of other visitors
}

// Node is a place of its own: no request stands on it.
func (x *Watch) Node() Node { return Node("watch:" + x.Name) }

// Watches are the deployments whose app runs as a service of this host.
func (d *Deployment) Watches() fact.Of[[]*Watch] {
	return fact.Then(d.Apps(), func([]*AppServer) []*Watch {
		if d.watch == nil {
			return nil
		}
		return []*Watch{d.watch}
	})
}

// watches looks for who watches, once the sites are known.
func (b *builder) watches() {
	agents := b.watchAgents()
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Server.Idle || d.Contained() {
			continue
		}
		d.watch = &Watch{AppServer: d.Server, Said: d.Declared, Probes: b.probed(d), Agents: agents}
		d.routine = b.routineOf(d)
	}
}

// agents that gather what a machine does, by their processes' names (of which
// the kernel keeps fifteen characters).
var watchAgents = map[string]string{"node_exporter": "node_exporter", "prometheus-node": "node_exporter", "netdata": "Netdata", "telegraf": "Telegraf", "zabbix_agentd": "Zabbix", "zabbix_agent2": "Zabbix",
	"datadog-agent": "Datadog", "newrelic-infra": "New Relic", "amazon-cloudwat": "CloudWatch", "collectd": "collectd", "monit": "Monit", "munin-node": "Munin", "nrpe": "NRPE",
	"icinga2": "Icinga", "grafana-agent": "Grafana Agent", "alloy": "Grafana Alloy", "otelcol": "OpenTelemetry Collector", "otelcol-contrib": "OpenTelemetry Collector", "sensu-agent": "Sensu",
	"google_cloud_op": "Google Cloud Ops Agent", "metricbeat": "Metricbeat", "elastic-agent": "Elastic Agent", "cmk-agent-ctl": "Checkmk", "snmpd": "SNMP", "scollector": "scollector", "glances": "Glances",
	"pmcd": "Performance Co-Pilot", "beszel-agent": "Beszel", "do-agent": "DigitalOcean's agent", "site24x7agent": "Site24x7", "dynatrace": "Dynatrace", "oneagentwatchdo": "Dynatrace"}

func (b *builder) watchAgents() fact.Of[[]HostAgent] {
	return fact.Then(b.f.Procs(), func(procs []tape.Proc) []HostAgent {
		var out []HostAgent
		for _, p := range procs {
			name := watchAgents[p.Comm]
			if len(p.Args) > 0 && strings.HasPrefix(p.Args[0], "/opt/datadog-agent/") {
				name = "Datadog"
			}
			if name == "" && len(p.Args) > 0 {
				name = watchAgents[path.Base(p.Args[0])]
			}
			if name != "" && !slices.ContainsFunc(out, func(w HostAgent) bool { return w.Name == name }) {
				out = append(out, HostAgent{name, facts.ProcSource(p)})
			}
		}
		return out
	})
}

// probers are uptime services by their user agents, as they stand in an access
// log.
var probers = []struct{ name, agent string }{
	{"UptimeRobot", "UptimeRobot"}, {"Pingdom", "Pingdom"}, {"StatusCake", "StatusCake"}, {"Datadog", "DatadogSynthetics"}, {"Datadog", "Datadog/Synthetics"},
	{"Better Stack", "Better Stack"}, {"Better Stack", "Better Uptime"}, {"Site24x7", "Site24x7"}, {"Freshping", "FreshpingBot"}, {"Uptime Kuma", "Uptime-Kuma"}, {"Checkly", "Checkly"},
	{"HetrixTools", "HetrixTools"}, {"updown.io", "updown.io"}, {"New Relic", "NewRelicSynthetics"}, {"Route 53", "Amazon-Route53-Health-Check"}, {"Google", "GoogleStackdriverMonitoring"},
	{"Blackbox exporter", "Blackbox Exporter"}, {"Gatus", "Gatus/"}, {"check_http", "check_http/"}, {"Uptime.com", "Uptimebot"}, {"NodePing", "NodePing"}, {"Oh Dear", "OhDear"},
	{"Zabbix", "Zabbix"}, {"Hyperping", "Hyperping"}, {"Cronitor", "cronitor"}, {"Instatus", "Instatus"}, {"Montastic", "Montastic"}, {"Azure", "AvailabilityTest"}, {"Grafana", "synthetic-monitoring-agent"},
}

var logTime = regex.New(`\[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]`)

// probed reads the end of the sites' access logs.
func (b *builder) probed(d *Deployment) fact.Of[Probed] {
	if why, some := d.unseenConfig(); some {
		return fact.Unknown[Probed](why)
	}
	return fact.Bind(d.Sites, func(sites []*Site) fact.Of[Probed] {
		var out Probed
		var read []string
		var n fact.Notes
		for _, s := range sites {
			file, _ := s.accessLog(s.Server)
			if file == "" || len(s.Routes) == 0 || slices.Contains(read, file) {
				continue
			}
			read = append(read, file)
			text, state := b.f.Tail(file).Look(&n)
			if state == fact.IsUnknown {
				return fact.Unknown[Probed](n.Why())
			}
			out.take(file, text)
		}
		if len(read) == 0 {
			return fact.Absent[Probed]()
		}
		return fact.Known(out)
	})
}

func (p *Probed) take(file, text string) {
	for l := range strings.Lines(text) {
		m := logTime.FindStringSubmatch(l)
		if m == nil {
			continue
		}
		at, err := time.Parse("02/Jan/2006:15:04:05 -0700", m[1])
		if err == nil && (p.From.IsZero() || at.Before(p.From)) {
			p.From = at
		}
		p.Others++
		for _, x := range probers {
			if strings.Contains(l, x.agent) {
				p.By = x.name
				p.Line = fact.Source{Where: file, Text: "User-Agent: " + x.agent, Ask: tape.Ask{Kind: tape.KindFile, Name: file, Arg: "tail"}}
			}
		}
	}
}

// Prober is the uptime service that a declaration names, and whose checks an
// access log would show.
func Prober(said string) string {
	for _, x := range probers {
		if strings.Contains(strings.ToLower(strings.ReplaceAll(said, " ", "")), strings.ToLower(strings.ReplaceAll(x.name, " ", ""))) {
			return x.name
		}
	}
	return ""
}

// Agent is the program on this host that a declaration names.
func Agent(said string) string {
	said = strings.ToLower(said)
	for _, name := range []string{"node_exporter", "Netdata", "Telegraf", "Zabbix", "Munin", "collectd", "Monit"} {
		for _, w := range strings.FieldsFunc(said, func(r rune) bool { return !(r >= 'a' && r <= 'z' || r == '_') }) {
			if w == strings.ToLower(name) {
				return name
			}
		}
	}
	return ""
}
