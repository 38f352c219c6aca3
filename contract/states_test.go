package contract_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// outcome is what a script says of one case.
type outcome struct {
	Name  string
	Wrong string // "" if it was as it should be
}

// outcomes reports what a script has printed, a line of JSON for each case.
func outcomes(t *testing.T, printed string, atLeast int) {
	t.Helper()
	n := 0
	for line := range strings.Lines(printed) {
		var o outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Errorf("the script prints %q: %v", line, err)
			continue
		}
		n++
		t.Run(o.Name, func(t *testing.T) {
			if o.Wrong != "" {
				t.Error(o.Wrong)
			}
		})
	}
	if n < atLeast {
		t.Errorf("%d cases, and not %d", n, atLeast)
	}
}

// TestClientStates carries out the talks of runtime/client/testdata/states.txt: what
// every client does in each of its states, cell by cell. The Go client's test of this
// name has the same.
func TestClientStates(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	printed, err := n.run(n.exe, "talks.mjs", "client.mjs", "talks.txt")
	if err != nil {
		t.Fatal(err)
	}
	outcomes(t, printed, 117)
}

// TestPageStates plays testdata/states.txt: what a client in TypeScript has beyond that,
// in a page above all.
func TestPageStates(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	printed, err := n.run(n.exe, "states.mjs", "client.mjs", "states.txt")
	if err != nil {
		t.Fatal(err)
	}
	outcomes(t, printed, 42)
}
