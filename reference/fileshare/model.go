package fileshare

import (
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
)

// A Model is what a right server knows: the files that it shares. It is a
// value: [Model.Apply] returns new models and leaves this one as it is.
type Model struct {
	dialect Dialect
	files   map[string]string // content by name
}

// NewModel returns a server that speaks d and has just been started with these
// files, by name.
func NewModel(d Dialect, files map[string]string) Model {
	return Model{dialect: d, files: maps.Clone(files)}
}

// Files returns the files that the server shares, by name.
func (m Model) Files() map[string]string { return maps.Clone(m.files) }

// An Outcome is one of the things that a right server may do with a connection:
// send Answer, close, and be Next from then on. If Answer is open, Next is only
// one of the things that the server may be.
type Outcome struct {
	Answer Answer
	Rest   Rest // where the conversation stands before the client closes
	Next   Model
}

// A Rest is where a conversation stands when all has been read that was sent.
type Rest int

// The server waits for the next command, or for what is missing of one; or it
// has closed the connection.
const (
	Awaits Rest = iota
	Amid
	Closed
)

// maxForks is how often in one conversation the model follows a server both
// ways. Each time multiplies the outcomes; behind the last anything is allowed.
const maxForks = 6

// Apply returns what a right server may do with a client that sends these turns
// and then closes its side. Behind each turn, the last one too, the client is
// quiet for a while; in [Sized] that says nothing, and one turn is enough. There
// is more than one outcome where the source leaves something open: what a
// server makes of an unknown command, and of a name that no file can have.
func (m Model) Apply(turns ...[]byte) []Outcome {
	return walk{model: m, sent: sent{later: turns}}.run()
}

// A walk is one way through a conversation, as far as it has come. It is a
// value: a copy can take another way.
type walk struct {
	model  Model
	sent   sent // what is left of it
	answer Answer
	forks  int
}

// run goes on with the next command.
func (w walk) run() []Outcome {
	if w.forks > maxForks {
		w.answer.Open = true
		return w.end(Closed)
	}
	command, err := w.sent.command(w.model.dialect)
	switch {
	case errors.Is(err, ErrErroneous):
		return w.unknown()
	case errors.Is(err, io.EOF):
		return w.end(Awaits)
	case err != nil:
		return w.end(Amid)
	case command.Kind == Bye:
		return w.end(Closed)
	case command.Kind == List:
		return w.list()
	case command.Kind == Get:
		return w.get(command.Name)
	}
	return w.put(command.Name)
}

// end is a server that closes: now, or when the client has closed.
func (w walk) end(r Rest) []Outcome { return []Outcome{{Answer: w.answer, Rest: r, Next: w.model}} }

// unknown is a server that closes, or says something and goes on.
func (w walk) unknown() []Outcome {
	w.answer.Open = true
	w.forks++
	return append(w.end(Closed), w.run()...)
}

// list answers with the names. Those that a listing cannot carry may be in it
// nevertheless, or be left out.
func (w walk) list() []Outcome {
	all := slices.Sorted(maps.Keys(w.model.files))
	listed := slices.DeleteFunc(slices.Clone(all), func(name string) bool {
		return w.model.dialect.CheckListed(name) != nil
	})
	if len(listed) == len(all) {
		return w.names(all).run()
	}
	w.forks++
	return append(w.names(all).run(), w.names(listed).run()...)
}

// get answers with the file, or closes if there is none.
func (w walk) get(name string) []Outcome {
	if check(name) == nil {
		return w.send(name)
	}
	w.forks++
	return append(w.end(Closed), w.send(laxName(name))...)
}

// send answers with the file, or closes if there is none.
func (w walk) send(name string) []Outcome {
	data, ok := w.model.files[name]
	if !ok {
		return w.end(Closed)
	}
	return w.data(data).run()
}

// put stores a file, if all of it has come. With a name that no file can have,
// a server closes, or takes the file and drops it, or finds a better name.
func (w walk) put(name string) []Outcome {
	d := w.model.dialect
	data, err := w.sent.file(d)
	switch {
	case errors.Is(err, ErrErroneous):
		return w.end(Closed)
	case err != nil:
		return w.end(Amid)
	}
	if check(d.StoredPrefix+name) == nil {
		return w.stored(d.StoredPrefix+name, data).run()
	}
	w.forks++
	outcomes := append(w.end(Closed), w.run()...)
	if lax := laxName(name); lax != "" {
		outcomes = append(outcomes, w.stored(d.StoredPrefix+lax, data).run()...)
	}
	return outcomes
}

// stored is the walk with one file more, or a new one in place of an old.
func (w walk) stored(name string, data []byte) walk {
	files := maps.Clone(w.model.files)
	if files == nil {
		files = map[string]string{}
	}
	files[name] = string(data)
	w.model.files = files
	return w
}

// laxName returns what a less strict server may take a name for that is none:
// its last part if it is a path. Empty if even that is none.
func laxName(name string) string {
	name = name[strings.LastIndex(name, "/")+1:]
	if name == "." || name == ".." || strings.Contains(name, "\x00") {
		return ""
	}
	return name
}
