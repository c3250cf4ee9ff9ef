package conformance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.starlark.net/starlark"
)

// A Start starts the program under test, with the arguments that the
// assignment prescribes or with others. Its word is start where it waits until
// the program listens, and launch where it does not wait.
type Start struct {
	wait
	// Role says which program of a pair it is; empty for a program alone.
	Role string
	Run  string
	// Args are given instead of the prescribed ones, if Given.
	Args  []Expr
	Given bool
	// Values are what the prescribed arguments' placeholders stand for,
	// besides {host} and {port}.
	Values  map[string]Expr
	Listens bool // wait until the program listens
	// Datagrams is a port at which it must also have a datagram socket; nil
	// for none.
	Datagrams Expr
}

// startPatience is how long a program may take until it listens.
const startPatience = 10 * time.Second

func (s *Start) play(ctx context.Context, p *player) error {
	if _, fixed := p.box.(running); fixed {
		p.add(Event{Kind: Started, Run: s.Run})
		p.add(Event{Kind: Bound, Run: s.Run, Text: p.bind.values["host"] + ":" + p.bind.values["port"]})
		return nil
	}
	args, err := s.arguments(p)
	if err != nil {
		return err
	}
	calm := p.gate()
	defer calm()
	p.refusals = append(p.refusals, p.refused())
	at := p.now()
	p.add(Event{At: at, Kind: Started, Run: s.Run, Text: s.Role})
	proc, err := p.box.Start(ctx, args, func(stream string, b []byte) {
		p.add(Event{Kind: Printed, Run: s.Run, Text: stream, Data: slices.Clone(b)})
	})
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	p.processes[s.Run] = proc
	ended := sync.OnceFunc(func() { p.noteExit(s.Run, proc) })
	p.ended[s.Run] = ended
	p.readers.Go(func() { <-proc.Done(); ended() })
	if !s.Listens {
		return nil
	}
	return p.awaitListening(ctx, s, proc, calm, ended)
}

// running is a sandbox whose program runs already.
type running interface{ Running() }

func (s *Start) arguments(p *player) (Arguments, error) {
	a := Arguments{Role: s.Role, Given: s.Given, Template: p.role.Args, Values: maps.Clone(p.bind.values)}
	if s.Role != "" {
		a.Template = p.role.Parts[s.Role].Args
	}
	for _, e := range s.Args {
		b, err := e.bytes(p.bind)
		if err != nil {
			return a, err
		}
		a.Raw = append(a.Raw, string(b))
	}
	for name, e := range s.Values {
		b, err := e.bytes(p.bind)
		if err != nil {
			return a, err
		}
		a.Values[name] = string(b)
	}
	return a, nil
}

// noteExit notes the end of a process.
func (p *player) noteExit(run string, proc Process) {
	st := proc.Status()
	p.add(Event{Kind: Exited, Run: run, N: st.Code, Text: st.Text})
}

// calmAfter is how long a start holds back other starts if the program does
// not listen by then.
const calmAfter = 300 * time.Millisecond

// awaitListening looks at the kernel's table until the program listens, has
// ended, or has taken too long.
func (p *player) awaitListening(ctx context.Context, s *Start, proc Process, calm, ended func()) error {
	timer := time.AfterFunc(calmAfter, calm)
	defer timer.Stop()
	limit := startPatience
	if s.Within > 0 {
		limit = s.Within
	}
	deadline := time.Now().Add(limit)
	over := proc.Done()
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(pause*3/2, 10*time.Millisecond) {
		addrs, err := proc.Listeners()
		if err == nil && len(addrs) > 0 {
			if ready, err := s.hasSocket(p, proc); ready || err != nil {
				if err != nil {
					return err
				}

				p.add(Event{Kind: Bound, Run: s.Run, Text: joinAddresses(addrs)})
				return nil
			}
		}
		select {
		case <-over:
			ended()
			if _, err := proc.Vitals(); err != nil {
				return nil
			}
			over = nil // a child of it goes on, and may be the server
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("stopped while the program started: %w", context.Cause(ctx))
		}
	}
	return nil
}

// hasSocket tells whether the program has the datagram socket that is wanted.
func (s *Start) hasSocket(p *player, proc Process) (bool, error) {
	if s.Datagrams == nil {
		return true, nil
	}
	port, err := bound(s.Datagrams, p.bind)
	if err != nil {
		return false, err
	}
	addrs, err := proc.Datagrams()
	if err != nil {
		return false, nil // it is ending, which is seen elsewhere
	}
	return slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return strconv.Itoa(int(a.Port())) == port }), nil
}

func joinAddresses(addrs []netip.AddrPort) string {
	var s []string
	for _, a := range addrs {
		s = append(s, a.String())
	}
	slices.Sort(s)
	return strings.Join(slices.Compact(s), " ")
}

func (s *Start) judge(v *view, b *binding) Finding {
	r := v.run(s.Run)
	if !s.Listens || r.bound != "" {
		return ok
	}
	want := "the program listens on port " + b.values["port"]
	if s.Datagrams != nil {
		port, _ := bound(s.Datagrams, b)
		want += ", and for datagrams on port " + port
	}
	if r.exited {
		return failed(want, "it ended before it listened: "+r.exit.Text)
	}
	return Finding{State: Failed, Late: true, Waited: v.now - r.started, Want: want,
		Got: fmt.Sprintf("it runs but does not listen after %s", seconds(v.now-r.started))}
}

func (s *Start) star() string {
	w := call("launch")
	if s.Listens {
		w.name = "start"
	}
	if s.Given {
		w.list("args", s.Args)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Values)) {
		w.expr(name, s.Values[name])
	}
	w.expr("datagrams", s.Datagrams)
	w.text("role", s.Role, "")
	w.text("run", s.Run, cmp.Or(s.Role, defaultRun))
	w.duration("within", s.Within)
	return w.String()
}

// defaultRun is the name of a program run that was given none. In a pair it is
// the program's role.
const defaultRun = "main"

// seconds writes a time for people: "0.98 s".
func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func startWord(listens bool) builder {
	return func(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		s := &Start{Listens: listens, Values: map[string]Expr{}}
		var own []starlark.Tuple
		for _, kw := range kwargs {
			name, _ := starlark.AsString(kw[0])
			if slices.Contains([]string{"args", "role", "run", "within", "datagrams"}, name) {
				own = append(own, kw)
				continue
			}
			e, err := toExpr(kw[1])
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", fn, name, err)
			}
			s.Values[name] = e
		}
		var given exprsArg
		var within durationArg
		var datagrams exprArg
		if err := unpack(fn, args, own, "args?", &given, "role?", &s.Role, "run?", &s.Run, "within?", &within, "datagrams?", &datagrams); err != nil {
			return nil, err
		}
		if s.Role != "" && s.Role != Server && s.Role != Client {
			return nil, fmt.Errorf("%s: role wants %q or %q, got %q", fn, Server, Client, s.Role)
		}
		s.Run = cmp.Or(s.Run, s.Role, defaultRun)
		s.Datagrams = datagrams.expr
		s.Args, s.Given, s.Within = given.list, given.given, within.Duration
		return newStep(s)
	}
}
