package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// C2SP signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof.

const (
	logKey         = 1
	cosignatureKey = 4
	proofHeader    = "c2sp.org/tlog-proof@v1"
)

type noteKey struct {
	name   string
	id     []byte
	kind   byte
	public []byte
}

type signature struct {
	name  string
	id    []byte
	bytes []byte
}

type checkpoint struct {
	origin    string
	size      uint64
	root      []byte
	witnesses []witnessed
}

type witnessed struct {
	name  string
	timeS uint64
}

func format(why string) error { return refuse("ERR_PROOF_FORMAT", why) }

func base64Of(text string) ([]byte, bool) {
	out, err := base64.StdEncoding.Strict().DecodeString(text)
	return out, err == nil && !strings.ContainsAny(text, "\r\n")
}

func isName(name string) bool {
	return name != "" && utf8.ValidString(name) && !strings.ContainsFunc(name, func(c rune) bool { return unicode.IsSpace(c) || c < 0x20 || c == '+' })
}

var decimal = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

func isDecimal(text string) bool { return decimal.MatchString(text) }

func safe(text string) (uint64, bool) {
	n, err := strconv.ParseUint(text, 10, 64)
	return n, isDecimal(text) && err == nil && n < 1<<53
}

// SPEC-CKPT-1.
func makeKey(name string, kind byte, public []byte) noteKey {
	return noteKey{name, hash([]byte(name+"\n"), []byte{kind}, public)[:4], kind, public}
}

func (k noteKey) String() string {
	return k.name + "+" + hex.EncodeToString(k.id) + "+" + base64.StdEncoding.EncodeToString(append([]byte{k.kind}, k.public...))
}

func parseVerifierKey(text string) (noteKey, error) {
	name, rest, _ := strings.Cut(text, "+")
	_, encoded, _ := strings.Cut(rest, "+")
	public, ok := base64Of(encoded)
	if !ok || !isName(name) || len(public) != 33 || public[0] != logKey && public[0] != cosignatureKey {
		return noteKey{}, format("not a verifier key")
	}
	key := makeKey(name, public[0], public[1:])
	if key.String() != text {
		return noteKey{}, format("the id is not the key's")
	}
	return key, nil
}

func parseNote(note string) (text string, signatures []signature, err error) {
	if len(note) > 65536 || !utf8.ValidString(note) || strings.ContainsFunc(note, func(c rune) bool { return c < 0x20 && c != '\n' }) {
		return "", nil, format("not a note")
	}
	split := strings.LastIndex(note, "\n\n")
	if split <= 0 || !strings.HasSuffix(note, "\n") {
		return "", nil, format("a note needs a text and signatures")
	}
	lines := strings.Split(strings.TrimSuffix(note[split+2:], "\n"), "\n")
	if len(lines) > 64 {
		return "", nil, format("too many signatures")
	}
	for _, line := range lines {
		parts := strings.Split(line, " ")
		if len(parts) != 3 || parts[0] != "—" || !isName(parts[1]) {
			return "", nil, format("not a signature line")
		}
		decoded, ok := base64Of(parts[2])
		if !ok || len(decoded) < 5 {
			return "", nil, format("not a signature line")
		}
		signatures = append(signatures, signature{parts[1], decoded[:4], decoded[4:]})
	}
	return note[:split+1], signatures, nil
}

func (k noteKey) of(signatures []signature) (own []signature) {
	for _, s := range signatures {
		if s.name == k.name && bytes.Equal(s.id, k.id) {
			own = append(own, s)
		}
	}
	return own
}

// SPEC-CKPT-2.
func parseCheckpoint(text string) (*checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range lines {
		if line == "" {
			return nil, format("an empty line")
		}
	}
	if len(lines) < 3 {
		return nil, format("too few lines")
	}
	size, isSize := safe(lines[1])
	root, isRoot := base64Of(lines[2])
	if !isSize || !isRoot || len(root) != 32 {
		return nil, format("not a checkpoint")
	}
	return &checkpoint{origin: lines[0], size: size, root: root}, nil
}

// SPEC-CKPT-5.
func verifyCheckpoint(note string, t *trust) (*checkpoint, error) {
	text, signatures, err := parseNote(note)
	if err != nil {
		return nil, err
	}
	c, err := parseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	origin := "log.chiron.invalid/" + t.ChainId
	if c.origin != origin {
		return nil, refuse("ERR_PROOF_CHAIN", "the checkpoint is of another log")
	}
	signed := false
	for _, signer := range t.Signers {
		for _, s := range makeKey(origin, logKey, signer.PublicKey).of(signatures) {
			if !verifySignature(signer.PublicKey, []byte(text), s.bytes) {
				return nil, refuse("ERR_PROOF_SIGNATURE", "not the signer's")
			}
			signed = true
		}
	}
	if !signed {
		return nil, refuse("ERR_PROOF_SIGNER", "signed by nobody who is trusted")
	}
	if t.Witnesses == nil {
		return c, nil
	}
	for _, vkey := range t.Witnesses.Keys {
		key, _ := parseVerifierKey(vkey)
		var latest uint64
		for _, s := range key.of(signatures) {
			timeS, ok := verifyCosignature(key, text, s.bytes)
			if !ok {
				return nil, refuse("ERR_PROOF_SIGNATURE", "not the witness's")
			}
			latest = max(latest, timeS)
		}
		if latest > 0 {
			c.witnesses = append(c.witnesses, witnessed{key.name, latest})
		}
	}
	if len(c.witnesses) < t.Witnesses.Quorum {
		return nil, refuse("ERR_PROOF_WITNESS", "too few cosignatures")
	}
	return c, nil
}

// SPEC-CKPT-4.
func verifyCosignature(key noteKey, text string, s []byte) (uint64, bool) {
	if len(s) != 72 {
		return 0, false
	}
	timeS := binary.BigEndian.Uint64(s)
	message := "cosignature/v1\ntime " + strconv.FormatUint(timeS, 10) + "\n" + text
	return timeS, timeS > 0 && timeS < 1<<53 && verifySignature(key.public, []byte(message), s[8:])
}

type provenLeaf struct {
	entry    []byte
	index    uint64
	isNewest bool
}

// SPEC-CKPT-6 and 7.
func verifyTlogProof(text string, t *trust) (*provenLeaf, error) {
	preamble, note, found := strings.Cut(text, "\n\n")
	lines := strings.Split(preamble, "\n")
	if !found || len(lines) < 3 || len(lines) > 3+63 || lines[0] != proofHeader {
		return nil, format("not a tlog-proof")
	}
	extra, hasExtra := strings.CutPrefix(lines[1], "extra ")
	place, hasIndex := strings.CutPrefix(lines[2], "index ")
	entry, ok := base64Of(extra)
	index, isIndex := safe(place)
	if !hasExtra || !hasIndex || !ok || len(entry) == 0 || !isIndex {
		return nil, format("not a tlog-proof")
	}
	var path [][]byte
	for _, line := range lines[3:] {
		node, ok := base64Of(line)
		if !ok || len(node) != 32 {
			return nil, format("not a hash")
		}
		path = append(path, node)
	}
	c, err := verifyCheckpoint(note, t)
	if err != nil {
		return nil, err
	}
	if !verifyInclusion(c.root, c.size, index, leafHash(entry), path) {
		return nil, refuse("ERR_PROOF_LOG", "the leaf is not in the log")
	}
	return &provenLeaf{entry, index, index == c.size-1}, nil
}
