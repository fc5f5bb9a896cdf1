package cron

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	got := Parse("# m h\nMAILTO=\"\"\n\n17 *\t* * *  root    cd / && run-parts /etc/cron.hourly\n@daily postgres pg_dump shop | gzip > /b/$(date +\\%F).gz\nPATH = /bin\n5 4 * * sun bob /opt/x%in\n1 2 3\n", true)
	want := Table{Entries: []Entry{
		{4, "17 * * * *", "root", "cd / && run-parts /etc/cron.hourly", map[string]string{"MAILTO": ""}},
		{5, "@daily", "postgres", "pg_dump shop | gzip > /b/$(date +%F).gz", map[string]string{"MAILTO": ""}},
		{7, "5 4 * * sun", "bob", "/opt/x", map[string]string{"MAILTO": "", "PATH": "/bin"}},
	}, Bad: []int{8}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if own := Parse("0 3 * * * /root/backup.sh\n", false); len(own.Entries) != 1 || own.Entries[0].Command != "/root/backup.sh" {
		t.Errorf("%+v", own)
	}
}

func TestRunParts(t *testing.T) {
	for name, want := range map[string]bool{"backup": true, "backup.sh": false, "0-db_dump": true, "": false, "a~": false} {
		if RunParts(name) != want {
			t.Errorf("%q", name)
		}
	}
}
