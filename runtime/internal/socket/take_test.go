package socket

import (
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/runtime/internal/frame"
	"go.uber.org/goleak"
)

// fed is a net.Conn on which bytes come, some with each read, and then the end.
type fed struct {
	net.Conn // nil: nothing else is asked
	first    []byte
	bytes    []byte
	each     int
}

func (f *fed) Read(p []byte) (int, error) {
	switch {
	case len(f.first) > 0:
		n := copy(p, f.first)
		f.first = f.first[n:]
		return n, nil
	case len(f.bytes) == 0:
		return 0, io.EOF
	}
	n := copy(p, f.bytes[:min(f.each, len(f.bytes))])
	f.bytes = f.bytes[n:]
	return n, nil
}

func (*fed) Write(p []byte) (int, error)      { return len(p), nil }
func (*fed) Close() error                     { return nil }
func (*fed) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*fed) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*fed) SetDeadline(time.Time) error      { return nil }
func (*fed) SetReadDeadline(time.Time) error  { return nil }
func (*fed) SetWriteDeadline(time.Time) error { return nil }

// keeps is an owner that keeps messages, and looks at them in the end.
type keeps struct {
	*owner
	data [][]byte
	done []io.Closer
	was  []string // what they were when they came
}

func (k *keeps) Received(text bool, data []byte, done io.Closer) {
	kind := "binary "
	if text {
		kind = "text "
	}
	k.data, k.done = append(k.data, data), append(k.done, done)
	k.was = append(k.was, kind+string(data))
}

// outcome is what an owner is told of a connection.
type outcome struct {
	messages []string
	unsound  []string
	causes   []string
	deep     bool // gws has come in
}

// profileFor returns what sockets share that compress, or not.
func profileFor(deflate bool) *Profile {
	l := limits
	l.Deflate = deflate
	return NewEngine(1 << 20).Profile(l)
}

// outcomeOf serves a connection on which bytes come, the first apart.
func outcomeOf(t *testing.T, p *Profile, first, bytes []byte, each int) (o outcome) {
	t.Helper()
	k := &keeps{owner: &owner{due: Never, ended: make(chan struct{}), released: make(chan struct{})}}
	k.socket.Open(p, k, &fed{first: first, bytes: bytes, each: each}, nil, p.limits.Deflate)
	k.socket.Resume()
	k.socket.Serve()
	<-k.ended
	<-k.released
	for i, data := range k.data {
		if _, was, _ := strings.Cut(k.was[i], " "); string(data) != was {
			t.Errorf("message %d is not what it was when it came", i)
		}
	}
	for _, done := range k.done {
		_ = done.Close()
	}
	o.messages, o.deep = k.was, k.socket.state.is(stateDeep)
	for _, bad := range k.unsound {
		o.unsound = append(o.unsound, bad.Error())
	}
	for _, c := range k.causes {
		o.causes = append(o.causes, fmt.Sprintln(c.Code, c.Reason, c.Remote))
	}
	if len(k.failures) > 0 {
		t.Error(k.failures)
	}
	return o
}

// masked returns a frame of a client's with a mask.
func masked(op byte, payload string) []byte {
	return frame.AppendMasked(nil, op, []byte(payload), 0x9a78bc01)
}

// TestTaken: gws comes in with the first message that takes it, and for no other.
func TestTaken(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	const normal = "1006  true\n"
	of := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		sent     []byte
		each     int
		deflate  bool
		messages []string
		cause    string
		deep     bool
	}{
		"a word":                   {sent: word("word"), messages: []string{"text word"}},
		"a masked word":            {sent: masked(frame.OpText, "wörd"), messages: []string{"text wörd"}},
		"nothing":                  {sent: word(""), messages: []string{"text "}},
		"all lengths of a header":  {sent: slices.Concat(word(of(125)), word(of(126))), messages: []string{"text " + of(125), "text " + of(126)}},
		"the longest":              {sent: word(of(longestTaken)), messages: []string{"text " + of(longestTaken)}},
		"one that is longer":       {sent: word(of(longestTaken + 1)), messages: []string{"text " + of(longestTaken+1)}, deep: true},
		"pings in between":         {sent: slices.Concat(word("a"), masked(frame.OpPing, "?"), word("b"), masked(frame.OpPong, "!"), word("c")), messages: []string{"text a", "text b", "text c"}},
		"with compression":         {sent: word("plain"), deflate: true, messages: []string{"text plain"}},
		"in pieces":                {sent: word("word"), each: 3, messages: []string{"text word"}, deep: true},
		"the second in pieces":     {sent: slices.Concat(word("1"), word("22222222222")), each: 10, messages: []string{"text 1", "text 22222222222"}, deep: true},
		"fragments":                {sent: pieces("fragments"), messages: []string{"text fragments"}, deep: true},
		"binary":                   {sent: masked(frame.OpBinary, "bytes"), messages: []string{"binary bytes"}, deep: true},
		"no UTF-8":                 {sent: slices.Concat(word("good"), masked(frame.OpText, "bad\xff"), word("late")), messages: []string{"text good"}, cause: "1007 " + verdictText(frame.CloseInvalid) + " false\n", deep: true},
		"not masked":               {sent: slices.Concat(word("good"), []byte{0x81, 1, 'a'}), messages: []string{"text good"}, cause: "1002 protocol: frame not masked false\n"},
		"a reserved bit":           {sent: slices.Concat(word("good"), masked(frame.RSV1Bit|frame.OpText, "a")), messages: []string{"text good"}, cause: "1002 protocol: reserved bit set false\n"},
		"a length in a long form":  {sent: []byte{0x81, 0xfe, 0, 1, 0, 0, 0, 0, 'a'}, cause: "1002 protocol: frame length not in its shortest form false\n"},
		"a Close":                  {sent: slices.Concat(word("good"), masked(frame.OpClose, "\x03\xe8bye")), messages: []string{"text good"}, cause: "1000 bye true\n", deep: true},
		"a message in a message":   {sent: slices.Concat(says(frame.OpText, "a"), word("b")), cause: "1002 protocol: message inside a fragmented message false\n", deep: true},
		"a continuation of no one": {sent: slices.Concat(word("a"), says(frame.FinBit|frame.OpContinuation, "b")), messages: []string{"text a"}, cause: "1002 protocol: continuation of no message false\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.each == 0 {
				c.each = len(c.sent)
			}
			if c.cause == "" {
				c.cause = normal
			}
			o := outcomeOf(t, profileFor(c.deflate), nil, c.sent, c.each)
			if !slices.Equal(o.messages, c.messages) || !slices.Equal(o.causes, []string{c.cause}) || o.deep != c.deep {
				t.Errorf("%.300q, closed by %q, gws has come in: %v; want %.300q, %q, %v", o.messages, o.causes, o.deep, c.messages, c.cause, c.deep)
			}
		})
	}
}

// TestTakenKept: a message that waits is not written over by those behind it.
func TestTakenKept(t *testing.T) {
	var sent []byte
	var want []string
	for i := range 500 {
		text := strings.Repeat(fmt.Sprint(i, " "), i*i%300)
		if len(text) <= longestTaken {
			sent, want = append(sent, word(text)...), append(want, "text "+text)
		}
	}
	if o := outcomeOf(t, profileFor(false), nil, sent, shortBlock); !slices.Equal(o.messages, want) {
		t.Errorf("%d messages, not all as they were sent", len(o.messages))
	}
}

// FuzzTaken: whatever comes, an owner is told the same as if gws read from the start:
// each message, and why the connection ends.
func FuzzTaken(f *testing.F) {
	for _, deflate := range []bool{false, true} {
		for _, each := range []uint16{1, 7, 100, 5000} {
			f.Add(slices.Concat(masked(frame.OpText, "one"), masked(frame.OpPing, "?"), masked(frame.OpText, "tw\xc3\xb6"), masked(frame.OpClose, "\x03\xe8")), each, deflate)
			f.Add(slices.Concat(masked(frame.OpText, strings.Repeat("x", 126)), pieces("fragments"), word("a"), word("b\xff"), word("c")), each, deflate)
			f.Add(slices.Concat(word(""), word(strings.Repeat("y", longestTaken)), word(strings.Repeat("z", longestTaken+1)), masked(frame.OpBinary, "\x00")), each, deflate)
			f.Add(slices.Concat(word("a"), masked(frame.RSV1Bit|frame.OpText, "\xca\x48\xcd\xc9\xc9\x07\x00"), word("b"), []byte{0x81, 0x01, 'a'}), each, deflate)
			f.Add(slices.Concat(word("a"), says(frame.OpText, "b"), masked(frame.OpPong, ""), word("c")), each, deflate)
			f.Add(slices.Concat(word("a"), masked(frame.OpClose, "\x03")), each, deflate)
			f.Add(append(word("\xd2"), "000000"...), each, deflate)
			f.Add(slices.Concat(word("a"), []byte{0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}), each, deflate)
		}
	}
	plain, deflating := profileFor(false), profileFor(true)
	f.Fuzz(func(t *testing.T, stream []byte, each uint16, deflate bool) {
		if each == 0 {
			return
		}
		p := plain
		if deflate {
			p = deflating
		}
		got := outcomeOf(t, p, nil, stream, int(each))
		const before = "gws reads all behind this"
		want := outcomeOf(t, p, pieces(before), stream, int(each))
		if !want.deep || len(want.messages) == 0 || want.messages[0] != "text "+before {
			t.Fatal("gws does not read")
		}
		want.messages = want.messages[1:]
		if !slices.Equal(got.messages, want.messages) || !slices.Equal(got.causes, want.causes) || !slices.Equal(got.unsound, want.unsound) {
			t.Fatalf("%x:\n%q, closed by %q %q; want\n%q, %q %q", stream, got.messages, got.causes, got.unsound, want.messages, want.causes, want.unsound)
		}
	})
}
