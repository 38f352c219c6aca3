package contract_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestSpeed: a push into a listener costs at most 1.5 times JSON.parse of the same frame
// and a lookup. What counts is the best of several tries, each the median of rounds in
// which both take turns. So a machine with much to do is no reason to fail, and other
// tests here wait meanwhile.
func TestSpeed(t *testing.T) {
	n := needNode(t)
	const most = 1.5
	printed, err := n.run(n.exe, "speed.mjs", "client.mjs", fmt.Sprint(most))
	if err != nil {
		t.Fatal(err)
	}
	var ratios []float64
	for word := range strings.FieldsSeq(printed) {
		ratio, err := strconv.ParseFloat(word, 64)
		if err != nil {
			t.Fatalf("the script prints %q", printed)
		}
		ratios = append(ratios, ratio)
	}
	if len(ratios) == 0 {
		t.Fatal("nothing was measured")
	}
	if best := slices.Min(ratios); best > most {
		t.Errorf("a push costs %.2f times JSON.parse and a lookup, and may cost %g times (%.2f)", best, most, ratios)
	} else {
		t.Logf("a push costs %.2f times JSON.parse and a lookup", best)
	}
}
