package cli_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/cli"
)

// TestExitCodes checks the exit codes. The terminal sessions in
// ../../testdata/script cannot tell 1 from 2.
func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		args string
		code int
	}{
		{"help", 0},
		{"help check", 0},
		{"-h", 0},
		{"check -help", 0},
		{"version", 0},
		{"version now", 2},
		{"generte", 2},
		{"help generte", 2},
		{"-nope", 2},
		{"-format=xml", 2},
		{"-wire", 2},
		{"-wire=sometimes", 2},
		{"check chat", 2},
		{"check ./chat -tags=x", 2},
		{"check -stdout", 2},
		{"-C testdata/nowhere", 1},
	} {
		t.Run(tc.args, func(t *testing.T) {
			var out, err bytes.Buffer
			if code := cli.Main(strings.NewReader(""), &out, &err, strings.Fields(tc.args)); code != tc.code {
				t.Errorf("exit code %d, want %d\n%s%s", code, tc.code, &out, &err)
			}
			if (tc.code == 0) != (err.Len() == 0) || (tc.code == 0) != (out.Len() > 0) {
				t.Errorf("stdout %q, stderr %q: help belongs to the first, complaints to the second", &out, &err)
			}
		})
	}
}
