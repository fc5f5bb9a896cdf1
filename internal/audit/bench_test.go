package audit_test

import (
	"context"
	"testing"

	"assay/internal/audit"
	"assay/internal/collect"
	"assay/internal/facts"
	"assay/internal/host"
	"assay/internal/house"
	"assay/internal/model"
)

// The recording of the healthy host.
const healthy = "../house/testdata/unix.tape.gz"

// What an audit costs beyond waiting for the host's answers: rounds over a
// replayed host, secrets replaced, model, judgement.
func BenchmarkAuditOfRecording(b *testing.B) {
	t := house.ReadTape(b, healthy)
	h := host.Replay(t)
	for b.Loop() {
		audit.Run(context.Background(), h, audit.Choice{})
	}
}

func BenchmarkCollectRounds(b *testing.B) {
	t := house.ReadTape(b, healthy)
	h := host.Replay(t)
	for b.Loop() {
		collect.Raw(context.Background(), h)
	}
}

func BenchmarkRedact(b *testing.B) {
	t := house.ReadTape(b, healthy)
	for b.Loop() {
		t.Clone().Redact([]byte("key"))
	}
}

func BenchmarkBuildModel(b *testing.B) {
	t := house.ReadTape(b, healthy)
	for b.Loop() {
		model.Build(facts.Parse(t))
	}
}

func BenchmarkJudge(b *testing.B) {
	t := house.ReadTape(b, healthy)
	for b.Loop() {
		audit.Judge(t, audit.Choice{})
	}
}
