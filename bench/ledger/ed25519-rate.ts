import { generateKeyPairSync, sign, verify } from 'node:crypto'

const MESSAGE_BYTES = 640
const SLICE = 2_000

/** What the machine's bare signature check is worth, in slices taken between scenarios: the machine may be shared. */
export class Ed25519Rate {
  readonly #keys = generateKeyPairSync('ed25519')
  readonly #signed = Array.from({ length: 500 }, (_, i) => {
    const message = new Uint8Array(MESSAGE_BYTES).fill(i)
    return { message, signature: sign(null, message, this.#keys.privateKey) }
  })
  readonly #slices: number[] = []

  /** Checks signatures on one core, as fast as `node:crypto` does, for a quarter of a second. */
  slice(): void {
    const started = performance.now()
    for (let i = 0; i < SLICE; i++) {
      const { message, signature } = this.#signed[i % this.#signed.length] as { message: Uint8Array; signature: Uint8Array }
      if (!verify(null, message, this.#keys.publicKey, signature)) throw new Error('a good signature was refused')
    }
    this.#slices.push(SLICE / ((performance.now() - started) / 1000))
  }

  get median(): number {
    return this.#slices.toSorted((a, b) => a - b)[this.#slices.length >> 1] as number
  }
}
