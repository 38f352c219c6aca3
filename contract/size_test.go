package contract_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSize: what a page has to load of a gateway with twelve events, minified and
// gzipped: by itself, and beside what others load if it keeps nothing. Of those none but
// centrifuge goes on in a history.
func TestSize(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	whole := n.bundled(t, `export { BoardClient } from "./client.ts";`)
	t.Logf("with histories %d bytes minified, %d gzipped", whole.minified, whole.gzipped)
	if most := 5 << 10; whole.gzipped > most {
		t.Errorf("the client has %d bytes gzipped, and may have %d", whole.gzipped, most)
	}
	ours := n.bundled(t, `export { BoardClient } from "./lean.ts";`)
	t.Logf("%d bytes minified, %d gzipped", ours.minified, ours.gzipped)
	for _, peer := range []struct {
		source string
		most   float64 // of it
	}{
		{`export { io } from "socket.io-client";`, 0.35},
		{`export { HubConnectionBuilder } from "@microsoft/signalr";`, 0.32},
		{`export { Centrifuge } from "centrifuge";`, 0.20},
	} {
		theirs := n.bundled(t, peer.source)
		ratio := float64(ours.gzipped) / float64(theirs.gzipped)
		t.Logf("%s %d gzipped: %.3f", peer.source, theirs.gzipped, ratio)
		if ratio > peer.most {
			t.Errorf("the client has %.3f times the bytes of %s, and may have %.2f", ratio, peer.source, peer.most)
		}
	}
}

type size struct{ minified, gzipped int }

// bundled is what a page loads of a module, everything that it imports included.
func (n *node) bundled(t *testing.T, source string) size {
	t.Helper()
	dir, err := os.MkdirTemp(n.built, "bundle-")
	if err != nil {
		t.Fatal(err)
	}
	in, out := filepath.Join(dir, "in.js"), filepath.Join(dir, "out.js")
	source = strings.ReplaceAll(source, "./", "../")
	if err := os.WriteFile(in, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.bin("esbuild/bin/esbuild", in, "--bundle", "--minify", "--format=esm", "--platform=browser",
		"--target=es2022", "--legal-comments=none", "--log-level=warning", "--outfile="+out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return size{len(text), zipped.Len()}
}
