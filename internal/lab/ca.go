package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// ca is the lab's private certificate authority, one per cache. As with the
// public ones, the root signs only an intermediate and the intermediate signs
// leaves, so a server that forgets its chain is caught.
type ca struct {
	rootPEM         []byte
	intermediatePEM []byte
	intermediate    *x509.Certificate
	key             crypto.Signer // the intermediate's
}

// CAFile is where the root certificate of the lab's CA lies on this machine.
func CAFile() string { return filepath.Join(cacheDir(), "ca", "root.pem") }

// authority reads the CA, and makes it at the first call on a machine.
func authority() (*ca, error) {
	dir := filepath.Join(cacheDir(), "ca")
	if !present(dir) {
		unlock, err := lock("ca")
		if err != nil {
			return nil, err
		}
		defer unlock()
		if !present(dir) {
			if err := makeAuthority(dir); err != nil {
				return nil, fmt.Errorf("make CA: %w", err)
			}
		}
	}
	return readAuthority(dir)
}

func makeAuthority(dir string) error {
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	from, until := time.Now().Add(-24*time.Hour), time.Now().AddDate(10, 0, 0)
	root := authorityTemplate("Assay Lab Root X1", from, until)
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, rootKey.Public(), rootKey)
	if err != nil {
		return err
	}
	middle := authorityTemplate("Assay Lab E1", from, until)
	middle.MaxPathLenZero = true
	middleDER, err := x509.CreateCertificate(rand.Reader, middle, root, key.Public(), rootKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The root's key is thrown away: nothing else is to be signed with it.
	tmp := dir + ".new"
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(tmp, "root.pem"), encode("CERTIFICATE", rootDER), 0o644),
		os.WriteFile(filepath.Join(tmp, "intermediate.pem"), encode("CERTIFICATE", middleDER), 0o644),
		os.WriteFile(filepath.Join(tmp, "intermediate.key"), encode("PRIVATE KEY", keyDER), 0o600),
		os.Rename(tmp, dir),
	)
}

func authorityTemplate(name string, from, until time.Time) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{Organization: []string{"Assay Lab"}, CommonName: name},
		NotBefore:             from,
		NotAfter:              until,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func readAuthority(dir string) (*ca, error) {
	var a ca
	var err, err2 error
	a.rootPEM, err = os.ReadFile(filepath.Join(dir, "root.pem"))
	a.intermediatePEM, err2 = os.ReadFile(filepath.Join(dir, "intermediate.pem"))
	keyPEM, err3 := os.ReadFile(filepath.Join(dir, "intermediate.key"))
	if err := errors.Join(err, err2, err3); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(a.intermediatePEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if block == nil || keyBlock == nil {
		return nil, fmt.Errorf("read CA in %s: no PEM", dir)
	}
	if a.intermediate, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	a.key = key.(crypto.Signer)
	return &a, nil
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	return n
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
