package frame_test

import (
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/wsgen/wsgen/bench/internal/clock"
	"github.com/wsgen/wsgen/bench/internal/frame"
)

// unmask returns the payload of one client frame and what follows it.
func unmask(t *testing.T, b []byte) (payload, rest []byte) {
	t.Helper()
	if b[1]&0x80 == 0 {
		t.Fatal("the frame is not masked")
	}
	n, at := int(b[1]&0x7F), 2
	switch n {
	case 126:
		n, at = int(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		n, at = int(binary.BigEndian.Uint64(b[2:])), 10
	}
	key := b[at : at+4]
	for i, c := range b[at+4 : at+4+n] {
		payload = append(payload, c^key[i&3])
	}
	return payload, b[at+4+n:]
}

func TestAppendAndCut(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 70000} {
		b := frame.Append([]byte("before"), frame.Text, make([]byte, size))[len("before"):]
		if got, rest := unmask(t, b); len(got) != size || len(rest) != 0 {
			t.Errorf("a payload of %d bytes came back as %d, with %d more", size, len(got), len(rest))
		}
		b[1] &^= 0x80
		h, n := frame.Cut(b)
		if h.Length != size || h.Opcode != frame.Text || !h.Fin || n != len(b)-size-4 {
			t.Errorf("size %d: header %+v, %d bytes long", size, h, n)
		}
		for short := range n {
			if _, got := frame.Cut(b[:short]); got != 0 {
				t.Errorf("size %d: a header is seen in %d of its %d bytes", size, short, n)
			}
		}
	}
}

func TestTemplateCarriesStamp(t *testing.T) {
	for _, socket := range []bool{false, true} {
		for _, size := range []int{0, 120, 150, 60_000} {
			payload, digits := frame.Message(socket, "echo", 7, size)
			if size > 0 && len(payload) != size {
				t.Errorf("a message of %d bytes has %d", size, len(payload))
			}
			tpl := frame.NewTemplate(payload, digits)
			stamp := clock.Now()
			first, rest := unmask(t, tpl.Append(tpl.Append(nil, 1), stamp))
			second, _ := unmask(t, rest)
			if got, ok := new(frame.Finder).Stamp(first); !ok || got != 1 {
				t.Errorf("first stamp %d, %t", got, ok)
			}
			if got, ok := new(frame.Finder).Stamp(second); !ok || got != stamp {
				t.Errorf("second stamp %d, %t; want %d", got, ok, stamp)
			}
			if by, ok := frame.Sender(second); !ok || by != 7 {
				t.Errorf("sender %d, %t", by, ok)
			}
			body := second
			if socket {
				body = body[2:]
			}
			if !json.Valid(body) {
				t.Errorf("not JSON: %s", body)
			}
		}
	}
}

func TestStampIsAbsent(t *testing.T) {
	for _, s := range []string{"", `{"event":"x","data":null}`, `{"at":`, `{"at":12}`, `{"at":"0000000000000000"}`} {
		if _, ok := new(frame.Finder).Stamp([]byte(s)); ok {
			t.Errorf("%q has a stamp", s)
		}
	}
	if _, ok := frame.Sender([]byte(`{"by":"me"}`)); ok {
		t.Error("a name is taken for a number")
	}
}

func TestEntered(t *testing.T) {
	if got := string(frame.Enter("new-7", 7)); got != `{"event":"join","id":7,"data":{"room":"new-7"}}` {
		t.Errorf("asks %s", got)
	}
	for reply, want := range map[string]bool{
		`{"event":"join","id":7,"data":null}`:                 true,
		`{"event":"join","id":7}`:                             true,
		`{"event":"error","id":7,"data":{"code":"too_many"}}`: false,
		`{"event":"tick","data":{}}`:                          false,
	} {
		if frame.Entered([]byte(reply)) != want {
			t.Errorf("%s says yes: %t", reply, !want)
		}
	}
}

func TestFollow(t *testing.T) {
	first := frame.Follow("a", "", "", 7)
	again := frame.Follow("a", "abc", "e", 7)
	if len(first) != 1 || len(again) != 2 || string(first[0]) != string(again[1]) {
		t.Fatalf("%q, and again %q", first, again)
	}
	if got := string(again[0]); got != `{"event":"$resume","id":1,"data":{"abc":"e.7"}}` {
		t.Errorf("claims %s", got)
	}
	if !frame.Followed(again[1]) || frame.Followed(again[0]) || frame.Followed([]byte(`{"event":"join","id":21,"data":null}`)) {
		t.Errorf("the reply to %s is not known", again[1])
	}
	for epoch, want := range map[string]string{
		"":  `{"id":2,"subscribe":{"channel":"a"}}`,
		"e": `{"id":2,"subscribe":{"channel":"a","recover":true,"epoch":"e","offset":7}}`,
	} {
		if got := string(frame.SubscribeFrom("a", epoch, 7)); got != `{"id":1,"connect":{}}`+"\n"+want {
			t.Errorf("subscribes by %s", got)
		}
	}
}
