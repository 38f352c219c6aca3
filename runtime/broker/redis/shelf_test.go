package redisbroker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/broker"
)

// TestShelf: no two channels, logs and keys of messages have a key in common, and the
// keys of a channel are in its slot.
func TestShelf(t *testing.T) {
	t.Parallel()
	n := newNames("ws", "main")
	logs := []string{
		"chat.Events", "chat_Events", "chat", "chat.Events:r.a", "chat:r.a:k", "чат.Events", "=", "={17}", "{17}", "", " ",
		strings.Repeat("l", 64), strings.Repeat("l", 65), strings.Repeat("l", 66),
	}
	channels := []string{"r.a", "r.A", "r.a.m", "m", "s", "k", strings.Repeat("x", 200)}
	for _, sharded := range []bool{false, true} {
		seen := map[string]string{}
		for _, log := range logs {
			for _, channel := range channels {
				at := n.shelf(log, channel, sharded)
				for _, key := range []string{at.meta, at.stream, at.keys + hash("a"), at.keys + hash("b")} {
					what := fmt.Sprintf("%q of %q", channel, log)
					if other, is := seen[key]; is {
						t.Errorf("%s and %s have key %q", what, other, key)
					}
					seen[key] = what
					if sharded && !strings.HasPrefix(key, n.tagged[partition(channel)]) {
						t.Errorf("%s: key %q is in another slot than its channel", what, key)
					}
					if len(key) > 400 || strings.ContainsAny(key, " \n") {
						t.Errorf("%s: key %q", what, key)
					}
				}
			}
		}
	}
}

// FuzzUnmark: what a script publishes is read as that, a plain message as itself, and
// anything else does no harm.
func FuzzUnmark(f *testing.F) {
	for _, text := range []string{
		"", "W", "K", "P", "PK", "Kabc:0:1:", "Kabc:1:2:data:more", "Kabc:2:1:x", "Kabc:01:2:x", "Kabc:1:9007199254740993:x",
		"K:1:2:x", "Kabcdefghijklmnopq:1:2:x", "Ka c:1:2:x", "Kabc:-1:2:x", "Kabc:1:2",
	} {
		f.Add(text, "abc", uint64(1), uint64(2))
	}
	f.Fuzz(func(t *testing.T, text, epoch string, prev, offset uint64) {
		plain := text
		if marked([]byte(text)) {
			plain = string(plainMark) + text
		}
		if d := unmark("r.a", plain); string(d.Data) != text || d.At != (broker.Position{}) || d.Prev != 0 || d.Channel != "r.a" {
			t.Errorf("plain message %q is read as %+v", text, d)
		}
		d := unmark("r.a", text)
		if d.At != (broker.Position{}) {
			written := fmt.Sprintf("K%s:%d:%d:%s", d.At.Epoch, d.Prev, d.At.Offset, d.Data)
			if written != text || !isEpoch(d.At.Epoch) || d.At.Offset <= d.Prev || d.At.Offset > 1<<53 {
				t.Errorf("%q is read as %+v", text, d)
			}
		}
		at := broker.Position{Epoch: epoch, Offset: offset}
		if !isEpoch(epoch) || prev >= offset || offset > 1<<53 {
			return
		}
		d = unmark("r.a", fmt.Sprintf("K%s:%d:%d:%s", epoch, prev, offset, text))
		if d.At != at || d.Prev != prev || string(d.Data) != text {
			t.Errorf("%q at %+v behind %d is read as %+v", text, at, prev, d)
		}
		if got, ok := cutPosition(fmt.Sprintf("%s:%d", epoch, offset)); !ok || got != at {
			t.Errorf("%+v is read as %+v, %v", at, got, ok)
		}
	})
}
