package lab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"strings"
	"time"
)

// CertOptions says what certificate a host gets.
type CertOptions struct {
	Names      []string  // DNS names and addresses; the first is the lineage's
	NotBefore  time.Time // zero: an hour ago
	NotAfter   time.Time // zero: 90 days after NotBefore, as Let's Encrypt has it
	SelfSigned bool      // signed by its own key; chain.pem is empty then
	Folder     string    // zero: /etc/letsencrypt/live/NAME, with certbot's links into archive/
}

// IssueCert writes cert.pem, chain.pem, fullchain.pem and privkey.pem into a
// folder of the host. A server that runs keeps the old one until it reloads.
func (h *Host) IssueCert(ctx context.Context, opt CertOptions) error {
	if len(opt.Names) == 0 {
		return errors.New("issue certificate: no name")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	files, err := issue(opt)
	if err != nil {
		return fmt.Errorf("issue certificate for %s: %w", opt.Names[0], err)
	}
	disk, err := os.OpenRoot(h.Root()) // no link of the host leads out of it
	if err != nil {
		return err
	}
	defer disk.Close()
	if opt.Folder != "" {
		err = writePlain(disk, strings.Trim(opt.Folder, "/"), files)
	} else {
		err = writeLineage(disk, opt.Names[0], files)
	}
	if err != nil {
		return fmt.Errorf("write certificate for %s: %w", opt.Names[0], err)
	}
	return nil
}

// issue returns the four files by name, without .pem.
func issue(opt CertOptions) (map[string][]byte, error) {
	a, err := authority()
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	leaf := leafTemplate(opt)
	parent, signer := a.intermediate, a.key
	chain := a.intermediatePEM
	if opt.SelfSigned {
		parent, signer, chain = leaf, key, nil
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, key.Public(), signer)
	if err != nil {
		return nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	cert := encode("CERTIFICATE", der)
	return map[string][]byte{
		"cert":      cert,
		"chain":     chain,
		"fullchain": append(append([]byte{}, cert...), chain...),
		"privkey":   encode("PRIVATE KEY", keyDER),
	}, nil
}

func leafTemplate(opt CertOptions) *x509.Certificate {
	t := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: opt.Names[0]},
		NotBefore:    opt.NotBefore,
		NotAfter:     opt.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Now().Add(-time.Hour)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = t.NotBefore.AddDate(0, 0, 90)
	}
	for _, n := range opt.Names {
		if ip := net.ParseIP(n); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	return t
}

func modeOf(name string) os.FileMode {
	if name == "privkey" {
		return 0o600
	}
	return 0o644
}

func writePlain(disk *os.Root, dir string, files map[string][]byte) error {
	if err := disk.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range files {
		at := path.Join(dir, name+".pem")
		disk.Remove(at) // a new file: the old one may have another mode, or be a link
		if err := disk.WriteFile(at, text, modeOf(name)); err != nil {
			return err
		}
	}
	return nil
}

// writeLineage writes as certbot does: numbered files under archive/NAME, links
// to the newest under live/NAME, both folders closed to all but root.
func writeLineage(disk *os.Root, name string, files map[string][]byte) error {
	const le = "etc/letsencrypt"
	if err := disk.MkdirAll(le, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"archive", "live"} {
		if err := disk.MkdirAll(path.Join(le, d), 0o700); err != nil {
			return err
		}
		if err := disk.MkdirAll(path.Join(le, d, name), 0o755); err != nil {
			return err
		}
	}
	n := 1
	for {
		if _, err := disk.Lstat(fmt.Sprintf("%s/archive/%s/cert%d.pem", le, name, n)); err != nil {
			break
		}
		n++
	}
	for file, text := range files {
		numbered := fmt.Sprintf("archive/%s/%s%d.pem", name, file, n)
		if err := disk.WriteFile(path.Join(le, numbered), text, modeOf(file)); err != nil {
			return err
		}
		link := path.Join(le, "live", name, file+".pem")
		disk.Remove(link)
		if err := disk.Symlink("../../"+numbered, link); err != nil {
			return err
		}
	}
	return nil
}
