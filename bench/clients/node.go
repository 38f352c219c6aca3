package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/wsgen/wsgen/templates/tsclient"
)

// node is Node with the clients: a folder that has node_modules, and the generated
// client as JavaScript.
type node struct {
	exe, version, dir string
}

// install has npm install the clients, without their scripts, beside a copy of ours.
func install(ctx context.Context, from string) (*node, error) {
	exe, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: install Node 20 or newer, with npm", err)
	}
	version, err := output(ctx, from, exe, "--version")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "wsgen-clients-")
	if err != nil {
		return nil, err
	}
	n := &node{exe, strings.TrimSpace(string(version)), dir}
	for _, name := range []string{"package.json", "package-lock.json", "listen.mjs", "board.gen.ts"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	if err := n.writeKept(); err != nil {
		return nil, err
	}
	sayf("npm ci")
	if _, err := output(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"); err != nil {
		return nil, err
	}
	return n, n.esbuild(ctx, "board.gen.ts", "board.mjs")
}

// writeKept writes the client that wsgen would write if pushes of the gateway were kept.
// Behind what is common to all clients the two are the same but for a digest.
func (n *node) writeKept() error {
	text, err := os.ReadFile(filepath.Join(n.dir, "board.gen.ts"))
	if err != nil {
		return err
	}
	whole, err := withHistories(string(text))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(n.dir, "kept.gen.ts"), []byte(whole), 0o600)
}

// withHistories is a client with what those have whose gateways keep pushes.
func withHistories(client string) (string, error) {
	before, behind, found := strings.Cut(client, tsclient.Part(tsclient.Common, false))
	if !found {
		return "", errors.New("board.gen.ts is stale: run make generate")
	}
	return before + tsclient.Part(tsclient.Common, true) + behind, nil
}

// esbuild makes a module of another.
func (n *node) esbuild(ctx context.Context, in, out string, more ...string) error {
	args := append([]string{
		filepath.Join("node_modules", "esbuild", "bin", "esbuild"), in,
		"--outfile=" + out, "--format=esm", "--target=es2022", "--log-level=warning",
	}, more...)
	_, err := output(ctx, n.dir, n.exe, args...)
	return err
}

// size is what a page loads for a client.
type size struct {
	Client   string `json:"client"`
	Minified int    `json:"minified"`
	Gzipped  int    `json:"gzipped"`
}

// What wsgen's clients are called in the results.
const (
	lean = "wsgen, with a gateway of 12 events"
	kept = "wsgen, the same if pushes are kept"
)

// bundles are the clients, each by all that a page needs of it.
var bundles = []struct{ client, source string }{
	{lean, `export { BoardClient } from "./board.gen.ts";`},
	{kept, `export { BoardClient } from "./kept.gen.ts";`},
	{"socket.io-client", `export { io } from "socket.io-client";`},
	{"@microsoft/signalr", `export { HubConnectionBuilder } from "@microsoft/signalr";`},
	{"centrifuge", `export { Centrifuge } from "centrifuge";`},
	{"phoenix", `export { Socket } from "phoenix";`},
}

// sizes bundles and minifies each client, and gzips it.
func (n *node) sizes(ctx context.Context) ([]size, error) {
	var all []size
	for _, b := range bundles {
		if err := os.WriteFile(filepath.Join(n.dir, "in.js"), []byte(b.source), 0o600); err != nil {
			return nil, err
		}
		if err := n.esbuild(ctx, "in.js", "out.js", "--bundle", "--minify", "--platform=browser", "--legal-comments=none"); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(filepath.Join(n.dir, "out.js"))
		if err != nil {
			return nil, err
		}
		var zipped bytes.Buffer
		w, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err != nil {
			return nil, err
		}
		_, _ = w.Write(text) // a Buffer does not fail
		_ = w.Close()
		all = append(all, size{b.client, len(text), zipped.Len()})
	}
	return all, nil
}

// listeners are what listen.mjs knows, in the order of a round.
var listeners = []string{"bare", "wsgen", "socket.io"}

// messages are how many come in a round.
const messages = 100_000

// listen has each client hear as many messages as come, in turn.
func (n *node) listen(ctx context.Context, rounds int) (map[string][]float64, error) {
	f, err := newFeed()
	if err != nil {
		return nil, err
	}
	defer f.server.Close()
	all := map[string]*listener{}
	for _, kind := range listeners {
		if all[kind], err = n.listener(ctx, kind, f.at); err != nil {
			return nil, err
		}
		defer all[kind].end()
	}
	rates := map[string][]float64{}
	for round := range rounds + 1 {
		for _, kind := range listeners {
			ms, err := all[kind].hear(messages)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", kind, err)
			}
			if round > 0 { // the first one is for the compiler
				rates[kind] = append(rates[kind], messages/ms*1000)
			}
		}
	}
	return rates, nil
}

// listener is a running listen.mjs.
type listener struct {
	cmd    *exec.Cmd
	orders io.WriteCloser
	told   *bufio.Scanner
}

func (n *node) listener(ctx context.Context, kind, at string) (*listener, error) {
	cmd := exec.CommandContext(ctx, n.exe, "listen.mjs", kind, at)
	cmd.Dir, cmd.Stderr = n.dir, os.Stderr
	orders, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	told, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &listener{cmd, orders, bufio.NewScanner(told)}, cmd.Start()
}

// hear has so many messages come, and returns how many milliseconds that took.
func (l *listener) hear(messages int) (float64, error) {
	if _, err := fmt.Fprintln(l.orders, messages); err != nil {
		return 0, err
	}
	if !l.told.Scan() {
		return 0, fmt.Errorf("it has ended: %v", l.told.Err())
	}
	return strconv.ParseFloat(l.told.Text(), 64)
}

func (l *listener) end() {
	_ = l.orders.Close()
	_ = l.cmd.Wait()
}
