package lab

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Around changes what lies around the host. Each line is one of
//
//	dns NAME [ADDRESS...]        a record; all dns lines together replace the host's own, HOST stands for its address
//	dns-mode silent|servfail     how the name server answers everything
//	machine ADDRESS [to HOST]    another machine, with a site of its own on port 80, or that hands all on to this host
//	cert NAME names=a,b from=-80d to=-1d self
func (h *Host) Around(ctx context.Context, lines []string) error {
	records := map[string][]string{}
	for _, l := range lines {
		w := strings.Fields(strings.ReplaceAll(l, "HOST", Address))
		var err error
		switch {
		case w[0] == "dns" && len(w) > 1:
			records[w[1]] = w[2:]
		case w[0] == "dns-mode" && len(w) == 2:
			err = h.DNSMode(ctx, w[1])
		case w[0] == "machine" && len(w) == 2:
			err = h.Machine(ctx, w[1], "")
		case w[0] == "machine" && len(w) == 4 && w[2] == "to":
			err = h.Machine(ctx, w[1], w[3])
		case w[0] == "cert" && len(w) > 1:
			err = h.cert(ctx, w[1], w[2:])
		default:
			err = fmt.Errorf("unknown word; want dns, dns-mode, machine or cert")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l, err)
		}
	}
	if len(records) > 0 {
		return h.DNS(ctx, records)
	}
	return nil
}

func (h *Host) cert(ctx context.Context, name string, options []string) error {
	opt := CertOptions{Names: []string{name}}
	for _, o := range options {
		k, v, _ := strings.Cut(o, "=")
		var err error
		switch k {
		case "names":
			opt.Names = strings.Split(v, ",")
		case "from":
			opt.NotBefore, err = daysFromNow(v)
		case "to":
			opt.NotAfter, err = daysFromNow(v)
		case "self":
			opt.SelfSigned = true
		}
		if err != nil {
			return err
		}
	}
	return h.IssueCert(ctx, opt)
}

func daysFromNow(s string) (time.Time, error) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(s, "d"), 64)
	return time.Now().Add(time.Duration(n * 24 * float64(time.Hour))), err
}
