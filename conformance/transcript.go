package conformance

import "time"

// A Transcript is what happened when a scenario was played: enough to judge it
// again. It is plain data and survives encoding/json.
type Transcript struct {
	Scenario string        `json:"scenario"`
	Delivery Delivery      `json:"delivery,omitempty"`
	Seed     uint64        `json:"seed"`
	Began    time.Time     `json:"began"`
	Took     time.Duration `json:"took_ns"`
	// Lateness is the most by which the harness's own sleeps and writes were
	// late while the scenario was played: how far its clock readings can be
	// trusted.
	Lateness time.Duration `json:"lateness_ns"`
	Events   []Event       `json:"events"`
	// Broken is trouble of the harness itself; empty if there was none.
	Broken string `json:"broken,omitempty"`
}

// An Event is one thing that happened, at one moment. Which fields are set
// depends on its kind.
type Event struct {
	// At is the time since the play began: for what the harness does, read
	// before the call; for what it observes, read after.
	At   time.Duration `json:"at_ns"`
	Kind EventKind     `json:"kind"`
	Step int           `json:"step,omitempty"` // StepBegin, StepEnd: the index
	Conn string        `json:"conn,omitempty"` // the connection it is about
	Run  string        `json:"run,omitempty"`  // the program run it is about
	Data []byte        `json:"data,omitempty"` // bytes sent, received, printed or typed; N if there were more
	Text string        `json:"text,omitempty"` // what the kind says
	// Took is how long the harness's call took.
	Took time.Duration `json:"took_ns,omitempty"`
	N    int           `json:"n,omitempty"` // a count: descriptors, an exit status
	// Seen is how many events were noted when the harness's call began: what
	// came while it lasted may be an answer to it. 0 for what it observes.
	Seen int `json:"seen,omitempty"`
}

// An EventKind says what an Event tells.
type EventKind string

// The kinds of events. The comment says what Text and N hold.
const (
	Place     EventKind = "place"      // Text: what {host} and {port} stand for
	StepBegin EventKind = "step-begin" // Text: the phase
	StepEnd   EventKind = "step-end"   // Text: "expired" if the wait ran out

	Connected  EventKind = "connected"   // Text: own address, a space, the peer's
	NoConnect  EventKind = "no-connect"  // Text: why
	Listening  EventKind = "listening"   // Text: the harness's address; Conn: the relay that listens, if it is one
	Incoming   EventKind = "incoming"    // Text: own address, a space, the peer's
	Attempted  EventKind = "attempted"   // N: connections that were refused where nobody listens, since the last start
	Accepted   EventKind = "accepted"    // Text: the Conn of the Incoming that now has this name
	Sent       EventKind = "sent"        // Data
	SendFailed EventKind = "send-failed" // Text: why
	Received   EventKind = "received"    // Data
	PeerClosed EventKind = "peer-closed" // FIN
	PeerReset  EventKind = "peer-reset"  // RST
	HalfClosed EventKind = "half-closed"
	Draining   EventKind = "draining" // N: how much of what had come is taken; what comes next is not kept
	Drained    EventKind = "drained"  // N: how much came; Data: it, or the sums of its blocks
	// What a relay passes on. Conn is the client's connection, and its closes
	// are those of any connection.
	Relayed      EventKind = "relayed"       // Data, or N where it is not kept; Text: who sent it, "client" or "server"
	ServerClosed EventKind = "server-closed" // FIN on the server's side
	ServerReset  EventKind = "server-reset"  // RST there
	NoServer     EventKind = "no-server"     // it could not be reached; Text: why

	Closed      EventKind = "closed"
	Reset       EventKind = "reset"
	Paused      EventKind = "paused"   // Took
	Started     EventKind = "started"  // Text: the role in a pair
	NoStart     EventKind = "no-start" // Text: why
	Bound       EventKind = "bound"    // the program listens; Text: its addresses
	Printed     EventKind = "printed"  // Data; Text: stdout or stderr
	Typed       EventKind = "typed"    // Data
	AwaitsInput EventKind = "awaits-input"
	Exited      EventKind = "exited"      // N: status; Text: "exit status 1" or "killed by SIGSEGV"
	Descriptors EventKind = "descriptors" // N; Text: the label
	Memory      EventKind = "memory"      // N: bytes at its fullest, 0 if that cannot be told; Text: the label
	Segment     EventKind = "segment"     // N: bytes of data in a TCP segment; Text: its sender, a space, its receiver
	NoCapture   EventKind = "no-capture"  // Text: why no segments can be seen
	FileSeen    EventKind = "file"        // Text: its path; N: its size; Data: what it holds, or the sums of its blocks
	NoFile      EventKind = "no-file"     // Text: its path; Data: why
	Signalled   EventKind = "signalled"   // Text: the signal
	// Datagrams. Conn is the harness's socket.
	PacketOpened   EventKind = "packet-opened"   // Text: the harness's address
	PacketSent     EventKind = "packet-sent"     // Data; Text: where to
	PacketFailed   EventKind = "packet-failed"   // Text: why
	PacketReceived EventKind = "packet-received" // Data; Text: where from, a space, the address it was sent to
	FolderNoted    EventKind = "folder-noted"    // Text: its path; Data: the names in it, a slash between them
	FolderSeen     EventKind = "folder-seen"     // the same, later
	Idled          EventKind = "idled"           // N: at how many of idleLooks it was busy
	Vitals         EventKind = "vitals"          // Text: how the program is, as evidence
)
