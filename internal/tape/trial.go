package tape

// Trial is what an app's own hooks and handlers made of requests, with a stop in
// the place of every view.
type Trial struct {
	Late    bool        `json:"late,omitempty"` // it did not come to its end
	Forged  []ForgedTry `json:"forged,omitempty"`
	Failing []FailedTry `json:"failing,omitempty"`
	Limits  []Limiter   `json:"limits,omitempty"`
}

// ForgedTry is a form without a token, as another site's page would send it.
type ForgedTry struct {
	Endpoint string   `json:"endpoint"`
	Method   string   `json:"method"`
	Path     string   `json:"path"`
	Reached  bool     `json:"reached,omitempty"` // it came to the view
	Status   int      `json:"status,omitempty"`  // or this was the answer
	Error    string   `json:"error,omitempty"`   // or this exception
	Tokens   []string `json:"tokens,omitempty"`  // names in the view by which it looks at a token, or takes what no form can send
}

// FailedTry is what a visitor gets when a view throws, and of a page that is not
// there.
type FailedTry struct {
	What      string `json:"what"` // thrown, missing
	Path      string `json:"path"`
	Reached   bool   `json:"reached,omitempty"` // the view threw
	Escaped   string `json:"escaped,omitempty"` // the exception went on to the server
	Status    int    `json:"status,omitempty"`
	Type      string `json:"type,omitempty"`      // of the answer's content
	Message   bool   `json:"message,omitempty"`   // it holds the exception's own words
	Traceback bool   `json:"traceback,omitempty"` // and more of it
	Plain     bool   `json:"plain,omitempty"`     // it is Werkzeug's own page
}

// Limiter is a rate limit of Flask-Limiter: what it counts by, and where.
type Limiter struct {
	Key      string  `json:"key"` // the function
	At       *Frame  `json:"at,omitempty"`
	Enabled  bool    `json:"enabled,omitempty"`
	Storage  string  `json:"storage,omitempty"` // class
	Scheme   string  `json:"scheme,omitempty"`  // of its URI
	Swallows bool    `json:"swallows,omitempty"`
	Fallback bool    `json:"fallback,omitempty"`
	Follows  []Trust `json:"follows"` // headers that decide the key; nil: not known
}

// Queue is an app of Celery with tasks of its own.
type Queue struct {
	Kind   string   `json:"kind"`
	Name   string   `json:"name"`
	Tasks  []string `json:"tasks,omitempty"`
	Broker string   `json:"broker,omitempty"` // URL without its password
	Eager  bool     `json:"eager,omitempty"`  // tasks run where they are called
}
