package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// summary feeds lines to a report and returns what it printed.
func summary(t *testing.T, lines ...string) (string, bool) {
	t.Helper()
	return promising(t, "", lines...)
}

// promising is summary under a document that names tests.
func promising(t *testing.T, document string, lines ...string) (string, bool) {
	t.Helper()
	var out bytes.Buffer
	r := newReport(&out)
	if document != "" {
		if err := r.promise(document); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range lines {
		r.line([]byte(l + "\n"))
	}
	ok := r.finish()
	return out.String(), ok
}

func contains(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(got, w) {
			t.Errorf("the report lacks %q:\n%s", w, got)
		}
	}
}

func TestPassAndSkip(t *testing.T) {
	got, ok := summary(t,
		`{"Action":"start","Package":"example.com/a"}`,
		`{"Action":"run","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestOne","Output":"chatter\n"}`,
		`{"Action":"pass","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"run","Package":"example.com/a","Test":"TestPage"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestPage","Output":"=== RUN   TestPage\n"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestPage","Output":"    page_test.go:7: no browser\n"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestPage","Output":"--- SKIP: TestPage (0.00s)\n"}`,
		`{"Action":"skip","Package":"example.com/a","Test":"TestPage"}`,
		`{"Action":"pass","Package":"example.com/a","Elapsed":1.25}`,
	)
	if !ok {
		t.Error("a run with a skipped test is not a failure")
	}
	contains(t, got, "ok    example.com/a", "skipped TestPage in example.com/a: page_test.go:7: no browser\n", "\n1 passed, 0 failed, 1 skipped\n")
	if strings.Contains(got, "chatter") {
		t.Errorf("the output of a test that passed is shown:\n%s", got)
	}
}

func TestFailureShowsItsOutput(t *testing.T) {
	got, ok := summary(t,
		`{"Action":"run","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestOne","Output":"    a_test.go:3: got 1, want 2\n"}`,
		`{"Action":"fail","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"fail","Package":"example.com/a","Elapsed":0.1}`,
	)
	if ok {
		t.Error("a failed test must fail the run")
	}
	contains(t, got, "a_test.go:3: got 1, want 2", "FAIL  example.com/a", "0 passed, 1 failed, 0 skipped")
}

// TestTimeIsOver: what a test prints that go test ends says where it stood.
func TestTimeIsOver(t *testing.T) {
	got, ok := summary(t,
		`{"Action":"run","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"run","Package":"example.com/a","Test":"TestOne/waits"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestOne/waits","Output":"panic: test timed out after 25m0s\n"}`,
		`{"Action":"output","Package":"example.com/a","Test":"TestOne/waits","Output":"\ta_test.go:3 +0x18\n"}`,
		`{"Action":"fail","Package":"example.com/a","Elapsed":1500}`,
	)
	if ok {
		t.Error("a test that does not end must fail the run")
	}
	contains(t, got, "panic: test timed out after 25m0s", "a_test.go:3", "FAIL  example.com/a", "0 passed, 1 failed, 0 skipped")
}

func TestBuildFailure(t *testing.T) {
	got, ok := summary(t,
		`{"ImportPath":"example.com/a","Action":"build-output","Output":"a.go:3:1: undefined: x\n"}`,
		`{"ImportPath":"example.com/a","Action":"build-fail"}`,
		`{"Action":"fail","Package":"example.com/a","Elapsed":0,"FailedBuild":"example.com/a"}`,
	)
	if ok {
		t.Error("a package that does not build must fail the run")
	}
	contains(t, got, "a.go:3:1: undefined: x", "0 passed, 1 failed, 0 skipped")
}

func TestRunThatStops(t *testing.T) {
	got, ok := summary(t,
		`{"Action":"run","Package":"example.com/a","Test":"TestOne"}`,
		`{"Action":"pass","Package":"example.com/a","Test":"TestOne"}`,
	)
	if ok {
		t.Error("a package that never ended must fail the run")
	}
	contains(t, got, "FAIL  example.com/a did not end")
}

func TestNothingRan(t *testing.T) {
	if got, ok := summary(t, `go: no such tool`); ok || !strings.Contains(got, "no such tool") {
		t.Errorf("no test at all must fail the run and show what was said; ok %v:\n%s", ok, got)
	}
}

// TestProgress: what runs for long is named now and then, however much it says.
func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var printed bytes.Buffer
		out := &shown{Writer: &printed, last: time.Now()}
		lines := make(chan []byte)
		go func() {
			defer close(lines)
			lines <- []byte(`{"Action":"run","Package":"example.com/a","Test":"TestSlow"}`)
			for range 61 {
				time.Sleep(time.Second)
				lines <- []byte(`{"Action":"output","Package":"example.com/a","Test":"TestSlow","Output":"on and on\n"}`)
			}
		}()
		follow(newReport(out), out, lines)
		if n := strings.Count(printed.String(), "running a.TestSlow"); n != 3 {
			t.Errorf("named %d times in a minute, want 3:\n%s", n, &printed)
		}
	})
}

func TestRunningNamesTheTests(t *testing.T) {
	var out bytes.Buffer
	r := newReport(&out)
	r.running()
	r.line([]byte(`{"Action":"run","Package":"example.com/a","Test":"TestSlow"}`))
	r.running()
	contains(t, out.String(), "compiling", "running a.TestSlow")
}
