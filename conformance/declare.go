package conformance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"
)

// programValue carries a Program through Starlark.
type programValue struct {
	opaque
	program Program
}

func declareProgram(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var files, prescribed *starlark.List
	var fragments string
	var port int
	var patience durationArg
	if err := unpack(fn, args, kwargs, "files", &files, "args", &prescribed, "fragments?", &fragments, "port?", &port, "patience?", &patience); err != nil {
		return nil, err
	}
	f, err := stringList(files)
	if err != nil {
		return nil, fmt.Errorf("program: files: %w", err)
	}
	a, err := stringList(prescribed)
	if err != nil {
		return nil, fmt.Errorf("program: args: %w", err)
	}
	return &programValue{opaque{"program"}, Program{Files: f, Args: a, Fragments: fragments, Port: port, Patience: patience.Duration}}, nil
}

func declareProtocol(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	framing := "length"
	var server, client starlark.Value
	err := unpack(fn, args, kwargs, "title", &l.proto.Title, "source", &l.proto.Source,
		"server?", &server, "client?", &client, "framing?", &framing)
	if err != nil {
		return nil, err
	}
	if framing != "length" && framing != "turn" {
		return nil, fmt.Errorf("protocol: framing wants \"length\" or \"turn\", got %q", framing)
	}
	l.proto.Turns = framing == "turn"
	for role, v := range map[string]starlark.Value{Server: server, Client: client} {
		if v == nil {
			continue
		}
		p, isProgram := v.(*programValue)
		if !isProgram {
			return nil, fmt.Errorf("protocol: %s wants a program(), got %s", role, v.Type())
		}
		l.proto.Programs[role] = p.program
	}
	if server != nil && client != nil {
		parts := maps.Clone(l.proto.Programs)
		l.proto.Programs[Pair] = Program{Port: parts[Server].Port, Patience: max(parts[Server].Patience, parts[Client].Patience), Parts: parts}
	}
	return starlark.None, nil
}

func declareRequirement(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var r Requirement
	var level string
	if err := unpack(fn, args, kwargs, "id", &r.ID, "level", &level, "source", &r.Source, "text", &r.Text); err != nil {
		return nil, err
	}
	r.Level = Level(level)
	if !slices.Contains([]Level{Must, Should, May}, r.Level) {
		return nil, fmt.Errorf("requirement %s: level wants \"must\", \"should\" or \"may\", got %q", r.ID, level)
	}
	if !slices.Contains(Roles, r.Role()) {
		return nil, fmt.Errorf("requirement %q: an id is a role, a dot and a name, such as server.magic", r.ID)
	}
	if _, twice := l.proto.Requirement(r.ID); twice {
		return nil, fmt.Errorf("requirement %s is declared twice", r.ID)
	}
	l.proto.Requirements = append(l.proto.Requirements, r)
	return starlark.None, nil
}

// declareParam gives the value of a param: what was set, the default, or None.
// A value that was set has the type of the default.
func declareParam(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var p Param
	var normal starlark.Value = starlark.None
	if err := unpack(fn, args, kwargs, "name", &p.Name, "default?", &normal, "doc?", &p.Doc); err != nil {
		return nil, err
	}
	value := normal
	if given, ok := l.set[p.Name]; ok {
		var err error
		if value, err = paramValue(p.Name, given, normal); err != nil {
			return nil, err
		}
	}
	p.Set = value != starlark.None
	if s, isString := starlark.AsString(value); isString {
		p.Value = s
	} else if p.Set {
		p.Value = value.String()
	}
	l.proto.Params = append(l.proto.Params, p)
	return value, nil
}

func paramValue(name, given string, normal starlark.Value) (starlark.Value, error) {
	switch normal.(type) {
	case starlark.Int:
		n, err := strconv.ParseUint(given, 0, 64)
		if err != nil {
			return nil, fmt.Errorf("param %s wants a number, got %q", name, given)
		}
		return starlark.MakeUint64(n), nil
	case starlark.Bool:
		b, err := strconv.ParseBool(given)
		if err != nil {
			return nil, fmt.Errorf("param %s wants true or false, got %q", name, given)
		}
		return starlark.Bool(b), nil
	}
	return starlark.String(given), nil
}

func declareScenario(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &Scenario{Pos: l.place(true)}
	var covers, needs, steps, then, params *starlark.List
	err := unpack(fn, args, kwargs, "id", &s.ID, "covers", &covers, "why", &s.Why, "steps", &steps,
		"needs?", &needs, "then?", &then, "pieces?", &s.Pieces, "skip?", &s.Skip, "params?", &params)
	if err != nil {
		return nil, err
	}
	if err := s.fill(covers, needs, steps, then); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.ID, err)
	}
	if err := s.checkRoles(); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.ID, err)
	}
	if err := l.skipUnset(s, params); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", s.ID, err)
	}
	if other, twice := l.proto.Scenario(s.ID); twice {
		return nil, fmt.Errorf("scenario %s is declared twice, first at %s", s.ID, other.Pos)
	}
	l.proto.Scenarios = append(l.proto.Scenarios, s)
	return starlark.None, nil
}

// fill sets the lists of a scenario and checks what can be checked alone.
func (s *Scenario) fill(covers, needs, steps, then *starlark.List) (err error) {
	if s.Covers, err = stringList(covers); err != nil {
		return fmt.Errorf("covers: %w", err)
	}
	for _, part := range []struct {
		name string
		from *starlark.List
		to   *[]Step
	}{{"needs", needs, &s.Needs}, {"steps", steps, &s.Steps}, {"then", then, &s.Then}} {
		if *part.to, err = stepList(part.from); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	switch {
	case !slices.Contains(Roles, s.Role()) || strings.Count(s.ID, "/") < 2:
		return errors.New("an id is role/subject/what, such as server/magic/swapped")
	case len(s.Covers) == 0:
		return errors.New("covers wants at least one requirement")
	case len(s.Steps) == 0:
		return errors.New("steps wants at least one step")
	case s.Why == "":
		return errors.New("why wants a sentence for the author of the program")
	}
	return nil
}

// checkRoles demands that what is started in a pair says which of the two it
// is, and that nothing else does.
func (s *Scenario) checkRoles() error {
	for _, step := range s.all() {
		start, starts := step.(*Start)
		switch {
		case !starts:
		case s.Role() == Pair && start.Role == "":
			return fmt.Errorf("%s wants role = %q or %q: a pair is two programs", start.star(), Server, Client)
		case s.Role() != Pair && start.Role != "":
			return fmt.Errorf("%s wants no role: there is one program, the %s", start.star(), s.Role())
		}
	}
	return nil
}

// skipUnset skips a scenario that asks for a param that has no value.
func (l *loader) skipUnset(s *Scenario, params *starlark.List) error {
	names, err := stringList(params)
	if err != nil {
		return fmt.Errorf("params: %w", err)
	}
	for _, name := range names {
		i := slices.IndexFunc(l.proto.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("params: %q is not declared%s", name, DidYouMean(name, paramNames(l.proto)))
		}
		if !l.proto.Params[i].Set {
			s.Skip = fmt.Sprintf("param %s is not set: --set %s=…", name, name)
		}
	}
	return nil
}
