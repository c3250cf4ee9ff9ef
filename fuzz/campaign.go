package fuzz

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"netproctor/conformance"
	"netproctor/internal/probe"
	"netproctor/internal/record"
)

// Options say what is fuzzed, and for how long.
type Options struct {
	Protocol *conformance.Protocol
	Target   conformance.Target
	// Model is what the server is when it has just been started; nil for a
	// protocol without one, whose answers are not judged.
	Model Model
	// Files are laid out in the server's working directory at every start.
	Files map[string][]byte
	Seed  uint64
	// Share is which of the cases are played. Only the first of several workers
	// has gaps beside them.
	Share
	// Gap is how long a right server waits for more of a message before it drops
	// its client; 0: it has no such rule, and messages never stop in the middle.
	Gap time.Duration
	// Cases is how many cases all workers play; 0 leaves it to For alone.
	Cases int
	For   time.Duration
	// Cold starts each program by its command, and none by a warm interpreter.
	Cold bool
	// Progress is called now and then.
	Progress func(Progress)
	// Found, if not nil, is called with each finding when it is verified, so
	// that it is not lost if the campaign is killed, and again if it was made
	// shorter since.
	Found func(*Finding) error

	// Beside says that another campaign runs, and began then: RunSuite plays few
	// cases at once, and with Cases no scenario twice, and its time counts from
	// there. The zero time says that none does.
	Beside time.Time

	drawn bool // RunSuite plays only what is drawn, behind the scenarios

	// Guidance, if not nil, makes cases beside those that the seed gives.
	Guidance *Guidance

	probe      *probe.Probe     // counters that the program is started with; see guide.start
	requests   []*record.Layout // see layouts
	processors []int            // where the program runs; empty means anywhere
	warm       *warmRoom        // where it is started; nil: each time in a sandbox of its own
}

// Progress is how far a campaign has come.
type Progress struct {
	Cases, Visits, Starts, Findings int
	// Legal and Wrong are how many cases were messages by the rules, and almost;
	// the others are what scenarios send, and noise.
	Legal, Wrong int
	// Beside are the cases of campaigns beside this one.
	Beside int
	// Gaps are cases beside these, which stop in the middle of a message.
	Gaps int
	// Tolerated counts visits that showed what had been found before.
	Tolerated int
	// Unexplained counts faults that fresh programs did not show again: they are
	// not findings.
	Unexplained int
	// Overflows are connections that were dropped because the program did not
	// accept those before them.
	Overflows uint64
	// Guided counts cases that are not among Cases, and Corpus the histories that
	// they are made of.
	Guided  int
	Corpus  int
	Elapsed time.Duration
}

// add adds what another worker has played meanwhile.
func (p *Progress) add(q Progress) {
	p.Cases, p.Visits, p.Starts = p.Cases+q.Cases, p.Visits+q.Visits, p.Starts+q.Starts
	p.Legal, p.Wrong, p.Gaps = p.Legal+q.Legal, p.Wrong+q.Wrong, p.Gaps+q.Gaps
	p.Guided, p.Corpus = p.Guided+q.Guided, p.Corpus+q.Corpus
	p.Tolerated, p.Unexplained, p.Overflows = p.Tolerated+q.Tolerated, p.Unexplained+q.Unexplained, p.Overflows+q.Overflows
}

// Rate is how many visits are played a second.
func (p *Progress) Rate() float64 { return float64(p.Visits) / p.Elapsed.Seconds() }

// Share is how many of a hundred cases a count is.
func (p *Progress) Share(count int) float64 { return 100 * float64(count) / float64(max(1, p.Cases)) }

// A Campaign is what came of it.
type Campaign struct {
	Progress
	Findings []*Finding
	// Advice is what breaks requirements that should be met and need not be.
	Advice []*Finding
	// Blind says that the program gave no right answer at all, so that the
	// absence of findings means nothing.
	Blind bool
	// Doubts are faults that fresh programs did not show again, a few of them.
	Doubts []string
	// Stopped says why it ended before its time; empty if it did not.
	Stopped string

	reached reached
}

// Missed gives the lines of the program that were never reached, if it has
// counters.
func (c *Campaign) Missed() []probe.Missed { return c.reached.missed() }

// ErrNeverWorked says that there is nothing to fuzz: the program does not begin
// to serve.
var ErrNeverWorked = errors.New("the program never worked")

// A program is started afresh after so many visits or bytes, so that a history
// can be played again in seconds.
const (
	freshAfter     = 50_000
	freshAfterSent = 64 << 20
)

// Run fuzzes a server until its time is over, its cases are played, or ctx is
// done. It plays one visit at a time, so that a fault has one cause.
func Run(ctx context.Context, o Options) (*Campaign, error) {
	if _, process := o.Target.(*conformance.Command); process {
		processors, undo := pin(o.Worker)
		defer undo()
		defer o.alone(processors)()
		o.processors = processors
		if !o.Cold {
			o.warm = &warmRoom{}
			defer func() { _ = o.warm.close() }() // what it left is a temporary directory
		}
	}
	c := newCampaign(&o)
	if err := c.fresh(ctx, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNeverWorked, err)
	}
	defer c.drop()
	if o.Worker == 0 {
		c.beside = newSleepers(&o, c.generator)
	}
	err := c.run(ctx)
	c.drop()
	if err == nil { // its time may have been over before their beginning
		c.beside.begin(ctx)
	}
	c.beside.end()
	err = errors.Join(err, c.takeBeside())
	return &Campaign{
		Progress: c.progress(), Findings: c.findings, Doubts: c.doubts, Blind: !c.answered, Stopped: stopped(ctx, err), reached: c.guide.all(),
	}, nil
}

// stopped says why a campaign has ended before its time; empty if it has not.
func stopped(ctx context.Context, err error) string {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx).Error()
	case err != nil:
		return err.Error()
	}
	return ""
}

func (c *campaign) run(ctx context.Context) error {
	for i := 0; goesOn(ctx, i, c.o.of(c.o.Cases), c.began, c.o.For); i++ {
		if err := c.play(ctx, i); err != nil {
			return err
		}
		c.cases++
		if err := c.guided(ctx, i); err != nil { // guidance
			return err
		}
		if time.Since(c.began) >= headStart || c.o.Cases > 0 {
			c.beside.begin(ctx)
		}
		if err := c.takeBeside(); err != nil {
			return err
		}
		c.tell()
	}
	f := c.program.leaves()
	if f == nil || ctx.Err() != nil {
		return nil
	}
	c.drop()
	return c.found(ctx, f, nil, c.recent(c.cases-1, -1))
}

func newCampaign(o *Options) *campaign {
	g := newGenerator(o)
	return &campaign{o: o, generator: g, guide: newGuide(o, g), began: time.Now(), limit: answerLimit, known: map[string]bool{}, tries: map[string]int{}}
}

// A campaign is the state of one Run.
type campaign struct {
	o         *Options
	generator *generator
	guide     *guide
	began     time.Time
	told      time.Time
	limit     time.Duration // for an answer; see patience

	beside   *sleepers
	program  *program
	from     int       // the first case that it was played
	start    time.Time // its
	answered bool      // something right, by an earlier program

	cases, visits, starts  int
	legal, wrong           int
	tolerated, unexplained int
	overflows              uint64          // of earlier programs
	known                  map[string]bool // signatures
	tries                  map[string]int  // of following up in vain, by signature
	findings               []*Finding
	doubts                 []string
}

const mostDoubts = 8

// vainTries is how often a fault is followed up that no fresh program shows.
const vainTries = 3

// goesOn tells whether the i-th case is played: there are so many, or if that is 0
// as many as the time allows.
func goesOn(ctx context.Context, i, cases int, began time.Time, limit time.Duration) bool {
	switch {
	case ctx.Err() != nil:
		return false
	case cases > 0:
		return i < cases
	}
	return time.Since(began) < limit
}

// fresh starts the program anew, for the i-th case and those after it.
func (c *campaign) fresh(ctx context.Context, i int) (err error) {
	c.drop()
	c.starts++
	c.from = i
	c.guide.forget()
	c.start = time.Now()
	c.program, err = c.guide.start(ctx, c.o)
	return err
}

// drop ends the program.
func (c *campaign) drop() {
	if c.program == nil {
		return
	}
	c.answered = c.answered || c.program.answered
	c.overflows += c.program.overflows()
	c.guide.reach(c.program)
	_ = c.program.close() // what it left is a temporary directory
	c.program = nil
}

// play plays the i-th case on the program that runs.
func (c *campaign) play(ctx context.Context, i int) error {
	if err := c.look(ctx, i); err != nil {
		return err
	}
	history, kind := c.generator.at(i)
	switch kind {
	case legal:
		c.legal++
	case wrong:
		c.wrong++
	}
	f, n, err := c.visit(ctx, history, false)
	if f == nil {
		return err
	}
	return c.follow(ctx, f, i, n)
}

// visit plays a history on the program that runs, up to a fault that the campaign
// does not go on with. It gives the number of the last visit.
func (c *campaign) visit(ctx context.Context, history []Visit, guided bool) (f *fault, n int, err error) {
	for n, v := range history {
		f := c.program.play(ctx, c.o, v, c.limit)
		c.visits++
		if f == nil {
			c.guide.learn(c.program, history, n, guided)
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, n, err
		}
		if !c.tolerates(f, v) {
			return f, n, nil
		}
		c.tolerated++
	}
	return nil, len(history) - 1, nil
}

// look looks at the program now and then, and starts it afresh when its time is
// over.
func (c *campaign) look(ctx context.Context, i int) error {
	over := c.program.visits > freshAfter || c.program.sent > freshAfterSent || len(c.program.belief) > mostStates
	if c.program.visits == 0 || !over && c.program.visits < c.program.lookAt {
		return nil // no visit, nothing that it could have left behind
	}
	c.program.lookAt = c.program.visits + min(max(c.program.visits, firstLook), farthestLook)
	if f := c.program.leaves(); f != nil && !c.known[f.signature] {
		return c.follow(ctx, f, i-1, -1)
	}
	if over {
		return c.fresh(ctx, i)
	}
	return nil
}

// A program is looked at after so many visits, then each time when they have
// doubled, and at the latest after so many more.
const firstLook, farthestLook = 64, 8192

// tolerates tells whether the campaign goes on with a program that has shown
// what is known of it, and still serves.
func (c *campaign) tolerates(f *fault, v Visit) bool {
	if !c.known[f.signature] || c.program.ended() {
		return false
	}
	switch f.kind {
	case Answer, Silence, Exception:
		c.program.forgive()
		c.program.belief = c.program.belief.any(v)
		return true
	}
	return false
}

// patience is how long the campaign waits for answers of a program that is known
// to give none at times. A visit that is not answered by then is given
// answerLimit when it is followed up.
const patience = 300 * time.Millisecond

// follow follows up a fault that the n-th visit of the i-th case has shown, and
// starts the program afresh.
func (c *campaign) follow(ctx context.Context, f *fault, i, n int) error {
	if f.kind == Answer || f.kind == Silence {
		if died := c.program.dies(); died != nil { // that is why
			f = died
		}
	}
	c.drop()
	if f.kind == Hang || f.kind == Spin {
		c.limit = patience
	}
	if err := c.found(ctx, f, c.generator.covered(i), c.recent(i, n)); err != nil {
		return err
	}
	return c.fresh(ctx, i+1)
}

// recent gives the last visits that the program was played, up to the n-th of the
// i-th case, or all of it if n is negative.
func (c *campaign) recent(i, n int) func(count int) []Visit {
	from := c.from
	return func(count int) (list []Visit) {
		for at := i; at >= from && len(list) < count; at-- {
			if at < i || n < 0 {
				list = append(list, c.guide.behind(at)...)
			}
			history, _ := c.generator.at(at)
			if at == i && n >= 0 {
				history = history[:n+1]
			}
			for _, v := range slices.Backward(history) {
				list = append(list, slices.Clone(v))
			}
		}
		list = append(list, c.guide.behind(from-1)...)
		list = list[:min(count, len(list))]
		slices.Reverse(list)
		return list
	}
}

// found follows a fault up, unless the same is known. A wrong answer that no
// name explains breaks what the history that showed it is about.
func (c *campaign) found(ctx context.Context, f *fault, covers []string, recent func(int) []Visit) error {
	if c.known[f.signature] {
		return nil
	}
	after := time.Since(c.began)
	m := &minimiser{o: c.o, want: f.kind, age: after - c.start.Sub(c.began), until: time.Now().Add(minimiseFor), left: minimiseAttempts}
	finding := m.finding(ctx, f, recent)
	if finding == nil && ctx.Err() != nil {
		return nil
	}
	if finding == nil {
		if c.unexplained++; len(c.doubts) < mostDoubts {
			doubt := f.signature + ": " + f.evidence
			if m.trouble != nil {
				doubt += fmt.Sprintf("; it was not looked for again to the end: %v", m.trouble)
			}
			c.doubts = append(c.doubts, doubt)
		}
		c.tries[f.signature]++
		c.known[f.signature] = c.tries[f.signature] == vainTries
		return nil
	}
	c.known[f.signature] = true
	if c.known[finding.Signature] && finding.Signature != f.signature {
		return nil // it came to the same in the end
	}
	if len(finding.Requirements) == 0 {
		finding.Requirements = append(finding.Requirements, covers...)
	}
	return c.add(finding, after)
}

// takeBeside takes what sleepers have found meanwhile.
func (c *campaign) takeBeside() error {
	for c.beside != nil {
		select {
		case x := <-c.beside.found:
			if err := c.add(x.finding, x.after.Sub(c.began)); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// add keeps a verified finding.
func (c *campaign) add(finding *Finding, after time.Duration) error {
	c.known[finding.Signature] = true
	finding.ID = fmt.Sprintf("%s-%d", finding.Kind, len(c.findings)+1)
	finding.FoundAfter = after.Seconds()
	finding.Seed = c.o.Seed
	c.findings = append(c.findings, finding)
	if c.o.Found == nil {
		return nil
	}
	return c.o.Found(finding)
}

func (c *campaign) progress() Progress {
	return Progress{
		Cases: c.cases, Visits: c.visits, Starts: c.starts, Findings: len(c.findings), Legal: c.legal, Wrong: c.wrong,
		Guided: c.guide.count(), Corpus: c.guide.size(), Gaps: c.beside.count(), Tolerated: c.tolerated, Unexplained: c.unexplained, Overflows: c.overflows + c.program.overflows(), Elapsed: time.Since(c.began),
	}
}

// tellEvery is how often progress is told.
const tellEvery = time.Second

func (c *campaign) tell() {
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.o.Progress(c.progress())
	}
}

// layouts gives the records that scenarios send to a server.
func (o *Options) layouts() []*record.Layout {
	if o.requests == nil {
		o.preview(func(*conformance.Scenario, []conformance.StepPreview) {})
	}
	return o.requests
}

// preview gives the scenarios of a server one by one, with what they send, and
// notes the records among that. Making it is most of what a campaign does before
// it begins.
func (o *Options) preview(each func(s *conformance.Scenario, steps []conformance.StepPreview)) {
	for _, s := range o.Protocol.Scenarios {
		if s.Role() != conformance.Server {
			continue
		}
		most := historyMost
		if conformance.Volume(s) > historyMost {
			most = templateMost // as a whole it is not played
		}
		steps := conformance.PreviewUpTo(s, o.Seed, most)
		for _, step := range steps {
			if step.Layout != nil && !step.Datagram && !slices.Contains(o.requests, step.Layout) {
				o.requests = append(o.requests, step.Layout)
			}
		}
		each(s, steps)
	}
}
