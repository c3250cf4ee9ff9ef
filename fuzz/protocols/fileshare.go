package protocols

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/reference/fileshare"
)

// A sharing is what the state machine of a file sharing server has to be told.
type sharing struct {
	dialect fileshare.Dialect
	folder  string // that the server shares, within its working directory
	port    int    // where it hears those who look for it
}

// The folder and the port that the lab names.
const (
	sharedFolder  = "server"
	discoveryPort = 30000
)

// fileshareFiles are those that a server begins with.
var fileshareFiles = map[string]string{"hello.txt": "hello\r\n", "b": "bb"}

// Fileshare gives the state machine of a file sharing server: several clients at
// once, each in the middle of a conversation, on files that all of them change.
func Fileshare(d fileshare.Dialect) *fuzz.Machine {
	return sharing{d, sharedFolder, discoveryPort}.machine()
}

// Discovery gives the state machine of what a file sharing server does with
// datagrams alone.
func Discovery() *fuzz.Machine {
	m := Fileshare(fileshare.Sized)
	m.Draw = drawDiscovery
	return m
}

// sharingOf reads params. Those that change the framing beyond a dialect it does
// not take.
func sharingOf(params map[string]string) (s sharing, err error) {
	name := cmp.Or(params["DIALECT"], fileshare.Sized.Name)
	if s.dialect, err = fileshare.DialectByName(name); err != nil {
		return s, err
	}
	if prefix, set := params["STORED_PREFIX"]; set {
		s.dialect.StoredPrefix = prefix
	}
	s.folder = cmp.Or(params["SERVER_DIR"], sharedFolder)
	s.port, err = strconv.Atoi(cmp.Or(params["SDP"], strconv.Itoa(discoveryPort)))
	if err != nil {
		return s, fmt.Errorf("SDP wanted a port: %w", err)
	}
	return s, onlyParams(params, "DIALECT", "STORED_PREFIX", "SERVER_DIR", "SDP", "FSP", "CLIENT_DIR", "CONNECT")
}

func (s sharing) machine() *fuzz.Machine {
	m := &fuzz.Machine{Files: map[string][]byte{}}
	for name, data := range fileshareFiles {
		m.Files[s.path(name)] = []byte(data)
	}
	m.Start = fileshareState{sharing: s, model: fileshare.NewModel(s.dialect, fileshareFiles)}
	m.Draw = s.draw
	m.Datagrams = s.port
	if s.dialect.Name != fileshare.Sized.Name {
		m.Turns = true
		m.Pause = 10 * time.Millisecond
	}
	if s.dialect.Name == fileshare.Text.Name {
		m.Pause = fileshare.TurnPause
	}
	return m
}

// path is a shared file's, within the server's working directory.
func (s sharing) path(name string) string { return path.Join(s.folder, name) }

// A fileshareState is the reference's model and all conversations that go on.
type fileshareState struct {
	sharing
	model fileshare.Model
	talks map[int]talk
	// tainted says that an upload was broken off: what is left of it, and under
	// which names, the source asks for with a should.
	tainted bool
	// doubtful are the names of such uploads. They stay so: a server may still be
	// clearing up when the next upload of the name comes.
	doubtful map[string]bool
	strange  string // what was sent that no source says anything of
}

// Can implements fuzz.State.
func (s fileshareState) Can(a fuzz.Action) bool {
	t, there := s.talks[a.Client]
	switch a.Deed {
	case fuzz.Connecting:
		return !there
	case fuzz.Sending:
		return there && !t.ended && len(a.Turns) > 0 && (!s.amid(a.Client) || s.apart(a))
	case fuzz.Ending:
		return there && !t.ended
	case fuzz.Asking, fuzz.Calling:
		return len(a.Turns) == 1
	case fuzz.Leaving, fuzz.Resetting:
		return there
	case fuzz.Laying:
		return !s.amid(-1)
	}
	return false
}

// Apply implements fuzz.State.
func (s fileshareState) Apply(a fuzz.Action) []fuzz.Reaction {
	switch a.Deed {
	case fuzz.Connecting:
		return []fuzz.Reaction{{Next: s.with(a.Client, talk{}), Demands: "server.concurrent"}}
	case fuzz.Laying:
		files := s.model.Files()
		for name, content := range a.Files() {
			files[path.Base(name)] = string(content)
		}
		s.model = fileshare.NewModel(s.dialect, files)
		return []fuzz.Reaction{{Next: s}}
	case fuzz.Leaving, fuzz.Resetting:
		return []fuzz.Reaction{{Next: s.left(a.Client), Demands: "server.after-close"}}
	case fuzz.Ending:
		next := s.left(a.Client).with(a.Client, talk{over: true, ended: true})
		return []fuzz.Reaction{{Tells: fuzz.Tell(a.Client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: next, Demands: "server.after-close"}}
	case fuzz.Asking, fuzz.Calling:
		return []fuzz.Reaction{s.found(a)}
	}
	if t := s.talks[a.Client]; t.over {
		sent := slices.Concat(t.loose, a.Sent()) // a name may come in pieces
		t.loose = sent[max(0, len(sent)-mostStrange):]
		return []fuzz.Reaction{{Tells: fuzz.Tell(a.Client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: s.doubts([][]byte{sent}).with(a.Client, t)}}
	}
	return s.sends(a)
}

// question is what those send who look for servers.
var question = (&fileshare.DiscoveryRequest{}).Append(nil)

// found is who looks for servers: the question is answered, anything else is not.
// What some take for the question may be answered.
func (s fileshareState) found(a fuzz.Action) fuzz.Reaction {
	if bare := bytes.Trim(a.Turns[0], " \t\r\n\v\f\x00"); len(bare) < len(a.Turns[0]) && bytes.Equal(bare, question) {
		return fuzz.Reaction{Tells: fuzz.Tell(a.Client, fuzz.Reply{Open: true}), Next: s}
	}
	if !bytes.Equal(a.Turns[0], question) {
		return fuzz.Reaction{Next: s, Demands: "server.discovery-other"}
	}
	demands := "server.discovery"
	if a.Deed == fuzz.Calling {
		demands = "server.discovery-broadcast"
	}
	reply := fuzz.Reply{Want: []byte("the service's name"), Fits: isService}
	return fuzz.Reaction{Tells: fuzz.Tell(a.Client, reply), Next: s, Demands: demands, Quiet: "server.discovery-other"}
}

// isService tells whether a datagram names a service.
func isService(got []byte) (int, fuzz.Fit) {
	if _, err := fileshare.ParseDiscoveryAnswer(got); err != nil {
		return 0, fuzz.Not
	}
	return len(got), fuzz.Whole
}

// with is the state with a client's conversation at another point.
func (s fileshareState) with(n int, t talk) fileshareState {
	talks := map[int]talk{}
	maps.Copy(talks, s.talks)
	talks[n] = t
	s.talks = talks
	return s
}

// left is the state when a client has gone.
func (s fileshareState) left(n int) fileshareState {
	if t := s.talks[n]; len(t.turns) > 0 {
		s = s.doubts(t.turns)
	}
	talks := maps.Clone(s.talks)
	delete(talks, n)
	s.talks = talks
	return s
}

// doubts notes that a command was broken off: if it was a put, nothing is said of
// its file.
func (s fileshareState) doubts(turns [][]byte) fileshareState {
	sent := bytes.Join(turns, nil)
	s.tainted = true
	doubtful := map[string]bool{}
	maps.Copy(doubtful, s.doubtful)
	for _, name := range fileshareNames {
		if bytes.Contains(sent, []byte(name)) {
			doubtful[name], doubtful[s.dialect.StoredPrefix+name] = true, true
		}
	}
	for name := range s.model.Files() {
		if bytes.Contains(sent, []byte(strings.TrimPrefix(name, s.dialect.StoredPrefix))) {
			doubtful[name] = true
		}
	}
	s.doubtful = doubtful
	s.strange += "\n" + string(sent[:min(len(sent), mostStrange)])
	return s
}

// unsure tells whether nothing is known of a name: not even that there is no such
// file, if something strange had the name in it.
func (s fileshareState) unsure(name string) bool {
	if s.doubtful[name] || name == "" {
		return s.doubtful[name]
	}
	if _, there := s.model.Files()[name]; there || slices.Contains(fileshareNames, name) {
		return false
	}
	return strings.Contains(s.strange, strings.TrimPrefix(name, s.dialect.StoredPrefix))
}

// sends is a turn of a conversation.
func (s fileshareState) sends(a fuzz.Action) (all []fuzz.Reaction) {
	t := s.talks[a.Client]
	t.turns = append(slices.Clip(t.turns), a.Turns...)
	if c := s.command(t.turns); c != nil && c.Kind.HasName() && strange(c.Name) || !s.inTurn(t.turns) {
		return []fuzz.Reaction{{Tells: fuzz.Tell(a.Client, fuzz.Reply{Open: true, End: fuzz.MayClose}), Next: s.doubts(t.turns).with(a.Client, talk{over: true, loose: bytes.Join(t.turns, nil)})}}
	}
	for _, o := range s.model.Apply(t.turns...) {
		next := s
		then := t
		pieces := o.Answer.Pieces[t.said:]
		then.said = len(o.Answer.Pieces)
		reply := fuzz.Reply{Open: o.Answer.Open}
		for _, p := range pieces {
			reply.Want = append(reply.Want, p.Bytes...)
		}
		if name := s.about(t.turns); s.unsure(name) || reply.Open || s.tainted && s.dialect.Name == fileshare.Text.Name && anyOrder(pieces) {
			// nothing can be said of what follows
			reply = fuzz.Reply{Open: true}
			o.Rest = fileshare.Closed
			next = next.doubts(t.turns)
		} else if anyOrder(pieces) {
			reply.Fits = func(got []byte) (int, fuzz.Fit) { return s.fits(pieces, got) }
			reply.Steps = func(conn string) []conformance.Step { return s.steps(conn, pieces) }
		}
		switch o.Rest {
		case fileshare.Awaits:
			then = talk{}
		case fileshare.Closed:
			then = talk{over: true, loose: bytes.Join(t.turns, nil)}
			if bye := s.isBye(a.Turns); bye {
				reply.End = fuzz.Closes
			} else {
				reply.Open = true // it is answered, or the connection closed
			}
		}
		if o.Rest != fileshare.Amid {
			next.model = o.Next
		}
		demands := s.demand(t.turns)
		if s.amid(a.Client) {
			demands = "server.concurrent"
		}
		all = append(all, fuzz.Reaction{Tells: fuzz.Tell(a.Client, reply), Next: next.with(a.Client, then), Demands: demands})
	}
	return all
}
