// Package lock writes down what clients of a gateway rely on, one fact a line. The
// hash of that is the gateway's digest.
package lock

import (
	"crypto/sha256"
	"encoding/base32"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/model"
)

// size is how many letters and digits a digest has, of 5 bits each.
const size = 12

// letters are digits and small letters without those that look like others.
const letters = "0123456789abcdefghjkmnpqrstvwxyz"

// Digest is that of a gateway with all that it reaches. Two gateways that speak the
// same have the same digest, whatever their types are called in Go, in which order
// anything stands, and which other gateways there are. Comments and positions are no
// part of it.
func Digest(f *model.Facade) string {
	sum := sha256.Sum256([]byte(text(f)))
	return base32.NewEncoding(letters).EncodeToString(sum[:])[:size]
}
