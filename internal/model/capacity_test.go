package model

import (
	"testing"

	"assay/internal/tape"
)

func TestTakesMemory(t *testing.T) {
	const mb = 1 << 20
	m := tape.Memory{Total: 1000 * mb, Available: 600 * mb, Processes: []tape.ProcMemory{
		{PID: 1, PSS: 20 * mb, RSS: 30 * mb, Peak: 90 * mb}, // the master's peak is its own start
		{PID: 2, PSS: 60 * mb, RSS: 70 * mb, Peak: 70 * mb},
		{PID: 3, PSS: 50 * mb, RSS: 60 * mb, Peak: 160 * mb},
	}}
	for _, c := range []struct {
		want      int
		now, most int64
	}{
		{2, 130, 230},
		{1, 130, 230}, // one more runs than is wanted: it is being replaced
		{4, 250, 530}, // two are still to come
	} {
		if now, most := Takes(m, c.want); now != c.now*mb || most != c.most*mb {
			t.Errorf("%d workers: %d and %d MiB, want %d and %d", c.want, now/mb, most/mb, c.now, c.most)
		}
	}
	if o := Others(m); o != 270*mb {
		t.Errorf("others take %d MiB, want 270", o/mb)
	}
}
