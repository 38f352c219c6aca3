package packed

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// walk is one way through a document.
type walk struct {
	name, steps, document string
	wire                  bool
	module                string // the folder of the module, below the user's
	workspace             bool   // a go.work has the module
	before                string // lines that are run before, because the document takes them for granted
}

// TestAsAUserGetsIt carries out the README and the guides with the packed tree.
// The walks share a module cache, as one user's modules would.
func TestAsAUserGetsIt(t *testing.T) {
	root := repository(t)
	env := packedEnv(t)
	walks := []walk{
		{name: "plain", steps: "plain", document: "README.md", module: "."},
		{name: "wire", steps: "wire", document: "README.md", module: ".", wire: true},
		{name: "wire in a workspace", steps: "wire", document: "README.md", module: ".", wire: true, workspace: true},
		{name: "new", steps: "new", document: "README.md", module: "hello"},
		{name: "init", steps: "init", document: "README.md", module: ".", before: "go mod init example.com/mine\n"},
	}
	for _, guide := range guides(t, root) {
		walks = append(walks, walk{name: strings.TrimSuffix(filepath.Base(guide), ".md"), steps: "guide", document: guide, module: "."})
	}
	for _, walk := range walks {
		t.Run(walk.name, func(t *testing.T) {
			u := newUser(t, env)
			if walk.workspace {
				u.env = append(slices.Clone(env), "GOWORK=") // the last one counts
				run(t, u.dir, u.env, "go", "work", "init")
				u.write(t, "go.work", u.files(t)["go.work"]+"\nuse .\n")
			}
			if walk.before != "" {
				run(t, u.dir, u.env, "sh", "-ec", walk.before)
			}
			for _, s := range steps(t, walk.document, walk.steps) {
				u.do(t, s)
			}
			if walk.name == "new" {
				u.lookAtPage(t)
			}
			u.dir = filepath.Join(u.dir, walk.module)
			u.checkModule(t, walk.wire)
		})
	}
}

// prepared is what all users have: the packed tree, and the modules of one cache.
var prepared struct {
	once sync.Once
	dir  string
	env  []string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(prepared.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// packedEnv is the environment of a user who has nothing but the packed tree and
// the modules that go.sum names. They are downloaded if they are not there yet. It is
// made once: to unpack all modules again takes the go command longer than a walk.
func packedEnv(t *testing.T) []string {
	t.Helper()
	prepared.once.Do(func() {
		var err error
		if prepared.dir, err = os.MkdirTemp("", "packed"); err != nil {
			t.Fatal(err)
		}
		root := repository(t)
		for _, dir := range packedModules(root) {
			run(t, dir, []string{"GOWORK=off"}, "go", "mod", "download")
		}
		prepared.env = userEnv(t, pack(t, filepath.Join(prepared.dir, "proxy")), filepath.Join(prepared.dir, "mod"))
	})
	if prepared.env == nil {
		t.Fatal("the tree could not be packed: see what the first test says")
	}
	return prepared.env
}

// packedModules are the folders of the modules whose requirements a user of
// the documents may get.
func packedModules(root string) []string {
	all := []string{root, filepath.Join(root, "examples", "live")}
	for _, dir := range nested() {
		all = append(all, filepath.Join(root, filepath.FromSlash(dir)))
	}
	return all
}

// TestNestedFirst checks that each module in the module may be the first that a user
// gets: it asks for a version of the other one that there is.
func TestNestedFirst(t *testing.T) {
	env := packedEnv(t)
	programs := map[string]struct{ text, says string }{
		"validator/playground": {`package main

import (
	"fmt"

	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/validator/playground"
)

func main() {
	options := ws.Options{Validator: playground.New(nil)}
	fmt.Println(options.Validator.Validate(struct {
		Name string ` + "`json:\"name\" validate:\"required\"`" + `
	}{}))
}
`, "required"},
		"runtime/metrics/prom": {`package main

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	ws "github.com/wsgen/wsgen/runtime"
	"github.com/wsgen/wsgen/runtime/metrics/prom"
)

func main() {
	metrics := prom.New(prom.Options{})
	metrics.Watch(ws.NewServer(ws.Options{Observer: metrics.Observer()}))
	prometheus.MustRegister(metrics)
	families, err := prometheus.DefaultGatherer.Gather()
	fmt.Println(families, err)
}
`, "wsgen_server_connections"},
		"runtime/broker/nats": {`package main

import (
	"fmt"

	natsbroker "github.com/wsgen/wsgen/runtime/broker/nats"
)

func main() {
	_, err := natsbroker.New(natsbroker.Options{Prefix: "*"}).Open("main", nil)
	fmt.Println(err)
}
`, "natsbroker: Options.Prefix"},
		"runtime/broker/nats/natstest": {`package main

import (
	"fmt"
	"strings"

	"github.com/wsgen/wsgen/runtime/broker/nats/natstest"
)

func main() {
	server, err := natstest.Start()
	if err != nil {
		panic(err)
	}
	defer server.Close()
	fmt.Println(strings.TrimRight(server.URL(), "0123456789"))
}
`, "nats://127.0.0.1:"},
		"runtime/broker/redis": {`package main

import (
	"fmt"

	redisbroker "github.com/wsgen/wsgen/runtime/broker/redis"
)

func main() {
	_, err := redisbroker.New(redisbroker.Options{}).Open("main", nil)
	fmt.Println(err)
}
`, "redisbroker: Options.Client.InitAddress is empty"},
		"runtime/metrics/otel": {`package main

import (
	"context"
	"fmt"

	ws "github.com/wsgen/wsgen/runtime"
	wsotel "github.com/wsgen/wsgen/runtime/metrics/otel"
	"go.opentelemetry.io/otel/trace/noop"
)

func main() {
	telemetry, err := wsotel.New(wsotel.Options{TracerProvider: noop.NewTracerProvider()})
	observer := telemetry.Observer()
	telemetry.Watch(ws.NewServer(ws.Options{Observer: observer}))
	_, answered := observer.Connecting(context.Background(), ws.Handshake{Gateway: "chat.Room"})
	answered(nil, nil)
	fmt.Println("observed:", err, telemetry.Close())
}
`, "observed: <nil> <nil>"},
	}
	for _, dir := range nested() {
		t.Run(dir, func(t *testing.T) {
			u := newUser(t, env)
			u.write(t, "main.go", programs[dir].text)
			for _, line := range []string{"mod init example.com/first", "get " + nestedVersion(dir).Path + "@latest", "vet ./..."} {
				run(t, u.dir, u.env, "go", strings.Fields(line)...)
			}
			if said := run(t, u.dir, u.env, "go", "run", "."); !strings.Contains(said, programs[dir].says) {
				t.Errorf("the program says %q", said)
			}
			// A user who comes to want gateways has the rest at the same version.
			run(t, u.dir, u.env, "go", "get", "-tool", packedVersion.Path+"/cmd/wsgen@latest")
			mod := u.files(t)["go.mod"]
			for _, v := range []string{packedVersion.String(), nestedVersion(dir).String()} {
				if !strings.Contains(mod, strings.Replace(v, "@", " ", 1)) {
					t.Errorf("go.mod does not require %s:\n%s", v, mod)
				}
			}
			u.checkModule(t, false)
		})
	}
}

// guides lists the guides that have something to carry out.
func guides(t *testing.T, root string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "guide", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no guides: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "<!-- user guide: ") {
			names = append(names, "docs/guide/"+filepath.Base(file))
		}
	}
	return names
}

// checkModule checks the go.mod and go.sum that the user ends up with. They have
// only modules that this repository knows and has tested, and wire only if the user
// asked for it.
func (u *user) checkModule(t *testing.T, wire bool) {
	t.Helper()
	files := u.files(t)
	if strings.Contains(files["go.mod"], "replace") {
		t.Errorf("go.mod has a replace:\n%s", files["go.mod"])
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		if got := strings.Contains(files[name], "google/wire"); got != wire {
			t.Errorf("%s names google/wire: %v, want %v\n%s", name, got, wire, files[name])
		}
	}
	known := map[string]bool{}
	for _, dir := range packedModules(repository(t)) {
		data, err := os.ReadFile(filepath.Join(dir, "go.sum"))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			known[line] = true
		}
	}
	third := 0
	for line := range strings.Lines(files["go.sum"]) {
		if strings.HasPrefix(line, packedVersion.Path+" ") || strings.HasPrefix(line, packedVersion.Path+"/") {
			continue
		}
		third++
		if !known[line] {
			t.Errorf("the user's go.sum has a line that ours has not: %s", line)
		}
	}
	if third == 0 {
		t.Error("the user's go.sum names no third-party module")
	}
}
