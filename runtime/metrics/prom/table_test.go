package prom

import "testing"

// TestTable: a row is made once, a full table has the rows that it has and takes no
// other, and what readers hold does not change under them.
func TestTable(t *testing.T) {
	var rows table[string, int]
	made := 0
	add := func(k string) (int, bool) {
		return rows.add(k, 2, func() int {
			made++
			return made
		})
	}
	if _, found := rows.find("a"); found {
		t.Error("an empty table has a row")
	}
	for _, c := range []struct {
		key   string
		row   int
		found bool
	}{{"a", 1, true}, {"b", 2, true}, {"a", 1, true}, {"c", 0, false}, {"b", 2, true}} {
		held := rows.rows.Load()
		before := 0
		if held != nil {
			before = len(*held)
		}
		if row, found := add(c.key); row != c.row || found != c.found {
			t.Errorf("%s is %d, %v; want %d, %v", c.key, row, found, c.row, c.found)
		}
		if held != nil && len(*held) != before {
			t.Errorf("%s came into a map that somebody reads", c.key)
		}
	}
}
