package main

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func checkId(v vector) error {
	switch {
	case v.has("text"):
		return same(didPattern.MatchString(v.text("text")), false)
	case v.has("bytes"):
		return same("did:chiron:"+base32(v.hex("bytes")), v["did"])
	case v.has("inception"):
		return same("did:chiron:"+base32(hash([]byte("chiron/did/v1/"+v.text("kind")+"\x00"), v.hex("signingKey"), v.hex("inception"))[:20]), v["did"])
	case v.has("objectId"):
		return same(hash([]byte("chiron/object/v1"), v.hex("txId"), u32(uint32(v.number("index"))), u32(uint32(v.number("item"))))[:16], v["objectId"])
	case v.has("patientId"):
		return same(mac(v.hex("vocabularyKey"), []byte("chiron/handle/v1/"+v.text("patientId"))), v["handle"])
	}
	return same(mac(v.hex("vocabularyKey"), []byte("chiron/record/v1/"+v.text("type")+"/"+v.text("id")))[:16], v["recordId"])
}

func checkTag(v vector) error {
	key := mac(v.hex("vocabularyKey"), []byte("chiron/tags/v1"), v.hex("handle"))
	return errors.Join(same(key, v["tagKey"]), same(mac(key, []byte(v.text("kind")+"/"+v.text("word")))[:8], v["tag"]))
}

// SPEC-TAG-3: Go's calendar is the Gregorian one, before its beginning too.
func checkDay(v vector) error {
	date, err := time.Parse(time.DateOnly, v.text("date"))
	if err != nil || date.Year() < 1 {
		return same("ERR_PROTOCOL_ENCODING", v["code"])
	}
	offset := int64(1<<20) + int64(binary.BigEndian.Uint32(mac(v.hex("tagKey"), []byte("chiron/day/v1")))>>1)
	return same(date.Unix()/86400+offset, v["day"])
}

const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ*~$=U"

// SPEC-CLAIM-1: 36 bytes as a number in base 32, and its remainder modulo 37.
func claimCode(content []byte) string {
	n := new(big.Int).SetBytes(content)
	text := []byte{crockford[new(big.Int).Mod(n, big.NewInt(37)).Int64()]}
	for range 58 {
		digit := new(big.Int)
		n.DivMod(n, big.NewInt(32), digit)
		text = append([]byte{crockford[digit.Int64()]}, text...)
	}
	return strings.TrimSuffix(regexp.MustCompile(`.{1,5}`).ReplaceAllString(string(text), "$0-"), "-")
}

func checkClaim(v vector) error {
	switch {
	case v.has("text"):
		typed := strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "").Replace(strings.ToUpper(v.text("text")))
		n := new(big.Int)
		for _, c := range typed {
			n.Add(n.Mul(n, big.NewInt(32)), big.NewInt(int64(strings.IndexRune(crockford, c))))
		}
		if len(typed) != 59 {
			return nil
		}
		content := new(big.Int).Rsh(n, 5)
		read := strings.ReplaceAll(claimCode(content.Bytes()), "-", "")
		return same(content.BitLen() <= 288 && read == typed, false)
	case v.has("claimCode"):
		return same(claimCode(append(didBytes(v.text("did")), v.hex("secret")...)), v["claimCode"])
	case v.has("seed"):
		info := encode(map[string]any{"chainId": v.text("chainId"), "did": v.text("did")})
		seed, err := hkdf.Key(sha256.New, v.hex("secret"), []byte("chiron/claim-key/v1"), string(info), 32)
		return errors.Join(err, same(seed, v["seed"]), same([]byte(ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)), v["publicKey"]))
	}
	statement := encode(map[string]any{"chainId": v.text("chainId"), "did": v.text("did"), "claimKey": v.hex("claimKey"), "signingKey": v.hex("signingKey"), "agreementKey": v.hex("agreementKey")})
	claim, possession := append([]byte("chiron/claim/v1\x00"), statement...), append([]byte("chiron/claim-possession/v1\x00"), statement...)
	return errors.Join(
		same(claim, v["message"]), same(possession, v["possessionMessage"]),
		same(verifySignature(v.hex("claimKey"), claim, v.hex("claimSignature")), true), same(verifySignature(v.hex("signingKey"), possession, v.hex("possession")), true),
	)
}

func didBytes(did string) []byte {
	n := new(big.Int)
	for _, c := range strings.TrimPrefix(did, "did:chiron:") {
		n.Add(n.Mul(n, big.NewInt(32)), big.NewInt(int64(strings.IndexRune("abcdefghijklmnopqrstuvwxyz234567", c))))
	}
	return n.FillBytes(make([]byte, 20))
}

// log is what the cases of a log are about: its leaves come first in the file.
var log [][]byte

func checkLog(v vector) error {
	switch {
	case v.has("leaf"):
		log = append(log, v.hex("leaf"))
		return same(txLeaf(v.hex("txId"), v.text("codespace"), v.number("code")), v["leaf"])
	case v.has("stateLeaf"):
		return same(stateLeaf(v.number("height"), v.number("timeMs"), v.hex("stateRoot")), v["stateLeaf"])
	case v.has("root"):
		return same(rootAt(log, v.number("size")), v["root"])
	case v.has("index"):
		size, index := v.number("size"), v.number("index")
		return same(verifyInclusion(rootAt(log, size), size, index, leafHash(log[index]), v.list("path")), true)
	}
	first, second := v.number("first"), v.number("second")
	return same(verifyConsistency(first, second, rootAt(log, first), rootAt(log, second), v.list("path")), true)
}

func rootAt(leaves [][]byte, size uint64) []byte { return treeRoot(leafHashes(leaves[:size])) }

func checkNote(v vector) error {
	switch {
	case v.has("note"):
		key, err := parseVerifierKey(v.text("vkey"))
		text, signatures, err2 := parseNote(v.text("note"))
		own := key.of(signatures)
		return errors.Join(err, err2, same(len(own), 1), same(verifySignature(key.public, []byte(text), own[0].bytes), v["valid"]))
	case v.has("keyName"):
		return same(makeKey(v.text("keyName"), byte(v.number("type")), v.hex("publicKey")).String(), v["vkey"])
	case v.has("vkey"):
		_, err := parseVerifierKey(v.text("vkey"))
		return refusedWith(err, v.text("code"))
	case v.has("text"):
		c, err := parseCheckpoint(v.text("text"))
		return errors.Join(err, same(c.origin, v["origin"]), same(c.size, v["size"]), same(c.root, v["root"]))
	}
	t, err := parseTrust(v.json("trust"))
	var c *checkpoint
	if err == nil {
		c, err = verifyCheckpoint(v.text("checkpoint"), t)
	}
	return outcome(v, err, func() error {
		seen := []any{}
		for _, w := range c.witnesses {
			seen = append(seen, map[string]any{"name": w.name, "timeMs": w.timeS * 1000})
		}
		return errors.Join(same(c.size, v["size"]), same(c.root, v["root"]), same(seen, v["witnesses"]))
	})
}

func checkTlogProof(v vector) error {
	t, err := parseTrust(v.json("trust"))
	if err != nil {
		return err
	}
	leaf, err := verifyTlogProof(v.text("proof"), t)
	return outcome(v, err, func() error {
		said := vector(v["leaf"].(map[string]any))
		entry := []byte(nil)
		if said.text("kind") == "tx" {
			entry = txLeaf(said.hex("txId"), said.text("codespace"), said.number("code"))
		} else {
			entry = stateLeaf(said.number("height"), said.number("timeMs"), said.hex("stateRoot"))
		}
		return errors.Join(same(leaf.index, v["index"]), same(leaf.isNewest, v["isNewest"]), same(leaf.entry, entry))
	})
}

// tilePath writes an address as C2SP tlog-tiles has it. SPEC-CKPT-8.
func tilePath(level string, index, width uint64) string {
	name := fmt.Sprintf("%03d", index%1000)
	for index /= 1000; index > 0; index /= 1000 {
		name = fmt.Sprintf("x%03d/", index%1000) + name
	}
	if width < 256 {
		name += fmt.Sprintf(".p/%d", width)
	}
	return level + "/" + name
}

var tileParts = regexp.MustCompile(`^(entries|[0-9]+)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([0-9]+))?$`)

// parseTile reads what tilePath writes and nothing else. level -1: entries.
func parseTile(path string) (level int, index, width uint64, ok bool) {
	parts := tileParts.FindStringSubmatch(path)
	if parts == nil {
		return 0, 0, 0, false
	}
	level, width = -1, 256
	var err error
	if parts[1] != "entries" {
		level, err = strconv.Atoi(parts[1])
	}
	index, err2 := strconv.ParseUint(strings.NewReplacer("x", "", "/", "").Replace(parts[2]), 10, 64)
	if parts[3] != "" {
		width, err = strconv.ParseUint(parts[3], 10, 8)
	}
	ok = err == nil && err2 == nil && level < 64 && width > 0 && tilePath(levelName(level), index, width) == path
	return level, index, width, ok
}

func levelName(level int) string {
	if level < 0 {
		return "entries"
	}
	return strconv.Itoa(level)
}

var tiled [][]byte

func checkTile(v vector) error {
	if v.has("leaves") {
		tiled = v.list("leaves")
		return same(rootAt(tiled, uint64(len(tiled))), v["root"])
	}
	level, index, width, ok := parseTile(v.text("path"))
	if v.has("level") {
		if v["level"] == nil {
			return same(ok, false)
		}
		return errors.Join(same(ok, true), same(levelName(level), v["level"]), same(index, v["index"]), same(width, v["width"]))
	}
	return errors.Join(same(ok, true), same(tileOf(level, index, width), v["bytes"]))
}

// tileOf is a tile from its definition, over the leaves of the last log.
func tileOf(level int, index, width uint64) any {
	span := uint64(1)
	for range level {
		if span > uint64(len(tiled)) {
			return nil
		}
		span *= 256
	}
	start, end := index*256*span, (index*256+width)*span
	if end > uint64(len(tiled)) {
		return nil
	}
	var out []byte
	for at := start; at < end; at += span {
		if level < 0 {
			out = append(append(out, byte(len(tiled[at])>>8), byte(len(tiled[at]))), tiled[at]...)
		} else {
			out = append(out, treeRoot(leafHashes(tiled[at:at+span]))...)
		}
	}
	return hex.EncodeToString(out)
}
