package upload

import (
	"fmt"
	"path"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/regex"
)

var _ = Family.Add(check.Check{
	ID:       "upload.separate",
	Title:    "uploads lie apart from code and static files",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "000 step 12: static and media files",
	Why:      "What a deploy replaces takes them along, and what holds for the app's own files holds for those of strangers.",
	Cure:     check.OnHost,
	Ask:      check.Each((*model.Deployment).UploadWays, separate),
})

// release is a folder that belongs to one version of the code.
var release = regex.New(`^(.*/releases/[^/]+)(/|$)`)

func separate(h *check.Hearing, x *model.UploadWay) check.Verdict {
	app, ok := x.App.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	if _, there := x.Stat.Open(h); !there {
		return check.DoesNotApply("the folder does not exist")
	}
	folder, _ := x.Real.Open(h.Aside())
	h.Saw(x.Told)
	f := app.App.App
	home := "/var/lib/" + x.Server.Name + "/uploads"
	r := check.Remedy{
		Do:       "Move them to a folder that no deploy touches, and tell the app and nginx.",
		Commands: []string{"sudo install -d -o " + userOf(x.Upload) + " -g www-data -m 2750 " + home, "sudo rsync -a " + folder + "/ " + home + "/", "# " + x.Setting + " = \"" + home + "\"; in the unit: ReadWritePaths=" + home, "sudo systemctl restart " + x.Server.UnitName()},
		Minutes:  30,
		Verify:   "sudo assay check --only upload.separate",
	}
	m := release.FindStringSubmatch(folder)
	switch {
	case f.HasStatic && inside(folder, f.StaticFolder):
		return check.Failed(fmt.Sprintf("uploads lie among the app's static files: %s is in %s", x.Folder, path.Clean(f.StaticFolder)), r).
			Because("They are served as the app's own files are: to everybody, for as long as those are kept; and a deploy that replaces the folder deletes them.")
	case m != nil:
		return check.Failed(fmt.Sprintf("uploads lie in one release of the code: %s is in %s", x.Folder, m[1]), r).
			Because("The next release begins with an empty folder, and when old releases are cleared away the files are gone.")
	case f.RootPath != app.Cwd && inside(folder, f.RootPath):
		return check.Warned(fmt.Sprintf("uploads lie in the app's package: %s is in %s", x.Folder, path.Clean(f.RootPath)), r).
			Because("A deploy that replaces the package (rsync --delete, git clean, a new checkout) deletes them.")
	}
	return check.Passed()
}

func inside(folder, of string) bool {
	of = path.Clean(of)
	return of != "/" && of != "." && (folder == of || strings.HasPrefix(folder, of+"/"))
}
