package tape

import (
	"slices"
	"strings"

	"assay/internal/regex"
)

// KnownDefaults are values that every attacker tries first, in lower case:
// those of passwords, of guides, of Flask's own documentation, and the head of
// the word lists that are made for Flask's cookies.
var KnownDefaults = []string{
	"dev", "secret", "changeme", "change-me", "change_me", "changethis", "change this", "change-this", "password", "key", "secret_key", "secret-key", "secretkey", "secret key",
	"super-secret", "supersecret", "super secret", "super_secret", "super secret key", "supersecretkey", "super-secret-key", "super_secret_key",
	"your-secret-key", "your_secret_key", "your secret key", "yoursecretkey", "your-secret-key-here", "your_secret_key_here", "your-generated-secret-key-here",
	"replace-with-real-secret", "replace-me", "replaceme", "mysecretkey", "my-secret-key", "my_secret_key", "my secret key", "mysecret", "my_secret", "my_precious", "my precious",
	"you-will-never-guess", "you will never guess", "hard to guess string", "hard-to-guess", "this-really-needs-to-be-changed", "secret-key-goes-here", "a super secret key",
	"a really really really really long secret key", "this is a secret key", "thisisasecretkey", "thisisasecret", "thisissecret", "this_is_a_secret_key", "random string", "a random string",
	"development", "development key", "dev-key", "dev_key", "devkey", "dev-secret", "dev-secret-key", "development-key", "default", "test", "testing", "testkey", "test-key", "flask", "flaskr",
	"not-a-secret", "notasecret", "not so secret", "not-so-secret", "s3cr3t", "s3cret", "hackme", "top secret", "topsecret", "insecure", "unsafe", "example", "sample", "temp", "foobar", "foo", "bar",
	"admin", "administrator", "root", "postgres", "mysql", "pass", "passwd", "passw0rd", "p@ssw0rd", "qwerty", "letmein", "welcome", "123456", "12345678", "123456789", "1234567890", "asdf", "abc123", "xxx", "none", "null",
	"some_secret_key", "some-secret-key", "some random string", "somethingunique", "something-secret", "it is a secret", "jwt-secret-string", "jwt-secret-key", "jwt-secret", "t1ny_s3cret",
	// Flask's documentation, from 0.5 to 3.1, and much followed courses.
	"a0zr98j/3yx r~xhh!jmn]lwx/,?rt", "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf", "5791628bb0b13ce0c676dfde280ba245",
}

// defaultWords are what sample keys are made of: a key of nothing else is one.
var defaultWords = regex.New(`(?i)secret|password|passwd|change|replace|please|production|development|default|example|sample|super|very|really|this|that|your|with|real|random|string|long|flask|application|django|insecure|unsafe|never|guess|generated|generate|value|must|before|deploy|deploying|deployment|here|goes|some|something|should|strong|secure|security|unique|hard|token|session|cookie|csrf|private|signing|testing|local|key|app|dev|prod|test|jwt|the|for|and|not|you|use|will|be|is|in|it|me|my|to|of|so|an|a`)

var separators = regex.New(`[^A-Za-z0-9]+`)

// KnownDefault says that a value is a sample out of a guide, or made of nothing
// but the words of such samples and a few digits. What chance makes is no
// such thing: half of it would have to be words of four letters and more.
func KnownDefault(value string) bool {
	value = strings.ToLower(value)
	if slices.Contains(KnownDefaults, value) {
		return true
	}
	bare := separators.ReplaceAllString(value, "")
	rest := defaultWords.ReplaceAllString(bare, "")
	long := 0
	for _, w := range defaultWords.FindAllString(bare, -1) {
		if len(w) >= 4 {
			long += len(w)
		}
	}
	return len(bare) >= 8 && len(rest) <= 4 && len(rest)*5 <= len(bare) && long*2 >= len(bare)
}
