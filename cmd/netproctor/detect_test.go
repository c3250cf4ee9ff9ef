package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"netproctor/conformance"
	"netproctor/fuzz"
)

// detectFor bounds how long one program is fuzzed with one seed. Without DETECT
// nobody asks how long it takes, and patiently is long enough for any machine.
const detectFor, patiently = 30 * time.Second, 10 * time.Minute

// A hunt is what came of fuzzing a program until something was found.
type hunt struct {
	after  time.Duration // until the first finding was verified and written; 0: nothing was
	first  *fuzz.Finding
	status int
	said   string
}

// hunt fuzzes a program by the command line, on some processors; none: on all. A
// program that breaks what is not required is found when it gets advice.
func (s subject) hunt(t *testing.T, seed int, limit time.Duration, all bool, processors ...int) (h hunt) {
	self, err := os.Executable()
	require.NoError(t, err)
	out := t.TempDir()
	args := []string{verbWord, "fuzz", s.protocol, "--" + s.role, s.words(t), "--for", limit.String(), "--seed", strconv.Itoa(seed), "--out", out}
	if s.dir != "" {
		args = append(args, "--dir", s.dir)
	}
	if !all {
		args = append(args, "--first")
	}
	said, over := new(bytes.Buffer), make(chan struct{})
	campaign := exec.Command(self, args...)
	campaign.Stdout, campaign.Stderr = said, said
	began := time.Now()
	require.NoError(t, startOn(campaign, processors))
	go func() {
		defer close(over)
		_ = campaign.Wait() // its status tells
	}()
	for running := true; running; {
		select {
		case <-over:
			running = false
		case <-time.After(10 * time.Millisecond):
		}
		if h.first == nil && !all {
			if h.first = s.written(out); h.first != nil {
				h.after = time.Since(began)
				_ = campaign.Process.Signal(os.Interrupt) // it may have ended
			}
		}
	}
	h.status, h.said = campaign.ProcessState.ExitCode(), said.String()
	return h
}

// startOn starts a command, and all that it starts, on some processors; none: on
// all.
func startOn(c *exec.Cmd, processors []int) error {
	var before, set unix.CPUSet
	if len(processors) == 0 {
		return c.Start()
	}
	for _, n := range processors {
		set.Set(n)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	return errors.Join(c.Start(), unix.SchedSetaffinity(0, &before))
}

// shares divides the processors among jobs: one job has all, and more have one
// each, as long as there are so many.
func shares(jobs int) chan []int {
	jobs = max(1, min(jobs, runtime.NumCPU()))
	list := make(chan []int, jobs)
	for n := range jobs {
		if jobs == 1 {
			list <- nil
			continue
		}
		list <- []int{n}
	}
	return list
}

// written reads the first finding from the folder; for a program that breaks what
// is not required, or advice.
func (s subject) written(out string) *fuzz.Finding {
	list, _ := fuzz.Read(out)
	if len(list) == 0 && s.breaks != "" {
		list, _ = fuzz.ReadAdvice(out)
		list = slices.DeleteFunc(list, func(x *fuzz.Finding) bool { return !slices.Contains(x.Requirements, s.breaks) })
	}
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// detect hunts a program with each of the seeds.
func detect(t *testing.T, s subject, seeds int, limit time.Duration, processors ...int) *line {
	l := &line{name: s.name, breaks: s.breaks, seeds: seeds}
	var seen, verified []time.Duration
	for seed := 1; seed <= seeds; seed++ {
		h := s.hunt(t, seed, limit, false, processors...)
		if h.first == nil {
			t.Logf("%s, seed %d, status %d:\n%s", s.id(), seed, h.status, h.said)
			continue
		}
		l.found++
		seen = append(seen, time.Duration(h.first.FoundAfter*float64(time.Second)))
		verified = append(verified, h.after)
		l.kind = string(h.first.Kind)
		if h.first.Level == conformance.Should {
			l.kind = "advice"
		}
		l.cites = l.cites || slices.Contains(h.first.Requirements, s.breaks)
	}
	if l.found > 0 {
		l.seen, l.verified = median(seen), median(verified)
	}
	return l
}

// TestDetection fuzzes the wrong programs of DETECT, a pattern for
// PROTOCOL/ROLE/NAME, JOBS of them at once, and writes after each what was found in
// which time; with LEFT only those that the tables do not have. Without DETECT, a
// few are fuzzed with PROGRAMS=all.
func TestDetection(t *testing.T) {
	pattern, whole := os.LookupEnv("DETECT")
	seeds, limit := max(1, number(os.Getenv("SEEDS"))), detectFor
	if !whole {
		requireAll(t)
		limit = patiently
		pattern = `^(mailbox/server/server-magic-unchecked|mailbox/client/python-client-more-always|chat/client/client-unable-silent|transfer/server/python-server-appends)$`
	}
	list := chosen(t, pattern, false)
	var written *tables
	if whole {
		written = openTables(t, tablesFolder, subjects(t))
		list = written.measure(t, list, os.Getenv("LEFT") != "")
	}
	shares := shares(number(os.Getenv("JOBS")))
	t.Run("programs", func(t *testing.T) {
		for _, s := range list {
			t.Run(s.id(), func(t *testing.T) {
				t.Parallel()
				processors := <-shares
				defer func() { shares <- processors }()
				l := detect(t, s, seeds, limit, processors...)
				fmt.Fprintln(os.Stderr, s.protocol, l)
				if !whole {
					require.True(t, l.isFound(), "%s breaks %s", s.id(), s.breaks)
					return
				}
				require.NoError(t, written.add(s, l))
			})
		}
	})
}

// TestDetectionClean fuzzes the right programs for CLEAN each, and demands that
// nothing is found.
func TestDetectionClean(t *testing.T) {
	limit, err := time.ParseDuration(cmp.Or(os.Getenv("CLEAN"), "2s"))
	require.NoError(t, err)
	pattern, whole := os.LookupEnv("DETECT")
	if !whole {
		requireAll(t)
		pattern = `^(chat/server/python-good|mailbox/client/reference-client)$`
	}
	for _, s := range chosen(t, pattern, true) {
		t.Run(s.id(), func(t *testing.T) {
			h := s.hunt(t, 1, limit, true)
			if whole {
				fmt.Fprintf(os.Stderr, "%-60s status %d\n", s.id(), h.status)
			}
			require.Zero(t, h.status, h.said)
		})
	}
}

// requireAll skips a test unless all programs are to be taken, and not a few.
func requireAll(t *testing.T) {
	t.Helper()
	if os.Getenv("PROGRAMS") == "" {
		t.Skip("set PROGRAMS=all to fuzz a few programs, or use make detect")
	}
}

// chosen are the wrong programs that match a pattern, or the right ones.
func chosen(t *testing.T, pattern string, right bool) []subject {
	match, err := regexp.Compile(pattern)
	require.NoError(t, err)
	list := slices.DeleteFunc(subjects(t), func(s subject) bool { return (s.breaks == "") != right || !match.MatchString(s.id()) })
	require.NotEmpty(t, list, pattern)
	return list
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
