/** How many of n keyholders may fail: ⌊(n−1)/3⌋. */
export function tolerated(n: number): number {
  return (n - 1 - ((n - 1) % 3)) / 3
}

/** Receipts that a write needs: n−f. SPEC-CUS-6. */
export function receiptsNeeded(n: number): number {
  return n - tolerated(n)
}

/** Whether a threshold is allowed: f+1 ≤ t ≤ n−f, so that f keyholders learn nothing and n−f suffice. SPEC-CUS-13. */
export function isThresholdAllowed(n: number, threshold: number): boolean {
  return threshold >= tolerated(n) + 1 && threshold <= receiptsNeeded(n)
}
