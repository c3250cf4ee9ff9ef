package protocols

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	"netproctor/fuzz"
	"netproctor/reference/transfer"
)

// Transfer gives the state machine of a transfer server: one conversation after
// the other, turn by turn, some of them broken off.
func Transfer() *fuzz.Machine {
	return &fuzz.Machine{Start: transferState{}, Draw: drawTransfer}
}

// A transferState is the reference's model and the conversation that goes on:
// a server has one at a time.
type transferState struct {
	files transfer.Model
	// doubtful are files of which not all came: the source does not say what is
	// left of them.
	doubtful map[string]bool
	talks    bool
	client   int
	turns    [][]byte
	said     int  // bytes of the answer to turns that were said already
	over     bool // nothing more is to be said
}

// Can implements fuzz.State.
func (s transferState) Can(a fuzz.Action) bool {
	switch a.Deed {
	case fuzz.Connecting:
		return !s.talks
	case fuzz.Sending:
		return s.talks && a.Client == s.client && !s.over
	case fuzz.Leaving, fuzz.Resetting:
		return s.talks && a.Client == s.client
	}
	return false
}

// Apply implements fuzz.State.
func (s transferState) Apply(a fuzz.Action) []fuzz.Reaction {
	switch a.Deed {
	case fuzz.Connecting:
		s.talks, s.client, s.turns, s.said, s.over = true, a.Client, nil, 0, false
		return s.says("server.ready")
	case fuzz.Sending:
		s.turns = append(slices.Clip(s.turns), a.Turns...)
		return s.says(s.demand())
	}
	return []fuzz.Reaction{{Next: s.left()}}
}

// command is the first turn; ok tells whether there is one that is legal.
func (s transferState) command() (c *transfer.Command, ok bool) {
	if len(s.turns) == 0 {
		return nil, false
	}
	c, err := transfer.ParseCommand(s.turns[0])
	return c, err == nil
}

// demand names the requirement that the turn is about.
func (s transferState) demand() string {
	c, ok := s.command()
	if !ok {
		return "server.unknown-command"
	}
	_, there := s.files[c.Name]
	switch {
	case c.Verb == transfer.Get && there:
		return "server.get"
	case c.Verb == transfer.Get:
		return "server.get-missing"
	case c.Verb == transfer.Put && there:
		return "server.put-overwrites"
	case c.Verb == transfer.Put:
		return "server.put"
	case there:
		return "server.del"
	}
	return "server.del-missing"
}

// says is what may be said when the turns have come.
func (s transferState) says(demands string) (all []fuzz.Reaction) {
	if c, ok := s.command(); ok && s.doubtful[c.Name] && c.Verb != transfer.Put {
		s.over = true
		return []fuzz.Reaction{{Tells: map[int]fuzz.Reply{s.client: {Open: true, End: fuzz.MayClose}}, Next: s}}
	}
	for _, o := range s.files.Apply(s.turns...) {
		next := s
		reply := fuzz.Reply{Want: o.Answer[s.said:], Open: o.Open}
		next.said = len(o.Answer)
		if o.Over || o.Open {
			next.over = true
			reply.End = fuzz.MayClose
		}
		if o.Over {
			next.files, next.doubtful = o.Next, next.sure()
		}
		r := fuzz.Reaction{Tells: map[int]fuzz.Reply{s.client: reply}, Next: next, Demands: demands}
		if !slices.ContainsFunc(all, func(other fuzz.Reaction) bool {
			return other.Tells[s.client].End == reply.End && string(other.Tells[s.client].Want) == string(reply.Want)
		}) {
			all = append(all, r) // what stays of a part is told apart only when the client leaves
		}
	}
	return all
}

// sure is what is doubtful when the command has been done.
func (s transferState) sure() map[string]bool {
	c, _ := s.command()
	less := maps.Clone(s.doubtful)
	delete(less, c.Name)
	return less
}

// left is the server when the client has gone.
func (s transferState) left() transferState {
	s.talks = false
	c, ok := s.command()
	if s.over || !ok || c.Verb != transfer.Put {
		return s
	}
	more := map[string]bool{c.Name: true}
	maps.Copy(more, s.doubtful)
	s.doubtful = more
	return s
}

// drawTransfer draws a conversation, or a beginning of one.
func drawTransfer(r fuzz.Source) []fuzz.Action {
	name := pick(r, "a", "b", "A", "a b", "GET a", "é", "DONE")
	command := func(v transfer.Verb) []byte { return (&transfer.Command{Verb: v, Name: name}).Append(nil) }
	put := func(data []byte) [][]byte {
		size := binary.BigEndian.AppendUint64(nil, uint64(len(data)))
		if len(data) == 0 {
			return turns(command(transfer.Put), size)
		}
		if len(data) > 1 && r.IntN(4) == 3 { // pieces
			at := 1 + r.IntN(len(data)-1)
			return turns(command(transfer.Put), size[:3], size[3:], data[:at], data[at:])
		}
		return turns(command(transfer.Put), size, data)
	}
	get := turns(command(transfer.Get), []byte("READY"), []byte("OK"))
	switch odds(r, 3, 4, 4, 3, 3, 1) {
	case 0:
		return conversation(get)
	case 1:
		return slices.Concat(conversation(put(contents(r, 1023, 1024, 1025, 2048, 70001))), conversation(get))
	case 2: // over an old one, most often a shorter one over a longer one
		long, short := pattern(pick(r, 3, 1024, 2049), 1), contents(r, 1, 1023)
		return slices.Concat(conversation(put(long)), conversation(put(short)), conversation(get))
	case 3:
		return slices.Concat(conversation(turns(command(transfer.Del))), conversation(get))
	case 4: // broken off
		all := pick(r, get, put(pattern(2000, 2)), turns(command(transfer.Del)))
		part := conversation(all[:r.IntN(len(all))])
		if n := len(all); r.IntN(3) == 2 && len(all[n-1]) > 1 {
			cut := append(slices.Clone(all[:n-1]), all[n-1][:len(all[n-1])/2])
			part = conversation(cut)
		}
		part[len(part)-1].Deed = pick(r, fuzz.Leaving, fuzz.Resetting)
		return part
	}
	return conversation(turns(pick(r, []byte("LIST"), []byte("GET"), []byte("get a"), bytes.Repeat([]byte("x"), 100))))
}

// conversation is a client that connects, sends turns, and leaves.
func conversation(turns [][]byte) []fuzz.Action {
	all := []fuzz.Action{{Deed: fuzz.Connecting}}
	for _, turn := range turns {
		all = append(all, fuzz.Action{Deed: fuzz.Sending, Turns: [][]byte{turn}})
	}
	return append(all, fuzz.Action{Deed: fuzz.Leaving})
}
