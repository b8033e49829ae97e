/** Gives `n` unpredictable bytes. A port: whoever composes the program chooses the source. */
export type Random = (n: number) => Uint8Array

/** The platform's generator (WebCrypto), in Node and in the browser. */
export const webRandom: Random = (n) => globalThis.crypto.getRandomValues(new Uint8Array(n))
