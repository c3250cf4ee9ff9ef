package conformance

import (
	"maps"
	"slices"

	"go.starlark.net/starlark"
)

// A builder turns the arguments of a word into a value.
type builder func(l *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// words is the language of scenario files, besides Starlark itself. To add a
// step kind, add its file and its line here.
var words = map[string]builder{
	// what a folder declares
	"protocol":    declareProtocol,
	"program":     declareProgram,
	"requirement": declareRequirement,
	"param":       declareParam,
	"scenario":    declareScenario,

	// layouts of records
	"record":   recordWord,
	"one_of":   oneOfWord,
	"u8":       uintWord(1),
	"u16":      uintWord(2),
	"u32":      uintWord(4),
	"u64":      uintWord(8),
	"reserved": reservedWord,
	"lit":      litWord,
	"text":     textWord,
	"blob":     blobWord,
	"until":    untilWord,
	"decimal":  decimalWord,
	"rest":     restWord,
	"repeat":   repeatWord,

	// bytes
	"sample":    sampleWordOf,
	"times":     timesWord,
	"join":      joinWord,
	"cut":       cutWord,
	"ip_of":     addressWord("ip"),
	"port_of":   addressWord("port"),
	"answer_of": answerWord,
	"variable":  variableWord,

	// steps
	"start":                startWord(true),
	"launch":               startWord(false),
	"connect":              connectWord,
	"send":                 sendWord,
	"pause":                pauseWord,
	"half_close":           closeWord(HalfClosed),
	"close":                closeWord(Closed),
	"reset":                closeWord(Reset),
	"expect":               expectWord,
	"expect_close":         expectCloseWord,
	"expect_refused":       expectRefusedWord,
	"listen":               listenWord,
	"unlisten":             unlistenWord,
	"relay":                relayWord,
	"accept":               acceptWord,
	"expect_no_connection": noConnectionWord,
	"type_line":            typeLineWord,
	"expect_prompt":        expectPromptWord,
	"expect_output":        expectOutputWord,
	"expect_line":          expectLineWord,
	"expect_no_line":       expectNoLineWord,
	"expect_no_output":     expectNoOutputWord,
	"expect_no_traceback":  expectNoTracebackWord,
	"expect_exit":          expectExitWord,
	"expect_running":       expectRunningWord,
	"count_descriptors":    countDescriptorsWord,
	"expect_descriptors":   expectDescriptorsWord,
	"either":               eitherWord,
	"file":                 fileWord,
	"folder":               folderWord,
	"expect_file":          expectFileWord,
	"expect_no_file":       expectNoFileWord,
	"expect_folder":        expectFolderWord,
	"expect_bulk":          expectBulkWord,
	"expect_nothing":       expectNothingWord,
	"signal":               signalWord,
	"measure_memory":       measureMemoryWord,
	"expect_memory":        expectMemoryWord,
	"capture":              captureWord,
	"expect_segments":      expectSegmentsWord,
	"udp":                  udpWord,
	"send_datagram":        sendDatagramWord,
	"expect_datagram":      expectDatagramWord,
	"expect_no_datagram":   noDatagramWord,
	"expect_items":         expectItemsWord,
	"expect_end":           expectEndWord,
	"expect_idle":          expectIdleWord,
	"note_contents":        noteContentsWord,
	"expect_contents":      expectContentsWord,
}

// Words are the names of the language, sorted.
func Words() []string { return slices.Sorted(maps.Keys(words)) }

// predeclared makes the words known to Starlark.
func (l *loader) predeclared() starlark.StringDict {
	env := make(starlark.StringDict, len(words))
	for name, build := range words {
		env[name] = starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return build(l, b.Name(), args, kwargs)
		})
	}
	return env
}
