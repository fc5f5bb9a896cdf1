package host

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"

	"assay/internal/tape"

	"golang.org/x/sys/unix"
)

// maxKey is more than any private key: one of RSA with 16384 bits has 12 KiB.
const maxKey = 64 << 10

// key says which public key belongs to a private one. The private one is read,
// by the rule of trust, into memory that is wiped, and goes nowhere.
func (l *local) key(ctx context.Context, a tape.Ask) tape.Answer {
	deed := "compare the key " + short(a.Name)
	if why := badPath(a.Name); why != "" {
		return unseen(deed, why)
	}
	return l.read(ctx, func(r *reading) tape.Answer {
		s, err := r.walk(a.Name, true)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		defer s.close()
		if s.kind() == unix.S_IFREG && s.st.Size > maxKey {
			return unseen(deed, "larger than any key")
		}
		text, _, err := r.content(s, "")
		defer clear(text)
		if err != nil {
			return l.failedRead(r, deed, err)
		}
		return tape.Encode(publicOf(text))
	})
}

func publicOf(text []byte) tape.KeyReport {
	out := tape.KeyReport{Class: "none"}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return out
		}
		defer clear(block.Bytes)
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return tape.KeyReport{Class: "encrypted"}
		case strings.HasPrefix(block.Type, "TSS2"): // a handle to a key in a TPM
			return tape.KeyReport{Class: "hardware"}
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			return public(block.Bytes)
		}
	}
}

func public(der []byte) tape.KeyReport {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		if k, e := x509.ParsePKCS1PrivateKey(der); e == nil {
			key = k
		} else if k, e := x509.ParseECPrivateKey(der); e == nil {
			key = k
		}
	}
	k, ok := key.(crypto.Signer)
	if !ok {
		return tape.KeyReport{Class: "unread"}
	}
	spki, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		return tape.KeyReport{Class: "unread"}
	}
	sum := sha256.Sum256(spki)
	out := tape.KeyReport{Public: hex.EncodeToString(sum[:])}
	switch key.(type) {
	case *rsa.PrivateKey:
		out.Type = "RSA"
	case *ecdsa.PrivateKey:
		out.Type = "ECDSA"
	case ed25519.PrivateKey:
		out.Type = "Ed25519"
	}
	return out
}
