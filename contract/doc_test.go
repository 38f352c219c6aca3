// Package contract_test holds what wsgen writes for others than Go programs to what
// those make of it: compilers, formatters, runtimes and a browser, against a real
// server. What it needs from npm is in package.json, with exact versions, and is
// installed into .cache at the repository's root (node_test.go).
package contract_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := installed.removeBuilt(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
