package wsjson_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/wsgen/wsgen/runtime/wsjson"
)

// note has two texts.
type note struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

func readNote(r *wsjson.Reader) (v note) {
	for more := r.Object(); more; more = r.More() {
		switch string(r.Name()) {
		case "title":
			wsjson.ReadString(r, &v.Title)
		case "text":
			wsjson.ReadString(r, &v.Text)
		default:
			r.Skip("title", "text")
		}
	}
	return v
}

// notes are texts of data, at every length and place that matters for where they lie.
func notes() (all []string) {
	for _, n := range []int{0, 1, 500, 600, 5_000, 70_000} {
		long := strings.Repeat("a", n)
		all = append(all,
			fmt.Sprintf(`{"text":%q}`, long),
			fmt.Sprintf(`{"text":%q,"title":"later"}`, long),
			fmt.Sprintf(`{"title":%q,"text":%q}`, long, long),
			fmt.Sprintf(`{"text":%q,"text":"shorter"}`, long),
			fmt.Sprintf(`{"text":"%s\n"}`, long),
			fmt.Sprintf(`{"text":"\n%s\u00fc","title":"x"}`, long),
			fmt.Sprintf(`{"text":"%sä"}`, long),
			fmt.Sprintf(`{"text":"%s"}`, strings.Repeat("über\\n", n)),
		)
	}
	return all
}

// TestOwned: what is read of data that never changes is what encoding/json reads, and
// stays so when the Reader has gone on to other data.
func TestOwned(t *testing.T) {
	var r wsjson.Reader
	var got []note
	for _, text := range notes() {
		r.ResetOwned([]byte(text))
		got = append(got, readNote(&r))
		if !r.Plain() {
			t.Fatalf("%.60s is odd", text)
		}
		r.Release()
	}
	for i, text := range notes() {
		var want note
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		if got[i] != want {
			t.Errorf("%.60s became %.60q, want %.60q", text, got[i], want)
		}
	}
}

// TestNotOwned: data may be written over when it has been read, if nobody has said
// that it is owned.
func TestNotOwned(t *testing.T) {
	var r wsjson.Reader
	for i, reset := range []func([]byte){r.Reset, r.ResetUTF8} {
		r.ResetOwned([]byte(`{"text":"before"}`)) // which must not last
		for _, text := range notes() {
			data := []byte(text)
			reset(data)
			got := readNote(&r)
			clear(data)
			var want note
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("way %d: %.60s became %.60q", i, text, got)
			}
		}
	}
}
