package scaffold_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/wsgen/wsgen/cmd/wsgen/internal/scaffold"
)

// TestCheckoutAsksNoProxy checks that a module gets a checkout of wsgen as a tool where
// the proxy refuses to answer, and does not ask it about what the checkout has.
func TestCheckoutAsksNoProxy(t *testing.T) {
	var asked atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Error(w, "not for you", http.StatusForbidden)
	}))
	defer proxy.Close()
	checkout, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n\ngo 1.26.0\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	mod := scaffold.Modfile{
		Dir: dir, Said: func(string) {},
		Env: append(os.Environ(), "GOPROXY="+proxy.URL, "GOSUMDB=off", "GOFLAGS=", "GONOPROXY=none", "GOPRIVATE=", "GOWORK=off"),
	}
	if _, err := mod.AddTool(t.Context(), scaffold.Source{Dir: checkout}); err != nil {
		t.Error(err)
	}
	if _, tool, err := mod.Read(t.Context()); err != nil || !tool {
		t.Errorf("tool = %v, %v", tool, err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
}
