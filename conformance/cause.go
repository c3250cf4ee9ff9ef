package conformance

import (
	"slices"
	"strings"
	"sync"
)

// A cause is a step at which scenarios failed, with the steps that led there:
// others that begin in just this way come to the same end.
type cause struct {
	prefix     string // those steps as scenario files write them
	step       int    // the last of them
	by         *item  // one that failed there
	seen       int    // attempts that did
	transcript *Transcript
	verdict    Verdict
}

// causes are what a run has found out about one program. A submission that
// does not get through a simple exchange would otherwise be waited for once
// for every scenario.
type causes struct {
	mu   sync.Mutex
	list []*cause
}

// sameCause is how many attempts must have failed at a step, none of them
// disturbed, before what begins with the same steps is not played for it. For a
// scenario alone two are enough.
const sameCause = 3

// longestCause is how many steps may lead to a shared cause: openings are
// short, and what comes later is the scenario's own.
const longestCause = 12

// note takes an attempt that failed and that nothing disturbed.
func (c *causes) note(it *item) {
	step := it.verdict.Step
	if step >= longestCause || it.inPieces(step) {
		return
	}
	prefix := it.prefix(step)
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.list, func(k *cause) bool { return k.step == step && k.prefix == prefix })
	if i < 0 {
		c.list = append(c.list, &cause{prefix: prefix, step: step, by: it, transcript: it.transcript, verdict: it.verdict})
		i = len(c.list) - 1
	}
	c.list[i].seen++
}

// of gives the cause that an item will fail by, for certain; nil if there is none.
func (c *causes) of(it *item) *cause {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, k := range c.list {
		if k.seen >= sameCause && k.step < len(it.scenario.all()) && !it.inPieces(k.step) && it.prefix(k.step) == k.prefix {
			return k
		}
	}
	return nil
}

// inPieces tells whether a message that is delivered in pieces is among the
// steps up to one of them: then they are not what they are elsewhere.
func (it *item) inPieces(step int) bool {
	if it.delivery == Whole {
		return false
	}
	for i, s := range it.scenario.all()[:step+1] {
		if _, sends := s.(*Send); sends && it.scenario.phase(i) == PhaseSteps {
			return true
		}
	}
	return false
}

// prefix is the item's steps up to one of them.
func (it *item) prefix(step int) string {
	var b strings.Builder
	for _, s := range it.scenario.all()[:step+1] {
		b.WriteString(s.star() + "\n")
	}
	return b.String()
}

// adopt takes the end of another item that begins in the same way.
func (it *item) adopt(k *cause) {
	it.transcript, it.verdict, it.final = k.transcript, k.verdict, true
	it.verdict.Phase = it.scenario.phase(k.step)
	it.verdict.Outcome = Fail
	if it.verdict.Phase == PhaseNeeds || it.observes {
		it.verdict.Outcome = Blocked
	}
	if it.id() != k.by.id() {
		it.like = k.by.id()
	}
}
