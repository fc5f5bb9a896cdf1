package host

import (
	"fmt"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "host.disk.space",
	Title:    "there is room on every disk that the stack writes to",
	Severity: check.High,
	Stage:    model.StageApp,
	Guide:    "000 step 19: disk",
	Why:      "Where nothing is left, database, uploads, logs, sessions and renewed certificates fail together.",
	Cure:     check.OnHost,
	Ask:      check.OfHost((*model.Model).Disks, room),
})

// enough is left whatever the share of it is.
const enough = 2 << 30

func room(h *check.Hearing, x *model.Disk) check.Verdict {
	h.Saw(x.Source)
	r := check.Remedy{
		Do:       "See what takes the room, and take away what nobody needs: old logs, old releases, packages that were fetched.",
		Commands: []string{"sudo du -xh --max-depth=2 " + x.Path + " | sort -h | tail -n 15", "sudo journalctl --vacuum-size=500M", "sudo apt-get clean"},
		Verify:   "df -h " + x.Path + " && df -i " + x.Path, Minutes: 20,
	}
	s := x.Space
	if s.Inodes > 0 && s.InodesFree*10 < s.Inodes && s.InodesFree < 100000 {
		r.Commands[0] = "sudo du -x --inodes --max-depth=2 " + x.Path + " | sort -n | tail -n 15"
		text := fmt.Sprintf("%d of %d inodes are left on the disk of %s, which holds %s", s.InodesFree, s.Inodes, x.Path, check.List(x.Writes))
		return graded(x, s.InodesFree*20 < s.Inodes, s.InodesFree == 0, text, r)
	}
	free := share(s)
	if free >= 15 || s.Free >= enough {
		return check.Passed()
	}
	text := fmt.Sprintf("%s of %s are left on the disk of %s, which holds %s", amount(s.Free), amount(s.Total), x.Path, check.List(x.Writes))
	if s.Free < 4096 {
		text = fmt.Sprintf("nothing of %s is left on the disk of %s, which holds %s", amount(s.Total), x.Path, check.List(x.Writes))
	}
	return graded(x, free < 5, s.Free < 64<<10, text, r)
}

// share is what df takes for its percentage: without what root keeps back.
func share(s tape.Room) uint64 {
	if s.Used+s.Free == 0 {
		return 100
	}
	return s.Free * 100 / (s.Used + s.Free)
}

func graded(x *model.Disk, little, full bool, text string, r check.Remedy) check.Verdict {
	switch {
	case full && len(x.Data) > 0:
		return check.Failed(text, r).Breaking(true).Because("What a visitor sends in cannot be kept: the pages that write end in an error.")
	case little:
		return check.Failed(text, r)
	}
	return check.Warned(text, r)
}

func amount(n uint64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}
