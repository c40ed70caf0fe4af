// A backend in Go, with the standard library alone: go run backend.go /tmp/x.sock
//
// It speaks the hand-off protocol (docs/protocol.md) in its simplest form: it gives nothing back, ends the channel
// where something is not as it should be, and closes each connection after one response, whatever the scope says.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"syscall"
)

// client is a connection that was handed over. What was read from it before comes first.
type client struct {
	net.Conn
	input io.Reader
}

func (c client) Read(b []byte) (int, error) { return c.input.Read(b) }

// clients is where net/http takes connections from: those that have been acknowledged.
type clients struct {
	net.Listener
	acknowledged chan net.Conn
}

func (c clients) Accept() (net.Conn, error) { return <-c.acknowledged, nil }

func main() {
	syscall.Umask(0o177) // only this user, and root, may hand over
	os.Remove(os.Args[1])
	fronts, err := net.Listen("unixpacket", os.Args[1])
	handed := clients{fronts, make(chan net.Conn)}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "Hello %s, this is Go. You asked for %s.\n", r.RemoteAddr, r.URL)
	})}
	server.SetKeepAlivesEnabled(false)
	go server.Serve(handed)
	for err == nil {
		var channel net.Conn
		if channel, err = fronts.Accept(); err == nil {
			go serve(channel.(*net.UnixConn), handed.acknowledged)
		}
	}
	log.Fatal(err)
}

// serve answers HELLO, then takes one HANDOFF after another.
func serve(channel *net.UnixConn, to chan<- net.Conn) {
	defer channel.Close()
	message := make([]byte, 133_191)
	n, err := channel.Read(message)
	if err == nil && n >= 16 && bytes.HasPrefix(message, []byte("\x01\x01\x00\x00fdps")) {
		hello := []byte("\x01\x01\x00\x00fdps\x00\x01\x00\x40") // one process, 64 unanswered hand-offs
		_, err = channel.Write(binary.BigEndian.AppendUint32(hello, uint32(os.Getpid())))
		for err == nil && take(channel, message, to) {
		}
	}
}

// take acknowledges one HANDOFF. After false the channel ends, and what was not acknowledged is the front's.
func take(channel *net.UnixConn, message []byte, to chan<- net.Conn) bool {
	control := make([]byte, 1_032)
	n, length, flags, _, err := channel.ReadMsgUnix(message, control) // Go asks for MSG_CMSG_CLOEXEC
	parts, _ := syscall.ParseSocketControlMessage(control[:length])
	var files []*os.File
	for i := range parts {
		fds, _ := syscall.ParseUnixRights(&parts[i])
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "handed over"))
			defer files[len(files)-1].Close() // net.FileConn makes a copy
		}
	}
	cut := flags&(syscall.MSG_TRUNC|syscall.MSG_CTRUNC) != 0
	if err != nil || cut || n < 56 || message[0] != 1 || message[1] != 2 || len(files) != 1 {
		return false
	}
	rest, preread := message[56:n], []byte{}
	for len(rest) > 0 {
		if len(rest) < 4 || len(rest) < 4+int(binary.BigEndian.Uint16(rest[2:])) {
			return false // a field is cut off
		}
		end := 4 + int(binary.BigEndian.Uint16(rest[2:]))
		if rest[0] == 0x81 {
			preread = append(preread, rest[4:end]...)
		} else if rest[0] >= 0x80 {
			return false // unknown, and must not be skipped
		}
		rest = rest[end:]
	}
	ack := append([]byte("\x01\x03\x00\x01\x00\x00\x00\x00"), message[4:8]...)
	if _, err = channel.Write(ack); err != nil {
		return false
	}
	// From here on it is ours; before that, nothing touches it.
	conn, _ := net.FileConn(files[0])
	if _, tcp := conn.(*net.TCPConn); tcp {
		to <- client{conn, io.MultiReader(bytes.NewReader(preread), conn)}
	} else if conn != nil {
		conn.Close()
	}
	return true
}
