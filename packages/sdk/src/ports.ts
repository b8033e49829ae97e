/** Source of random bytes that nobody can guess. */
export interface Random {
  bytes(length: number): Uint8Array
}

/** Time, and waiting. Used to choose `validUntil` and to space retries, never to decide who may read. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  sleep(ms: number): Promise<void>
}

/** The part of the Fetch API that the client uses. */
export type Fetch = (url: string, init: FetchInit) => Promise<Response>

export interface FetchInit {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly redirect: 'error'
}

/** The platform's generator (Web Crypto). */
export const platformRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

export const platformClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export const platformFetch: Fetch = (url, init) => fetch(url, init)
