package mon

import (
	"assay/internal/check"
	"assay/internal/fact"
	"assay/internal/model"
)

var _ = Family.Add(check.Check{
	ID:       "mon.host-agent",
	Title:    "something watches memory, disk and processor, and calls",
	Severity: check.Medium,
	Stage:    model.StageApp,
	Guide:    "000 step 19: monitor CPU, memory, disk",
	Why:      "A disk that fills takes weeks, and nobody looks until it is full.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).Watches, agent),
})

func agent(h *check.Hearing, x *model.Watch) check.Verdict {
	list, seen := x.Agents.Look(h)
	said, state := x.Said.Agent.Look(h.Aside())
	if len(list) > 0 && (state != fact.IsKnown || !missing(model.Agent(said), list)) {
		h.Saw(list[0].Source)
		return check.Passed()
	}
	if state == fact.IsAbsent {
		return check.CannotTell("no program that watches this machine runs here, and none is declared", "say in "+model.OperatorFile+" what does: agent = \"the provider's graphs, alarm at 90 % disk\"; or: sudo apt install prometheus-node-exporter")
	}
	if name := model.Agent(said); seen == fact.IsKnown && missing(name, list) {
		x.Said.Agent.Look(h)
		return check.Failed(name+" is declared to watch this machine, and does not run", check.Remedy{
			Do: "Start it, or say what watches in its place.", Commands: []string{"systemctl list-units --all | grep -i '" + name + "'", "# " + model.OperatorFile + ": agent = \"...\""},
			Verify: "pgrep -fl -i '" + name + "'", Minutes: 10,
		})
	}
	x.Said.Agent.Look(h)
	return check.Passed()
}

func missing(name string, list []model.HostAgent) bool {
	for _, a := range list {
		if a.Name == name {
			return false
		}
	}
	return name != ""
}
