package protocols

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"netproctor/fuzz"
	"netproctor/reference/chat"
)

// Chat gives the state machine of a chat server: clients that come and go, talk,
// and upload files. What all others hear is the fence behind everything that is
// said, so nobody talks alone.
func Chat() *fuzz.Machine {
	return &fuzz.Machine{Start: chatState{}, Draw: drawChat, Blank: chatLineEnds, Turns: true}
}

// chatLineEnds are what a server may put behind each message.
const chatLineEnds = "\r\n"

// mostWords is how long a text may be that every server reads at once.
const mostWords = 4000

// A chatState is the reference's model with the clients' numbers.
type chatState struct {
	model chat.Model
	at    map[int]netip.AddrPort
	// uploads is the client whose file comes in, with its name: the source does
	// not say whether others are heard in the meantime.
	uploads *upload
	stored  map[string]string // what was uploaded to its end
	// lost is what was not. Nothing is said of these files any more: a server may
	// still be writing what it has of one when the next upload of the name comes.
	lost map[string]bool
	// announced are clients that have just said that they will upload.
	announced map[int]bool
	ended     map[int]bool    // those who have half-closed, and so have left
	looked    map[string]bool // of stored, what was looked at already
	// wild says that somebody did what no source speaks of: until all have left,
	// anything may be told to anybody.
	wild bool
	// why is the requirement that wildness began with.
	why string
}

// An upload is a file that comes in.
type upload struct {
	client int
	name   string
	got    string
	size   int64
}

// Can implements fuzz.State.
func (s chatState) Can(a fuzz.Action) bool {
	_, there := s.at[a.Client]
	if s.uploads != nil && (a.Deed == fuzz.Looking || a.Deed == fuzz.Restarting || a.Client != s.uploads.client) {
		return false
	}
	switch a.Deed {
	case fuzz.Connecting:
		return !there && !s.ended[a.Client]
	case fuzz.Sending:
		return there && len(s.at) > 1 && len(a.Sent()) > 0
	case fuzz.Ending:
		return there
	case fuzz.Leaving, fuzz.Resetting:
		return there || s.ended[a.Client]
	case fuzz.Looking, fuzz.Restarting:
		return !s.wild
	}
	return false
}

// strange tells whether sources leave open what becomes of what is sent: it may
// come in parts, or not be told from what may end a message, or be no text.
func (s chatState) strange(client int, sent []byte) bool {
	if s.uploads != nil {
		return int64(len(s.uploads.got)+len(sent)) > s.uploads.size
	}
	if len(sent) > mostWords || bytes.ContainsAny(sent, chatLineEnds) || !utf8.Valid(sent) || bytes.IndexByte(sent, 0) >= 0 {
		return true
	}
	if bytes.IndexByte(sent, '#') < 0 {
		return false // else some take what is behind it for a command
	}
	u, err := chat.ParseUpload(sent)
	return !s.announced[client] || err != nil || chat.CheckName(u.Name) != nil || !plain(u.Name)
}

// plain tells whether every server takes a text in quotation marks for the same
// name.
func plain(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Apply implements fuzz.State.
func (s chatState) Apply(a fuzz.Action) []fuzz.Reaction {
	switch a.Deed {
	case fuzz.Connecting:
		next := s.with(a.Client, a.At)
		if s.wild {
			return next.anything()
		}
		return s.reactions(a.Client, s.model.Join(a.At), next, "server.entered")
	case fuzz.Ending, fuzz.Leaving, fuzz.Resetting:
		return s.leaves(a)
	case fuzz.Looking:
		return s.looks()
	case fuzz.Restarting:
		return []fuzz.Reaction{{Next: chatState{stored: s.stored, lost: s.lost}, Demands: "server.restart"}}
	}
	sent := a.Sent()
	if s.wild || s.strange(a.Client, sent) {
		if !s.wild {
			s.why = strangeness(sent)
		}
		return s.loses(sent).anything()
	}
	return s.sends(a)
}

// leaves is a client that leaves, or one that has said that it will.
func (s chatState) leaves(a fuzz.Action) []fuzz.Reaction {
	if s.ended[a.Client] {
		s.ended = maps.Clone(s.ended)
		delete(s.ended, a.Client)
		return []fuzz.Reaction{{Next: s.calmed()}}
	}
	next := s.without(a.Client)
	if a.Deed == fuzz.Ending {
		ended := map[int]bool{a.Client: true}
		maps.Copy(ended, s.ended)
		next.ended = ended
	}
	if s.wild {
		return next.calmed().anything()
	}
	demands := "server.left"
	if a.Deed == fuzz.Resetting {
		demands = "server.reset"
	}
	all := s.reactions(a.Client, s.model.Leave(s.at[a.Client]), next, demands)
	if a.Deed == fuzz.Ending {
		for i := range all {
			all[i].Tells = append(all[i].Tells, fuzz.Tell(a.Client, fuzz.Reply{End: fuzz.MayClose})...)
		}
	}
	return all
}

// strangeness names the requirement that something strange is about.
func strangeness(sent []byte) string {
	switch {
	case bytes.IndexByte(sent, '#') >= 0:
		return "server.upload-malformed"
	case !utf8.Valid(sent) || bytes.IndexByte(sent, 0) >= 0:
		return "server.not-utf8"
	case len(sent) > mostWords:
		return "server.long-message"
	}
	return "server.newline"
}

// anything is what may be told when something strange was done.
func (s chatState) anything() []fuzz.Reaction {
	s.wild = len(s.at)+len(s.ended) > 0
	r := fuzz.Reaction{Next: s, Demands: s.why}
	open := &fuzz.Reply{Open: true, End: fuzz.MayClose}
	for n := range s.at {
		r.Tells = append(r.Tells, fuzz.Told{Client: n, Reply: open})
	}
	for n := range s.ended {
		r.Tells = append(r.Tells, fuzz.Told{Client: n, Reply: open})
	}
	return []fuzz.Reaction{r}
}

// calmed is the state as it is again when all have left: nobody is there.
func (s chatState) calmed() chatState {
	if s.wild && len(s.at)+len(s.ended) == 0 {
		s.wild, s.model, s.announced = false, chat.Model{}, nil
	}
	return s
}

// loses is the state when nothing is known any more of files whose names are in
// what was sent, nor of one that comes in.
func (s chatState) loses(sent []byte) chatState {
	lost := maps.Clone(s.lost)
	if lost == nil {
		lost = map[string]bool{}
	}
	if s.uploads != nil {
		lost[s.uploads.name] = true
		s.uploads = nil
	}
	_, behind, is := bytes.Cut(sent, []byte("#"))
	if s.wild { // a command may come in pieces
		behind, is = sent, true
	}
	if is {
		behind = bytes.ReplaceAll(behind, []byte("upload"), nil)
		for _, name := range slices.Concat(chatNames, brokenNames) {
			lost[name] = lost[name] || bytes.Contains(behind, []byte(name))
		}
		for name := range s.stored {
			lost[name] = lost[name] || bytes.Contains(behind, []byte(name))
		}
	}
	s.lost = lost
	return s
}

// looks is what files must hold that came since somebody looked last.
func (s chatState) looks() []fuzz.Reaction {
	r := fuzz.Reaction{Kept: map[string]string{}, Demands: "server.upload"}
	looked := map[string]bool{}
	for name, content := range s.stored {
		looked[name] = true
		if !s.lost[name] && !s.looked[name] {
			r.Kept[chat.Folder+"/"+name] = content
		}
	}
	s.looked = looked
	r.Next = s
	return []fuzz.Reaction{r}
}

// with is the state with one client more.
func (s chatState) with(n int, at netip.AddrPort) chatState {
	s.at = maps.Clone(s.at)
	if s.at == nil {
		s.at = map[int]netip.AddrPort{}
	}
	s.at[n] = at
	return s
}

// without is the state when a client has left. Of its file nothing is said.
func (s chatState) without(n int) chatState {
	s.at, s.announced = maps.Clone(s.at), maps.Clone(s.announced)
	delete(s.at, n)
	delete(s.announced, n)
	if s.uploads != nil {
		lost := map[string]bool{}
		maps.Copy(lost, s.lost)
		lost[s.uploads.name] = true
		s.uploads, s.lost = nil, lost
	}
	return s
}

// sends is a text, a command, or a part of a file.
func (s chatState) sends(a fuzz.Action) []fuzz.Reaction {
	sent := a.Sent()
	outcomes := s.model.Send(s.at[a.Client], sent)
	next, demands := s, "server.relay"
	next.announced = maps.Clone(s.announced)
	delete(next.announced, a.Client)
	switch {
	case string(sent) == chat.Announcement:
		next.announced = map[int]bool{a.Client: true}
		maps.Copy(next.announced, s.announced)
	case s.uploads != nil:
		next.uploads = &upload{s.uploads.client, s.uploads.name, s.uploads.got + string(sent), s.uploads.size}
		demands = "server.upload"
	default:
		if u, err := chat.ParseUpload(sent); err == nil {
			next.uploads = &upload{a.Client, u.Name, "", u.Size}
			demands = "server.upload-private"
		}
	}
	if u := next.uploads; u != nil && int64(len(u.got)) == u.size {
		next.stored = maps.Clone(s.stored)
		if next.stored == nil {
			next.stored = map[string]string{}
		}
		next.stored[u.name], next.uploads = u.got, nil
		next.looked = maps.Clone(s.looked)
		delete(next.looked, u.name)
		demands = "server.upload-info"
	}
	return s.reactions(a.Client, outcomes, next, demands)
}

// reactions gives what all clients are told. Of what a server may do with line
// ends the plain one stands for all: they are Blank.
func (s chatState) reactions(actor int, outcomes []chat.Outcome, next chatState, demands string) (all []fuzz.Reaction) {
	quiet := "server.no-echo"
	if s.uploads != nil || next.uploads != nil {
		quiet = "server.upload-private"
	}
	seen := map[string]bool{}
	for _, o := range outcomes {
		told := string(o.Self) + "|" + string(o.Others)
		if seen[told] || strings.Contains(told, "\n") {
			continue
		}
		seen[told] = true
		then := next
		then.model = o.Next
		r := fuzz.Reaction{Tells: make([]fuzz.Told, 0, len(next.at)+1), Next: then, Demands: demands, Quiet: quiet}
		others := &fuzz.Reply{Want: o.Others, Demands: demands}
		for n := range next.at {
			if n != actor && len(o.Others) > 0 {
				r.Tells = append(r.Tells, fuzz.Told{Client: n, Reply: others})
			}
		}
		if len(o.Self) > 0 {
			r.Tells = append(r.Tells, fuzz.Told{Client: actor, Reply: &fuzz.Reply{Want: o.Self, Demands: "server.connected"}})
		}
		all = append(all, r)
	}
	return all
}

// drawChat draws what one of a few clients does.
func drawChat(r fuzz.Source) []fuzz.Action {
	who := r.IntN(4)
	joins := fuzz.Action{Client: who, Deed: fuzz.Connecting}
	// Most of what is possible needs company.
	both := []fuzz.Action{joins, {Client: (who + 1) % 4, Deed: fuzz.Connecting}}
	says := func(text string) fuzz.Action {
		return fuzz.Action{Client: who, Deed: fuzz.Sending, Turns: turns([]byte(text))}
	}
	switch odds(r, 12, 24, 8, 3, 12, 4, 2, 2) {
	case 0:
		return []fuzz.Action{joins}
	case 1:
		return append(both, says(drawWords(r)))
	case 2:
		if r.IntN(3) == 2 {
			return []fuzz.Action{{Client: who, Deed: fuzz.Resetting}}
		}
		return parting(r, who)
	case 3: // as many as a room holds
		joins.Client, joins.Times = 10, pick(r, 8, 12, 46)
		return []fuzz.Action{joins, says(drawWords(r))}
	case 4: // an upload, often over an older file, and something to say after it
		return append(append(both, drawUpload(r, says, chatNames)...), says(drawWords(r)), fuzz.Action{Deed: fuzz.Looking})
	case 5: // one that is broken off
		all := drawUpload(r, says, brokenNames)
		all = append(both, all[:len(all)-1]...)
		if r.IntN(2) == 1 {
			return append(all, fuzz.Action{Client: who, Deed: fuzz.Resetting})
		}
		return append(all, parting(r, who)...)
	case 6:
		text := says(drawWords(r))
		text.Times = pick(r, 2, 3, 40)
		return append(both, text)
	}
	return []fuzz.Action{{Deed: fuzz.Restarting}}
}

// chatNames are names of files, few, so that one comes after the other; of those
// of uploads that are broken off nothing is known any more.
var (
	chatNames   = []string{"a", "b"}
	brokenNames = []string{"c", "d"}
)

// drawUpload draws the announcement, the command, and the file.
func drawUpload(r fuzz.Source, says func(string) fuzz.Action, names []string) []fuzz.Action {
	data := contents(r, 4095, 4096, 4097, 70000)
	u := chat.Upload{Name: pick(r, names...), Size: int64(len(data))}
	all := []fuzz.Action{says(chat.Announcement), says(string(u.Append(nil)))}
	if at := len(data) / 2; at > 0 && r.IntN(3) == 2 {
		all = append(all, says(string(data[:at])))
		data = data[at:]
	}
	if len(data) > 0 {
		all = append(all, says(string(data)))
	}
	return all
}

func drawWords(r fuzz.Source) string {
	switch odds(r, 6, 4, 1) {
	case 0:
		return pick(r, "x", "hello", "two words")
	case 1:
		return pick(r, "é€🐧", "exit", " x ", "[127.0.0.1:1] x", "> User", "%s%n", "upload", "{}")
	}
	return strings.Repeat("l", pick(r, 512, 1024, mostWords))
}
