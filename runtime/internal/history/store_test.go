package history

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// kept is a Log for tests.
func kept(size int, ttl time.Duration) *Log { return &Log{Name: "test", Size: size, TTL: ttl} }

// put appends a message of some bytes.
func put(s *Store, k Key, n int) *Entry {
	e, _ := s.Append(k, "", Entry{}, func(string, Position) []byte { return make([]byte, n) })
	return e
}

// after reads all after an offset.
func after(s *Store, k Key, offset uint64) Page { return s.Read(k, Position{s.epoch, offset}, 1<<20) }

// offsets are those of a page.
func offsets(p Page) (all []uint64) {
	for _, e := range p.Entries {
		all = append(all, e.Offset)
	}
	return all
}

func TestStore(t *testing.T) {
	s := NewStore(1 << 20)
	defer s.Close()
	l := kept(3, time.Hour)
	a, b := Key{Log: l, Name: "a"}, Key{Log: l, Name: "b"}
	if p := after(s, a, 0); !p.Complete || p.Top != 0 || p.Entries != nil {
		t.Errorf("of nothing: %+v", p)
	}
	for i := uint64(1); i <= 5; i++ {
		e, duplicate := s.Append(a, "", Entry{}, func(id string, at Position) []byte { return fmt.Append(nil, id, " ", at.Offset) })
		if e.Offset != i || e.Prev != i-1 || duplicate || string(e.Frame) != fmt.Sprint(a.ID(), " ", i) {
			t.Errorf("%+v", e)
		}
	}
	if e := put(s, b, 1); e.Offset != 1 || e.Prev != 0 {
		t.Errorf("another room: %+v", e)
	}
	if s.End(a) != (Position{s.epoch, 5}) || s.End(b) != (Position{s.epoch, 1}) {
		t.Error(s.End(a), s.End(b))
	}
	for _, c := range []struct {
		at       Position
		complete bool
		want     []uint64
	}{
		{Position{s.epoch, 5}, true, nil},
		{Position{s.epoch, 4}, true, []uint64{5}},
		{Position{s.epoch, 2}, true, []uint64{3, 4, 5}},
		{Position{s.epoch, 1}, false, nil},
		{Position{s.epoch, 6}, false, nil},
		{Position{"other", 5}, false, nil},
	} {
		if p := s.Read(a, c.at, 10); p.Complete != c.complete || !slices.Equal(offsets(p), c.want) || p.Top != 5 || p.Epoch != s.epoch {
			t.Errorf("after %v: %+v", c.at, p)
		}
	}
	if p := s.Read(a, Position{s.epoch, 2}, 2); !slices.Equal(offsets(p), []uint64{3, 4}) || p.Top != 5 {
		t.Errorf("a page: %+v", p)
	}
}

// TestStoreKeys: a key is known for two minutes, in its room.
func TestStoreKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStore(1 << 20)
		defer s.Close()
		l := kept(2, time.Second)
		a, b := Key{Log: l, Name: "a"}, Key{Log: l, Name: "b"}
		add := func(k Key, key string) (uint64, bool) {
			e, duplicate := s.Append(k, key, Entry{}, func(string, Position) []byte { return nil })
			return e.Offset, duplicate
		}
		for i, want := range []struct {
			k         Key
			key       string
			after     time.Duration
			offset    uint64
			duplicate bool
		}{
			{a, "x", 0, 1, false},
			{a, "x", 0, 1, true},
			{b, "x", 0, 1, false},
			{a, "", 0, 2, false},
			{a, "", 0, 3, false},
			{a, "y", 0, 4, false},
			{a, "x", keyWindow - 1, 1, true}, // its message is long gone
			{a, "x", 1, 5, false},
			{a, "x", 0, 5, true},
		} {
			time.Sleep(want.after)
			if offset, duplicate := add(want.k, want.key); offset != want.offset || duplicate != want.duplicate {
				t.Errorf("%d: %d, %v", i, offset, duplicate)
			}
		}
	})
}

// TestStoreAges: messages go when they are too old, also where nothing happens any
// more; what a history has come to is remembered for longer, and by those who follow
// it for ever.
func TestStoreAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStore(1 << 20)
		defer s.Close()
		long, short := kept(10, time.Hour), kept(10, 10*time.Second)
		a, b, c := Key{Log: long, Name: "a"}, Key{Log: short, Name: "b"}, Key{Log: short, Name: "c"}
		put(s, a, 100)
		put(s, b, 100)
		put(s, c, 100)
		s.Pin(c)
		time.Sleep(6 * time.Second)
		put(s, b, 100)
		time.Sleep(4 * time.Second)
		if p := after(s, b, 0); p.Complete {
			t.Errorf("too old: %+v", p)
		}
		if p := after(s, b, 1); !p.Complete || !slices.Equal(offsets(p), []uint64{2}) {
			t.Errorf("young: %+v", p)
		}
		time.Sleep(10 * time.Second)
		if n := s.Numbers(); n.Entries != 1 || n.Logs != 3 {
			t.Errorf("%+v", n)
		}
		if p := after(s, b, 2); !p.Complete || p.Top != 2 {
			t.Errorf("who has all has missed nothing: %+v", p)
		}
		time.Sleep(2 * rest)
		if n := s.Numbers(); n.Entries != 0 || n.Logs != 1 || n.Pressed != 0 {
			t.Errorf("%+v", n)
		}
		if p := after(s, c, 1); !p.Complete {
			t.Errorf("it is followed: %+v", p)
		}
		s.Unpin(c)
		time.Sleep(2 * rest)
		if n := s.Numbers(); n != (Numbers{}) {
			t.Errorf("left: %+v", n)
		}
		if p := after(s, b, 1); p.Complete {
			t.Errorf("it was forgotten: %+v", p)
		}
	})
}

// TestStoreOffsetsOnce: a history that was forgotten and comes back gives no offset
// that it has given before, so nobody takes what is new for what they have had.
func TestStoreOffsetsOnce(t *testing.T) {
	s := NewStore(20 * (entryBytes + logBytes))
	defer s.Close()
	l := kept(10, time.Hour)
	a := Key{Log: l, Name: "a"}
	for range 7 {
		put(s, a, 1)
	}
	for i := range 40 {
		put(s, Key{Log: l, Name: fmt.Sprint(i)}, 1)
	}
	if p := after(s, a, 7); !p.Complete && p.Top < 7 || len(p.Entries) > 0 {
		t.Errorf("%+v", p)
	}
	e := put(s, a, 1)
	if e.Offset <= 7 {
		t.Errorf("given twice: %+v", e)
	}
	if p := after(s, a, 6); p.Complete {
		t.Errorf("7 is forgotten: %+v", p)
	}
	if n := s.Numbers(); n.Bytes > 20*(entryBytes+logBytes) || n.Pressed == 0 {
		t.Errorf("%+v", n)
	}
}

// TestStoreBound: whatever is kept, for whomever, it is not more than it may be, and
// what goes is what was pushed to longest ago.
func TestStoreBound(t *testing.T) {
	const most = 64 << 10
	s := NewStore(most)
	defer s.Close()
	l := kept(1000, time.Hour)
	busy, calm := Key{Log: l, Name: "busy"}, Key{Log: l, Name: "calm"}
	put(s, calm, 100)
	s.Pin(calm)
	for i := range 1000 {
		_, _ = s.Append(busy, fmt.Sprint("key", i), Entry{}, func(string, Position) []byte { return make([]byte, 1000) })
		if n := s.Numbers(); n.Bytes > most {
			t.Fatalf("%+v", n)
		}
	}
	if p := after(s, calm, 0); p.Complete || p.Top != 1 {
		t.Errorf("the calm room's message should be gone, its end known: %+v", p)
	}
	if p := after(s, busy, 980); !p.Complete || len(p.Entries) != 20 {
		t.Errorf("the busy room has lost the newest: %+v", p)
	}
	put(s, busy, 2*most)
	if n := s.Numbers(); n.Bytes > most {
		t.Errorf("one that is too large: %+v", n)
	}
	if p := after(s, busy, 1001); !p.Complete || p.Top != 1001 {
		t.Errorf("who has had it has missed nothing: %+v", p)
	}
	for i := range 10_000 {
		s.Pin(Key{Log: l, Name: fmt.Sprint("visited", i)})
		s.Unpin(Key{Log: l, Name: fmt.Sprint("visited", i)})
	}
	put(s, busy, 1)
	if n := s.Numbers(); n.Bytes > most {
		t.Errorf("rooms that were followed and left: %+v", n)
	}
}

// TestStoreModel: a page that says it is complete has all that came after the position,
// whatever was forgotten meanwhile.
func TestStoreModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	synctest.Test(t, func(t *testing.T) {
		logs := []*Log{kept(5, 20*time.Second), {Name: "other", Size: 50, TTL: 5 * time.Second}}
		s := NewStore(80 << 10)
		defer s.Close()
		given := map[Key][]uint64{}
		complete, pins := 0, map[Key]int{}
		for range 50_000 {
			k := Key{Log: logs[random.IntN(2)], User: random.IntN(2) == 0, Name: fmt.Sprint(random.IntN(1 + random.IntN(30)))}
			switch random.IntN(10) {
			case 0:
				if random.IntN(10) > 0 {
					continue
				}
				time.Sleep(time.Duration(random.IntN(int(3 * time.Second))))
			case 1:
				if random.IntN(2000) == 0 {
					time.Sleep(rest)
				}
			case 2:
				s.Pin(k)
				pins[k]++
			case 3:
				if pins[k] > 0 {
					s.Unpin(k)
					pins[k]--
				}
			case 4, 5, 6:
				end := s.End(k).Offset + 2
				offset := end - uint64(random.IntN(int(min(end, 30))))
				p := after(s, k, offset)
				if n := s.Numbers(); n.Bytes > 80<<10 {
					t.Fatalf("%+v", n)
				}
				if !p.Complete {
					continue
				}
				complete++
				want := slices.DeleteFunc(slices.Clone(given[k]), func(o uint64) bool { return o <= offset })
				if !slices.Equal(offsets(p), want) || p.Top < offset {
					t.Fatalf("after %d: %v, given were %v", offset, offsets(p), given[k])
				}
			default:
				e := put(s, k, random.IntN(500))
				if all := given[k]; len(all) > 0 && e.Offset <= all[len(all)-1] {
					t.Fatalf("%d was given before: %v", e.Offset, all)
				}
				given[k] = append(given[k], e.Offset)
			}
		}
		t.Logf("%d complete pages, %+v", complete, s.Numbers())
		if complete < 1000 || s.Numbers().Pressed == 0 {
			t.Error("that shows little")
		}
	})
}

// TestStoreWeight: what a Store says that it weighs is about what it takes.
func TestStoreWeight(t *testing.T) {
	s := NewStore(1 << 30)
	defer s.Close()
	l := kept(5, time.Hour)
	var before, behind runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 20_000 {
		for range 5 {
			put(s, Key{Log: l, Name: fmt.Sprint("room ", i)}, 200)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&behind)
	took, says := int(behind.HeapAlloc-before.HeapAlloc), s.Numbers().Bytes
	t.Logf("%d bytes, it says %d", took, says)
	if took > says*5/4 || says > 2*took {
		t.Errorf("%d bytes, it says %d", took, says)
	}
	runtime.KeepAlive(s)
}

func BenchmarkAppend(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		b.Run(fmt.Sprint(rooms, "rooms"), func(b *testing.B) {
			s := NewStore(64 << 20)
			defer s.Close()
			l := kept(100, time.Hour)
			keys := make([]Key, rooms)
			for i := range keys {
				keys[i] = Key{Log: l, Name: fmt.Sprint("room ", i)}
			}
			frame := make([]byte, 200)
			build := func(string, Position) []byte { return frame }
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.Append(keys[i%rooms], "", Entry{}, build)
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
	s := NewStore(64 << 20)
	defer s.Close()
	k := Key{Log: kept(100, time.Hour), Name: "room"}
	for range 100 {
		put(s, k, 200)
	}
	b.ReportAllocs()
	for b.Loop() {
		if p := after(s, k, 0); len(p.Entries) != 100 {
			b.Fatal(len(p.Entries))
		}
	}
}
