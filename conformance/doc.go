// Package conformance holds programs against a protocol's requirements.
//
// Data runs in one direction:
//
//	scenarios/<p>/*.star --Load--> Scenario --Play--> Transcript --Judge--> Verdict --> Report
//
// Load evaluates scenario files, which are Starlark, into plain data. Play
// performs one scenario against one program and writes down what happened and
// when. Judge compares a transcript with its scenario. Run does all three for
// a whole suite, again where the machine was too busy to be sure, and sums the
// verdicts up in a Report.
//
// Only Play does input or output, and only Judge has an opinion: Play asks it
// when to stop waiting, so that a transcript judged again, years later and on
// another machine, gives the verdict that it gave when it was made.
//
// The package knows no protocol, prints nothing, and never lets trouble of its
// own (a sandbox that cannot be opened, a scenario that cannot be encoded)
// count against a program: that is the outcome Broken.
package conformance
