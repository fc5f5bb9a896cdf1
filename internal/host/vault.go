package host

import "sync"

// vault keeps, for one visit, secrets that an ask refers to by where they lie:
// an ask and an answer never hold them.
type vault struct {
	mu   sync.Mutex
	held map[string]string
}

func (v *vault) put(reference, secret string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held == nil {
		v.held = map[string]string{}
	}
	v.held[reference] = secret
}

func (v *vault) get(reference string) (string, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s, ok := v.held[reference]
	return s, ok
}
