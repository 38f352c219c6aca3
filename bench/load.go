package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// disturbed is the share of the machine's CPU from which the work of other
// processes is told.
const disturbed = 0.05

// tick is the unit of /proc/stat, USER_HZ.
const tick = 10 * time.Millisecond

// load is how much CPU time the machine has spent since it started.
type load struct {
	busy  time.Duration // by anybody
	all   time.Duration // and idle
	bench time.Duration // by this process and its children that have ended
}

func readLoad() load {
	text, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(text), "\n")
	l := parseLoad(line)
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			l.bench += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return l
}

// parseLoad reads the first line of /proc/stat.
func parseLoad(line string) load {
	var user, nice, system, idle, iowait, irq, softirq, steal int64
	_, err := fmt.Sscanf(line, "cpu %d %d %d %d %d %d %d %d", &user, &nice, &system, &idle, &iowait, &irq, &softirq, &steal)
	if err != nil {
		return load{}
	}
	busy := user + nice + system + irq + softirq + steal
	return load{busy: time.Duration(busy) * tick, all: time.Duration(busy+idle+iowait) * tick}
}

// others is the share of the CPU since before that was not the benchmark's.
func (l load) others(before load) float64 {
	if l.all <= before.all {
		return 0
	}
	return max(0, float64(l.busy-before.busy-(l.bench-before.bench))/float64(l.all-before.all))
}
