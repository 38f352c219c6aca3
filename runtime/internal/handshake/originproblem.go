package handshake

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// OriginProblem returns why no browser sends an origin as it is written, and
// how to write it; "" if one may. An origin is compared as it stands
// (sameHost), and browsers write it in one way only: scheme, host, and the port
// if it is not the scheme's own (RFC 6454, section 6.2; the URL standard, "host
// serializing").
func OriginProblem(written string) string {
	switch {
	case written == "":
		return "an entry is empty: take it out"
	case written == "*":
		return `there are no patterns, "*" neither: name each origin, or set InsecureSkipOriginCheck`
	case strings.Contains(written, "*"):
		return fmt.Sprintf("%.100q: there are no patterns, since one lets in more than is meant: name each origin", written)
	case strings.Contains(written, ","):
		return fmt.Sprintf("%.100q: write one origin an entry", written)
	case strings.TrimSpace(written) != written:
		return fmt.Sprintf("%.100q: take off the space around it", written)
	case foldASCII(written, "null"): // of sandboxed frames and files
		return ""
	}
	var why string
	scheme, rest, ok := strings.Cut(written, "://")
	if !ok {
		scheme, rest, why = "https", strings.TrimPrefix(written, "//"), "it has no scheme"
	}
	if foldASCII(scheme, "ws") || foldASCII(scheme, "wss") {
		scheme, why = "http"+scheme[2:], "an origin is that of the page, not of the WebSocket"
	}
	authority := rest
	if i := strings.IndexAny(rest, `/?#\`); i >= 0 {
		authority, why = rest[:i], "it has a path"
		if rest[i:] == "/" {
			why = "it has a slash at its end"
		}
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority, why = authority[i+1:], "it has a user"
	}
	if authority == "" {
		return fmt.Sprintf("%.100q has no host: write one, as in \"https://app.example.com\"", written)
	}
	if foldASCII(scheme, "http") || foldASCII(scheme, "https") { // others have hosts of their own kind
		proper, reason, cure := properAuthority(authority, defaultPort(scheme))
		if cure != "" {
			return fmt.Sprintf("%.100q: %s", written, cure)
		}
		if reason != "" {
			authority, why = proper, reason
		}
	}
	if why == "" {
		return ""
	}
	return fmt.Sprintf("%.100q: %s, and no browser sends it so: write %.100q", written, why, scheme+"://"+authority)
}

func defaultPort(scheme string) string {
	if foldASCII(scheme, "http") {
		return "80"
	}
	return "443"
}

// properAuthority returns the host and port of a page as browsers write them,
// with the reason if that is another way. Where it cannot know, it returns the
// cure.
func properAuthority(authority, own string) (proper, reason, cure string) {
	host, port, colon := authority, "", false
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		host, port, colon = authority[:i], authority[i+1:], true
	}
	host, reason, cure = properHost(host)
	switch n, err := strconv.ParseUint(port, 10, 16); {
	case cure != "":
		return "", "", cure
	case !colon:
		return host, reason, ""
	case port == "":
		return host, "it has a colon without a port", ""
	case err != nil:
		return "", "", "the port is no number up to 65535: correct it"
	case port == own:
		return host, "it has the port that its scheme has anyway", ""
	case strconv.FormatUint(n, 10) != port:
		return host + ":" + strconv.FormatUint(n, 10), "its port begins with a zero", ""
	}
	return host + ":" + port, reason, ""
}

// properHost is properAuthority for the host.
func properHost(host string) (proper, reason, cure string) {
	for i := range len(host) {
		switch c := host[i]; {
		case c >= 0x80:
			return "", "", `browsers send a name that is not ASCII in its ASCII form: write that ("xn--…")`
		case c <= ' ' || c == 0x7f || strings.IndexByte("%<>^|`{}\"", c) >= 0:
			return "", "", fmt.Sprintf("no host has the character %q: correct it", c)
		}
	}
	if literal, ok := strings.CutPrefix(host, "["); ok {
		addr, err := netip.ParseAddr(strings.TrimSuffix(literal, "]"))
		if err != nil || !addr.Is6() || !strings.HasSuffix(literal, "]") || addr.Zone() != "" {
			return "", "", "what stands in brackets is no IPv6 address: correct it"
		}
		proper = "[" + addr.String() + "]"
		if addr.Is4In6() || foldASCII(proper, host) {
			return host, "", ""
		}
		return proper, "its IPv6 address is not in the short form", ""
	}
	if strings.Contains(host, ":") {
		return "", "", `an IPv6 address stands in brackets: write "https://[::1]:8443"`
	}
	name := strings.TrimSuffix(host, ".")
	if last := name[strings.LastIndexByte(name, '.')+1:]; name != "" && strings.Trim(last, "0123456789") == "" {
		if _, err := netip.ParseAddr(name); err != nil {
			return "", "", "the host is no IPv4 address as browsers write it: four numbers without leading zeros"
		}
	}
	return host, "", ""
}
