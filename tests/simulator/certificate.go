package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strings"
	"time"
)

// issued is a server certificate and the authority that signed it.
type issued struct {
	authority *x509.Certificate
	leaf      *x509.Certificate
	server    tls.Certificate
}

// issue makes a small authority and a leaf of its own: strict X.509 checking
// wants the key usages and key identifiers that a lone self-signed certificate
// tends to lack.
func issue(extraHost string) (*issued, error) {
	now := time.Now()
	base := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber:          big.NewInt(serial),
			Subject:               pkix.Name{CommonName: name, Organization: []string{"Example"}},
			NotBefore:             now.Add(-time.Hour),
			NotAfter:              now.AddDate(1, 0, 0),
			BasicConstraintsValid: true,
		}
	}

	root := base(1, "Simulator CA")
	root.IsCA = true
	root.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	authority, authorityKey, err := sign(root, nil, nil)
	if err != nil {
		return nil, err
	}

	server := base(now.UnixNano(), "localhost")
	server.KeyUsage = x509.KeyUsageDigitalSignature
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = []string{"localhost"}
	server.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if ip := net.ParseIP(extraHost); ip != nil {
		server.IPAddresses = append(server.IPAddresses, ip)
	} else if extraHost != "" && extraHost != "localhost" {
		server.DNSNames = append(server.DNSNames, extraHost)
	}
	leaf, key, err := sign(server, authority, authorityKey)
	if err != nil {
		return nil, err
	}

	return &issued{
		authority: authority,
		leaf:      leaf,
		server:    tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf},
	}, nil
}

// sign makes a key for the template and has the parent sign it; without a
// parent the certificate signs itself.
func sign(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	point, err := key.PublicKey.ECDH()
	if err != nil {
		return nil, nil, err
	}
	identifier := sha1.Sum(point.Bytes())
	template.SubjectKeyId = identifier[:]
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	return certificate, key, err
}

func (i *issued) writeAuthority(path string) error {
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.authority.Raw})
	return os.WriteFile(path, block, 0o600)
}

func (i *issued) thumbprints() (sha256Print, sha1Print string) {
	long, short := sha256.Sum256(i.leaf.Raw), sha1.Sum(i.leaf.Raw)
	return colons(long[:]), colons(short[:])
}

func colons(digest []byte) string {
	parts := make([]string, len(digest))
	for i, b := range digest {
		parts[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(parts, ":")
}
