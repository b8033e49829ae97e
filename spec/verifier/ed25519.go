package main

import (
	"crypto/ed25519"
	"math/big"
	"slices"
)

// SPEC-SIG-1 and 2. Go's crypto/ed25519 compares R as bytes, refuses S >= L, and
// takes any A that decodes: also one in another encoding, of small or of mixed
// order, and so an R with torsion beside it. What it does not ask is asked here,
// by arithmetic on edwards25519 with big integers: slow, short and our own.

var (
	prime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	order = func() *big.Int {
		l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
		return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
	}()
	curveD = mod(new(big.Int).Mul(big.NewInt(-121665), new(big.Int).ModInverse(big.NewInt(121666), prime)))
	rootM1 = new(big.Int).Exp(big.NewInt(2), new(big.Int).Rsh(new(big.Int).Sub(prime, big.NewInt(1)), 2), prime)
)

// point is (x/z, y/z).
type point struct{ x, y, z *big.Int }

func verifySignature(publicKey, message, signature []byte) bool {
	return len(publicKey) == 32 && len(signature) == 64 && isPrimeOrder(publicKey) && isPrimeOrder(signature[:32]) &&
		ed25519.Verify(publicKey, message, signature)
}

// isPrimeOrder tells whether 32 bytes are the one encoding of a point of the
// prime-order subgroup that is not the identity.
func isPrimeOrder(encoded []byte) bool {
	if len(encoded) != 32 {
		return false
	}
	p := decompress(encoded)
	return p != nil && !isIdentity(p) && isIdentity(multiply(p, order))
}

func decompress(encoded []byte) *point {
	reversed := slices.Clone(encoded)
	slices.Reverse(reversed)
	sign := uint(reversed[0] >> 7)
	reversed[0] &= 0x7f
	y := new(big.Int).SetBytes(reversed)
	if y.Cmp(prime) >= 0 {
		return nil
	}
	y2 := mul(y, y)
	x2 := mul(sub(y2, big.NewInt(1)), new(big.Int).ModInverse(mod(new(big.Int).Add(mul(curveD, y2), big.NewInt(1))), prime))
	eighth := new(big.Int).Rsh(new(big.Int).Add(prime, big.NewInt(3)), 3)
	x := new(big.Int).Exp(x2, eighth, prime)
	if mul(x, x).Cmp(x2) != 0 {
		x = mul(x, rootM1)
	}
	if mul(x, x).Cmp(x2) != 0 || x.Sign() == 0 && sign == 1 {
		return nil
	}
	if x.Bit(0) != sign {
		x = sub(big.NewInt(0), x)
	}
	return &point{x, y, big.NewInt(1)}
}

func multiply(p *point, n *big.Int) *point {
	out := &point{big.NewInt(0), big.NewInt(1), big.NewInt(1)}
	for i := n.BitLen() - 1; i >= 0; i-- {
		out = add(out, out)
		if n.Bit(i) == 1 {
			out = add(out, p)
		}
	}
	return out
}

// The complete addition of twisted Edwards curves with a = -1.
func add(p, q *point) *point {
	z := mul(p.z, q.z)
	zz, xx, yy := mul(z, z), mul(p.x, q.x), mul(p.y, q.y)
	e := mul(curveD, mul(xx, yy))
	f, g := sub(zz, e), mod(new(big.Int).Add(zz, e))
	cross := mul(new(big.Int).Add(p.x, p.y), new(big.Int).Add(q.x, q.y))
	return &point{
		mul(mul(z, f), sub(sub(cross, xx), yy)),
		mul(mul(z, g), new(big.Int).Add(xx, yy)),
		mul(f, g),
	}
}

func isIdentity(p *point) bool   { return p.x.Sign() == 0 && p.y.Cmp(p.z) == 0 }
func mod(n *big.Int) *big.Int    { return n.Mod(n, prime) }
func mul(a, b *big.Int) *big.Int { return mod(new(big.Int).Mul(a, b)) }
func sub(a, b *big.Int) *big.Int { return mod(new(big.Int).Sub(a, b)) }
