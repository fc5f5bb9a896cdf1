//go:build real

package apply_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/internal/lab"
)

// visit is a visitor who never tires: it runs on the visitor's side, asks again and
// again, and writes what each visit came to, a line each. A browser sends a request
// again that the server let go unheard when it said goodbye (RFC 9113, 6.8); this
// client does as well, and curl of Debian 12 does not.
func visit(manner string) {
	tr := &http.Transport{TLSClientConfig: &tls.Config{}, ForceAttemptHTTP2: manner != "closing", DisableKeepAlives: manner == "closing"}
	c := http.Client{Transport: tr, Timeout: 30 * time.Second}
	for {
		var resp *http.Response
		var err error
		if manner == "posting" {
			resp, err = c.Post("https://shop.example/health", "application/x-www-form-urlencoded", strings.NewReader("a=1"))
		} else {
			resp, err = c.Get("https://shop.example/health")
		}
		said := ""
		if err == nil {
			said = fmt.Sprint(resp.StatusCode)
			_, err = io.Copy(io.Discard, resp.Body)
			err = errors.Join(err, resp.Body.Close())
		}
		if err != nil {
			said = err.Error()
		}
		if _, err := fmt.Println(strings.ReplaceAll(said, "\n", " ")); err != nil {
			return
		}
	}
}

// crowd counts what its visitors were answered.
type crowd struct {
	sync.Mutex
	answers map[string]int
}

func (c *crowd) seen() (n int) {
	c.Lock()
	defer c.Unlock()
	for _, k := range c.answers {
		n += k
	}
	return n
}

// come sends the visitors, and returns what sends them home.
func (c *crowd) come(ctx context.Context, t *testing.T, h *lab.Host) (ended func()) {
	t.Helper()
	me, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	var all []*exec.Cmd
	for _, manner := range []string{"staying", "staying", "closing", "posting"} {
		cmd, err := h.VisitorCommand(ctx, me, "visit", manner)
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
		reading.Go(func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				c.Lock()
				c.answers[lines.Text()]++
				c.Unlock()
			}
		})
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
		}
		reading.Wait()
		for _, cmd := range all {
			_ = cmd.Wait()
		}
	}
}
