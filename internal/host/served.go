package host

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"assay/internal/tape"
)

// served asks a server for a path and compares what comes with a file. The
// content of neither leaves this function: it may be a secret.
func (l *local) served(ctx context.Context, a tape.Ask) tape.Answer {
	endpoint, arg, _ := strings.Cut(a.Arg, " ")
	deed := "send " + short(arg) + " to " + short(endpoint)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	req, why := l.request(arg)
	if why != "" || req.Method != "GET" {
		return unseen(deed, "not a request for a file")
	}
	dial, v := l.endpoint(endpoint, req.Host, deed)
	if dial == nil {
		return v
	}
	ctx, cancel := context.WithTimeout(ctx, l.opt.Wait)
	defer cancel()
	resp, err := send(ctx, dial, req)
	if err != nil {
		var no *notSeen
		if errors.As(err, &no) {
			return no.answer
		}
		f := failedReply(ctx, err)
		return tape.Encode(tape.ServedReply{Error: f.Error, Class: f.Class})
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, tape.MaxFile+1))
	r := tape.ServedReply{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Size: int64(len(body))}
	if err != nil {
		f := failedReply(ctx, err)
		r.Error, r.Class = f.Error, f.Class
		return tape.Encode(r)
	}
	more := len(body) > tape.MaxFile
	if more {
		r.Size = max(r.Size, resp.ContentLength)
	}
	own := l.file(ctx, tape.Ask{Kind: tape.KindFile, Name: a.Name})
	switch own.Status {
	case tape.Absent:
		r.Unread = "there is no such file"
	case tape.Unseen:
		r.Unread = own.Why
	default:
		r.Same = own.Truncated == more && bytes.Equal(body[:min(len(body), tape.MaxFile)], []byte(own.Body))
	}
	return tape.Encode(r)
}
