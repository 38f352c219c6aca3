package contract_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// reactSite serves a page with the bundle of testdata/react.tsx, and the gateway of the
// page about clients beside it.
const reactSite = `package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"example.com/live/chat"
	ws "github.com/wsgen/wsgen/runtime"
)

func main() {
	server := ws.NewServer(ws.Options{})
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServer(http.Dir(%q)))
	ws.NewRouter(chat.NewChatEndpoint(server, &chat.Chat{Push: chat.NewEventsPush(server)}).Endpoint).Mount(mux)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go http.Serve(listener, mux)
	fmt.Println("http://" + listener.Addr().String())
	io.Copy(io.Discard, os.Stdin)
}
`

// TestReact has React mount what the page about clients has for it, in Chromium: each push
// is shown once, under StrictMode as well, and nothing is left when it is unmounted.
func TestReact(t *testing.T) {
	t.Parallel()
	n := needNode(t)
	d := guide(t, "clients")
	folder := d.write(t, n)
	program, err := os.ReadFile("testdata/react.tsx")
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, filepath.Join(folder, "react.tsx"), string(program))
	if _, err := n.compile("7.0", withDOM+`, "noEmit": true, "jsx": "react-jsx"`, filepath.Join(folder, "react.tsx")); err != nil {
		t.Fatal(err)
	}
	site := filepath.Join(folder, "site")
	n.write(t, filepath.Join(site, "index.html"), "<!doctype html><meta charset=utf-8><title>React</title><script type=module src=react.js></script>\n")
	// StrictMode runs effects twice in React's build for development only.
	_, err = n.bin("esbuild/bin/esbuild", filepath.Join(folder, "react.tsx"), "--bundle", "--format=esm", "--target=es2022", "--jsx=automatic",
		`--define:process.env.NODE_ENV="development"`, "--outfile="+filepath.Join(site, "react.js"), "--log-level=warning")
	if err != nil {
		t.Fatal(err)
	}
	m := newModule(t, d.packages)
	m.wsgen("chat/ws_gen.go", "./...")
	m.write("main.go", fmt.Sprintf(reactSite, filepath.Join(n.built, site)))
	p := newTab(t)
	p.open(t, m.serve())
	p.wait(t, `"results" in window`, `document.body.outerHTML`)
	printed := p.eval(t, `results.map((each) => JSON.stringify(each)).join("\n")`)
	outcomes(t, printed, 4)
}

// guide is one of documents.
func guide(t *testing.T, name string) document {
	t.Helper()
	for _, d := range documents(t) {
		if d.name == name {
			return d
		}
	}
	t.Fatalf("no page %s has TypeScript", name)
	panic("unreachable")
}
