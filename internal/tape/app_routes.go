package tape

import "encoding/json"

// AppRule is one rule of the url_map.
type AppRule struct {
	Rule      string   `json:"rule"`
	Endpoint  string   `json:"endpoint"`
	Methods   []string `json:"methods"`
	Host      string   `json:"host,omitempty"`
	Subdomain string   `json:"subdomain,omitempty"`
	Websocket bool     `json:"websocket,omitempty"`
}

// AppView is a view function: what it is wrapped in, from the outside, and
// which names bound to the request its own code uses.
type AppView struct {
	Name   string     `json:"name,omitempty"`
	File   string     `json:"file,omitempty"`
	Line   int        `json:"line,omitempty"`
	Wraps  []Wrap     `json:"wraps,omitempty"`
	Uses   []string   `json:"uses,omitempty"`
	Shows  []string   `json:"shows,omitempty"` // of a cached one: what its templates put out
	Cached *ViewCache `json:"cached,omitempty"`
	Speaks []string   `json:"speaks,omitempty"` // else than pages: events, websocket; unbuffered: it tells the proxy so
}

// Wrap is a decorator around a view.
type Wrap struct {
	Module string   `json:"module"`
	Code   string   `json:"code"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
	Uses   []string `json:"uses,omitempty"`
}

// ViewCache is how flask-caching keeps a view's answer.
type ViewCache struct {
	Timeout      *float64        `json:"timeout,omitempty"`
	KeyPrefix    json.RawMessage `json:"key_prefix,omitempty"`
	QueryString  json.RawMessage `json:"query_string,omitempty"`
	MakeKey      json.RawMessage `json:"make_cache_key,omitempty"`
	Unless       json.RawMessage `json:"unless,omitempty"`
	MakeKeyUses  []string        `json:"make_cache_key_uses,omitempty"`
	PrefixUses   []string        `json:"key_prefix_uses,omitempty"`
	UnlessUses   []string        `json:"unless_uses,omitempty"`
	ResponseOnly json.RawMessage `json:"response_filter,omitempty"`
}

// AppHook is a before_request function; Scope is a blueprint, "" the app.
type AppHook struct {
	Scope string   `json:"scope,omitempty"`
	Name  string   `json:"name"`
	Uses  []string `json:"uses,omitempty"`
	File  string   `json:"file,omitempty"`
	Line  int      `json:"line,omitempty"`
}

// Middleware is a WSGI callable around the app; Trusts are ProxyFix's counts.
type Middleware struct {
	Class  string         `json:"class"`
	App    bool           `json:"app,omitempty"`
	Trusts map[string]int `json:"trusts,omitempty"`
}

// Echo is what requests with forwarded headers became on their way through the
// chain, up to a stop that stands before the app's routes.
type Echo struct {
	Trusts []Trust `json:"trusts"`
}

// Trust is a header that the app believes. Position counts the values of a list
// from the right, 1 for the last; 0: something else became of it.
type Trust struct {
	Header   string `json:"header"`
	Into     string `json:"into"` // remote, scheme, host, port, root
	Position int    `json:"position"`
}
