package kept_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wsgen/wsgen/chaos/internal/kept"
)

// began is when all of these stories begin.
var began = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// story is a Book that a test writes, a second after the other.
type story struct {
	*kept.Book
	*kept.Follower

	ben *kept.Follower // who gets all that a writer was told is kept, but by told
	now time.Time
}

// tell has a follower begin at E.10 of the room hall, and get 11 and 13, which is all
// that the room has.
func tell() *story {
	b := kept.NewBook()
	s := &story{Book: b, Follower: b.Follower("ann"), ben: b.Follower("ben"), now: began}
	s.ben.Connect([]string{"hall"})
	s.ben.Joined("hall", place("E.10"), nil, s.tick())
	s.comes("hall", "den")
	s.joined("hall", "E.10", "")
	s.keeps("hall", "E.11", "E.13")
	s.gets("hall", "E.11", "E.13")
	return s
}

func (s *story) tick() time.Time {
	s.now = s.now.Add(time.Second)
	return s.now
}

func place(text string) kept.Place {
	at, ok := kept.ReadPlace(text)
	if !ok {
		panic(text)
	}
	return at
}

// says is a message that is called after its room and place.
func (s *story) says(room, at string) kept.Message {
	return kept.Message{Text: room + " " + at, Rooms: 1, Said: s.now}
}

// comes has the follower connect, and say where it is.
func (s *story) comes(rooms ...string) map[string]kept.Place { return s.Connect(rooms) }

func (s *story) joined(room, at, recovered string) {
	var r *bool
	if recovered != "" {
		is := recovered == "recovered"
		r = &is
	}
	s.Joined(room, place(at), r, s.tick())
}

// told has a writer be told of a message, and nobody get it.
func (s *story) told(room, at string) { s.Kept(room, place(at), s.says(room, at), s.tick()) }

func (s *story) keeps(room string, places ...string) {
	for _, at := range places {
		s.told(room, at)
		s.ben.Heard(room, place(at), s.says(room, at), s.tick())
	}
}

func (s *story) gets(room string, places ...string) {
	for _, at := range places {
		s.Heard(room, place(at), s.says(room, at), s.tick())
	}
}

// holds checks what is found: nothing, or one thing that has all these words.
func (s *story) holds(t *testing.T, words ...string) {
	t.Helper()
	found := s.Verify(began)
	if len(words) == 0 {
		if len(found) > 0 {
			t.Errorf("found in a story in which nothing is wrong: %s", strings.Join(found, "\n"))
		}
		return
	}
	if len(found) != 1 {
		t.Fatalf("found %d things, want one: %s", len(found), strings.Join(found, "\n"))
	}
	for _, word := range words {
		if !strings.Contains(found[0], word) {
			t.Errorf("found %q, want it to say %q", found[0], word)
		}
	}
}

func TestNothingWrong(t *testing.T) {
	s := tell()
	s.Gone()
	s.keeps("hall", "E.14", "E.15")
	if at := s.comes("hall")["hall"]; at != place("E.13") {
		t.Errorf("claims %v", at)
	}
	s.gets("hall", "E.15") // as who has only joined
	s.joined("hall", "E.13", "recovered")
	s.gets("hall", "E.14", "E.15")
	s.holds(t)
	sums := s.Sums()
	if sums != (kept.Sums{Kept: 4, Heard: 9, Returns: 1}) {
		t.Errorf("%+v", sums)
	}
	if behind := s.Behind(s.Newest(), true); len(behind) > 0 {
		t.Error(behind)
	}
}

// TestGap: a message is missing between two others.
func TestGap(t *testing.T) {
	s := tell()
	s.keeps("hall", "E.14", "E.15")
	s.gets("hall", "E.15")
	s.holds(t, "I1", "ann has not got E.14 of hall", "between 13 and 15")
}

// TestGapNobodyToldOf: no writer knows of the message that is missing, but another
// follower has got it.
func TestGapNobodyToldOf(t *testing.T) {
	s := tell()
	for _, at := range []string{"E.14", "E.15"} {
		s.ben.Heard("hall", place(at), s.says("hall", at), s.tick())
	}
	s.gets("hall", "E.15")
	s.holds(t, "I1", "ann has not got E.14 of hall")
}

// TestGapOfWhoWasAway: what was pushed meanwhile is missing, and recovered is true.
func TestGapOfWhoWasAway(t *testing.T) {
	s := tell()
	s.Gone()
	s.keeps("hall", "E.14", "E.15")
	s.comes("hall")
	s.joined("hall", "E.13", "recovered")
	s.gets("hall", "E.15")
	s.holds(t, "I1", "ann has not got E.14 of hall")
}

// TestRecoveredElsewhere: who claims E.13 is told that it is recovered at E.14.
func TestRecoveredElsewhere(t *testing.T) {
	s := tell()
	s.Gone()
	s.keeps("hall", "E.14")
	s.comes("hall")
	s.joined("hall", "E.14", "recovered")
	s.holds(t, "I1", "ann was at E.13 of hall, and was recovered at E.14")
}

func TestDuplicate(t *testing.T) {
	s := tell()
	s.gets("hall", "E.13")
	s.holds(t, "I1", "ann was at E.13 of hall, and has got E.13: twice")
}

func TestOutOfOrder(t *testing.T) {
	s := tell()
	s.keeps("hall", "E.14", "E.15")
	s.gets("hall", "E.14", "E.15", "E.14")
	s.holds(t, "I1", "has got E.14: twice, or out of order")
}

// TestDuplicateOfWhoWasAway: what was had before comes again.
func TestDuplicateOfWhoWasAway(t *testing.T) {
	s := tell()
	s.Gone()
	s.comes("hall")
	s.joined("hall", "E.13", "recovered")
	s.gets("hall", "E.13")
	s.holds(t, "I1", "has got E.13: twice")
}

// TestUntoldReset: the history begins anew, and the follower is told nothing.
func TestUntoldReset(t *testing.T) {
	s := tell()
	s.Lose(s.tick())(s.tick())
	s.told("hall", "F.1")
	s.gets("hall", "F.1")
	s.holds(t, "I1", "ann was at E.13 of hall, and has got F.1, and was told of no reset")
}

// TestUntoldResetOfWhoWasAway: the same while it was away.
func TestUntoldResetOfWhoWasAway(t *testing.T) {
	s := tell()
	s.Lose(s.tick())(s.tick())
	s.Gone()
	s.comes("hall")
	s.joined("hall", "F.1", "")
	s.holds(t, "I1", "ann has said that it is at E.13 of hall", "begin at F.1", "not whether something is missing")
}

// TestToldReset: with a word it is right; and what is lost by that is nobody's fault.
func TestToldReset(t *testing.T) {
	s := tell()
	s.told("hall", "E.14") // and the engine loses it
	over := s.Lose(s.tick())
	s.Lost("hall", place("F.0"), s.tick())
	over(s.tick())
	s.told("hall", "F.1")
	s.gets("hall", "F.1")
	s.Gone()
	s.comes("hall")
	s.joined("hall", "F.3", "not")
	s.holds(t)
	if sums := s.Sums(); sums.Lost != 1 || sums.Missing != 1 || sums.Returns != 1 {
		t.Errorf("%+v", sums)
	}
}

// TestToldForNothing: nothing was lost, and a follower is told so.
func TestToldForNothing(t *testing.T) {
	s := tell()
	s.Lost("hall", place("E.13"), s.tick())
	s.holds(t, "I1", "ann was told at", "something of hall is missing", "the engine has lost nothing")
	s = tell() // also if nothing was ever kept there
	s.joined("den", "E.13", "")
	s.Lost("den", place("E.14"), s.tick())
	s.holds(t, "I1", "ann was told at", "something of den is missing", "the engine has lost nothing")
}

// TestPlaceGivenTwice: the engine counts on from before, and nobody notices.
func TestPlaceGivenTwice(t *testing.T) {
	s := tell()
	s.Kept("hall", place("E.13"), kept.Message{Text: "another", Rooms: 1, Said: s.now}, s.tick())
	found := s.Verify(began)
	if len(found) == 0 || !strings.Contains(found[0], "the place E.13 of hall was given twice") {
		t.Errorf("found %q", found)
	}
}

// TestHole: what the engine has lost without beginning anew is missing to nobody; what
// is beside it is.
func TestHole(t *testing.T) {
	s := tell()
	s.keeps("hall", "E.14", "E.16")
	s.Hole("hall", 13, 16)
	s.gets("hall", "E.16")
	s.holds(t)
	s = tell()
	s.keeps("hall", "E.14", "E.16")
	s.Hole("hall", 14, 16)
	s.gets("hall", "E.16")
	s.holds(t, "I1", "ann has not got E.14 of hall")
}

// TestUnion: what goes to two rooms comes in one of them.
func TestUnion(t *testing.T) {
	for _, c := range []struct {
		name  string
		gets  []string
		words []string
	}{
		{"in the first", []string{"hall E.14"}, nil},
		{"in the second", []string{"den D.5"}, nil},
		{"in both", []string{"hall E.14", "den D.5"}, []string{"I1", "ann has got both in den, and in [hall] before"}},
		{"in neither", nil, []string{"I1", "ann has not got"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell()
			s.joined("den", "D.4", "")
			both := kept.Message{Text: "both", Rooms: 2, Said: s.tick()}
			s.Book.Unsure(both, s.tick())
			s.Kept("hall", place("E.14"), both, s.tick())
			s.Kept("den", place("D.5"), both, s.tick())
			s.ben.Heard("hall", place("E.14"), both, s.tick())
			for _, where := range c.gets {
				room, at, _ := strings.Cut(where, " ")
				s.Heard(room, place(at), both, s.tick())
			}
			s.keeps("hall", "E.15")
			s.gets("hall", "E.15")
			s.holds(t, c.words...)
		})
	}
}

// TestUnionAgain: who has missed it may get it in each.
func TestUnionAgain(t *testing.T) {
	s := tell()
	s.joined("den", "D.4", "")
	s.Gone()
	both := kept.Message{Text: "both", Rooms: 2, Said: s.tick()}
	s.comes("hall", "den")
	s.joined("hall", "E.13", "recovered")
	s.Heard("hall", place("E.14"), both, s.tick())
	s.joined("den", "D.4", "recovered")
	s.Heard("den", place("D.5"), both, s.tick())
	s.holds(t)
}

// TestRefusedAndHeard: a writer was told that it is not kept, and it is.
func TestRefusedAndHeard(t *testing.T) {
	s := tell()
	s.Refused(s.says("hall", "E.14"), s.tick())
	s.gets("hall", "E.14")
	s.holds(t, "I2", "hall E.14 is in hall", "its writer was told that it is not kept")
}

// TestKeptAndLost: a writer was told that it is kept, and nobody gets it.
func TestKeptAndLost(t *testing.T) {
	s := tell()
	s.told("hall", "E.14")
	s.holds(t, "I2", "hall E.14 is kept at E.14 of hall, and nobody has got it")
	if behind := s.Behind(s.Newest(), true); len(behind) != 2 || !strings.Contains(behind[0], "ann is at E.13 of hall, and E.14 is the end") {
		t.Errorf("behind: %q", behind)
	}
	s.Lose(s.tick())
	s.holds(t)
}

// TestKeptBehindLoss: what was kept behind a loss may be missing to who was told so, and
// to nobody else.
func TestKeptBehindLoss(t *testing.T) {
	s := tell()
	s.Lose(s.tick())(s.tick())
	s.told("hall", "F.1")
	s.Lost("hall", place("F.1"), s.tick())
	s.holds(t, "I2", "hall F.1 is kept at F.1 of hall, and nobody has got it")
	s.ben.Lost("hall", place("F.1"), s.tick())
	s.holds(t)
}

// TestKeptTwice: what was tried again with its key is there twice.
func TestKeptTwice(t *testing.T) {
	s := tell()
	again := s.says("hall", "E.13")
	s.Heard("hall", place("E.14"), again, s.tick())
	s.holds(t, "I2", "hall E.13 is in hall twice: at E.13, and at E.14")
}

// TestUnsure: it is there or not, and either is right.
func TestUnsure(t *testing.T) {
	s := tell()
	s.Unsure(s.says("hall", "E.14"), s.tick())
	s.Unsure(s.says("hall", "E.15"), s.tick())
	s.gets("hall", "E.15")
	s.holds(t)
}

// TestAway: who does not follow in the end is behind, wherever it was.
func TestAway(t *testing.T) {
	s := tell()
	s.Gone()
	ends := map[string]kept.Place{"hall": place("E.13")}
	if behind := fmt.Sprint(s.Behind(ends, true)); !strings.Contains(behind, "ann was at E.13 of hall, and does not follow it") {
		t.Errorf("behind: %q", behind)
	}
	if behind := s.Behind(ends, false); len(behind) > 0 {
		t.Errorf("behind: %q", behind)
	}
	if nowhere := fmt.Sprint(s.Nowhere()); nowhere != "[ann follows nothing of den]" {
		t.Error(nowhere)
	}
}

// TestPlaces: what is no place is none.
func TestPlaces(t *testing.T) {
	for _, text := range []string{"", "E", ".1", "E.", "E.x", "E.-1"} {
		if at, ok := kept.ReadPlace(text); ok {
			t.Errorf("%q is %v", text, at)
		}
	}
	if at := place("E.18446744073709551615"); at.String() != "E.18446744073709551615" {
		t.Error(at)
	}
}
