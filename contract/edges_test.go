package contract_test

import "testing"

// TestEdges: loops that are ended from outside end, what has ended is let go of, of
// histories no more is noted than a server takes, a token that comes too late is not
// shown, and what can never connect says why.
func TestEdges(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	printed, err := n.run(n.exe, "edges.mjs", "client.mjs")
	if err != nil {
		t.Fatal(err)
	}
	outcomes(t, printed, 9)
}
