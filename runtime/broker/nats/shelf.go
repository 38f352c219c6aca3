package natsbroker

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file says how kept messages lie in JetStream, and how they are heard.
//
// A log is a stream. A message for the channel r.p_lobby of the log chat.Events is
// published on
//
//	ws.~k.main.chat~Events.7KQ2M5XA3T4B.r.p_lobby
//
// and the stream republishes it on ws.main.r.p_lobby, where it is heard as any other.
// The token behind the log is the epoch: when a stream is made anew it has another,
// so what is said to the old one reaches nobody, and each message that is heard tells
// by its old subject in which epoch it was kept.

const (
	keptToken   = "~k"     // of the subjects on which messages are kept; no cluster has this name
	repliesName = "~reply" // to one link: answers of JetStream; its id and a number follow
)

// names are those of one cluster's streams and subjects.
type names struct {
	front   string // of the subjects on which messages are kept: ws.~k.main.
	streams string // of streams: WS_ws+main+
	all     string // on which all is heard: ws.main.>
}

func newNames(prefix, cluster string) names {
	return names{
		front:   prefix + "." + keptToken + "." + cluster + ".",
		streams: "WS_" + strings.ReplaceAll(prefix, ".", "~") + "+" + cluster + "+",
		all:     prefix + "." + cluster + ".>",
	}
}

// logToken returns what a log is called within a subject: its name with ~ for dots, or
// a hash of what NATS does not take, or is long.
func logToken(name string) string {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."
	if name == "" || len(name) > 64 || strings.Trim(name, alphabet) != "" {
		return "=" + hash(name)
	}
	return strings.ReplaceAll(name, ".", "~")
}

// hash returns 27 characters that are different for different texts.
func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}

// newEpoch returns an epoch that nobody has.
func newEpoch() string { return rand.Text()[:12] }

// messageID returns what JetStream knows a message by, for as long as broker.KeyTime.
// What was kept in another epoch is another one: nobody finds it any more.
func messageID(epoch, channel, key string) string { return hash(epoch + "." + channel + "\x00" + key) }

// heard is where a message that was heard is kept.
type heard struct {
	log  string // its token
	at   broker.Position
	prev uint64
	time string // when it was stored, as JetStream writes it
}

// keptAt reads the headers with which a stream republishes a message. ok is false for
// any other message.
func (n *names) keptAt(channel string, h nats.Header) (m heard, ok bool) {
	subject, ours := strings.CutPrefix(h.Get("Nats-Subject"), n.front)
	if !ours {
		return m, false
	}
	log, subject, _ := strings.Cut(subject, ".")
	epoch, original, _ := strings.Cut(subject, ".")
	offset, isOffset := parseOffset(h.Get("Nats-Sequence"))
	prev, isPrev := parseOffset(h.Get("Nats-Last-Sequence"))
	if log == "" || original != channel || !isEpoch(epoch) || !isOffset || !isPrev || offset <= prev {
		return m, false
	}
	return heard{log: log, at: broker.Position{Epoch: epoch, Offset: offset}, prev: prev, time: h.Get("Nats-Time-Stamp")}, true
}

// parseOffset reads a sequence of JetStream.
func parseOffset(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, err == nil && n <= 1<<53
}

func isEpoch(text string) bool {
	const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return text != "" && len(text) <= 16 && strings.Trim(text, alphabet) == ""
}
