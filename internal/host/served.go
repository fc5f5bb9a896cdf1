package host

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"assay/internal/tape"
)

// served asks a server for a path and compares what comes with a file. The
// content of neither leaves this function: it may be a secret.
func (l *local) served(ctx context.Context, a tape.Ask) tape.Answer {
	endpoint, arg, _ := strings.Cut(a.Arg, " ")
	if why := badPath(a.Name); why != "" {
		return unseen("send "+short(arg)+" to "+short(endpoint), why)
	}
	failed := func(f tape.HTTPReply) any { return tape.ServedReply{Error: f.Error, Class: f.Class} }
	return l.page(ctx, endpoint, arg, "a file", func(ctx context.Context, resp *http.Response) any {
		body, err := io.ReadAll(io.LimitReader(resp.Body, tape.MaxFile+1))
		r := tape.ServedReply{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Size: int64(len(body))}
		if err != nil {
			f := failedReply(ctx, err)
			r.Error, r.Class = f.Error, f.Class
			return r
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
		return r
	}, failed)
}
