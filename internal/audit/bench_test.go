package audit_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"assay/internal/audit"
	"assay/internal/collect"
	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/house"
	"assay/internal/model"
	"assay/internal/tape"
)

// The recording of the healthy host.
const healthy = "../house/testdata/unix.tape.gz"

// measure runs work b.N times and reports how long it takes beside reading the
// same tape from its bytes, in the same run: a ratio means the same on every
// machine.
func measure(b *testing.B, work func(*tape.Tape)) {
	b.Helper()
	t := house.ReadTape(b, healthy)
	var text bytes.Buffer
	if err := t.Write(&text); err != nil {
		b.Fatal(err)
	}
	const reads = 20
	began := time.Now()
	for range reads {
		if _, err := tape.Read(bytes.NewReader(text.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
	read := time.Since(began) / reads
	for b.Loop() {
		work(t)
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(read), "x-reading-the-tape")
}

// Everything an audit does beyond waiting for the host: rounds over a replayed
// host, secrets replaced, model, judgement.
func BenchmarkWholeAudit(b *testing.B) {
	measure(b, func(t *tape.Tape) { audit.Run(context.Background(), host.Replay(t), audit.Choice{}) })
}

func BenchmarkCollectRounds(b *testing.B) {
	measure(b, func(t *tape.Tape) { collect.Raw(context.Background(), host.Replay(t)) })
}

func BenchmarkRedact(b *testing.B) {
	measure(b, func(t *tape.Tape) { t.Clone().Redact([]byte("key")) })
}

func BenchmarkBuildModel(b *testing.B) {
	measure(b, func(t *tape.Tape) { model.Build(facts.Parse(t)) })
}

func BenchmarkJudge(b *testing.B) {
	measure(b, func(t *tape.Tape) { audit.Judge(t, audit.Choice{}) })
}
