package servemux

import (
	"cmp"
	"fmt"
	"strings"
)

// relation is how the requests of two patterns a and b relate: bits of what is
// true. Without any of them both match the same requests.
type relation uint8

const (
	wider    relation = 1 << iota // a matches requests that b does not
	narrower                      // b matches requests that a does not
	disjoint                      // no request matches both
)

// Conflict says, in ServeMux's words, why it does not take a pattern beside another
// one that it has; "" if it does. equal says that both match the same requests;
// else they overlap, and neither is more specific.
func Conflict(added, other Pattern) (why string, equal bool) {
	a, b := added.segments, other.segments
	if len(a) == 0 || len(b) == 0 {
		return "", false
	}
	switch compare(a, b) {
	case 0:
		return fmt.Sprintf("%s matches the same requests as %s", added.text, other.text), true
	case wider | narrower:
		return fmt.Sprintf(`%[1]s and %[2]s both match some paths, like %[3]q.
But neither is more specific than the other.
%[1]s matches %[4]q, but %[2]s doesn't.
%[2]s matches %[5]q, but %[1]s doesn't.`, added.text, other.text, both(a, b), first(a, b), first(b, a)), false
	}
	return "", false
}

// compare puts together what is true of the segments, one by one. Where one pattern
// is longer, the other one matches it only with a rest at its end.
func compare(a, b []segment) relation {
	var r relation
	for i := range min(len(a), len(b)) {
		r |= compareSegments(a[i], b[i])
	}
	switch {
	case len(a) < len(b) && a[len(a)-1].kind == rest:
		r |= wider
	case len(a) > len(b) && b[len(b)-1].kind == rest:
		r |= narrower
	case len(a) != len(b):
		return disjoint
	}
	if r&disjoint != 0 {
		return disjoint
	}
	return r
}

func compareSegments(a, b segment) relation {
	switch {
	case a.kind > b.kind && !(a.kind == wildcard && b.text == end):
		return wider
	case a.kind < b.kind && !(b.kind == wildcard && a.text == end):
		return narrower
	case a.kind != b.kind, a.kind == literal && a.text != b.text:
		return disjoint // a wildcard does not match the end
	}
	return 0
}

// both is a path that matches a and b, which overlap.
func both(a, b []segment) string {
	var path strings.Builder
	n := min(len(a), len(b))
	for i := range n {
		if a[i].kind == literal {
			write(&path, a[i])
		} else {
			write(&path, b[i])
		}
	}
	write(&path, a[n:]...)
	write(&path, b[n:]...)
	return path.String()
}

// first is a path that matches a and not b, which overlap.
func first(a, b []segment) string {
	var path strings.Builder
	n := min(len(a), len(b))
	for i := range n {
		s, t := a[i], b[i]
		switch {
		case s.kind == rest:
			// A slash at the end is enough, unless b matches that alone.
			path.WriteByte('/')
			if t == (segment{literal, end}) {
				path.WriteString(cmp.Or(s.text, "x"))
			}
			return path.String()
		case s.kind == wildcard && t == (segment{literal, s.text}):
			write(&path, segment{literal, s.text + "x"})
		default:
			write(&path, s)
		}
	}
	write(&path, a[n:]...)
	write(&path, b[n:]...)
	return path.String()
}

// write writes a path that matches segments: a wildcard is its name.
func write(path *strings.Builder, segments ...segment) {
	for _, s := range segments {
		path.WriteByte('/')
		if s.kind != rest && s.text != end {
			path.WriteString(s.text)
		}
	}
}
