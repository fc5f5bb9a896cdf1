package model

import (
	"path"
	"slices"
	"strings"

	"assay/internal/fact"
	"assay/internal/tape"
)

// CopiedFolder is a folder of uploads, with the job that copies it.
type CopiedFolder struct {
	*Upload
	Held fact.Of[bool] // there is something in it
	By   fact.Source   // Where is "": no job on this host names it
}

// copied looks which job names a folder, or one around it.
func (b *builder) copied(folders []*Upload, jobs []*Job) []CopiedFolder {
	var out []CopiedFolder
	for _, u := range folders {
		c := CopiedFolder{Upload: u, Held: fact.Then(b.f.Tree(u.Folder), func(list []tape.Entry) bool {
			return slices.ContainsFunc(list, func(e tape.Entry) bool { return e.Type == "file" && !strings.HasPrefix(path.Base(e.Path), ".") })
		})}
		for _, j := range jobs {
			for _, l := range j.lines {
				if j.Never == "" && l.copies(u.Folder) {
					c.By = l.source
				}
			}
		}
		out = append(out, c)
	}
	return out
}

// copyTools take files that their words name; toldElsewhere take what a file of
// their own says.
var (
	copyTools = []string{"rsync", "tar", "restic", "borg", "duplicity", "rclone", "kopia", "cp", "scp", "zip", "7z", "bsdtar", "rdiff-backup", "aws", "gsutil", "s3cmd", "tarsnap", "cpio", "duplicacy", "b2", "mc", "azcopy",
		"s5cmd", "gcloud", "az", "lftp", "sftp", "ncftpput", "proxmox-backup-client"}
	toldElsewhere = []string{"borgmatic", "duply", "rsnapshot", "backupninja", "backup2l", "autorestic", "resticprofile", "crestic", "zfs", "btrfs", "syncoid", "sanoid", "snapper"}
	// lastIsPlace have the place that they copy to behind all others.
	lastIsPlace = []string{"rsync", "cp", "scp", "rdiff-backup"}
)

// tool is the program of a line that copies files, "" where none does.
func (l jobLine) tool() string {
	for _, w := range unfold(l.words, 0) {
		if slices.Contains(copyTools, path.Base(w)) {
			return path.Base(w)
		}
	}
	return ""
}

// copies says that a line names a folder, or one around it, to take it.
func (l jobLine) copies(folder string) bool {
	tool := l.tool()
	if tool == "" {
		return false
	}
	words := unfold(l.words, 0)
	if slices.Contains(lastIsPlace, tool) {
		words = words[:len(words)-1]
	}
	dir := ""
	for i, w := range words {
		switch {
		case i > 0 && words[i-1] == "--exclude":
			continue
		case i > 0 && (words[i-1] == "-C" || words[i-1] == "cd"):
			dir = w
			continue
		case dir != "" && !path.IsAbs(w) && !strings.HasPrefix(w, "-"):
			w = path.Join(dir, w)
		}
		if path.IsAbs(w) && under(folder, path.Clean(strings.TrimSuffix(w, "*"))) {
			return true
		}
	}
	return false
}

// hides says that a line does not show which files it takes.
func (l jobLine) hides() bool {
	words := unfold(l.words, 0)
	if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(toldElsewhere, path.Base(w)) }) {
		return true
	}
	return l.tool() != "" && (slices.ContainsFunc(words, func(w string) bool {
		return strings.ContainsAny(w, "$`") || strings.Contains(w, "-from") || w == "-T"
	}) || !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(w, "/") }))
}

// unclear are jobs that may copy anything: a line of theirs does not say what,
// or only their name speaks of a backup.
func unclear(jobs []*Job) []fact.Source {
	var out []fact.Source
	for _, j := range jobs {
		if j.Never != "" || slices.Contains(packaged, j.Name) {
			continue
		}
		if i := slices.IndexFunc(j.lines, jobLine.hides); i >= 0 {
			out = append(out, j.lines[i].source)
		} else if doubtful(j) && len(dumpers(j)) == 0 && !slices.ContainsFunc(j.lines, func(l jobLine) bool { return l.tool() != "" }) {
			out = append(out, j.Place)
		}
	}
	return out
}

// dumpsAway is the line that brings the folder of the dumps to another machine.
func dumpsAway(list []*Backup, jobs []*Job) fact.Source {
	for _, x := range list {
		for _, d := range x.Dumpers {
			for _, t := range d.Targets {
				for _, j := range jobs {
					for _, l := range j.lines {
						if j.Never == "" && l.away() && l.copies(t.Folder) {
							return l.source
						}
					}
				}
			}
		}
	}
	return fact.Source{}
}
