package wsotel

// Kept returns how many connections t knows.
func Kept(t *Telemetry) (n int) {
	t.conns.Range(func(any, any) bool { n++; return true })
	return n
}
