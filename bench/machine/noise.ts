/** How even the machine runs: a fixed loop, repeated. */
export interface Noise {
  readonly loops: number
  /** Wall-clock milliseconds of a loop: the fastest, the middle, the slowest in ten. */
  readonly fastestMs: number
  readonly medianMs: number
  readonly slowestTenthMs: number
  /** What the slowest tenth takes more than the fastest: 0 on a machine that nobody else uses. */
  readonly spread: number
}

const LOOPS = 40
const STEPS = 6_000_000

/** Runs the loop and says how long it took, for about half a second. */
export function measureNoise(): Noise {
  const times = Array.from({ length: LOOPS }, timeLoop).sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(LOOPS - 1, Math.floor(LOOPS * share))] as number
  return { loops: LOOPS, fastestMs: at(0), medianMs: at(0.5), slowestTenthMs: at(0.9), spread: at(0.9) / at(0) - 1 }
}

function timeLoop(): number {
  const started = performance.now()
  let x = 1
  for (let i = 0; i < STEPS; i++) x = (Math.imul(x, 1_103_515_245) + 12_345) | 0
  const elapsed = performance.now() - started
  // So that the loop is not taken out.
  return x === 0 ? Number.NaN : elapsed
}
