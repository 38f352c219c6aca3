package packed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// packedVersion is the version as which the tree is packed.
var packedVersion = module.Version{Path: "github.com/wsgen/wsgen", Version: "v0.1.0"}

// nested returns the folders of the modules in the tree which users may get as
// well.
func nested() []string {
	return []string{
		"validator/playground", "runtime/metrics/prom", "runtime/metrics/otel",
		"runtime/broker/nats", "runtime/broker/nats/natstest", "runtime/broker/redis",
	}
}

// nestedVersion is the version as which a module in the tree is packed.
func nestedVersion(dir string) module.Version {
	return module.Version{Path: packedVersion.Path + "/" + dir, Version: packedVersion.Version}
}

// repository is the root of the tree.
func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "arch_test.go")); err != nil {
		t.Fatalf("%s is not the repository: %v", root, err)
	}
	return root
}

// treeFile is a file of the working tree, as zip.Create wants it.
type treeFile struct{ root, path string }

func (f treeFile) Path() string                 { return f.path }
func (f treeFile) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(f.root, f.path)) }
func (f treeFile) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(f.root, f.path)) }

// pack writes the tree, with what is not committed yet, into a folder of the
// form of a module proxy: a version of each module that users get.
func pack(t *testing.T, proxy string) string {
	t.Helper()
	packModule(t, proxy, repository(t), packedVersion)
	for _, dir := range nested() {
		packModule(t, proxy, filepath.Join(repository(t), filepath.FromSlash(dir)), nestedVersion(dir))
	}
	return proxy
}

// packModule writes the module at root. Nested modules are left out, as from a
// tag.
func packModule(t *testing.T, proxy, root string, version module.Version) {
	t.Helper()
	var files []zip.File
	for name := range strings.Lines(run(t, root, nil, "git", "ls-files", "-co", "--exclude-standard")) {
		f := treeFile{root, strings.TrimSuffix(name, "\n")}
		if info, err := f.Lstat(); err == nil && info.Mode().IsRegular() {
			files = append(files, f)
		}
	}
	var archive bytes.Buffer
	if err := zip.Create(&archive, version, files); err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(proxy, version.Path, "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"list":                    []byte(version.Version + "\n"),
		version.Version + ".info": fmt.Appendf(nil, `{"Version":%q}`, version.Version),
		version.Version + ".mod":  mod,
		version.Version + ".zip":  archive.Bytes(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// userEnv is the environment of a user whose only sources of modules are proxy
// and what this machine has downloaded before. The module cache is cache, a fresh
// one: the developer's must not learn of a version that does not exist.
func userEnv(t *testing.T, proxy, cache string) []string {
	t.Helper()
	env := map[string]string{}
	for _, name := range []string{"GOMODCACHE", "GOCACHE"} {
		env[name] = strings.TrimSpace(run(t, repository(t), nil, "go", "env", name))
	}
	downloads := filepath.Join(env["GOMODCACHE"], "cache", "download")
	env["GOMODCACHE"] = cache
	maps.Copy(env, map[string]string{
		"GOENV": "off", "GOWORK": "off", "GOTOOLCHAIN": "local", "GO111MODULE": "",
		"GOPROXY": fileURL(proxy) + "," + fileURL(downloads),
		"GOSUMDB": "off", "GOPRIVATE": "", "GONOPROXY": "", "GONOSUMDB": "",
		// The first spares the build cache a copy of every dependency for each
		// new module cache; the second lets the cache be removed afterwards.
		"GOFLAGS": "-trimpath -modcacherw",
	})
	var out []string
	for name, value := range env {
		out = append(out, name+"="+value)
	}
	return out
}

func fileURL(dir string) string {
	return "file:///" + strings.TrimPrefix(filepath.ToSlash(dir), "/")
}

// run runs a command to its end and returns what it printed.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	out, err := try(t.Context(), dir, env, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

func try(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
