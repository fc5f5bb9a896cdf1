package host

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"assay/internal/tape"
)

// Bounds of a page of numbers.
const (
	maxMetrics      = 16 << 20
	maxSeries       = 200_000
	maxMetricLabels = 8
)

// metrics asks for a page of numbers in Prometheus' text format and counts what
// stands in it; no number and no label's value leaves this function.
func (l *local) metrics(ctx context.Context, a tape.Ask) tape.Answer {
	return l.page(ctx, a.Name, a.Arg, "a page of numbers", func(_ context.Context, resp *http.Response) any {
		r := counted(io.LimitReader(resp.Body, maxMetrics))
		r.Status, r.Type = resp.StatusCode, resp.Header.Get("Content-Type")
		return r
	}, func(f tape.HTTPReply) any { return tape.MetricsReply{Error: f.Error, Class: f.Class} })
}

// counted reads the text format (Prometheus' exposition formats, 0.0.4, and
// OpenMetrics 1.0).
func counted(from io.Reader) tape.MetricsReply {
	var r tape.MetricsReply
	labels := map[[2]string]map[string]bool{}
	family := ""
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && r.Series < maxSeries {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "# TYPE "):
			r.Families++
			family, _, _ = strings.Cut(strings.TrimPrefix(line, "# TYPE "), " ")
		case line == "" || line[0] == '#':
		default:
			name, rest := series(line)
			if name == "" {
				continue
			}
			r.Series++
			r.OneProcess = r.OneProcess || name == "process_start_time_seconds"
			if family != "" && strings.HasPrefix(name, family) { // a histogram's _bucket, _sum, _count
				name = family
			}
			for k, v := range pairs(rest) {
				if k == "le" || k == "quantile" {
					continue
				}
				at := [2]string{name, k}
				if labels[at] == nil {
					labels[at] = map[string]bool{}
				}
				labels[at][v] = true
			}
		}
	}
	for at, values := range labels {
		m := tape.MetricLabel{Metric: at[0], Label: at[1], Values: len(values)}
		m.Shape, m.Alike = alike(values)
		r.Labels = append(r.Labels, m)
	}
	slices.SortFunc(r.Labels, func(a, b tape.MetricLabel) int {
		return cmp.Or(b.Values-a.Values, strings.Compare(a.Metric, b.Metric), strings.Compare(a.Label, b.Label))
	})
	r.Labels = r.Labels[:min(len(r.Labels), maxMetricLabels)]
	return r
}

// series splits `name{labels} 1` into name and labels.
func series(line string) (name, labels string) {
	i := strings.IndexAny(line, "{ ")
	if i <= 0 {
		return "", ""
	}
	if line[i] == '{' {
		labels = line[i+1:]
	}
	for _, c := range []byte(line[:i]) {
		if c != '_' && c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return "", ""
		}
	}
	return line[:i], labels
}

// pairs are the labels of a series, their values as written.
func pairs(s string) map[string]string {
	out := map[string]string{}
	for len(out) < 32 {
		name, rest, ok := strings.Cut(s, `="`)
		if !ok || len(name) > 100 {
			return out
		}
		end := 0
		for end < len(rest) && rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(rest) {
			return out
		}
		out[strings.TrimSpace(name)] = rest[:end]
		s = strings.TrimPrefix(rest[end+1:], ",")
		if strings.HasPrefix(s, "}") {
			return out
		}
	}
	return out
}

// alike is the shape that most of a label's addresses have, /goods/* for
// /goods/17, and how many.
func alike(values map[string]bool) (shape string, n int) {
	count := map[string]int{}
	for v := range values {
		if strings.HasPrefix(v, "/") && !strings.ContainsAny(v, "<>{}") {
			count[shapeOf(v)]++
		}
	}
	for s, c := range count {
		if strings.Contains(s, "*") && (c > n || c == n && s < shape) {
			shape, n = s, c
		}
	}
	return shape, n
}

func shapeOf(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if len(p) > 20 || strings.ContainsAny(p, "0123456789%\\") {
			parts[i] = "*"
		}
	}
	return strings.Join(parts[:min(len(parts), 8)], "/")
}
