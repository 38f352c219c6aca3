// Package servemux has the rules of http.ServeMux for the patterns of paths: which
// it takes, and which two it does not take together. The generator would otherwise
// import net/http, and all below it, for nothing else. A test holds the rules to
// those of http.ServeMux.
package servemux

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// Pattern is a path that ServeMux takes, without method and host. The zero value
// matches no request.
type Pattern struct {
	text     string
	segments []segment
}

// segment is what a pattern says of one part of a path, or of all that follows.
type segment struct {
	kind kind
	text string // what it spells out, unescaped, or the name of a wildcard
}

// kind is what a segment matches.
type kind uint8

const (
	literal  kind = iota // what it spells out
	wildcard             // {name}: one part, which is not empty
	rest                 // {name...}, or a slash at the end, which has no name: all that follows
)

// end is the segment of {$}: nothing stands behind the slash. An escaped slash, %2F,
// spells out the same, and ServeMux does not tell the two apart.
const end = "/"

// Parse reads a pattern. The error is what ServeMux says of one that it does not
// take.
func Parse(path string) (Pattern, error) {
	p := Pattern{text: path}
	if !strings.HasPrefix(path, "/") {
		return Pattern{}, errors.New("the path has no slash in front")
	}
	seen := map[string]bool{} // names
	for more := path; more != ""; {
		text, after := more[1:], ""
		if i := strings.IndexByte(text, '/'); i >= 0 {
			text, after = text[:i], text[i:]
		}
		if text == "" && after == "" {
			p.segments = append(p.segments, segment{kind: rest})
			break
		}
		s, err := parseSegment(text, after == "")
		if err != nil {
			return Pattern{}, err
		}
		if s.kind != literal {
			if seen[s.text] {
				return Pattern{}, fmt.Errorf("duplicate wildcard name %q", s.text)
			}
			seen[s.text] = true
		}
		p.segments = append(p.segments, s)
		more = after
	}
	return p, nil
}

// parseSegment reads what stands between two slashes, or behind the last one.
func parseSegment(text string, last bool) (segment, error) {
	i := strings.IndexByte(text, '{')
	if i < 0 {
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
		return segment{literal, text}, nil
	}
	if i > 0 {
		return segment{}, errors.New("bad wildcard segment (must start with '{')")
	}
	name, closed := strings.CutSuffix(text[1:], "}")
	name, all := strings.CutSuffix(name, "...")
	switch {
	case !closed:
		return segment{}, errors.New("bad wildcard segment (must end with '}')")
	case name == "$" && !all && !last:
		return segment{}, errors.New("{$} not at end")
	case name == "$" && !all:
		return segment{literal, end}, nil
	case all && !last:
		return segment{}, errors.New("{...} wildcard not at end")
	case name == "":
		return segment{}, errors.New("empty wildcard")
	case !identifier(name):
		return segment{}, fmt.Errorf("bad wildcard name %q", name)
	case all:
		return segment{rest, name}, nil
	}
	return segment{wildcard, name}, nil
}

// identifier reports whether name may be that of a wildcard: it begins with a
// letter or an underscore, and has these and digits only.
func identifier(name string) bool {
	for i, c := range name {
		if !unicode.IsLetter(c) && c != '_' && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return name != ""
}
