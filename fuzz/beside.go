package fuzz

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"netproctor/conformance"
)

// A Part is a campaign that runs beside others.
type Part struct {
	// Leads says that its cases are those of the whole. The others are told apart,
	// and begin later: see headStart.
	Leads bool
	// Run runs it. It hands over each finding as soon as it is verified, and tells
	// how far it is, as Options says.
	Run func(ctx context.Context, found func(*Finding) error, progress func(Progress)) (*Campaign, error)
}

// Beside runs campaigns on the same program beside each other, and puts together
// what they find and how far they are. Those that lead have a head start. found is
// called with all that was found so far whenever that becomes more. The first part
// leads: when it fails, the others end. An error of another one is why that has
// stopped, and none of the whole.
func Beside(ctx context.Context, found func([]*Finding) error, progress func(Progress), parts ...Part) (*Campaign, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	b := &besides{began: time.Now(), told: found, progress: progress, parts: make([]Progress, len(parts)), leads: make([]bool, len(parts)), ahead: make(chan struct{})}
	b.follow = sync.OnceFunc(func() { close(b.ahead) })
	for i, part := range parts {
		b.leads[i] = part.Leads || i == 0
	}
	results, errs := make([]*Campaign, len(parts)), make([]error, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() {
			if !b.leads[i] {
				<-b.ahead
			} else {
				defer b.follow()
			}
			results[i], errs[i] = part.Run(ctx, func(x *Finding) error { return b.take(i, x) }, func(n Progress) { b.tell(i, n) })
			if i == 0 && errs[i] != nil {
				cancel(errs[i])
			}
		})
	}
	all.Wait()
	if errs[0] != nil {
		return nil, errs[0]
	}
	return b.whole(results, errs), nil
}

// A foundBy is a finding, and which part it is of.
type foundBy struct {
	*Finding
	part int
}

// besides is the state of one Beside.
type besides struct {
	began    time.Time
	told     func([]*Finding) error
	progress func(Progress)

	ahead  chan struct{} // closed when the head start is over
	follow func()        // ends it

	mu    sync.Mutex
	found []foundBy
	parts []Progress
	leads []bool
	last  time.Time
}

// headStart is for how long a campaign that leads has the processors to itself, and
// longer if it follows a fault up by then: much is seen at once, and told soon if
// nothing else runs.
const headStart = time.Second

// take keeps a finding: in place of the one that was longer, or as a new one
// unless another part has found the same.
func (b *besides) take(part int, x *Finding) error {
	b.follow()
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.IndexFunc(b.found, func(y foundBy) bool { return y.part == part && y.Signature == x.Signature }); i >= 0 {
		x.ID = b.found[i].ID
		b.found[i].Finding = x
	} else if slices.ContainsFunc(b.found, func(y foundBy) bool { return y.part != part && oneMistake(x, y.Finding) }) {
		return nil
	} else {
		x.ID = b.name(x)
		b.found = append(b.found, foundBy{x, part})
	}
	if b.told == nil {
		return nil
	}
	return b.told(b.all(nil))
}

// name numbers the findings of a kind.
func (b *besides) name(x *Finding) string {
	name := string(x.Kind)
	switch {
	case x.Level == conformance.Should:
		name = string(x.Level)
	case len(x.History) > 0:
		name = "model-" + name
	}
	n := 1
	for _, y := range b.found {
		if strings.HasPrefix(y.ID, name+"-") {
			n++
		}
	}
	return fmt.Sprintf("%s-%d", name, n)
}

// oneMistake tells whether findings of two campaigns are one mistake, as far as that can
// be told: each says the same of how the program ends, or the answers to what one
// requirement is about are wrong.
func oneMistake(x, y *Finding) bool {
	if x.Signature == y.Signature {
		return true
	}
	answers := func(f *Finding) bool { return f.Kind == Answer || f.Kind == Silence || f.Kind == Hang }
	return answers(x) && answers(y) && x.Level == y.Level &&
		len(x.Requirements) > 0 && len(y.Requirements) > 0 && x.Requirements[0] == y.Requirements[0]
}

// all gives the findings of some levels; nil: of all.
func (b *besides) all(of func(conformance.Level) bool) (list []*Finding) {
	for _, y := range b.found {
		if of == nil || of(y.Level) {
			list = append(list, y.Finding)
		}
	}
	return list
}

// tell notes how far a part is, and tells how far the whole is.
func (b *besides) tell(part int, n Progress) {
	if n.Elapsed >= headStart {
		b.follow()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.parts[part] = n
	if b.progress != nil && time.Since(b.last) > tellEvery {
		b.last = time.Now()
		b.progress(b.sum())
	}
}

// sum is the progress of the parts that lead, with how many cases the others have
// played.
func (b *besides) sum() (n Progress) {
	for i, part := range b.parts {
		if b.leads[i] {
			n.add(part)
			continue
		}
		n.Beside += part.Cases
		n.Unexplained += part.Unexplained
	}
	n.Findings, n.Elapsed = len(b.all(required)), time.Since(b.began)
	return n
}

func required(l conformance.Level) bool { return l != conformance.Should }

// whole puts the campaigns together.
func (b *besides) whole(results []*Campaign, errs []error) *Campaign {
	end := *results[0]
	for i, r := range results {
		switch {
		case r == nil:
			end.Doubts = append(end.Doubts, "beside: "+errs[i].Error())
			continue
		case i > 0 && b.leads[i]:
			end.Blind = end.Blind && r.Blind
			end.reached = end.reached.with(r.reached)
			fallthrough
		case i > 0:
			end.Doubts = append(end.Doubts, r.Doubts...)
		}
		b.parts[i] = r.Progress
	}
	end.Progress = b.sum()
	end.Findings = b.all(required)
	end.Advice = b.all(func(l conformance.Level) bool { return !required(l) })
	return &end
}
