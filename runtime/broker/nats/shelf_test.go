package natsbroker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/wsgen/wsgen/runtime/broker"
)

// TestShelf: logs of different applications, clusters and names have different streams
// and subjects, of characters that NATS takes.
func TestShelf(t *testing.T) {
	logs := []string{
		"chat.Events", "chat_Events", "chat~Events", "chat", "a.b", "a..b", ".a", "чат.Events", "*", ">", "a b", "", "=", "/../x",
		strings.Repeat("l", 64), strings.Repeat("l", 65), strings.Repeat("l", 66), "\xff\r\n",
	}
	streams, subjects := map[string]string{}, map[string]string{}
	for _, prefix := range []string{"ws", "ws.a", "ws_a", "ws.a.b", strings.Repeat("p", maxPrefix)} {
		for _, cluster := range []string{"main", "a", "b", "a_b", "a-b", strings.Repeat("c", broker.MaxName)} {
			n := newNames(prefix, cluster)
			for _, log := range logs {
				what := fmt.Sprintf("%q in %s of %s", log, cluster, prefix)
				stream, subject := n.streams+logToken(log), n.front+logToken(log)+".epoch.r.a"
				for _, is := range []struct {
					name string
					seen map[string]string
				}{{stream, streams}, {subject, subjects}} {
					if other, twice := is.seen[is.name]; twice {
						t.Errorf("%s and %s are both %s", what, other, is.name)
					}
					is.seen[is.name] = what
				}
				if len(stream) > 255 || strings.ContainsAny(stream, ". *>/\\\r\n\t") || strings.ContainsAny(subject, " *>\r\n\t") || strings.Contains(subject, "..") {
					t.Errorf("%s: stream %q, subject %q", what, stream, subject)
				}
			}
		}
	}
}

// FuzzKeptAt: where a message is kept is read out of what JetStream republishes, and
// whatever else comes with headers is a plain message.
func FuzzKeptAt(f *testing.F) {
	f.Add("ws.~k.main.chat~Events.7KQ2M5XA3T4B.r.p_lobby", "12", "7", "r.p_lobby")
	f.Add("ws.~k.main.chat~Events.7KQ2M5XA3T4B.r.p_other", "12", "7", "r.p_lobby")
	f.Add("ws.~k.main.chat~Events.7KQ2M5XA3T4B.r.p_lobby", "7", "12", "r.p_lobby")
	f.Add("ws.~k.main.chat~Events.7KQ2-5XA3T4B.a", "9007199254740993", "", "a")
	f.Add("ws.~k.main.chat~Events", "1", "0", "")
	f.Add("ws.~k.main...a", "1", "0", "a")
	f.Add("ws.~k.other.chat.e.a", "1", "0", "a")
	f.Add("", "", "", "")
	n := newNames("ws", "main")
	f.Fuzz(func(t *testing.T, subject, seq, last, channel string) {
		h := nats.Header{"Nats-Subject": {subject}, "Nats-Sequence": {seq}, "Nats-Last-Sequence": {last}, "Nats-Time-Stamp": {"x"}}
		m, ok := n.keptAt(channel, h)
		if !ok {
			if m != (heard{}) {
				t.Errorf("%+v of what is not kept", m)
			}
			return
		}
		if want := n.front + m.log + "." + m.at.Epoch + "." + channel; subject != want {
			t.Errorf("%q is read as %+v of %q", subject, m, channel)
		}
		if !isEpoch(m.at.Epoch) || m.at.Offset <= m.prev || m.at.Offset > 1<<53 || m.log == "" || strings.Contains(m.log, ".") {
			t.Errorf("%q, %q, %q are read as %+v", subject, seq, last, m)
		}
	})
}
