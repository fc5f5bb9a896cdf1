package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Visiting makes a visitor of a program that Come has started, and says so: a test
// that lets a crowd come asks it first of all.
func Visiting() bool {
	if len(os.Args) != 3 || os.Args[1] != visiting {
		return false
	}
	keepComing(os.Args[2])
	return true
}

const visiting = "visit"

// keepComing is a visitor who never tires: it runs on the visitor's side, asks again and
// again, and writes what each visit came to, a line each. A browser sends a request
// again that the server let go unheard when it said goodbye (RFC 9113, 6.8); this
// client does as well, and curl of Debian 12 does not.
func keepComing(manner string) {
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

// Crowd is visitors who come all the time, on connections that stay and on new
// ones, and what they were answered.
type Crowd struct {
	mu      sync.Mutex
	answers map[string]int
	all     []*exec.Cmd
	reading sync.WaitGroup
}

// Come sends the visitors of a site.
func (h *Host) Come(ctx context.Context) (*Crowd, error) {
	me, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &Crowd{answers: map[string]int{}}
	for _, manner := range []string{"staying", "staying", "closing", "posting"} {
		cmd, err := h.VisitorCommand(ctx, me, visiting, manner)
		if err != nil {
			return nil, err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		c.all = append(c.all, cmd)
		c.reading.Go(func() {
			for lines := bufio.NewScanner(out); lines.Scan(); {
				c.mu.Lock()
				c.answers[lines.Text()]++
				c.mu.Unlock()
			}
		})
	}
	return c, nil
}

// Seen is how many visits there were.
func (c *Crowd) Seen() (n int) {
	for _, k := range c.Answers() {
		n += k
	}
	return n
}

// More waits until there were n visits more.
func (c *Crowd) More(ctx context.Context, n int) {
	for until := c.Seen() + n; c.Seen() < until && ctx.Err() == nil; {
		time.Sleep(50 * time.Millisecond)
	}
}

// Answers are the visits by what they came to: a status, or what went wrong.
func (c *Crowd) Answers() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.answers)
}

// Leave sends them home.
func (c *Crowd) Leave() {
	for _, cmd := range c.all {
		_ = cmd.Process.Kill()
	}
	c.reading.Wait()
	for _, cmd := range c.all {
		_ = cmd.Wait()
	}
}
