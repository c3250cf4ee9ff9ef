package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// hunt fuzzes a program by the command line. A program that breaks what is not
// required is found when it gets advice.
func (s subject) hunt(t *testing.T, seed int, limit time.Duration, all bool) (h hunt) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := t.TempDir()
	args := []string{"fuzz", s.protocol, "--" + s.role, s.words(t), "--for", limit.String(), "--seed", strconv.Itoa(seed), "--out", out}
	if s.dir != "" {
		args = append(args, "--dir", s.dir)
	}
	if !all {
		args = append(args, "--first")
	}
	began, over := time.Now(), make(chan struct{})
	var said strings.Builder
	go func() {
		defer close(over)
		h.status = status(runVerb(args, &app{ctx: ctx, in: strings.NewReader(""), out: &said, err: io.Discard}), &said)
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
				cancel()
			}
		}
	}
	h.said = said.String()
	return h
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

// A line is what the table says of a wrong program.
type line struct {
	subject
	seen  []time.Duration // until it was seen first, of the seeds that found it
	after []time.Duration // until that was verified
	seeds int
	kind  string
	cites bool
}

// found tells whether most seeds found it.
func (l *line) found() bool { return 2*len(l.after) > l.seeds }

func median(list []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(list))[(len(list)-1)/2]
}

func (l *line) String() string {
	if !l.found() {
		return fmt.Sprintf("%-44s %-26s not found (%d of %d)", l.name, l.breaks, len(l.after), l.seeds)
	}
	cites := "cited"
	if !l.cites {
		cites = "other"
	}
	return fmt.Sprintf("%-44s %-26s seen %6.2f s, verified %6.2f s  %-9s %s", l.name, l.breaks, median(l.seen).Seconds(), median(l.after).Seconds(), l.kind, cites)
}

// detect hunts a program with each of the seeds.
func detect(t *testing.T, s subject, seeds int, limit time.Duration) *line {
	l := &line{subject: s, seeds: seeds}
	for seed := 1; seed <= seeds; seed++ {
		h := s.hunt(t, seed, limit, false)
		if h.first == nil {
			t.Logf("%s, seed %d, status %d:\n%s", s.id(), seed, h.status, h.said)
			continue
		}
		l.seen = append(l.seen, time.Duration(h.first.FoundAfter*float64(time.Second)))
		l.after = append(l.after, h.after)
		l.kind = string(h.first.Kind)
		if h.first.Level == conformance.Should {
			l.kind = "advice"
		}
		l.cites = l.cites || slices.Contains(h.first.Requirements, s.breaks)
	}
	return l
}

// TestDetection fuzzes the wrong programs of DETECT, a pattern for
// PROTOCOL/ROLE/NAME, and writes what was found in which time. Without it, a few
// of them are.
func TestDetection(t *testing.T) {
	pattern, whole := os.LookupEnv("DETECT")
	seeds, limit := max(1, number(os.Getenv("SEEDS"))), detectFor
	if !whole {
		limit = patiently
		pattern = `^(mailbox/server/server-magic-unchecked|mailbox/client/python-client-more-always|chat/client/client-unable-silent|transfer/server/python-server-appends)$`
	}
	lines := map[string][]*line{}
	for _, s := range chosen(t, pattern, false) {
		t.Run(s.id(), func(t *testing.T) {
			l := detect(t, s, seeds, limit)
			fmt.Fprintln(os.Stderr, s.protocol, l)
			table := s.protocol + "-" + s.role
			lines[table] = append(lines[table], l)
			if !whole {
				require.True(t, l.found(), "%s breaks %s", s.id(), s.breaks)
			}
		})
	}
	if whole {
		for table, list := range lines {
			require.NoError(t, os.WriteFile(filepath.Join("../../fuzz/testdata/detect", table+".txt"), []byte(summary(list, seeds)), 0o644))
		}
	}
}

// TestDetectionClean fuzzes the right programs for CLEAN each, and demands that
// nothing is found.
func TestDetectionClean(t *testing.T) {
	limit, err := time.ParseDuration(cmp.Or(os.Getenv("CLEAN"), "2s"))
	require.NoError(t, err)
	pattern, whole := os.LookupEnv("DETECT")
	if !whole {
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

// summary is the table of a protocol's role.
func summary(list []*line, seeds int) string {
	var b strings.Builder
	found, seen, verified, cited := 0, 0, 0, 0
	var missed []string
	for _, l := range list {
		switch {
		case !l.found():
			missed = append(missed, l.name)
		default:
			found++
			if median(l.seen) <= time.Second {
				seen++
			}
			if median(l.after) <= time.Second {
				verified++
			}
			if l.cites {
				cited++
			}
		}
	}
	fmt.Fprintf(&b, "%d wrong programs, %d seeds, %s each: %d found (%d%%); within 1 s %d were seen (%d%%) and %d verified; %d cite the requirement\nnot found: %s\n\n",
		len(list), seeds, detectFor, found, 100*found/len(list), seen, 100*seen/len(list), verified, cited, cmp.Or(strings.Join(missed, ", "), "none"))
	for _, l := range list {
		fmt.Fprintln(&b, l)
	}
	return b.String()
}
