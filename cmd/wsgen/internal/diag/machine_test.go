package diag

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"
)

func sample(dir string) List {
	file := filepath.Join(dir, "a,b", "chat.go")
	return List{
		{
			Code: "WS022", Pos: pos(file, 3, 7), End: pos(file, 3, 15), Message: "50% <twice>: a, b", Help: "rename\none",
			Related: []Related{{Pos: pos("/gone.go", 1, 9), Message: "the first"}},
		},
		{Code: "WS001", Message: "m", Warning: true},
		{Code: "WS028", Pos: pos(file, 4, 1), End: pos(file, 6, 2), Message: "m"},
	}
}

func TestGitHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b bytes.Buffer
	if err := GitHub(&b, sample(dir), dir); err != nil {
		t.Fatal(err)
	}
	const want = "::error file=a%2Cb/chat.go,line=3,col=7,endLine=3,endColumn=15,title=wsgen WS022::50%25 <twice>: a, b%0Arename%0Aone%0A/gone.go:1: the first%0A" + docs + "#ws022\n" +
		"::warning title=wsgen WS001::m%0A" + docs + "#ws001\n" +
		"::error file=a%2Cb/chat.go,line=4,col=1,endLine=6,title=wsgen WS028::m%0A" + docs + "#ws028\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
	if err := GitHub(full{}, sample(dir), dir); err == nil {
		t.Error("no error")
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var b bytes.Buffer
	if err := JSON(&b, sample(dir), dir); err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	const want = `[{"code":"WS022","severity":"error","message":"50% <twice>: a, b","help":"rename\none","docs":"` + docs + `#ws022",` +
		`"range":{"file":"a,b/chat.go","line":3,"column":7,"endLine":3,"endColumn":15},"related":[{"message":"the first","range":{"file":"/gone.go","line":1,"column":9}}]},` +
		`{"code":"WS001","severity":"warning","message":"m","docs":"` + docs + `#ws001"},` +
		`{"code":"WS028","severity":"error","message":"m","docs":"` + docs + `#ws028","range":{"file":"a,b/chat.go","line":4,"column":1,"endLine":6,"endColumn":2}}]`
	if compact.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &compact, want)
	}
	b.Reset()
	if err := JSON(&b, nil, dir); err != nil || b.String() != "[]\n" {
		t.Errorf("no mistakes: %q, %v", &b, err)
	}
}
