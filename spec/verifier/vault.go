package main

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hpke"
	"crypto/sha3"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"
)

// What envelopes, shares and seals hold, for whoever has their keys.

const maxPlain = 16 << 20

// openEnvelope gives the content's canonical bytes. SPEC-ENV-1 to 4.
func openEnvelope(envelope, key []byte, binding map[string]any) ([]byte, error) {
	if len(envelope) < 34+16 || string(envelope[:6]) != "CHRN\x01\x01" {
		return nil, errors.New("not an envelope of this version and suite")
	}
	header := envelope[:34]
	bound := append(append([]byte("chiron/envelope/v1\x00"), header...), encode(binding)...)
	frame, err := openSealed(key, header[22:34], envelope[34:], bound)
	if err != nil {
		return nil, err
	}
	if len(frame) < 8 {
		return nil, errors.New("no frame")
	}
	length, end := binary.BigEndian.Uint32(frame), 8+uint64(binary.BigEndian.Uint32(frame[4:]))
	if length > maxPlain || end > uint64(len(frame)) || paddedLength(uint32(end)) != uint64(len(frame)) || len(bytes.Trim(frame[end:], "\x00")) > 0 {
		return nil, errors.New("lengths or padding that lie")
	}
	stream := bytes.NewReader(frame[8:end])
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(stream), maxPlain+1))
	if err != nil || len(plain) != int(length) || stream.Len() > 0 {
		return nil, errors.New("not the DEFLATE stream it says it is")
	}
	value, err := decode(plain)
	if fields, ok := value.(map[string]any); err != nil || !ok || len(fields) != 2 || fields["meta"] == nil || fields["resource"] == nil {
		return nil, errors.New("not the content of an envelope")
	}
	return plain, nil
}

// Padme, with 256 as the least.
func paddedLength(n uint32) uint64 {
	if n <= 256 {
		return 256
	}
	e := bits.Len32(n) - 1
	mask := uint64(1)<<(e-bits.Len(uint(e))) - 1
	return (uint64(n) + mask) &^ mask
}

// combine interpolates at 0 over GF(2^8), x^8+x^4+x^3+x+1. SPEC-CUS-7.
func combine(shares [][]byte) []byte {
	key := make([]byte, len(shares[0])-1)
	for i, share := range shares {
		weight := byte(1)
		xi := share[len(share)-1]
		for j, other := range shares {
			if xj := other[len(other)-1]; i != j {
				weight = times(weight, times(xj, inverse(xi^xj)))
			}
		}
		for at := range key {
			key[at] ^= times(weight, share[at])
		}
	}
	return key
}

func times(a, b byte) (out byte) {
	for ; b > 0; b >>= 1 {
		if b&1 == 1 {
			out ^= a
		}
		carry := a >> 7
		a = a<<1 ^ carry*0x1b
	}
	return out
}

func inverse(a byte) byte {
	out := byte(1)
	for range 254 {
		out = times(out, a)
	}
	return out
}

// openSeal opens a base mode seal of HPKE. SPEC-HPKE-1.
func openSeal(suite string, secret, info, enc, ciphertext []byte) (plain, public []byte, err error) {
	key, err := keyPair(suite, secret)
	if err != nil {
		return nil, nil, err
	}
	recipient, err := hpke.NewRecipient(enc, key, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, nil, err
	}
	plain, err = recipient.Open(nil, ciphertext)
	return plain, key.PublicKey().Bytes(), err
}

// keyPair: DeriveKeyPair of X-Wing is that of draft-connolly-cfrg-xwing-kem, a
// seed by SHAKE256; Go has that of draft-ietf-hpke-pq, which is another.
// SPEC-HPKE-2.
func keyPair(suite string, secret []byte) (hpke.PrivateKey, error) {
	if suite == "x-wing" {
		return hpke.MLKEM768X25519().NewPrivateKey(sha3.SumSHAKE256(secret, 32))
	}
	return hpke.DHKEM(ecdh.X25519()).DeriveKeyPair(secret)
}

// openSealed: AES-256-GCM.
func openSealed(key, nonce, sealed, bound []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(nonce) != gcm.NonceSize() {
		return nil, errors.New("not a nonce of AES-GCM")
	}
	return gcm.Open(nil, nonce, sealed, bound)
}

// openCopy gives the content key that a wallet has a copy of. SPEC-COPY-1.
func openCopy(copied, secret []byte, owner, of map[string]any) ([]byte, error) {
	value, err := decode(copied)
	fields, ok := value.(map[string]any)
	if err != nil || !ok || len(fields) != 5 || fields["keyId"] != owner["keyId"] {
		return nil, errors.New("not a copy for this key")
	}
	private, err := ecdh.X25519().NewPrivateKey(secret)
	if err != nil {
		return nil, err
	}
	key, err := hpke.NewDHKEMPrivateKey(private)
	if err != nil {
		return nil, err
	}
	info := append([]byte("chiron/wallet-copy/v1\x00"), encode(owner)...)
	recipient, err := hpke.NewRecipient(fields["enc"].([]byte), key, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, err
	}
	exported, err := recipient.Export("chiron/wallet-copy-key/v1", 32)
	if err != nil {
		return nil, err
	}
	return openSealed(exported, fields["nonce"].([]byte), fields["sealed"].([]byte), encode(of))
}
