package contract_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runtimes are what runs the client outside of browsers.
var runtimes = []struct {
	name, exe string // exe is below node_modules; "": Node on the PATH
	args      []string
	client    string
	ws        bool // the class of the library ws, by WsOptions.WebSocket
	tls       bool // over TLS, with a certificate that Node is told to trust
}{
	{name: "Node on the PATH, with ws", client: "client.mjs", ws: true},
	{name: "Node on the PATH, with its flag", client: "client.mjs", args: []string{"--experimental-websocket", "--no-warnings"}},
	{name: "Node 22", exe: "node-22/bin/node", client: "client.ts", args: []string{"--no-warnings"}},
	{name: "Node 24", exe: "node-24/bin/node", client: "client.ts", args: []string{"--no-warnings"}},
	{name: "Node on the PATH, with ws, over TLS", client: "client.mjs", ws: true, tls: true},
	{name: "Node 24, over TLS", exe: "node-24/bin/node", client: "client.ts", args: []string{"--no-warnings"}, tls: true},
	{name: "Deno", exe: "@deno/linux-x64-glibc/deno", client: "client.ts", args: []string{"run", "--quiet", "--allow-all", "--no-lock", "--no-config"}},
	{name: "Bun", exe: "@oven/bun-linux-x64/bin/bun", client: "client.ts"},
}

// TestBehaviours runs testdata/behaviours.mjs in every runtime, against a real server
// over a line that can be cut, with and without TLS.
func TestBehaviours(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	plain := serveSites(t, nil)
	secure, certificate := serveSecureSites(t)
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			exe := n.exe
			if r.exe != "" {
				exe = filepath.Join(n.dir, "node_modules", filepath.FromSlash(r.exe))
				if _, err := os.Stat(exe); err != nil {
					lack(t, errors.Join(errors.New("package.json has this runtime for Linux on x86-64 only"), err))
				}
			}
			url, env := plain, []string(nil)
			if r.tls {
				url, env = secure, []string{"NODE_EXTRA_CA_CERTS=" + certificate}
			}
			args := append(r.args[:len(r.args):len(r.args)], "behaviours.mjs", "./"+r.client, url)
			if r.ws {
				args = append(args, "ws")
			}
			printed, err := n.runWith(env, exe, args...)
			if err != nil {
				t.Fatal(err)
			}
			outcomes(t, strings.TrimSpace(printed), 31)
		})
	}
}
