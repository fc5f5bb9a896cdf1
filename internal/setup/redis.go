package setup

import (
	"errors"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/internal/syntax/envfile"
)

// Redis has sixteen databases that are told apart by a number and by nothing else:
// who empties its own ("FLUSHDB", a cache's clear()) empties that of everybody with
// the same number.
const redisNumbers = 16

// redisVariables are the names under which apps ask for one, by what it is for: a
// cache may forget what a queue must not.
var redisVariables = [][]string{
	{"REDIS_URL", "CACHE_REDIS_URL", "FLASK_CACHE_REDIS_URL"},
	{"CELERY_BROKER_URL", "BROKER_URL"},
	{"RATELIMIT_STORAGE_URI", "RATELIMIT_STORAGE_URL"},
}

// redisURL is the value of such a variable, "" of others.
func (i Intent) redisURL(name string) string {
	for use, names := range redisVariables {
		if n, ok := i.numbers[use]; ok && slices.Contains(names, name) {
			return "redis://127.0.0.1:6379/" + strconv.Itoa(n)
		}
	}
	return ""
}

// numbered gives each use that an app makes of Redis the first number that no other
// app of this host has; the app's own stay.
func (i Intent) numbered(a App, m Machine) (Intent, error) {
	if !i.Redis {
		return i, nil
	}
	i.numbers = map[int]int{}
	taken := m.othersNumbers(i.Name)
	for use, names := range redisVariables {
		for _, n := range names {
			if number, ok := redisNumber(m.Redis[i.Name][n]); ok {
				i.numbers[use] = number
				taken = append(taken, number)
			}
		}
	}
	for use, names := range redisVariables {
		_, has := i.numbers[use]
		if has || !slices.ContainsFunc(names, func(n string) bool { return slices.Contains(a.Needs, n) || slices.Contains(a.Asks, n) }) {
			continue
		}
		number := 0
		for slices.Contains(taken, number) {
			number++
		}
		if number >= redisNumbers {
			return i, errors.New("the apps on this host have all sixteen databases of its Redis, and two in one empty each other's\nhint: start a second Redis and name it in --env-file FILE, with --no-redis")
		}
		i.numbers[use] = number
		taken = append(taken, number)
	}
	return i, nil
}

func (m Machine) othersNumbers(name string) (out []int) {
	for app, variables := range m.Redis {
		for _, v := range variables {
			if n, ok := redisNumber(v); ok && app != name {
				out = append(out, n)
			}
		}
	}
	return out
}

// redisNumber is that of a database of this host's own Redis.
func redisNumber(value string) (int, bool) {
	u, err := url.Parse(value)
	if err != nil {
		return 0, false
	}
	number := strings.Trim(u.Path, "/")
	switch u.Scheme {
	case "redis", "rediss":
		ip, err := netip.ParseAddr(u.Hostname())
		if u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
			return 0, false
		}
	case "unix", "redis+socket":
		number = ""
	default:
		return 0, false
	}
	for _, key := range []string{"db", "virtual_host"} {
		if v := u.Query().Get(key); v != "" {
			number = v
		}
	}
	if number == "" {
		return 0, true
	}
	n, err := strconv.Atoi(number)
	return n, err == nil
}

// redisOf reads the variables of the apps that setup has made, by app. They hold
// secrets: what does not lead to a Redis is not kept.
func redisOf(etc, units string) map[string]map[string]string {
	out := map[string]map[string]string{}
	files, _ := filepath.Glob(filepath.Join(etc, "*", "*.env"))
	for _, f := range files {
		name := filepath.Base(filepath.Dir(f))
		if _, err := os.Stat(filepath.Join(units, name+"@.service")); err != nil || filepath.Base(f) != name+".env" {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		out[name] = map[string]string{}
		for _, e := range envfile.Parse(f, string(b)).Entries {
			if _, ok := redisNumber(e.Value); ok {
				out[name][e.Name] = e.Value
			}
		}
	}
	return out
}
