package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
)

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func leafHash(data []byte) []byte        { return hash([]byte{0}, data) }
func nodeHash(left, right []byte) []byte { return hash([]byte{1}, left, right) }

func u32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func u64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// RFC 9162, section 2.1.1.
func treeRoot(hashes [][]byte) []byte {
	switch len(hashes) {
	case 0:
		return hash()
	case 1:
		return hashes[0]
	}
	k := 1
	for k*2 < len(hashes) {
		k *= 2
	}
	return nodeHash(treeRoot(hashes[:k]), treeRoot(hashes[k:]))
}

// RFC 9162, section 2.1.3.2.
func verifyInclusion(root []byte, size, index uint64, leaf []byte, path [][]byte) bool {
	found, ok := inclusionRoot(size, index, leaf, path)
	return ok && bytes.Equal(found, root)
}

// inclusionRoot is the root that a path leads to.
func inclusionRoot(size, index uint64, leaf []byte, path [][]byte) ([]byte, bool) {
	if index >= size {
		return nil, false
	}
	fn, sn, r := index, size-1, leaf
	for _, p := range path {
		if sn == 0 {
			return nil, false
		}
		if fn&1 == 1 || fn == sn {
			r = nodeHash(p, r)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			r = nodeHash(r, p)
		}
		fn, sn = fn>>1, sn>>1
	}
	return r, sn == 0
}

// RFC 9162, section 2.1.4.2.
func verifyConsistency(first, second uint64, firstRoot, secondRoot []byte, path [][]byte) bool {
	if first == 0 || first > second {
		return false
	}
	if first == second {
		return len(path) == 0 && bytes.Equal(firstRoot, secondRoot)
	}
	if first&(first-1) == 0 {
		path = append([][]byte{firstRoot}, path...)
	}
	if len(path) == 0 {
		return false
	}
	fn, sn := first-1, second-1
	for fn&1 == 1 {
		fn, sn = fn>>1, sn>>1
	}
	fr, sr := path[0], path[0]
	for _, c := range path[1:] {
		if sn == 0 {
			return false
		}
		if fn&1 == 1 || fn == sn {
			fr, sr = nodeHash(c, fr), nodeHash(c, sr)
			for fn&1 == 0 && fn != 0 {
				fn, sn = fn>>1, sn>>1
			}
		} else {
			sr = nodeHash(sr, c)
		}
		fn, sn = fn>>1, sn>>1
	}
	return sn == 0 && bytes.Equal(fr, firstRoot) && bytes.Equal(sr, secondRoot)
}

// The complete subtrees of a list, largest first. SPEC-LIST-1.
func peaks(hashes [][]byte) [][]byte {
	out := [][]byte{}
	for len(hashes) > 0 {
		k := 1
		for k*2 <= len(hashes) {
			k *= 2
		}
		out, hashes = append(out, treeRoot(hashes[:k])), hashes[k:]
	}
	return out
}

func bit(b []byte, at int) byte { return b[at/8] >> (7 - at%8) & 1 }

func factLeaf(keyHash, valueHash []byte) []byte { return hash([]byte{0}, keyHash, valueHash) }

// SPEC-PROOF-3: the hashes beside the way of a key, topmost first.
func verifyFact(root, key, value []byte, siblings [][]byte) bool {
	return leadsTo(root, hash(key), factLeaf(hash(key), hash(value)), siblings)
}

// SPEC-PROOF-4: nothing there, or the leaf of another key that shares the way.
func verifyAbsence(root, key []byte, siblings [][]byte, leaf *treeLeaf) bool {
	keyHash := hash(key)
	if leaf == nil {
		return leadsTo(root, keyHash, make([]byte, 32), siblings)
	}
	if bytes.Equal(leaf.KeyHash, keyHash) {
		return false
	}
	for i := range siblings {
		if i >= 256 || bit(leaf.KeyHash, i) != bit(keyHash, i) {
			return false
		}
	}
	return leadsTo(root, keyHash, factLeaf(leaf.KeyHash, leaf.ValueHash), siblings)
}

func leadsTo(root, keyHash, end []byte, siblings [][]byte) bool {
	if len(siblings) > 256 {
		return false
	}
	for i := len(siblings) - 1; i >= 0; i-- {
		if bit(keyHash, i) == 0 {
			end = nodeHash(end, siblings[i])
		} else {
			end = nodeHash(siblings[i], end)
		}
	}
	return bytes.Equal(end, root)
}

// SPEC-TREE-1 to 4, over leaves by key hash.
func factRoot(leaves []treeLeaf, depth int) []byte {
	switch len(leaves) {
	case 0:
		return make([]byte, 32)
	case 1:
		return factLeaf(leaves[0].KeyHash, leaves[0].ValueHash)
	}
	var halves [2][]treeLeaf
	for _, leaf := range leaves {
		side := bit(leaf.KeyHash, depth)
		halves[side] = append(halves[side], leaf)
	}
	return nodeHash(factRoot(halves[0], depth+1), factRoot(halves[1], depth+1))
}
