/** A FHIR server to measure beside ours, started for it and stopped after it. */
export interface Peer {
  readonly name: string
  /** What it is, exactly: versions and settings. */
  readonly description: string
  readonly base: string
  /** Its processes, the database's among them; descendants are counted with them. */
  readonly pids: readonly number[]
  stop(): Promise<void>
}

/** Why a peer cannot be had here, in a sentence for the report. */
export class PeerMissing extends Error {
  override readonly name = 'PeerMissing'
}

/** Says what a step is doing, for a progress line. */
export type Say = (what: string) => void
