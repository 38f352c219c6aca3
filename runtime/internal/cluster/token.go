// Package cluster is what nodes have in common whatever carries their messages:
// the names of channels, the bytes of a packet, and which channels a node needs.
// It knows package broker and neither sockets nor rooms.
package cluster

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/runtime/broker"
)

// All is the channel that all nodes hear.
const All = "a"

// maxToken is how long a token gets.
const maxToken = 66

// Room returns the channel of a room.
func Room(name string) string { return string(appendToken([]byte("r."), name)) }

// User returns the channel of a user, by the principal's id.
func User(id string) string { return string(appendToken([]byte("u."), id)) }

// NodeChannel returns the channel of a node, by its base: the first 24 bits of the ids
// of its connections.
func NodeChannel(base uint32) string { return fmt.Sprintf("n.%06x", base&0xffffff) }

// IsNodeChannel reports whether a channel is that of a node.
func IsNodeChannel(channel string) bool { return strings.HasPrefix(channel, "n.") }

// appendToken appends the token of a name. Tokens have 2 to maxToken of the
// characters a-z A-Z 0-9 _ -, and each name has one of its own:
//
//	p_ and the name           if it has 1 to 64 of these characters alone
//	b_ and its base64url      if it has at most 48 bytes, whatever they are
//	h_ and its hash as that   otherwise: the first 20 bytes of SHA-256
//
// So no name has a meaning on an engine, and most can be read there. Two names
// may have one hash, in theory. The full name is in the packet, and who gets one
// of another name drops it.
func appendToken(to []byte, name string) []byte {
	switch {
	case name != "" && len(name) <= 64 && plain(name):
		return append(append(to, "p_"...), name...)
	case len(name) <= 48:
		return base64.RawURLEncoding.AppendEncode(append(to, "b_"...), []byte(name))
	default:
		hash := sha256.Sum256([]byte(name))
		return base64.RawURLEncoding.AppendEncode(append(to, "h_"...), hash[:20])
	}
}

// plain reports whether a name has no other characters than tokens have.
func plain(name string) bool {
	for i := range len(name) {
		if !tokenChar(name[i]) {
			return false
		}
	}
	return true
}

func tokenChar(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

// defaultName is the name of a cluster that was not given one.
const defaultName = "main"

// Name returns the name by which a cluster is opened: a dash for every character
// that a name must not have, and "main" for none. Of a name that is too long the
// beginning is kept, and a hash, so that two of them stay apart.
func Name(given string) string {
	if given == "" {
		return defaultName
	}
	name := strings.Map(func(r rune) rune {
		if r < 0x80 && tokenChar(byte(r)) {
			return r
		}
		return '-'
	}, given)
	if len(name) <= broker.MaxName {
		return name
	}
	hash := sha256.Sum256([]byte(given))
	end := base64.RawURLEncoding.EncodeToString(hash[:20])
	return name[:broker.MaxName-1-len(end)] + "-" + end
}
