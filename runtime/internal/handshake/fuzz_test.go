package handshake

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// This file holds the parsers between a peer and the rest to others that were
// written for these tests: slow, simple, and from the standard's text.

// FuzzOrigin: an origin that may connect is the host's own, also to a parser of
// URLs. The host's own may connect, however it is written.
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
		allowed := AllowsOrigin(r, nil)
		if same := sameOrigin(origin, asked); allowed != same {
			t.Fatalf("origin %q, host %q: allowed %v, the same %v", origin, asked, allowed, same)
		}
		if !AllowsOrigin(r, []string{origin}) && origin != "" {
			t.Fatalf("origin %q is not allowed although it is listed", origin)
		}
	})
}

// sameOrigin compares by net/url, and by writing the origin anew.
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
