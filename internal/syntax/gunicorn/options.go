package gunicorn

import "strings"

type action int

const (
	store action = iota
	appends
	flag
)

type option struct {
	name   string // of the setting
	action action
	words  []string
}

// options is gunicorn/config.py of 20.1 (Debian 12), with what 21 to 23 added.
var options = []option{
	{"config", store, []string{"-c", "--config"}},
	{"bind", appends, []string{"-b", "--bind"}},
	{"backlog", store, []string{"--backlog"}},
	{"workers", store, []string{"-w", "--workers"}},
	{"worker_class", store, []string{"-k", "--worker-class"}},
	{"threads", store, []string{"--threads"}},
	{"worker_connections", store, []string{"--worker-connections"}},
	{"max_requests", store, []string{"--max-requests"}},
	{"max_requests_jitter", store, []string{"--max-requests-jitter"}},
	{"timeout", store, []string{"-t", "--timeout"}},
	{"graceful_timeout", store, []string{"--graceful-timeout"}},
	{"keepalive", store, []string{"--keep-alive"}},
	{"limit_request_line", store, []string{"--limit-request-line"}},
	{"limit_request_fields", store, []string{"--limit-request-fields"}},
	{"limit_request_field_size", store, []string{"--limit-request-field_size"}},
	{"reload", flag, []string{"--reload"}},
	{"reload_engine", store, []string{"--reload-engine"}},
	{"reload_extra_files", appends, []string{"--reload-extra-file"}},
	{"spew", flag, []string{"--spew"}},
	{"check_config", flag, []string{"--check-config"}},
	{"print_config", flag, []string{"--print-config"}},
	{"preload_app", flag, []string{"--preload"}},
	{"sendfile", flag, []string{"--no-sendfile"}},
	{"reuse_port", flag, []string{"--reuse-port"}},
	{"chdir", store, []string{"--chdir"}},
	{"daemon", flag, []string{"-D", "--daemon"}},
	{"raw_env", appends, []string{"-e", "--env"}},
	{"pidfile", store, []string{"-p", "--pid"}},
	{"worker_tmp_dir", store, []string{"--worker-tmp-dir"}},
	{"user", store, []string{"-u", "--user"}},
	{"group", store, []string{"-g", "--group"}},
	{"umask", store, []string{"-m", "--umask"}},
	{"initgroups", flag, []string{"--initgroups"}},
	{"forwarded_allow_ips", store, []string{"--forwarded-allow-ips"}},
	{"accesslog", store, []string{"--access-logfile"}},
	{"disable_redirect_access_to_syslog", flag, []string{"--disable-redirect-access-to-syslog"}},
	{"access_log_format", store, []string{"--access-logformat"}},
	{"errorlog", store, []string{"--error-logfile", "--log-file"}},
	{"loglevel", store, []string{"--log-level"}},
	{"capture_output", flag, []string{"--capture-output"}},
	{"logger_class", store, []string{"--logger-class"}},
	{"logconfig", store, []string{"--log-config"}},
	{"logconfig_json", store, []string{"--log-config-json"}}, // 21
	{"syslog_addr", store, []string{"--log-syslog-to"}},
	{"syslog", flag, []string{"--log-syslog"}},
	{"syslog_prefix", store, []string{"--log-syslog-prefix"}},
	{"syslog_facility", store, []string{"--log-syslog-facility"}},
	{"enable_stdio_inheritance", flag, []string{"-R", "--enable-stdio-inheritance"}},
	{"statsd_host", store, []string{"--statsd-host"}},
	{"dogstatsd_tags", store, []string{"--dogstatsd-tags"}},
	{"statsd_prefix", store, []string{"--statsd-prefix"}},
	{"proc_name", store, []string{"-n", "--name"}},
	{"pythonpath", store, []string{"--pythonpath"}},
	{"paste", store, []string{"--paste", "--paster"}},
	{"proxy_protocol", flag, []string{"--proxy-protocol"}},
	{"proxy_allow_ips", store, []string{"--proxy-allow-from"}},
	{"keyfile", store, []string{"--keyfile"}},
	{"certfile", store, []string{"--certfile"}},
	{"ssl_version", store, []string{"--ssl-version"}},
	{"cert_reqs", store, []string{"--cert-reqs"}},
	{"ca_certs", store, []string{"--ca-certs"}},
	{"suppress_ragged_eofs", flag, []string{"--suppress-ragged-eofs"}},
	{"do_handshake_on_connect", flag, []string{"--do-handshake-on-connect"}},
	{"ciphers", store, []string{"--ciphers"}},
	{"raw_paste_global_conf", appends, []string{"--paste-global"}},
	{"permit_obsolete_folding", flag, []string{"--permit-obsolete-folding"}},                       // 22
	{"permit_unconventional_http_method", flag, []string{"--permit-unconventional-http-method"}},   // 22
	{"permit_unconventional_http_version", flag, []string{"--permit-unconventional-http-version"}}, // 22
	{"casefold_http_method", flag, []string{"--casefold-http-method"}},                             // 22
	{"forwarder_headers", store, []string{"--forwarder-headers"}},                                  // 22
	{"header_map", store, []string{"--header-map"}},                                                // 22
	{"strip_header_spaces", flag, []string{"--strip-header-spaces"}},
	{"tolerate_dangerous_framing", flag, []string{"--tolerate-dangerous-framing"}},
	{"version", flag, []string{"-v", "--version"}},
	{"help", flag, []string{"-h", "--help"}},
}

// lookup finds an option by a whole word or, as argparse does, by the only long
// word that begins so.
func lookup(word string) (option, bool) {
	var begins []option
	for _, o := range options {
		for _, w := range o.words {
			if w == word {
				return o, true
			}
			if strings.HasPrefix(word, "--") && strings.HasPrefix(w, word) &&
				(len(begins) == 0 || begins[len(begins)-1].name != o.name) {
				begins = append(begins, o)
			}
		}
	}
	if len(begins) == 1 {
		return begins[0], true
	}
	return option{}, false
}

// Default is the value of a setting that nothing sets, as text ("" for None,
// "True", "False"); getenv tells the environment of the process: PORT,
// WEB_CONCURRENCY and FORWARDED_ALLOW_IPS change defaults. ok is false for a
// setting whose default is not a plain value.
func Default(name string, getenv func(string) (string, bool)) (value string, ok bool) {
	if v, set := getenv(DefaultVariable(name)); set {
		if name == "bind" {
			return "0.0.0.0:" + v, true
		}
		return v, true
	}
	value, ok = defaults[name]
	return value, ok
}

// DefaultVariable is the variable that changes a setting's default, "" for none.
func DefaultVariable(name string) string {
	return map[string]string{"bind": "PORT", "workers": "WEB_CONCURRENCY", "forwarded_allow_ips": "FORWARDED_ALLOW_IPS"}[name]
}

var defaults = map[string]string{
	"config": "./gunicorn.conf.py", "bind": "127.0.0.1:8000", "backlog": "2048", "workers": "1",
	"worker_class": "sync", "threads": "1", "worker_connections": "1000", "max_requests": "0",
	"max_requests_jitter": "0", "timeout": "30", "graceful_timeout": "30", "keepalive": "2",
	"limit_request_line": "4094", "limit_request_fields": "100", "limit_request_field_size": "8190",
	"reload": "False", "reload_engine": "auto", "preload_app": "False", "reuse_port": "False",
	"daemon": "False", "pidfile": "", "worker_tmp_dir": "", "umask": "0", "initgroups": "False",
	"forwarded_allow_ips": "127.0.0.1", "accesslog": "", "errorlog": "-", "loglevel": "info",
	"capture_output": "False", "proxy_protocol": "False", "proxy_allow_ips": "127.0.0.1",
	"pythonpath": "", "proc_name": "", "keyfile": "", "certfile": "", "syslog": "False", "statsd_host": "",
	"wsgi_app": "", "disable_redirect_access_to_syslog": "False",
}
