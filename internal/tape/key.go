package tape

// KeyReport is the body of Key: what a private key is, and no part of it.
type KeyReport struct {
	Type   string `json:"type,omitempty"`   // RSA, ECDSA, Ed25519
	Public string `json:"public,omitempty"` // SHA-256 of its public key (SubjectPublicKeyInfo), in hex
	Class  string `json:"class,omitempty"`  // why there is none: encrypted, hardware, none, unread
}
