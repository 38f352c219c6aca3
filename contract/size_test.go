package contract_test

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
)

// TestSize: what a page has to load of a gateway with twelve events, minified and
// gzipped, by itself and beside what others load.
func TestSize(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	ours := n.bundled(t, `export { BoardClient } from "./client.ts";`)
	t.Logf("%d bytes minified, %d gzipped", ours.minified, ours.gzipped)
	if most := 5 << 10; ours.gzipped > most {
		t.Errorf("the client has %d bytes gzipped, and may have %d", ours.gzipped, most)
	}
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
	source = string(bytes.ReplaceAll([]byte(source), []byte("./client"), []byte("../client")))
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
