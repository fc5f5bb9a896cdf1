package flask

import (
	"fmt"
	"slices"
	"strings"

	"assay/internal/check"
	"assay/internal/model"
	"assay/internal/tape"
)

var _ = Family.Add(check.Check{
	ID:       "flask.config-types",
	Title:    "what comes from the environment has the type that it is used as",
	Severity: check.Medium,
	Stage:    model.StageCode,
	Guide:    "001: configuration from the environment",
	Why:      "A variable is always text: False, 0 and no are as true as any other, and a number that is text cannot be compared.",
	Cure:     check.InCode,
	Ask:      check.Each((*model.Deployment).Apps, configTypes),
})

// switchKeys are read as true or false by Flask and its extensions. DEBUG and
// TESTING are flask.debug's.
var switchKeys = strings.Fields(`SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_PARTITIONED SESSION_REFRESH_EACH_REQUEST
	REMEMBER_COOKIE_SECURE REMEMBER_COOKIE_HTTPONLY REMEMBER_COOKIE_REFRESH_EACH_REQUEST TRAP_HTTP_EXCEPTIONS TRAP_BAD_REQUEST_ERRORS
	TEMPLATES_AUTO_RELOAD EXPLAIN_TEMPLATE_LOADING PROVIDE_AUTOMATIC_OPTIONS USE_X_SENDFILE WTF_CSRF_ENABLED WTF_CSRF_SSL_STRICT WTF_CSRF_CHECK_DEFAULT
	MAIL_USE_TLS MAIL_USE_SSL MAIL_SUPPRESS_SEND MAIL_DEBUG SQLALCHEMY_ECHO SQLALCHEMY_TRACK_MODIFICATIONS SQLALCHEMY_RECORD_QUERIES
	RATELIMIT_ENABLED RATELIMIT_HEADERS_ENABLED RATELIMIT_SWALLOW_ERRORS JWT_COOKIE_SECURE JWT_COOKIE_CSRF_PROTECT SESSION_PERMANENT SESSION_USE_SIGNER`)

// numberKeys are compared or added up as they are, with what fails then (Flask
// 2.2 to 3.1, Flask-Login 0.6). MAIL_PORT may be text: the resolver takes it.
var numberKeys = map[string]string{
	"MAX_CONTENT_LENGTH":         "each form and each upload ends with 500",
	"MAX_FORM_MEMORY_SIZE":       "each form ends with 500",
	"MAX_FORM_PARTS":             "each form ends with 500",
	"PERMANENT_SESSION_LIFETIME": "each page that keeps a permanent session ends with 500",
	"SEND_FILE_MAX_AGE_DEFAULT":  "each file that Flask serves ends with 500",
	"REMEMBER_COOKIE_DURATION":   "who ticks \"stay logged in\" gets 500",
}

func configTypes(h *check.Hearing, s *model.AppServer) check.Verdict {
	a, ok := s.Code.Open(h.Aside())
	if !ok {
		return check.DoesNotApply("it is no Flask app")
	}
	var said []string
	breaks := false
	for _, c := range a.Config {
		if c.Type != "str" {
			continue
		}
		text := model.Text(c)
		switch {
		case slices.Contains(switchKeys, c.Key) && offWord(text):
			said = append(said, fmt.Sprintf("%s is the text %q, which Python takes for true", c.Key, text))
		case numberKeys[c.Key] != "" && text != "None" && numeric(c):
			said = append(said, fmt.Sprintf("%s is text and no number: %s", c.Key, numberKeys[c.Key]))
			breaks = true
		default:
			continue
		}
		h.Saw(a.From(c))
	}
	if len(said) == 0 {
		return check.Passed()
	}
	return check.Failed(strings.Join(said, "; "), check.Remedy{
		Do:       "Turn text into what it means where it is read; or let Flask read it: from_prefixed_env takes FLASK_NAME as JSON.",
		Commands: append([]string{`int(os.environ["MAX_CONTENT_LENGTH"])`, `os.environ.get("MAIL_USE_TLS", "").lower() in ("1", "true", "yes", "on")`, "app.config.from_prefixed_env()"}, restart(s)...),
		Minutes:  10, Verify: "sudo assay check --only flask.config-types",
	}).Breaking(breaks)
}

func offWord(s string) bool {
	return slices.Contains([]string{"0", "false", "no", "off", "none", "null"}, strings.ToLower(strings.TrimSpace(s)))
}

// numeric says that the key holds text at all: an empty one is Flask's None.
func numeric(c tape.AppSetting) bool { return model.Is(c) || c.Len > 0 }
