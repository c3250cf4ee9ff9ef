package conformance

import (
	"slices"
	"strings"
	"time"

	"netproctor/internal/record"
)

// The roles that a program can play. Pair is a submission's own client
// against its own server.
const (
	Server = "server"
	Client = "client"
	Pair   = "pair"
)

// Roles are the roles in the order in which they are graded and listed.
var Roles = []string{Server, Client, Pair}

// A Protocol is everything that one folder of scenario files declares.
type Protocol struct {
	Name   string // "mailbox"
	Title  string // one line for people
	Source string // the assignment that the requirements come from
	// Turns says that the protocol has no delimiters, so that a message ends
	// where its sender waits. Splitting a message is then no legal delivery.
	Turns        bool
	Programs     map[string]Program // by role
	Records      map[string]*record.Layout
	Params       []Param
	Requirements []Requirement // in the order of their declaration
	Scenarios    []*Scenario   // by file, then in the order of their declaration
}

// A Program is what the assignment prescribes of a role's command line.
type Program struct {
	Files []string // file names to look for in a submission, best first
	Args  []string // arguments, with placeholders such as {port}
	// Port is the one that the assignment has written into the programs; 0:
	// they are told one. It is what {port} stands for.
	Port int
	// Patience is how long the program may take for anything that has no limit
	// of its own; 0: three seconds.
	Patience time.Duration
	// Fragments names the requirement that deliveries in pieces count for.
	// Empty: messages are never split.
	Fragments string
	// Parts are the two programs of a pair, by role; nil for one alone.
	Parts map[string]Program
}

// A Level says what a requirement is worth.
type Level string

// Must counts for the score, Should is reported as a failure without points,
// May records which way a program goes where the source leaves it open.
const (
	Must   Level = "must"
	Should Level = "should"
	May    Level = "may"
)

// A Requirement is one rule of the assignment.
type Requirement struct {
	ID     string // "server.magic": the role, a dot, a name
	Level  Level
	Source string // the clause, such as "§3.3.1"
	Text   string
}

// Role is the role that the requirement is about.
func (r Requirement) Role() string {
	role, _, _ := strings.Cut(r.ID, ".")
	return role
}

// A Param is a value that an assignment changes by year or leaves to teams.
type Param struct {
	Name  string
	Value string // as given or by default; empty while unset
	Set   bool
	Doc   string
}

// A Scenario is one thing that is tried with one program.
type Scenario struct {
	ID     string   // "server/magic/byte-swapped"
	Covers []string // requirement ids
	Why    string   // what a failure means for the program, in one sentence
	Pos    string   // file:line of its declaration
	// Needs must hold before Steps mean anything: when one of them fails, the
	// scenario is blocked, not failed. Then is played last and fails the
	// scenario: it shows that the program lives on.
	Needs, Steps, Then []Step
	// Pieces says that every message may also be delivered in pieces.
	Pieces bool
	// Skip is the reason for not playing it, such as a param that is unset.
	Skip string
}

// Role is the role of the program under test, the id's first part.
func (s *Scenario) Role() string {
	role, _, _ := strings.Cut(s.ID, "/")
	return role
}

// all gives the steps of all three phases in the order of play.
func (s *Scenario) all() []Step {
	return slices.Concat(s.Needs, s.Steps, s.Then)
}

// phase tells in which phase the i-th step of all stands.
func (s *Scenario) phase(i int) Phase {
	switch {
	case i < len(s.Needs):
		return PhaseNeeds
	case i < len(s.Needs)+len(s.Steps):
		return PhaseSteps
	}
	return PhaseThen
}

// A Phase is a part of a scenario: see Scenario.Needs.
type Phase string

// The phases in the order of play.
const (
	PhaseNeeds Phase = "needs"
	PhaseSteps Phase = "steps"
	PhaseThen  Phase = "then"
)

// Requirement finds a requirement by its id.
func (p *Protocol) Requirement(id string) (Requirement, bool) {
	i := slices.IndexFunc(p.Requirements, func(r Requirement) bool { return r.ID == id })
	if i < 0 {
		return Requirement{}, false
	}
	return p.Requirements[i], true
}

// Scenario finds a scenario by its id.
func (p *Protocol) Scenario(id string) (*Scenario, bool) {
	i := slices.IndexFunc(p.Scenarios, func(s *Scenario) bool { return s.ID == id })
	if i < 0 {
		return nil, false
	}
	return p.Scenarios[i], true
}

// Observes tells whether the scenario covers may requirements alone, so that
// it is recorded and never fails.
func (p *Protocol) Observes(s *Scenario) bool {
	return !slices.ContainsFunc(s.Covers, func(id string) bool {
		r, _ := p.Requirement(id)
		return r.Level != May
	})
}
