package fuzz

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"netproctor/conformance"
)

// died asks whether the last action was more than the program can take. If it
// did something odd, it gets the time to say why.
func (s *stage) died(odd bool) *fault {
	over := s.process.Done()
	if odd {
		select {
		case <-over:
		case <-time.After(dying):
		}
	}
	language, report := conformance.Uncaught(s.newly())
	if odd || language != "" {
		language, report = wholeReport(s.printed)
	}
	_, forbidden := s.o.Protocol.Requirement(conformance.Server + ".no-traceback")
	ended := false
	select {
	case <-over:
		ended, s.over = true, true
	default:
	}
	switch {
	case language != "" && (forbidden || ended || odd):
		return uncaught(language+" printed", report)
	case ended:
		return crashed(s.process.Status().Text, s.printed(), s.complained())
	}
	return nil
}

// wrong says how what came differs from what is allowed.
func (s *stage) wrong(p *played, late bool) *fault {
	s.mu.Lock()
	if p.broken == "" {
		s.blame(p)
	}
	heard := map[int]client{}
	for n, c := range s.clients {
		heard[n] = *c
	}
	s.mu.Unlock()
	f := &fault{kind: Answer, signature: "differs after " + p.what()}
	var wants []string
	for _, r := range p.allowed[:min(3, len(p.allowed))] {
		wants = append(wants, r.String())
	}
	f.evidence = fmt.Sprintf("after: %s\nwanted: %s\ngot: %s", p.Action, strings.Join(slices.Compact(wants), "\n    or: "), tell(heard))
	if !late {
		return f
	}
	f.kind, f.signature = Silence, "silence after "+p.what()
	first, err := s.process.Vitals()
	time.Sleep(spinLook)
	second, again := s.process.Vitals()
	switch {
	case err != nil || again != nil:
	case second.CPU-first.CPU > time.Duration(busy*float64(spinLook)):
		f.kind, f.signature = Spin, "spin after "+p.what()
		f.evidence += fmt.Sprintf("\n%d ms of CPU in %s", (second.CPU - first.CPU).Milliseconds(), spinLook)
	default:
		f.evidence += "\nthe program is " + second.String()
	}
	return f
}

// spin is a server that does what it must and does not come to rest behind it.
func (s *stage) spin(p *played) *fault {
	v, _ := s.process.Vitals()
	return &fault{Spin, "spin after " + p.what(), fmt.Sprintf("after: %s\nit has something to do all the time for %s, and is %s", p.Action, stagePatience, v)}
}

// spinLook is how long one looks at a program that says nothing, busy the share
// of a core from which on it does not rest.
const (
	spinLook = 200 * time.Millisecond
	busy     = 0.8
)

// what names a played action: the same for the same mistake.
func (p *played) what() string {
	switch {
	case p.broken != "":
		return p.broken
	case len(p.allowed) > 0 && p.allowed[0].Demands != "":
		return p.allowed[0].Demands
	}
	return string(p.Deed)
}

// blame notes which requirement is broken: that of the first client who was told
// something else. The caller holds the lock.
func (s *stage) blame(p *played) {
	if len(p.allowed) == 0 {
		return
	}
	r := &p.allowed[0]
	p.broken = r.Demands
	for _, n := range slices.Sorted(maps.Keys(s.clients)) {
		reply, told := r.to(n)
		switch {
		case s.clients[n].fit(reply, s.o.Machine.Blank) == Whole:
			continue
		case told && reply.Demands != "":
			p.broken = reply.Demands
		case !told && r.Quiet != "":
			p.broken = r.Quiet
		}
		return
	}
}

// leftover tells whether anybody has heard more than was to be heard.
func (s *stage) leftover() *fault {
	if len(s.played) == 0 {
		return nil
	}
	p := &s.played[len(s.played)-1]
	nothing := []Reaction{{}}
	if whole, _, _ := s.sort(nothing); len(whole) > 0 {
		return nil
	}
	rest := played{Action: p.Action, allowed: nothing, broken: p.what()}
	if p.held != nil && p.held.Quiet != "" {
		rest.broken = p.held.Quiet
		p.broken = p.held.Quiet
	}
	f := s.wrong(&rest, false)
	f.signature, f.evidence = "more after "+rest.what(), strings.Replace(f.evidence, "wanted: ", "wanted: then ", 1)
	return f
}

// leaks tells whether more descriptors stay open than there are clients, if that is
// a fault: else a server may leave closing to its end, or to whoever collects
// garbage.
func (s *stage) leaks() *fault {
	if _, minds := s.o.Protocol.Requirement(noLeak); !minds {
		return nil
	}
	s.mu.Lock()
	most := s.first.Descriptors + leakSlack + len(s.clients)
	s.mu.Unlock()
	now, err := s.process.Vitals()
	if err != nil || now.Descriptors <= most || s.first.Descriptors == 0 {
		return nil
	}
	time.Sleep(lingering)
	if now, err = s.process.Vitals(); err != nil || now.Descriptors <= most {
		return nil
	}
	return &fault{Leak, "leak", fmt.Sprintf("%d descriptors are open after %d actions, %d at the start", now.Descriptors, len(s.played), s.first.Descriptors)}
}

// String says it for people.
func (r *Reaction) String() string {
	var parts []string
	for _, t := range r.inOrder() {
		if len(parts) == 4 {
			parts = append(parts, fmt.Sprintf("and so on for %d more", len(r.Tells)-4))
			break
		}
		text := fmt.Sprintf("client %d hears %s", t.Client, quote(t.Reply.Want))
		if t.Reply.End == Closes {
			text += " and the end"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "nobody hears anything"
	}
	return strings.Join(parts, ", ")
}

// tell says what clients have heard.
func tell(heard map[int]client) string {
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(heard)) {
		c := heard[n]
		if len(bytes.TrimSpace(c.heard)) == 0 && !c.ended {
			continue
		}
		text := fmt.Sprintf("client %d hears %s", n, quote(c.heard))
		switch {
		case c.reset:
			text += " and a reset"
		case c.ended:
			text += " and the end"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "nobody hears anything"
	}
	return strings.Join(parts[:min(4, len(parts))], ", ")
}
