package ws_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

const (
	offer      = "Sec-WebSocket-Extensions: permessage-deflate"
	compressed = text | 0x40
)

func inflate(t *testing.T, payload []byte) string {
	t.Helper()
	out, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func deflate(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, text)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}

// TestDeflate: a client that offers compression gets long messages compressed.
// All clients get the same text, in both directions.
func TestDeflate(t *testing.T) {
	s := serve(t, ws.Options{CompressAbove: 100}, gateway{on: map[string]handler{"echo": inline(echo)}})
	zip, plain := s.dial(t, "/ws", offer), s.dial(t, "/ws")
	long := strings.Repeat("abc ", 1000)
	for _, c := range []struct {
		data string
		zip  byte
	}{
		{long, compressed},
		{"short", text},
	} {
		want := fmt.Sprintf(`{"event":"e","data":%q}`, c.data)
		if n, err := s.Broadcast("e", c.data); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		plain.want(want)
		first, payload, err := zip.read()
		if err != nil || first != c.zip {
			t.Fatalf("%#x %v", first, err)
		}
		got := string(payload)
		if first == compressed {
			got = inflate(t, payload)
		}
		if got != want {
			t.Errorf("got %.80s", got)
		}
	}
	message := `{"event":"echo","id":1,"data":"` + long + `"}`
	zip.raw(frame(compressed, deflate(t, message)))
	if first, payload, err := zip.read(); err != nil || first != compressed || inflate(t, payload) != message {
		t.Errorf("echo: %#x %v", first, err)
	}
	half := deflate(t, message)
	zip.raw(frame(0x41, half[:10])) // in fragments, only the first is marked
	zip.raw(frame(0x80, half[10:]))
	if first, payload, err := zip.read(); err != nil || first != compressed || inflate(t, payload) != message {
		t.Errorf("echo of fragments: %#x %v", first, err)
	}
	zip.send(`{"event":"echo","id":2}`) // compressing is the client's choice
	zip.want(`{"event":"echo","id":2,"data":null}`)
}

// TestDeflateOffers: an offer that is not understood is declined, and one that
// is agreed to is answered in full (RFC 7692, section 7.1).
func TestDeflateOffers(t *testing.T) {
	on := serve(t, ws.Options{CompressAbove: 100}, gateway{})
	off := serve(t, ws.Options{}, gateway{})
	const agreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	const named = "permessage-deflate; server_max_window_bits=15; server_no_context_takeover; client_no_context_takeover"
	for _, c := range []struct {
		offer string
		want  string
	}{
		{offer, agreed},
		{offer + "; client_max_window_bits", agreed},
		{offer + "; client_max_window_bits=10; server_no_context_takeover; client_no_context_takeover", agreed},
		{offer + "; server_max_window_bits=15", named},
		{offer + `; server_max_window_bits="15"`, named},
		{offer + `; server_max_window_bits="1\5"`, named},
		{offer + "; server_max_window_bits=10, permessage-deflate ; client_max_window_bits", agreed},
		{"Sec-WebSocket-Extensions: , x-other;a=b;c=\"d\" ,\t" + "permessage-deflate,", agreed},
		{"Sec-WebSocket-Extensions: x-other\r\n" + offer, agreed},
		{offer + "; server_max_window_bits=10, permessage-deflate", agreed},
		{offer + "; server_max_window_bits=10", ""},
		{offer + "; server_max_window_bits", ""},
		{offer + "; client_max_window_bits=7", ""},
		{offer + "; client_max_window_bits=", ""},
		{offer + "; server_no_context_takeover=1", ""},
		{offer + "; server_no_context_takeover; server_no_context_takeover", ""},
		{offer + "; unknown", ""},
		{offer + ";", ""},
		{offer + `; server_max_window_bits=15"`, ""},
		{offer + `; server_max_window_bits="15`, ""},
		{offer + "; server_max_window_bits=015", ""},
		{offer + "; server_max_window_bits=+15", ""},
		{offer + "; server_max_window_bits=16", ""},
		{offer + "; client_max_window_bits; client_max_window_bits=15", ""},
		{offer + "; Client_Max_Window_Bits", ""},
		{"Sec-WebSocket-Extensions: Permessage-Deflate", ""},
		{`Sec-WebSocket-Extensions: x-other; a="b, permessage-deflate, c"`, ""},
		{"Sec-WebSocket-Extensions: permessage-deflate, x other", ""},
		{"Sec-WebSocket-Extensions: permessage-deflate, x-other; =1", ""},
		{"Sec-WebSocket-Extensions: permessage-deflate-2", ""},
		{"Sec-WebSocket-Extensions: x-webkit-deflate-frame", ""},
		{"X-Nothing: 1", ""},
	} {
		for s, want := range map[*site]string{on: c.want, off: ""} {
			p := s.dial(t, "/ws", c.offer)
			if got := p.header.Get("Sec-WebSocket-Extensions"); got != want {
				t.Errorf("%q was answered %q", c.offer, got)
			}
		}
	}
}

// TestDeflateHostile: bombs and garbage close that connection.
func TestDeflateHostile(t *testing.T) {
	s := serve(t, ws.Options{CompressAbove: 100}, gateway{on: map[string]handler{"echo": inline(echo)}})
	bomb := deflate(t, `{"event":"echo","data":"`+strings.Repeat("x", 10<<20)+`"}`)
	for _, c := range []struct {
		name string
		raw  []byte
		code ws.CloseCode
	}{
		{"a bomb", frame(compressed, bomb), ws.CloseTooLarge},
		{"garbage", frame(compressed, []byte("\xff\xff\xff\xff")), ws.CloseInvalid},
		{"inflated text that is not UTF-8", frame(compressed, deflate(t, "\"\xff\"")), ws.CloseInvalid},
		{"RSV2", frame(text|0x20, []byte("{}")), ws.CloseProtocol},
		{"RSV1 and RSV3", frame(text|0x50, []byte("{}")), ws.CloseProtocol},
		{"a compressed ping", frame(ping|0x40, nil), ws.CloseProtocol},
		{"a compressed continuation", append(frame(0x01, []byte("{")), frame(0xc0, []byte("}"))...), ws.CloseProtocol},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t, "/ws", offer)
			p.raw(c.raw)
			p.wantClose(c.code)
		})
	}
}
