package servemux

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// TestPatterns holds the rules to those of http.ServeMux: for each path alone, and
// for any two of them.
func TestPatterns(t *testing.T) {
	t.Parallel()
	compareAll(t, []string{
		"/", "//", "/a", "/a/", "/a//b", "/a/b", "/a/b/", "/a/b/c", "/A", "/b", "/b/a",
		"/{x}", "/{y}", "/{x}/", "/{x...}", "/{$}", "/a/{$}", "/a/{x}", "/a/{x...}", "/a/{a}", "/a/{x}/", "/a/{x}/{$}",
		"/a/{x}/b", "/{x}/b", "/{b}/b", "/{x}/{y}", "/{x}/{y...}", "/{x}/b/", "/{x}/b/{$}", "/{a}/b/{c}", "/a/{b}/{c...}",
		"/a/{y}/c", "/a/b/{z}", "/{x}/{y}/c", "/b/{x}/{y...}", "/{x}/b/{z...}", "/{x}/{y}/{$}", "/a/{x}/{y}/",
		"/%61", "/%2F", "/a/%2F", "/%zz", "/a%20b", "/%7Bx%7D", "/ä", "/{ä}", "/{ä1}", "/{_}", "/{x_1}", "/a.b", "/a/./b", "/..",
		"/{", "/}", "/{}", "/{x", "/x}", "/a{x}", "/{x}a", "/{x}}", "/{{x}", "/{x}{y}", "/{1}", "/{x-y}", "/{x y}", "/{...}",
		"/{$}/a", "/{$...}", "/{x...}/a", "/{x...}/", "/{x}/{x}", "/{x}/{x...}", "/{x}/{y}/{x}", "/{$x}", "/{x}/{$}/{x}", "/{ }", "/{x.}", "/{x..}", "/{x....}",
		"/?", "/a?b", "/#", "/\u00a0", "/a/{x}/{$}/b",
	})
}

// TestRandomPatterns holds them to those for patterns of random parts. The seed is
// fixed, so that what fails once fails again.
func TestRandomPatterns(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	parts := []string{"a", "a", "b", "x", "", "%61", "%2F", "{a}", "{x}", "{y}", "{z}", "{a...}", "{y...}", "{$}"}
	for range 100 {
		paths := make([]string, 40)
		for i := range paths {
			var path strings.Builder
			for range 1 + random.IntN(4) {
				path.WriteString("/" + parts[random.IntN(len(parts))])
			}
			paths[i] = path.String()
		}
		compareAll(t, paths)
	}
}

// compareAll compares what is said of paths with what ServeMux says.
func compareAll(t *testing.T, paths []string) {
	t.Helper()
	for _, path := range paths {
		if strings.ContainsAny(path, " \t") {
			continue // ServeMux takes what stands in front for a method
		}
		p, err := Parse(path)
		got, want := "", reason(refusal(path))
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, http.ServeMux says %q", path, got, want)
		}
		for _, other := range paths {
			o, wrong := Parse(other)
			if err != nil || wrong != nil || strings.ContainsAny(other, " \t") {
				continue
			}
			got, equal := Conflict(p, o)
			_, want, _ := strings.Cut(refusal(other, path), "\n")
			if got != want || equal != strings.Contains(want, "matches the same requests") {
				t.Errorf("%q beside %q: %q, equal: %v; http.ServeMux says %q", path, other, got, equal, want)
			}
		}
	}
}

// refusal is what http.ServeMux says of the last of patterns.
func refusal(patterns ...string) (said string) {
	defer func() {
		if v := recover(); v != nil {
			said = fmt.Sprint(v)
		}
	}()
	mux := http.NewServeMux()
	for _, p := range patterns {
		mux.Handle(p, http.NotFoundHandler())
	}
	return ""
}

// reason is what is wrong with a pattern, without the pattern and the place in it.
func reason(said string) string {
	_, place, ok := strings.Cut(said, "at offset ")
	if !ok {
		return said
	}
	_, why, _ := strings.Cut(place, ": ")
	return why
}

// TestParseRelative checks that a path needs a slash in front: with something
// there, it would be a pattern with a host.
func TestParseRelative(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "a", "a/b", "GET /a"} {
		if _, err := Parse(path); err == nil {
			t.Errorf("%q is taken for a path", path)
		}
	}
	zero := Pattern{}
	if why, equal := Conflict(zero, zero); why != "" || equal {
		t.Errorf("patterns without requests conflict: %s", why)
	}
}
