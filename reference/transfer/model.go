package transfer

import (
	"bytes"
	"maps"
	"strings"
)

// maxPlainName is how many bytes of a name every file system takes.
const maxPlainName = 255

// A Model is what a right server knows: what each of its files holds, by name.
// It is used as a value: [Model.Apply] returns new models and leaves this one as
// it is. The nil Model is a server whose folder is empty.
type Model map[string]string

// An Outcome is one of the things that a right server may do with a connection:
// send Answer and no more, and be Next from then on.
type Outcome struct {
	Answer []byte
	Open   bool // the source does not say what follows Answer: anything may
	Over   bool // the exchange is over: DONE or an error was said, and no more follows
	Next   Model
}

// Apply returns what a right server may do with a client that sends these turns
// and then no more. It sends the command as the first turn, and waits for the
// server's answer to it; where the turns end that follow does not matter.
//
// There is more than one outcome where the source leaves something open: what
// stays of a file that was not sent to its end, and whether a file can be
// deleted. The source says nothing of illegal commands and wrong words, and the
// model nothing of names that are more than a name: they leave the outcome Open.
func (m Model) Apply(turns ...[]byte) []Outcome {
	ready := Outcome{Answer: Ready.Append(nil), Next: m}
	if len(turns) == 0 {
		return []Outcome{ready}
	}
	command, err := ParseCommand(turns[0])
	if err != nil || !isPlain(command.Name) {
		ready.Open = true
		return []Outcome{ready}
	}
	rest := bytes.Join(turns[1:], nil)
	switch command.Verb {
	case Get:
		return []Outcome{ready.get(command.Name, rest)}
	case Put:
		return ready.put(command.Name, rest)
	}
	return ready.del(command.Name)
}

// isPlain reports whether name is that of a file in the folder itself, and one
// that every system takes.
func isPlain(name string) bool {
	return name != "." && name != ".." && len(name) <= maxPlainName && !strings.ContainsAny(name, "/\x00")
}

// get goes on after a GET: sent are the client's words.
func (o Outcome) get(name string, sent []byte) Outcome {
	data, ok := o.Next[name]
	if !ok {
		return o.ends(DoesNotExist(name))
	}
	o = o.says(OK)
	for _, step := range []struct {
		wait Word
		then []byte
	}{
		{Ready, Size(len(data)).Append(nil)},
		{OK, Done.Append([]byte(data))},
	} {
		rest, err := cutLiteral("word", sent, string(step.wait))
		if err != nil {
			o.Open = len(sent) > 0
			return o
		}
		o.Answer = append(o.Answer, step.then...)
		sent = rest
	}
	o.Over = true
	return o
}

// put goes on after a PUT: sent are the size and the data.
func (o Outcome) put(name string, sent []byte) []Outcome {
	o = o.says(OK)
	size, err := ParseSize(sent[:min(len(sent), SizeLen)])
	if err != nil {
		return o.brokenOff(name, "")
	}
	o = o.says(OK)
	data := sent[SizeLen:]
	if Size(len(data)) < size {
		return o.brokenOff(name, string(data))
	}
	done := o.ends(Done)
	done.Next = o.Next.Put(name, string(data[:size]))
	if Size(len(data)) == size {
		return []Outcome{done}
	}
	return append(o.brokenOff(name, string(data[:size])), done)
}

// brokenOff returns what may be left when a PUT ends without DONE: the old file,
// none, or what has arrived.
func (o Outcome) brokenOff(name, arrived string) []Outcome {
	none, part := o, o
	none.Next = o.Next.Del(name)
	part.Next = o.Next.Put(name, arrived)
	return []Outcome{o, none, part}
}

// del goes on after a DEL.
func (o Outcome) del(name string) []Outcome {
	if _, ok := o.Next[name]; !ok {
		return []Outcome{o.ends(DoesNotExist(name))}
	}
	done := o.ends(Done)
	done.Next = o.Next.Del(name)
	return []Outcome{done, o.ends(UnableToDelete(name))}
}

// says returns the outcome with one more token of the server.
func (o Outcome) says(token interface{ Append(b []byte) []byte }) Outcome {
	o.Answer = token.Append(bytes.Clone(o.Answer))
	return o
}

// ends returns the outcome with the server's last token.
func (o Outcome) ends(token interface{ Append(b []byte) []byte }) Outcome {
	o = o.says(token)
	o.Over = true
	return o
}

// Put returns the model with a file, in place of what had its name.
func (m Model) Put(name, data string) Model {
	next := Model{name: data}
	for other, kept := range m {
		if other != name {
			next[other] = kept
		}
	}
	return next
}

// Del returns the model without a file.
func (m Model) Del(name string) Model {
	next := maps.Clone(m)
	delete(next, name)
	return next
}
