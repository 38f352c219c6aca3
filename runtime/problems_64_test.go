//go:build !386 && !arm && !mips && !mipsle

package ws_test

import (
	"strings"
	"testing"

	ws "github.com/wsgen/wsgen/runtime"
)

// TestLongestMessage: a length that no frame can have here is cut, and told.
func TestLongestMessage(t *testing.T) {
	err := ws.Options{MaxMessageBytes: 1 << 31}.Problems()
	if err == nil || !strings.Contains(err.Error(), "MaxMessageBytes: 2147483648 is cut to 2147483647, which is the most: write Unlimited") {
		t.Error(err)
	}
}
