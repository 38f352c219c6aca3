package wsclient_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestClientStates carries out the talks of testdata/states.txt: what a client does in
// each of its states, whatever happens. The client in TypeScript carries them out, too
// (contract/states_test.go).
func TestClientStates(t *testing.T) {
	for _, talk := range talks(t, "testdata/states.txt") {
		t.Run(talk.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { talk.carryOut(t) })
		})
	}
}

// talk is what client, server and user do, one step after the other.
type talk struct {
	name  string
	token []string // nil: there is no function
	stuck bool     // connections are not made
	// others says that it is for clients in another language.
	others bool
	steps  []step
}

// step is one line.
type step struct {
	line       int
	verb, rest string
}

// talks reads a file of them, without those that are for other languages.
func talks(t *testing.T, file string) (all []talk) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var same []*talk // those that the next line is of
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimSpace(line)
		if title, is := strings.CutPrefix(line, "== "); is {
			all = append(all, finished(same)...)
			same = begin(title)
		} else if line != "" && line[0] != '#' {
			for _, x := range same {
				x.add(number, line)
			}
		}
	}
	all = append(all, finished(same)...)
	if len(all) < 50 {
		t.Fatalf("%s has %d talks", file, len(all))
	}
	return all
}

// begin returns the talks of a title: one for each word in its braces.
func begin(title string) (all []*talk) {
	name, words, many := strings.Cut(title, " {")
	if !many {
		return []*talk{{name: name}}
	}
	for word := range strings.FieldsSeq(strings.TrimSuffix(words, "}")) {
		all = append(all, &talk{name: name + " " + word})
	}
	return all
}

// finished returns what is for this language.
func finished(all []*talk) (out []talk) {
	for _, x := range all {
		if !x.others {
			out = append(out, *x)
		}
	}
	return out
}

// add adds a line. {} in it stands for the last word of the name.
func (x *talk) add(number int, line string) {
	word := x.name[strings.LastIndexByte(x.name, ' ')+1:]
	verb, rest, _ := strings.Cut(strings.ReplaceAll(line, "{}", word), " ")
	switch verb {
	case "only":
		x.others = rest != "go"
	case "token":
		x.token = strings.Fields(rest)
	case "dial":
		x.stuck = true
	case "times":
		n, again, _ := strings.Cut(rest, " ")
		times, err := strconv.Atoi(n)
		if err != nil {
			panic(fmt.Sprintf("line %d: %v", number, err))
		}
		for range times {
			x.add(number, again)
		}
	default:
		x.steps = append(x.steps, step{number, verb, rest})
	}
}

func (x *talk) carryOut(t *testing.T) {
	s := newStage(t, x)
	defer s.end()
	verbs := s.verbs()
	for _, step := range x.steps {
		synctest.Wait()
		do := verbs[step.verb]
		if do == nil {
			t.Fatalf("line %d: no such verb: %s", step.line, step.verb)
		}
		if wrong := do(step.rest); wrong != "" {
			t.Fatalf("line %d: %s %s: %s", step.line, step.verb, step.rest, wrong)
		}
	}
}

// passes has time pass.
func passes(d string) string {
	wait, err := time.ParseDuration(d)
	if err != nil {
		return err.Error()
	}
	time.Sleep(wait)
	return ""
}
