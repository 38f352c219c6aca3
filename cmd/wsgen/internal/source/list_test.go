package source

import (
	"slices"
	"strings"
	"testing"
)

// TestEnvironment checks that the go command gets the environment that it is to
// have, and GOGC=200 unless GOGC is set.
func TestEnvironment(t *testing.T) {
	t.Setenv("WSGEN_TEST", "inherited")
	for _, c := range []struct {
		env  []string
		gogc string // of the test's own process
		want []string
	}{
		{[]string{"A=1"}, "", []string{"A=1", "GOGC=200"}},
		{[]string{"A=1", "GOGC=50"}, "", []string{"A=1", "GOGC=50"}},
		{[]string{"A=1"}, "50", []string{"A=1", "GOGC=200"}},
		{nil, "", []string{"WSGEN_TEST=inherited", "GOGC=200"}},
		{nil, "50", []string{"WSGEN_TEST=inherited", "GOGC=50"}},
	} {
		t.Setenv("GOGC", c.gogc)
		got := lister{env: c.env}.environment()
		if c.env == nil {
			got = slices.DeleteFunc(got, func(kv string) bool {
				return kv == "GOGC=" || !strings.HasPrefix(kv, "GOGC=") && !strings.HasPrefix(kv, "WSGEN_TEST=")
			})
			slices.SortFunc(got, func(a, b string) int { return -strings.Compare(a, b) })
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q and GOGC=%s: %q, want %q", c.env, c.gogc, got, c.want)
		}
	}
}
