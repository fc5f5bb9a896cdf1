package nginx

import "slices"

// slots are directives that fill one list together: a level with any of them
// inherits none of the others from above.
var slots = [][]string{
	{"allow", "deny"},              // ngx_http_access_merge_loc_conf
	{"root", "alias"},              // ngx_http_core_merge_loc_conf: both fill clcf->root
	{"proxy_store", "proxy_cache"}, // ngx_http_proxy_merge_loc_conf
	{"fastcgi_store", "fastcgi_cache"},
	{"uwsgi_store", "uwsgi_cache"},
}

// handlers answer the request of their own location. Only the blocks without a
// name inside it, `if` and `limit_except`, have them too (clcf->noname).
var handlers = map[string]bool{
	"proxy_pass": true, "fastcgi_pass": true, "uwsgi_pass": true, "scgi_pass": true,
	"grpc_pass": true, "memcached_pass": true,
}

// ownOnly never reach into an inner level: they are run where they stand, or
// they describe the block itself.
var ownOnly = map[string]bool{
	"return": true, "rewrite": true, "set": true, "break": true, "if": true, "try_files": true,
	"listen": true, "server_name": true, "server": true, "location": true, "upstream": true,
	"map": true, "geo": true, "include": true, "empty_gif": true, "stub_status": true,
	"limit_except": true, "http": true, "events": true, "stream": true, "mail": true,
}

// Effective returns the directives of one name that are in force in block d:
// those of the nearest enclosing level that has any. That is one rule for plain
// values (client_max_body_size) and for lists (proxy_set_header, add_header,
// fastcgi_param, access_log, error_page): nginx up to 1.29.2 never adds up two
// levels, so a location with one proxy_set_header has none of its server's.
//
// root and alias share a slot: in a location with an alias no root is in force,
// and an alias reaches into locations nested in its own. allow and deny are one
// list. A proxy_pass is in force in its location and in the `if` and
// limit_except blocks in it; return, rewrite, set, try_files stay where they are.
func (c *Config) Effective(d *Directive, name string) []*Directive { return Effective(d, name) }

// Effective is Config.Effective; the tree knows its own parents.
func Effective(d *Directive, name string) []*Directive {
	group := []string{name}
	for _, s := range slots {
		if slices.Contains(s, name) {
			group = s
		}
	}
	for ; d != nil; d = d.Parent {
		if len(d.Find(group...)) > 0 {
			return d.Find(name)
		}
		if ownOnly[name] || handlers[name] && d.Name != "if" && d.Name != "limit_except" {
			return nil
		}
	}
	return nil
}

// Value is the first argument of the directive in force, and the directive; ""
// and nil if none is (nginx then takes its default).
func Value(d *Directive, name string) (string, *Directive) {
	in := Effective(d, name)
	if len(in) == 0 {
		return "", nil
	}
	last := in[len(in)-1]
	return last.Arg(0), last
}
