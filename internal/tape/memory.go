package tape

// Memory is the body of a Memory ask, in bytes: what the processes of a service
// take, and what they may have.
type Memory struct {
	Total     int64        `json:"total"` // of the machine
	Available int64        `json:"available"`
	SwapTotal int64        `json:"swap_total"`
	SwapFree  int64        `json:"swap_free"`
	CPUs      int          `json:"cpus"` // on which the first of the processes may run
	Processes []ProcMemory `json:"processes"`
	Limits    []GroupLimit `json:"limits,omitempty"` // of its control groups, only those that limit
}

// ProcMemory is one process. PSS shares out among its holders what several
// have in common; Peak is the most that was resident at once.
type ProcMemory struct {
	PID  int   `json:"pid"`
	PSS  int64 `json:"pss"`
	RSS  int64 `json:"rss"`
	Peak int64 `json:"peak"`
}

// GroupLimit is what a control group lets its processes have; 0 for no limit.
type GroupLimit struct {
	Group  string  `json:"group"`
	Memory int64   `json:"memory,omitempty"`
	CPUs   float64 `json:"cpus,omitempty"` // processors' worth of time
}
