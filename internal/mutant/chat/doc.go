// Package chat holds programs to test the graders of chat with: wrong ones, each
// a right one with a part replaced, and right ones that go about it in their own
// way.
package chat
