package log

import (
	"fmt"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "log.rotation.multiprocess",
	Title:    "one process alone rotates a log file",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: RotatingFileHandler",
	Why:      "Each worker renames the file under the others, which go on writing to the old one, and it is overwritten: lines are lost, most of them when much happens.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, rotates),
})

func rotates(h *check.Hearing, s *model.AppServer) check.Verdict {
	app, ok := s.Code.Open(h)
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	var found *tape.LogHandler
	for i, x := range app.Handlers {
		if x.Class == "logging.handlers.RotatingFileHandler" || x.Class == "logging.handlers.TimedRotatingFileHandler" {
			found = &app.Handlers[i]
			break
		}
	}
	if found == nil {
		return check.Passed()
	}
	n, _ := s.Concurrent().Open(h.Aside())
	if n < 2 {
		return check.Passed()
	}
	class := found.Class[strings.LastIndexByte(found.Class, '.')+1:]
	src := app.Source
	src.Text = "the logger " + found.Logger + " has a " + class + " for " + found.File
	h.Saw(src)
	r := check.Remedy{
		Do:       "Write to standard error, which the journal keeps and rotates; or take WatchedFileHandler, and let logrotate rotate the file.",
		Commands: []string{`handler = logging.StreamHandler()`}, Minutes: 15, Verify: "sudo assay check --only log.rotation.multiprocess",
	}
	if u := s.UnitName(); u != "" {
		r.Commands = append(r.Commands, "sudo systemctl restart "+u)
	}
	return check.Failed(fmt.Sprintf("%d workers rotate %s, each by itself (%s)", n, found.File, class), r)
}
