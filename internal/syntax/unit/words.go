package unit

import (
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrQuote: a quote is not closed; systemd ignores the whole assignment.
var ErrQuote = errors.New("a quote is not closed")

// Words splits a value at blanks as systemd does (extract_first_word with
// unquoting and C escapes): quotes may stand anywhere in a word and are taken
// off; in and out of quotes \a \b \f \n \r \t \v \\ \" \' \s \xHH \NNN \uHHHH
// \UHHHHHHHH are one character; an unknown escape stays as it is. Specifiers
// and variables are left alone.
func Words(value string) ([]string, error) {
	var out []string
	var word strings.Builder
	in, quote := false, byte(0)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value):
			n := escape(&word, value[i:])
			i += n - 1
			in = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, in = c, true
		case quote == 0 && strings.IndexByte(" \t\n\r", c) >= 0:
			if in {
				out = append(out, word.String())
				word.Reset()
				in = false
			}
		default:
			word.WriteByte(c)
			in = true
		}
	}
	if quote != 0 {
		return out, ErrQuote
	}
	if in {
		out = append(out, word.String())
	}
	return out, nil
}

// escape writes the character of the escape that s begins with and returns the
// escape's length.
func escape(b *strings.Builder, s string) int {
	if i := strings.IndexByte(`abfnrtvs\"'`, s[1]); i >= 0 {
		b.WriteByte("\a\b\f\n\r\t\v \\\"'"[i])
		return 2
	}
	digits, base, from := 0, 16, 2
	switch {
	case s[1] == 'x':
		digits = 2
	case s[1] == 'u':
		digits = 4
	case s[1] == 'U':
		digits = 8
	case s[1] >= '0' && s[1] <= '3':
		digits, base, from = 3, 8, 1
	}
	if digits > 0 && len(s) >= from+digits {
		n, err := strconv.ParseUint(s[from:from+digits], base, 32)
		switch {
		case err != nil || n == 0:
		case digits > 3 && n <= utf8.MaxRune:
			b.WriteRune(rune(n))
			return from + digits
		case digits <= 3:
			b.WriteByte(byte(n))
			return from + digits
		}
	}
	b.WriteString(s[:2])
	return 2
}

// Names is what specifiers stand for. Empty fields are not known and their
// specifiers stay as they are.
type Names struct {
	Unit string // "app@blue.service"
	Host string // %H, %l up to the first dot
	User bool   // a unit of a user's manager: folders and %u %h are then not known
}

// Expand replaces the specifiers that the names tell (systemd.unit(5)). In the
// system manager %h is /root and %u is root, whatever User= says. Unknown ones
// (%m, %b, %v ...) are left alone; %% is %.
func (n Names) Expand(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if v, ok := n.specifier(s[i]); ok {
			b.WriteString(v)
		} else {
			b.WriteString(s[i-1 : i+1])
		}
	}
	return b.String()
}

func (n Names) specifier(c byte) (string, bool) {
	stem := n.Unit
	if i := strings.LastIndexByte(stem, '.'); i >= 0 {
		stem = stem[:i]
	}
	prefix, instance, _ := strings.Cut(stem, "@")
	last := prefix[strings.LastIndexByte(prefix, '-')+1:]
	short, _, _ := strings.Cut(n.Host, ".")
	system := map[byte]string{'t': "/run", 'S': "/var/lib", 'C': "/var/cache", 'L': "/var/log", 'E': "/etc",
		'h': "/root", 'u': "root", 'U': "0", 'g': "root", 'G': "0"}
	if v, ok := system[c]; ok {
		return v, !n.User
	}
	switch c {
	case '%':
		return "%", true
	case 'T':
		return "/tmp", true
	case 'V':
		return "/var/tmp", true
	case 'H':
		return n.Host, n.Host != ""
	case 'l':
		return short, n.Host != ""
	}
	named := map[byte]string{'n': n.Unit, 'N': stem, 'p': prefix, 'P': Unescape(prefix), 'i': instance, 'I': Unescape(instance),
		'j': last, 'J': Unescape(last), 'f': "/" + strings.TrimPrefix(Unescape(instance), "/"), 'd': "/run/credentials/" + n.Unit}
	if c == 'f' && instance == "" {
		named['f'] = "/" + strings.TrimPrefix(Unescape(prefix), "/")
	}
	v, ok := named[c]
	return v, ok && n.Unit != ""
}

// Unescape undoes systemd-escape: "-" is "/", \xHH a byte.
func Unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' {
			if v, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 3
				continue
			}
		}
		if s[i] == '-' {
			b.WriteByte('/')
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
