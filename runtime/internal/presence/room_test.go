package presence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// alone returns a Room of a node without others.
func alone(linger time.Duration, most int) *Room {
	return New(&Options{Linger: linger, Max: most, Alone: true}, false, 0)
}

func entryOf(conn uint64, key, meta string) Entry {
	return Entry{Conn: conn, Key: key, Meta: fmt.Sprintf("%q", meta)}
}

// String writes a Delta: + people, - keys, and how many there are.
func (d Delta) String() string {
	var words []string
	if d.Full {
		words = append(words, "full")
	}
	for _, p := range d.Joined {
		words = append(words, "+"+p.Key+strings.Join(p.Metas, ""))
	}
	for _, key := range d.Left {
		words = append(words, "-"+key)
	}
	return strings.Join(append(words, fmt.Sprint("=", d.Count)), " ")
}

// told returns what those who watch are told at a time; "" is nothing.
func (r *Room) told(now time.Duration) string {
	if d, ok, _ := r.Turn(now); ok {
		return d.String()
	}
	return ""
}

// TestPeople: those who watch are told of people, who have connections.
func TestPeople(t *testing.T) {
	const s = time.Second
	r := alone(2*s, 0)
	check := func(now time.Duration, want string) {
		t.Helper()
		if got := r.told(now); got != want {
			t.Errorf("at %v told %q, want %q", now, got, want)
		}
	}
	r.Set(entryOf(2, "ann", "b"), 0)
	check(0, `+ann"b" =1`)
	check(0, "")
	r.Set(entryOf(1, "ann", "a"), 1*s)
	check(1*s, `+ann"a""b" =1`)
	r.Set(entryOf(1, "ann", "a"), 2*s)
	check(2*s, "")
	r.Set(entryOf(3, "bob", ""), 2*s)
	check(2*s, `+bob"" =2`)
	r.Unset(2, 3*s)
	check(3*s, `+ann"a" =2`)

	// Who is back in time has never left; with something new to say that is told.
	r.Unset(1, 4*s)
	if check(4*s, ""); r.Due() != 6*s {
		t.Errorf("due at %v", r.Due())
	}
	r.Set(entryOf(4, "ann", "a"), 5*s)
	check(5*s, "")
	check(6*s, "")
	r.Unset(4, 7*s)
	r.Set(entryOf(5, "ann", "c"), 8*s)
	check(8*s, `+ann"c" =2`)

	// Who is not leaves, when that time is over.
	r.Unset(5, 10*s)
	check(12*s-1, "")
	check(12*s, "-ann =1")
	if r.Unset(5, 12*s); r.Due() != Never {
		t.Errorf("due at %v", r.Due())
	}

	// A connection may become another person's.
	r.Set(entryOf(3, "cid", ""), 13*s)
	check(13*s, `+cid"" =2`)
	check(15*s, "-bob =1")
}

// TestGather: what changes within a moment is told together, and what nobody knows of
// is not told when it is over.
func TestGather(t *testing.T) {
	r := alone(0, 0)
	if got := r.Full().String(); got != "full =0" {
		t.Errorf("%q", got)
	}
	r.Set(entryOf(1, "ann", ""), 0)
	r.told(0)
	r.Set(entryOf(2, "bob", ""), 1)
	r.Set(entryOf(3, "cid", "1"), 1)
	r.Unset(1, 2)
	r.Unset(2, 2)
	r.Set(entryOf(3, "cid", "2"), 3)
	if got := r.told(gather - 1); got != "" || r.Due() != gather {
		t.Errorf("%q, due at %v", got, r.Due())
	}
	if got := r.told(gather); got != `+cid"2" -ann =1` {
		t.Errorf("%q", got)
	}

	// Who has got a list in between knows more than others, and all know the same
	// afterwards.
	r.Set(entryOf(4, "dan", ""), gather+1)
	if got := r.Full().String(); got != `full +cid"2" +dan"" =2` {
		t.Errorf("%q", got)
	}
	r.Unset(4, gather+2)
	if got := r.told(2 * gather); got != "-dan =1" {
		t.Errorf("%q", got)
	}
}

// TestMax: of very many people only the number is told, once a second.
func TestMax(t *testing.T) {
	r := alone(0, 2)
	now := time.Duration(0)
	check := func(want string) {
		t.Helper()
		if got := r.told(now); got != want {
			t.Errorf("at %v told %q, want %q", now, got, want)
		}
	}
	for i := range 2 {
		r.Set(entryOf(uint64(i), fmt.Sprint(i), ""), now)
	}
	check(`+0"" +1"" =2`)
	now += gather
	r.Set(entryOf(2, "2", ""), now)
	if check("full =3"); r.Full().String() != "full =3" {
		t.Errorf("%q", r.Full())
	}
	r.Set(entryOf(3, "3", ""), now)
	r.Set(entryOf(4, "4", ""), now)
	now += gatherMany - 1
	check("")
	now++
	check("=5")
	r.Set(entryOf(4, "4", "another"), now)
	r.Unset(3, now)
	r.Set(entryOf(3, "5", ""), now)
	now += gatherMany
	check("")
	for i := range uint64(3) {
		r.Unset(i, now)
	}
	check(`full +4"another" +5"" =2`)
	now += gather
	r.Unset(4, now)
	check("-4 =1")
	if got := r.People(); len(got) != 1 || got[0].Key != "5" {
		t.Errorf("%v", got)
	}
}

// TestManyTabs: of a person with very many connections some are told.
func TestManyTabs(t *testing.T) {
	r := alone(0, 0)
	for i := range uint64(3 * MaxMetas) {
		r.Set(entryOf(3*MaxMetas-i, "ann", fmt.Sprint(3*MaxMetas-i)), 0)
	}
	p := r.People()
	if len(p) != 1 || len(p[0].Metas) != MaxMetas || p[0].Metas[0] != `"1"` || p[0].Metas[MaxMetas-1] != fmt.Sprintf("%q", fmt.Sprint(MaxMetas)) {
		t.Errorf("%v", p)
	}
}

// FuzzHear: whatever a node sends, it is taken or not, and what it is told of is
// within its bounds.
func FuzzHear(f *testing.F) {
	f.Add(uint8(Change), uint64(0), uint64(1), appendGone(appendEntry(nil, entryOf(1, "ann", "a")), 2))
	f.Add(uint8(State), uint64(0), uint64(1), appendEntry(appendEntry(nil, entryOf(1, "ann", "a")), entryOf(2, "", "")))
	f.Add(uint8(Ask), uint64(0), uint64(0), appendKnown(appendKnown(nil, 7, 300), 8, 0))
	f.Add(uint8(Digest), uint64(0), uint64(9), []byte(nil))
	f.Fuzz(func(t *testing.T, kind uint8, since, version uint64, items []byte) {
		before := slices.Clone(items)
		o := Options{
			Self: 7, Versions: new(Versions), Most: func() int { return 1 << 10 }, Member: func(uint64) bool { return true },
			Random: func(time.Duration) time.Duration { return 0 },
		}
		r := New(&o, true, 0)
		m := Message{Kind: Kind(kind), Since: since, Version: version, Last: true, Items: items}
		from := Origin{Node: 8, Base: 1}
		taken := r.Hear(&from, &m, 0)
		if !slices.Equal(items, before) {
			t.Fatal("it changes what it reads")
		}
		people := r.People()
		if !taken && len(people)+len(r.parts) > 0 {
			t.Errorf("%v of what is malformed", people)
		}
		for _, p := range people {
			for _, meta := range p.Metas {
				if len(p.Key) > MaxKey || len(meta) > MaxMeta {
					t.Errorf("%d and %d bytes", len(p.Key), len(meta))
				}
			}
		}
		r.Turn(0)
		if due := r.Due(); due <= 0 {
			t.Errorf("after a turn, there is something to do since %v", due)
		}
		Nobody(&o, &from, &m)
		all, ok := ReadEntries(items)
		var again []byte
		for _, e := range all {
			again = AppendEntry(again, e)
		}
		if ok && len(again) > len(items) {
			t.Errorf("%d bytes of entries become %d", len(items), len(again))
		}
	})
}

// TestParts: what is much is told in parts, and all of it arrives.
func TestParts(t *testing.T) {
	options := func(self uint64) *Options {
		return &Options{
			Self: self, Versions: new(Versions), Most: func() int { return 5 * maxItem }, Member: func(uint64) bool { return true },
			Random: func(time.Duration) time.Duration { return 0 },
		}
	}
	a, b := New(options(1), true, 0), New(options(2), true, 0)
	want := map[string]bool{}
	for i := range uint64(500) {
		key := fmt.Sprintf("%0*d", MaxKey, i)
		want[key] = true
		a.Set(entryOf(i, key, "m"), 0)
	}
	parts := 0
	deliver := func(to *Room, from uint64, out []Message, now time.Duration) {
		for _, m := range out {
			if len(m.Items) > 5*maxItem {
				t.Fatalf("%d bytes", len(m.Items))
			}
			if m.Kind == State {
				parts++
			}
			if !to.Hear(&Origin{Node: from, Direct: m.Direct}, &m, now) {
				t.Fatalf("refused: kind %d", m.Kind)
			}
		}
	}
	for now := time.Duration(0); now < 10*time.Second; now += gather {
		_, _, out := a.Turn(now)
		deliver(b, 1, out, now)
		_, _, out = b.Turn(now)
		deliver(a, 2, out, now)
	}
	got := map[string]bool{}
	for _, p := range b.People() {
		got[p.Key] = true
	}
	if !maps.Equal(got, want) || parts < 20 {
		t.Errorf("%d of %d, in %d parts", len(got), len(want), parts)
	}
	for i := range uint64(500) {
		a.Unset(i, 20*time.Second)
	}
	_, _, out := a.Turn(20 * time.Second)
	deliver(b, 1, out, 20*time.Second)
	if b.Count() != 0 {
		t.Errorf("%d are there still", b.Count())
	}
}

// TestSilence: whose last word was lost is asked after a while, and one that is no
// member and does not answer is given up.
func TestSilence(t *testing.T) {
	for _, c := range []struct {
		name          string
		member        bool
		after, before time.Duration
	}{
		{"a member whose last one has left", true, sure, sure + 5*time.Second},
		{"no member", false, unknown, unknown + 20*time.Second},
	} {
		options := func(self uint64) *Options {
			return &Options{
				Self: self, Versions: new(Versions), Most: func() int { return 1 << 10 }, Member: func(uint64) bool { return c.member },
				Random: func(time.Duration) time.Duration { return 0 },
			}
		}
		its := options(1)
		a, b := New(its, true, 0), New(options(2), true, 0)
		a.Set(entryOf(7, "ann", ""), 0)
		from := Origin{Node: 1, Direct: true}
		_, _, out := a.Turn(0)
		for i := range out {
			b.Hear(&from, &out[i], 0)
		}
		if b.Count() != 1 {
			t.Fatalf("%s: nobody is there", c.name)
		}
		now := time.Duration(0)
		for ; b.Count() > 0 && now < 10*time.Minute; now += time.Second {
			_, _, out := b.Turn(now)
			for i := range out {
				reply, answers := Nobody(its, &Origin{Node: 2, Direct: out[i].Direct}, &out[i])
				if answers && c.member {
					b.Hear(&from, &reply, now)
				}
			}
		}
		if now < c.after || now > c.before {
			t.Errorf("%s: gone after %v, want %v to %v", c.name, now, c.after, c.before)
		}
	}
}

// TestDueLater: whoever is asked for long and says nothing is asked ever more seldom,
// and between two questions there is nothing to do, also when all are asked meanwhile.
// A Room that is due at once, again and again, would take a whole processor.
func TestDueLater(t *testing.T) {
	for _, c := range []struct {
		name string
		asks time.Duration // all are asked then; 0: never
	}{
		{"silent for long", 0},
		{"all are asked in between", sure + 20*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &Options{
				Self: 2, Versions: new(Versions), Most: func() int { return 1 << 10 }, Member: func(uint64) bool { return true },
				Random: func(time.Duration) time.Duration { return 0 },
			}
			r := New(o, true, 0)
			m := Message{Kind: Change, Version: 1, Items: appendEntry(nil, entryOf(7, "ann", ""))}
			r.Hear(&Origin{Node: 1}, &m, 0)
			asked, turns := 0, 0
			for now := time.Duration(0); now < 5*time.Minute; {
				turns++
				_, _, out := r.Turn(now)
				for i := range out {
					if out[i].Direct {
						asked++
					}
				}
				due := r.Due()
				if due <= now {
					t.Fatalf("at %v, after a turn, there is something to do since %v", now, due)
				}
				if now < c.asks && due >= c.asks {
					now = c.asks
					r.Asks(now, 0)
					continue
				}
				now = due
			}
			if asked < 5 || asked > 15 || r.Count() != 1 {
				t.Errorf("asked %d times within five minutes; %d are there", asked, r.Count())
			}
		})
	}
}
