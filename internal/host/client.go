package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"assay/internal/tape"
)

// Our own program's names when it is started to log in to a server as the app
// does: first to enter the service's view of disk and network, then within it.
const (
	enterName  = "assay-enter"
	clientName = "assay-client"
)

// clientWait is all the time that one server gets, clientSpare what the child
// needs around it.
const (
	clientWait  = 3 * time.Second
	clientSpare = 1500 * time.Millisecond
)

// sql logs in to a database as the app does, and asks what Queries says.
func (l *local) sql(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "ask the database of " + short(a.Name)
	if a.Arg != "" && !tape.ValidTable(a.Arg) {
		return unseen(deed, "not the name of a table: "+short(a.Arg))
	}
	e, v := l.errandFor(ctx, a, deed)
	if v.Status != tape.Seen {
		return v
	}
	if e.Table == "" {
		e.Table = tape.VersionTable
	}
	if file, ok := sqliteFile(e.URL); ok {
		return l.sqlite(ctx, e, file, deed)
	}
	return client[tape.SQLReply](ctx, e, deed)
}

// redis logs in to a Redis as the app does, and asks what RedisCommands says.
func (l *local) redis(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "ask the Redis of " + short(a.Name)
	if a.Arg != "" {
		return unseen(deed, "it takes no argument")
	}
	e, v := l.errandFor(ctx, a, deed)
	if v.Status != tape.Seen {
		return v
	}
	return client[tape.RedisReply](ctx, e, deed)
}

// client runs the child and takes its reply. What cannot be asked (a way to log
// in that we do not know) the child says on its standard error.
func client[T any](ctx context.Context, e errand, deed string) tape.Answer {
	job, err := json.Marshal(e)
	if err != nil {
		return unseen(deed, err.Error())
	}
	ctx, cancel := context.WithTimeout(ctx, clientWait+clientSpare)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	pid := e.Identity.PID
	if pid != 0 && ownNamespaces(pid) {
		pid = 0
	}
	cmd.Args = []string{enterName, strconv.Itoa(pid), strconv.Itoa(e.Identity.UID)}
	cmd.Stdin = bytes.NewReader(job)
	v := run(ctx, deed, cmd)
	switch {
	case v.Status != tape.Seen:
		return v
	case v.Exit != 0:
		why := strings.TrimSpace(v.Stderr)
		if first, _, more := strings.Cut(why, "\n"); more {
			why = first // a runtime's trace says no more to anybody
		}
		return unseen(deed, short(fmt.Sprintf("exit %d: %s", v.Exit, why)))
	}
	var reply T
	if v.Truncated || json.Unmarshal([]byte(v.Body), &reply) != nil {
		return unseen(deed, "the answer is too long")
	}
	return tape.Encode(reply)
}

func sameLink(a, b string) bool {
	x, err1 := os.Readlink(a)
	y, err2 := os.Readlink(b)
	return err1 == nil && err2 == nil && x == y
}
