package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const letsencrypt = "/etc/letsencrypt"

func certificateThere(_ hands, _ context.Context, args []string) (bool, error) {
	return exists(letsencrypt + "/live/" + args[3] + "/fullchain.pem")
}

// obtain gets a certificate by putting the authority's answers into a folder that
// nginx serves. args are who is told of trouble, the authority's directory ("-" is
// certbot's own), the folder, and the names, of which the first one names it.
func obtain(h hands, ctx context.Context, args []string) error {
	argv := []string{"certbot", "certonly", "--non-interactive", "--quiet", "--agree-tos", "--email", args[0], "--webroot", "--webroot-path", args[2], "--cert-name", args[3]}
	if args[1] != "-" {
		argv = append(argv, "--server", args[1])
	}
	for _, n := range args[3:] {
		argv = append(argv, "--domain", n)
	}
	_, err := h.work(ctx, 5*time.Minute, argv...)
	return err
}

func dropCertificate(h hands, ctx context.Context, args []string) (string, error) {
	if there, err := certificateThere(h, ctx, args); !there || err != nil {
		return "", err
	}
	if _, err := h.work(ctx, time.Minute, "certbot", "delete", "--non-interactive", "--cert-name", args[3]); err != nil {
		return "", err
	}
	return letsencrypt + "/accounts: the account at the certificate's authority", nil
}

// rehearse renews a certificate without keeping what comes.
func rehearse(h hands, ctx context.Context, args []string) error {
	_, err := h.work(ctx, 5*time.Minute, "certbot", "renew", "--dry-run", "--no-random-sleep-on-renew", "--cert-name", args[0])
	return err
}

func (h hands) ufw(ctx context.Context, args ...string) (string, error) {
	return h.work(ctx, time.Minute, append([]string{"ufw"}, args...)...)
}

// rules are those that ufw has added, active or not: "ufw allow 80/tcp" a line.
func (h hands) rules(ctx context.Context) ([]string, error) {
	out, err := h.ufw(ctx, "show", "added")
	return strings.Split(out, "\n"), err
}

func portsOpen(h hands, ctx context.Context, ports []string) (bool, error) {
	have, err := h.rules(ctx)
	for _, p := range ports {
		if !holds(have, "ufw allow "+p) {
			return false, err
		}
	}
	return true, err
}

func holds(lines []string, want string) bool {
	for _, l := range lines {
		if strings.TrimSpace(l) == want {
			return true
		}
	}
	return false
}

func openPorts(h hands, ctx context.Context, ports []string) error {
	for _, p := range ports {
		if _, err := h.ufw(ctx, "allow", p); err != nil {
			return err
		}
	}
	return nil
}

func closePorts(h hands, ctx context.Context, ports []string) (string, error) {
	have, err := h.rules(ctx)
	if err != nil {
		return "", err
	}
	var faults []error
	for _, p := range ports {
		if holds(have, "ufw allow "+p) {
			_, err := h.ufw(ctx, "delete", "allow", p)
			faults = append(faults, err)
		}
	}
	return "", errors.Join(faults...)
}

func firewallOn(h hands, ctx context.Context, _ []string) (bool, error) {
	out, err := h.ufw(ctx, "status")
	return strings.HasPrefix(out, "Status: active"), err
}

// turnFirewallOn refuses where nobody could log in any more.
func turnFirewallOn(h hands, ctx context.Context, _ []string) error {
	have, err := h.rules(ctx)
	if err != nil {
		return err
	}
	if len(have) < 2 {
		return fmt.Errorf("ufw enable: no port is open in it; nobody could log in any more")
	}
	_, err = h.ufw(ctx, "--force", "enable")
	return err
}

func turnFirewallOff(h hands, ctx context.Context, _ []string) (string, error) {
	if on, err := firewallOn(h, ctx, nil); !on || err != nil {
		return "", err
	}
	_, err := h.ufw(ctx, "disable")
	return "", err
}
