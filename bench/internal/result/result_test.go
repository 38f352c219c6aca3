package result_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/bench/internal/result"
)

func TestWriteAndRead(t *testing.T) {
	want := result.Run{
		Name:    "a.jsonl",
		Machine: result.Machine{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Commit: "abc+", Cores: 2, Rows: []string{"fanout"}, Versions: map[string]string{"gws": "1.9.1"}},
		Samples: []result.Sample{
			{Row: "fanout", Server: "wsgen", Round: 1, Values: map[string]float64{"rate": 1.5, "lost": 0}},
			{Row: "fanout", Server: "gws", Note: "it has ended"},
			{Row: "fanout", Server: "wsgen", Round: 2, Values: map[string]float64{"rate": 2}},
		},
	}
	var b bytes.Buffer
	if err := result.Write(&b, want); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "\n"); n != 4 {
		t.Errorf("%d lines, want one for the machine and one for each sample:\n%s", n, &b)
	}
	got, err := result.Read("a.jsonl", &b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if v := got.Values("fanout", "wsgen", "rate"); len(v) != 2 || v[1] != 1.5 || v[2] != 2 {
		t.Errorf("rates by round: %v", v)
	}
	if s := got.Servers("fanout"); !reflect.DeepEqual(s, []string{"wsgen", "gws"}) {
		t.Errorf("servers: %v", s)
	}
	if got.Note("fanout", "gws") != "it has ended" || got.Note("fanout", "wsgen") != "" {
		t.Error("a note is lost or made up")
	}
}

func TestReadTellsTheLine(t *testing.T) {
	_, err := result.Read("b.jsonl", strings.NewReader("{\"machine\":{}}\n{\"row\":\n"))
	if err == nil || !strings.Contains(err.Error(), "b.jsonl:2") {
		t.Errorf("got %v, want an error that names b.jsonl:2", err)
	}
}
