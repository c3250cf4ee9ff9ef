package protocols

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"netproctor/fuzz"
	"netproctor/reference/transfer"
)

// Transfer gives the state machine of a transfer server: one conversation after
// the other, turn by turn, some of them broken off.
func Transfer() *fuzz.Machine {
	return &fuzz.Machine{Start: transferState{}, Draw: drawTransfer, Alone: true}
}

// A transferState is the reference's model and the conversation that goes on:
// a server has one at a time.
type transferState struct {
	files transfer.Model
	// doubtful are files of which not all came: the source does not say what is
	// left of them.
	doubtful map[string]bool
	strange  string // what was sent that no source says anything of
	talks    bool
	client   int
	turns    [][]byte
	said     int  // bytes of the answer to turns that were said already
	over     bool // nothing more is to be said
	loose    bool // anything may be said
	ended    bool // the client has half-closed
}

// Can implements fuzz.State.
func (s transferState) Can(a fuzz.Action) bool {
	switch a.Deed {
	case fuzz.Connecting:
		return !s.talks
	case fuzz.Sending:
		return s.talks && a.Client == s.client && !s.ended && len(a.Turns) > 0
	case fuzz.Ending:
		return s.talks && a.Client == s.client && !s.ended
	case fuzz.Leaving, fuzz.Resetting:
		return s.talks && a.Client == s.client
	}
	return false
}

// Apply implements fuzz.State.
func (s transferState) Apply(a fuzz.Action) []fuzz.Reaction {
	switch a.Deed {
	case fuzz.Connecting:
		s.talks, s.client, s.turns, s.said, s.over, s.loose, s.ended = true, a.Client, nil, 0, false, false, false
		return s.says("server.ready")
	case fuzz.Sending:
		s.turns = append(slices.Clip(s.turns), a.Turns...)
		if s.over || s.loose || !s.inTurn() {
			return s.anything()
		}
		return s.says(s.demand())
	case fuzz.Ending:
		s.ended = true
		next := s.left()
		next.talks, next.loose = true, true
		return []fuzz.Reaction{{Tells: fuzz.Tell(s.client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: next}}
	}
	return []fuzz.Reaction{{Next: s.left()}}
}

// anything is what may be said of what no source speaks of. It may have been
// taken for a command on any name in it.
func (s transferState) anything() []fuzz.Reaction {
	s.loose = true
	return []fuzz.Reaction{{Tells: fuzz.Tell(s.client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: s.doubts(bytes.Join(s.turns, nil))}}
}

// doubts is the state when all names in some bytes are doubtful.
func (s transferState) doubts(sent []byte) transferState {
	more := map[string]bool{}
	maps.Copy(more, s.doubtful)
	for _, name := range transferNames {
		more[name] = more[name] || bytes.Contains(sent, []byte(name))
	}
	for name := range s.files {
		more[name] = more[name] || bytes.Contains(sent, []byte(name))
	}
	s.doubtful = more
	s.strange += "\n" + string(sent[:min(len(sent), mostStrange)])
	return s
}

// mostStrange is how much of something strange may be the name of a file.
const mostStrange = 1024

// unsure tells whether nothing is known of a name: not even that there is no such
// file, if something strange had the name in it.
func (s transferState) unsure(name string) bool {
	if slices.Contains(transferNames, name) {
		return s.doubtful[name]
	}
	if _, there := s.files[name]; there {
		return s.doubtful[name]
	}
	return strings.Contains(s.strange, name)
}

// inTurn tells whether the last turn is no more than what its client may send at
// once: a command, a word, or a part of a size or of the data. Nothing tells
// where a word ends but the turn.
func (s transferState) inTurn() bool {
	c, ok := s.command()
	if !ok {
		return true // which the model knows
	}
	if strange(c.Name) {
		return false
	}
	last := len(s.turns) - 1
	if last == 0 {
		return true
	}
	from := len(bytes.Join(s.turns[1:last], nil))
	to := from + len(s.turns[last])
	if c.Verb == transfer.Get {
		return from == 0 && to == len(transfer.Ready) || from == len(transfer.Ready) && to == len(transfer.Ready)+len(transfer.OK)
	}
	if to < transfer.SizeLen || from < transfer.SizeLen && to > transfer.SizeLen {
		return to < transfer.SizeLen
	}
	size, err := transfer.ParseSize(bytes.Join(s.turns[1:], nil)[:transfer.SizeLen])
	return err == nil && size <= mostSize && uint64(to-transfer.SizeLen) <= uint64(size)
}

// mostSize is up to which size a file is one that a server must take.
const mostSize = 1 << 40

// strange tells whether a name may be taken for another one.
func strange(name string) bool {
	return name != strings.TrimSpace(name) || strings.HasPrefix(name, ".") || strings.ContainsFunc(name, odd)
}

// odd tells whether a character may be lost on the way to a file's name.
func odd(r rune) bool {
	return r != ' ' && unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
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
	if c, ok := s.command(); ok && s.unsure(c.Name) && c.Verb != transfer.Put {
		s.loose = true
		s = s.doubts(s.turns[0])
		return []fuzz.Reaction{{Tells: fuzz.Tell(s.client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: s}}
	}
	for _, o := range s.files.Apply(s.turns...) {
		next := s
		reply := fuzz.Reply{Want: o.Answer[s.said:], Open: o.Open}
		next.said = len(o.Answer)
		if o.Open {
			next = next.doubts(bytes.Join(s.turns, nil))
		}
		if o.Over || o.Open {
			next.over, next.loose = o.Over, o.Open
			reply.End = fuzz.MayClose
		}
		if o.Over {
			next.files, next.doubtful = o.Next, next.sure()
		}
		r := fuzz.Reaction{Tells: fuzz.Tell(s.client, reply), Next: next, Demands: demands}
		if !slices.ContainsFunc(all, func(other fuzz.Reaction) bool {
			told := other.Tells[0].Reply
			return told.End == reply.End && string(told.Want) == string(reply.Want)
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
	if s.over || s.loose || !ok || c.Verb != transfer.Put {
		return s
	}
	more := map[string]bool{}
	maps.Copy(more, s.doubtful)
	more[c.Name] = true
	s.doubtful = more
	return s
}

// transferNames are names of files, few, so that conversations meet in them.
var transferNames = []string{"a", "b", "A", "a b", "GET a", "é", "DONE"}

// drawTransfer draws a conversation, or a beginning of one.
func drawTransfer(r fuzz.Source) []fuzz.Action {
	name := pick(r, transferNames...)
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
		return conversation(r, get)
	case 1:
		return slices.Concat(conversation(r, put(contents(r, 1023, 1024, 1025, 2048, 70001))), conversation(r, get))
	case 2: // over an old one, most often a shorter one over a longer one
		long, short := pattern(pick(r, 3, 1024, 2049), 1), contents(r, 1, 1023)
		return slices.Concat(conversation(r, put(long)), conversation(r, put(short)), conversation(r, get))
	case 3:
		return slices.Concat(conversation(r, turns(command(transfer.Del))), conversation(r, get))
	case 4: // broken off
		all := pick(r, get, put(pattern(2000, 2)), turns(command(transfer.Del)))
		part := conversation(r, all[:r.IntN(len(all))])
		if n := len(all); r.IntN(3) == 2 && len(all[n-1]) > 1 {
			cut := append(slices.Clone(all[:n-1]), all[n-1][:len(all[n-1])/2])
			part = conversation(r, cut)
		}
		if r.IntN(2) == 1 {
			part = append(part[:len(part)-1], fuzz.Action{Deed: fuzz.Resetting})
		}
		return part
	}
	return conversation(r, turns(pick(r, []byte("LIST"), []byte("GET"), []byte("get a"), bytes.Repeat([]byte("x"), 100))))
}

// conversation is a client that connects, sends turns, and leaves, most often
// so that it sees the server close.
func conversation(r fuzz.Source, turns [][]byte) []fuzz.Action {
	all := []fuzz.Action{{Deed: fuzz.Connecting}}
	for _, turn := range turns {
		all = append(all, fuzz.Action{Deed: fuzz.Sending, Turns: [][]byte{turn}})
	}
	return append(all, parting(r, 0)...)
}
