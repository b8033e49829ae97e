import crypto, { createHash } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Time that stands still until it is moved, ids that depend on what they are for, and nothing that happens by itself:
 * so two worlds that are told the same say the same, byte for byte. Holds for this process from `stopTime` on, which must
 * come before the node's sources are loaded.
 */
const clock = { nowMs: 0, purpose: '', drawn: 0 }

export function stopTime(): void {
  clock.nowMs = Math.floor(Date.now() / 1000) * 1000
  Date.now = () => clock.nowMs
  crypto.randomUUID = (() => uuidOf(`${clock.purpose}/${clock.drawn++}`)) as typeof crypto.randomUUID
  syncBuiltinESMExports()
  // Timers of the node only do what the suite asks for at its own times: reports, upkeep.
  globalThis.setInterval = (() => ({ unref: () => undefined })) as unknown as typeof setInterval
}

export function nowMs(): number {
  return clock.nowMs
}

export function moveTime(ms: number): void {
  clock.nowMs += ms
}

/** From here on server-given ids follow from this name. */
export function idsFor(purpose: string): void {
  clock.purpose = purpose
  clock.drawn = 0
}

/** The first id that a server gives after `idsFor` with the same name. */
export function firstIdFor(purpose: string): string {
  return uuidOf(`${purpose}/0`)
}

function uuidOf(name: string): `${string}-${string}-${string}-${string}-${string}` {
  const hex = createHash('sha256').update(`leaks/${name}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
