package ws

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The parsers that stand between a peer and the rest, each beside another one
// that was written for these tests: slow, simple, and from the standard's text.

// FuzzFrames holds frameGuard to a parser that takes one frame after the other
// off a stream that is all there.
func FuzzFrames(f *testing.F) {
	frame := func(first byte, n int) []byte {
		return append([]byte{first, 0x80 | byte(n), 1, 2, 3, 4}, make([]byte, n)...)
	}
	for _, deflate := range []bool{false, true} {
		f.Add(slices.Concat(frame(0x81, 5), frame(0x89, 0), frame(0x88, 2)), deflate)
		f.Add(slices.Concat(frame(0x01, 5), frame(0x89, 0), frame(0x00, 0), frame(0x80, 2), frame(0xc1, 1)), deflate)
		f.Add(slices.Concat(frame(0x41, 5), frame(0x80, 0), frame(0x80, 0)), deflate)
		f.Add(slices.Concat(frame(0x01, 5), frame(0x81, 0)), deflate)
		f.Add([]byte{0x81, 0xfe, 0, 126, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x81, 0xfe, 0, 125, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, deflate)
		f.Add([]byte{0x8a, 0x7d}, deflate)
	}
	const limit = 1000
	f.Fuzz(func(t *testing.T, stream []byte, deflate bool) {
		g := frameGuard{}
		if deflate {
			g.state = guardDeflate
		}
		sound, bad := g.check(stream, limit)
		wantSound, wantCode := framesByTheBook(stream, limit, deflate)
		code := CloseCode(0)
		if bad != nil {
			code = bad.code
		}
		if code != wantCode || bad != nil && sound != wantSound || bad == nil && sound != len(stream) {
			t.Fatalf("%x: %d bytes sound, then %v; want %d, then %d", stream, sound, bad, wantSound, wantCode)
		}
	})
}

// framesByTheBook returns where the first frame begins that must not be, and the
// close code for it: 0 if there is none as far as the stream goes.
func framesByTheBook(stream []byte, limit uint64, deflate bool) (at int, code CloseCode) {
	message := false // has begun
	for at < len(stream) {
		s := stream[at:]
		if len(s) < 2 {
			return at, 0
		}
		fin, rsv1, rsv23, op := s[0]>>7 == 1, s[0]>>6&1 == 1, s[0]>>4&3, s[0]&15
		masked, n := s[1]>>7 == 1, uint64(s[1]&127)
		head := map[uint64]int{126: 4, 127: 10}[n]
		if head == 0 {
			head = 2
		}
		whole := head
		if masked {
			whole += 4
		}
		if len(s) < whole {
			return at, 0
		}
		short := n < 126
		if !short {
			n = 0
			for _, b := range s[2:head] {
				n = n<<8 | uint64(b)
			}
		}
		control := op == opClose || op == opPing || op == opPong
		first := op == opText || op == opBinary
		legal := masked && rsv23 == 0 && // 5.2, 5.3
			(!rsv1 || deflate && first) && // RFC 7692, 6
			(control || first || op == opContinuation) && // 5.2
			(!control || fin && short) && // 5.5
			(short || head == 4 && n > 125 || head == 10 && n > 65535 && n < 1<<63) && // 5.2
			(!first || !message) && (op != opContinuation || message) // 5.4
		if !legal {
			// What is both too long and illegal has either code.
			return at, CloseProtocol
		}
		if n > limit {
			return at, CloseTooLarge
		}
		if first || op == opContinuation {
			message = !fin
		}
		if uint64(len(s)-whole) < n {
			return at, 0
		}
		at += whole + int(n)
	}
	return at, 0
}

// FuzzOrigin: an origin that may connect is the host's own, also to a parser
// of URLs; and the host's own may, however it is written.
func FuzzOrigin(f *testing.F) {
	for _, s := range [][2]string{
		{"http://example.com", "example.com"},
		{"https://example.com:443", "EXAMPLE.com"},
		{"http://[::1]:80", "[::1]"},
		{"null", "example.com"},
		{"http://", ""},
		{"http://example.com?", "example.com"},
		{"http://example.com#", "example.com"},
		{"http://example.com/", "example.com"},
		{"http://evil@example.com", "example.com"},
		{"http://\u212aiwi.de", "kiwi.de"},
		{"https://example.com:80", "example.com"},
		{"http://example.com:443", "example.com:443"},
		{"http:///example.com", "example.com"},
		{"http://example.com:80:80", "example.com"},
		{"ws://example.com", "example.com"},
		{"http://example.com\\.evil.de", "example.com"},
	} {
		f.Add(s[0], s[1])
	}
	host := regexp.MustCompile(`^(?i)([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, origin, asked string) {
		if !host.MatchString(asked) {
			return // net/http, or a client, would not have it
		}
		r := &http.Request{Host: asked, Header: http.Header{"Origin": {origin}}}
		allowed := (&Options{}).allowsOrigin(r)
		if same := sameOrigin(origin, asked); allowed != same {
			t.Fatalf("origin %q, host %q: allowed %v, the same %v", origin, asked, allowed, same)
		}
		if !(&Options{Origins: []string{origin}}).allowsOrigin(r) && origin != "" {
			t.Fatalf("origin %q is not allowed although it is listed", origin)
		}
	})
}

// sameOrigin says it by net/url, and by writing the origin anew.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	if !strings.EqualFold(origin, u.Scheme+"://"+u.Host) {
		return false // there is more to it than scheme and host
	}
	port := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	full := func(h string) string {
		p := &url.URL{Host: h}
		if p.Port() == "" {
			h = strings.TrimSuffix(h, ":") + ":" + port
		}
		return strings.Map(func(r rune) rune {
			if r >= 'A' && r <= 'Z' {
				r += 'a' - 'A'
			}
			return r
		}, h)
	}
	return u.Host != "" && !strings.HasSuffix(u.Host, ":") && full(u.Host) == full(host)
}

// FuzzExtensions: the offers are those of the grammar, which is written here
// as regular expressions.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{
		"permessage-deflate", "permessage-deflate; client_max_window_bits", `permessage-deflate; server_max_window_bits="15"`,
		`a;b="c\d",e`, `a;b="c,d"`, ",, a ,\t;", "a;;b", "a b", "a;b=", `a;b=""`, `a;b="c`, "a=b", `permessage-deflate; server_max_window_bits=15"`,
	} {
		f.Add(s)
	}
	const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
	const quoted = `"(?:\\?` + "[!#$%&'*+\\-.^_`|~0-9A-Za-z]" + `)+"`
	const param = `[ \t]*;[ \t]*(` + token + `)(?:[ \t]*(=)[ \t]*(` + token + `|` + quoted + `))?`
	const offer = `[ \t]*(` + token + `)((?:` + param + `)*)[ \t]*`
	list := regexp.MustCompile(`^(?:[ \t]*,)*(?:` + offer + `(?:,(?:` + offer + `|[ \t]*))*)?[ \t]*$`)
	one, each := regexp.MustCompile(`(?:^|,)`+offer), regexp.MustCompile(param)
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsAny(value, "\r\n\x00") {
			return // net/http would not have it
		}
		offers, ok := extensions([]string{value})
		if ok != list.MatchString(value) {
			t.Fatalf("%q: taken %v, by the grammar %v", value, ok, !ok)
		}
		if !ok {
			return
		}
		var want []extension
		for _, m := range one.FindAllStringSubmatch(value, -1) {
			e := extension{name: m[1]}
			for _, p := range each.FindAllStringSubmatch(m[2], -1) {
				v := strings.ReplaceAll(strings.Trim(p[3], `"`), `\`, "")
				e.params = append(e.params, parameter{p[1], v, p[2] != ""})
			}
			want = append(want, e)
		}
		same := func(a, b extension) bool { return a.name == b.name && slices.Equal(a.params, b.params) }
		if !slices.EqualFunc(offers, want, same) {
			t.Fatalf("%q: %+v, want %+v", value, offers, want)
		}
	})
}

// FuzzCloseFrame: whatever the code and the reason, what is sent is a Close
// frame that a peer has to take.
func FuzzCloseFrame(f *testing.F) {
	f.Add(uint16(1000), "")
	f.Add(uint16(1005), "x")
	f.Add(uint16(4000), strings.Repeat("ä\xff", 100))
	f.Fuzz(func(t *testing.T, code uint16, reason string) {
		frame := closeFrame(CloseCode(code), reason)
		if frame[0] != finBit|opClose || len(frame) > 127 || int(frame[1]) != len(frame)-2 {
			t.Fatalf("%x", frame)
		}
		if payload := frame[2:]; len(payload) > 0 {
			sent := CloseCode(binary.BigEndian.Uint16(payload))
			if !sent.sendable() || !bytes.Equal(payload[2:], bytes.ToValidUTF8(payload[2:], nil)) {
				t.Fatalf("%x", frame)
			}
		}
	})
}
