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

// Copies is what becomes of the copies of an app's data: where they go, who may
// read them, and whether one was ever brought back.
type Copies struct {
	*AppServer
	Said      Declared
	Now       time.Time
	Databases []*Backup
	Away      []fact.Source // jobs that bring something to another machine
	Open      fact.Of[[]OpenCopy]
	Files     fact.Of[[]CopiedFolder] // of uploads
	DumpsAway fact.Source             // the line that brings the dumps, by name, to another machine; Where is "": none
	Unclear   []fact.Source           // what may copy the uploads and does not show it
	Searched  fact.Of[bool]           // as in Backup
}

// OpenCopy is a dump that everybody on this host may read.
type OpenCopy struct {
	File   string
	Source fact.Source
}

// Node is a place of its own: no request stands on it.
func (x *Copies) Node() Node { return Node("copies:" + x.Name) }

// CopiesOf are the apps that have data to lose.
func (d *Deployment) CopiesOf() fact.Of[[]*Copies] {
	return fact.Bind(d.Apps(), func([]*AppServer) fact.Of[[]*Copies] {
		return fact.Then(d.Backups(), func([]*Backup) []*Copies {
			if d.copies == nil {
				return nil
			}
			return []*Copies{d.copies}
		})
	})
}

func (b *builder) copies() {
	var all *clock
	for _, d := range b.m.Deployments {
		if d.Server == nil || d.Server.Idle || d.Contained() {
			continue
		}
		list, _ := d.backups.Look(&b.notes)
		folders, _ := d.Server.Uploads.Look(&b.notes)
		if len(list) == 0 && len(folders) == 0 {
			continue
		}
		if all == nil {
			c := facts.Remember(b.f, "clock", b.clock)
			all = &c
		}
		x := &Copies{AppServer: d.Server, Said: d.Declared, Now: b.m.Machine.Now, Databases: list, Searched: fact.Known(true, jobsSource(all.jobs))}
		if len(all.unseen) > 0 {
			x.Searched = fact.Unknown[bool](all.unseen[0])
		}
		for _, j := range all.jobs {
			if src, is := j.away(); is && j.Never == "" {
				x.Away = append(x.Away, src)
			}
		}
		x.Open = b.openCopies(list)
		x.Files = fact.Then(d.Server.Uploads, func(folders []*Upload) []CopiedFolder { return b.copied(folders, all.jobs) })
		x.Unclear = append(unclear(all.jobs), b.agents()...)
		x.DumpsAway = dumpsAway(list, all.jobs)
		d.copies = x
	}
}

// carriers bring files to another machine by nature.
var carriers = []string{"borgmatic", "duplicity", "duply", "rclone", "kopia", "duplicacy", "s3cmd", "s5cmd", "gsutil", "b2", "tarsnap", "wal-g", "wal-e", "litestream", "barman-cloud-backup", "proxmox-backup-client",
	"sftp", "lftp", "ncftpput", "rdiff-backup", "azcopy", "backblaze-b2"}

var remotePlace = regex.New(`^([A-Za-z0-9_.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]+:[^\\]|^(rsync|ssh|sftp|s3|gs|b2|rest|swift|azure|rclone|https?)://?`)

// away is the line of a job that brings something to another machine.
func (j *Job) away() (fact.Source, bool) {
	for _, l := range j.lines {
		if l.away() {
			return l.source, true
		}
	}
	return fact.Source{}, false
}

func (l jobLine) away() bool {
	words := unfold(l.words, 0)
	for i, w := range words {
		rest := words[i+1:]
		remote := slices.ContainsFunc(rest, remotePlace.MatchString)
		local := slices.ContainsFunc(rest, func(a string) bool { return strings.HasPrefix(a, "/") || strings.HasPrefix(a, "--repo=/") })
		switch tool := path.Base(w); {
		case slices.Contains(carriers, tool), (tool == "rsync" || tool == "scp" || tool == "borg") && remote,
			tool == "restic" && (remote || !local || !slices.Contains(rest, "-r")), tool == "aws" && slices.Contains(rest, "s3"), tool == "ssh" && slices.Contains(words[:i], "|"),
			tool == "gcloud" && slices.Contains(rest, "storage"), tool == "az" && slices.Contains(rest, "storage"), tool == "mc" && (slices.Contains(rest, "mirror") || slices.Contains(rest, "cp")):
			return true
		}
	}
	return false
}

const maxOpen = 4

// openCopies are the newest dumps of each database that any user may read.
func (b *builder) openCopies(list []*Backup) fact.Of[[]OpenCopy] {
	var out []OpenCopy
	var n fact.Notes
	asked := 0
	for _, x := range list {
		for _, d := range x.Dumpers {
			files, _ := d.Files.Look(&n)
			for _, f := range files[:min(len(files), 1)] {
				if asked++; asked > maxOpen {
					break
				}
				if r, state := b.f.Access(f.File(), "r", stranger).Look(&n); state == fact.IsKnown && r.OK {
					out = append(out, OpenCopy{f.File(), fact.Source{Where: f.File(), Text: "may be read by any user (as nobody)", Ask: tape.Ask{Kind: tape.KindAccess, Name: f.File(), Arg: "r", As: stranger.String()}}})
				}
			}
		}
	}
	if len(out) == 0 && n.Blind() {
		return fact.Unknown[[]OpenCopy](n.Why())
	}
	return fact.Known(out)
}

// Here are the databases of this machine; elsewhere says that there are others alone.
func (x *Copies) Here() (own []*Backup, elsewhere bool) {
	for _, d := range x.Databases {
		if d.Here {
			own = append(own, d)
		}
	}
	return own, len(own) == 0 && len(x.Databases) > 0
}

// NoneMade says that the databases are this machine's, and that nothing was
// found that could back one of them up.
func (x *Copies) NoneMade() bool {
	return len(x.Databases) > 0 && !slices.ContainsFunc(x.Databases, func(d *Backup) bool { return !d.Here || len(d.Dumpers) > 0 || len(d.Doubts) > 0 })
}
