package model

import "testing"

// A unit of a user's own manager is not the system's unit of that name.
func TestServiceOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/system.slice/nginx.service":                                                 "nginx.service",
		"/system.slice/system-shop.slice/shop@1.service":                              "shop@1.service",
		"/system.slice/shop.service/worker":                                           "shop.service",
		"/user.slice/user-1000.slice/user@1000.service/app.slice/nginx.service":       "",
		"/user.slice/user-1000.slice/session-4.scope":                                 "",
		"/user.slice/user-1000.slice/user@1000.service/session.slice/x.service/inner": "",
	} {
		if got := serviceOf(cgroup); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
}
